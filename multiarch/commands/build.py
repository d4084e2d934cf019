"""The command `build`, wired: a plan, shown or carried out."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from multiarch import __version__
from multiarch.commands import World
from multiarch.commands.request import Request, ask_for_token, own_folders, read_request
from multiarch.edges.aws import Aws, Token
from multiarch.edges.files.folder import check_folder, remove_files
from multiarch.edges.files.inputs import (
    check_inputs,
    check_layout,
    dockerfile_path,
    own_output_is_in_context,
    read_dockerfile,
    secret_values,
)
from multiarch.edges.git import tracked
from multiarch.errors import ConfigurationError, InterruptedRunError, MultiarchError
from multiarch.image.registry import Registry
from multiarch.plan.bake import hidden_values, is_remote
from multiarch.plan.make import make_plan
from multiarch.plan.model import Plan, RetryPolicy
from multiarch.settings.load import LoadedSettings
from multiarch.show.plan_json import plan_as_json
from multiarch.show.script import plan_as_script
from multiarch.source import no_commit
from multiarch.text.csv_words import CacheEntry

if TYPE_CHECKING:
    from multiarch.commands.run_report import RunReport
    from multiarch.edges.runtime import LocalRuntime
    from multiarch.run.execution import Execution
    from multiarch.text.redaction import Redaction


def build(world: World, loaded: LoadedSettings, *, dry_run: bool, local: bool, as_json: bool) -> Sequence[str]:
    """Carry a plan out, or show it; return the lines to print.

    Raises:
        MultiarchError: the plan could not be made, or not be carried out.
    """
    begin = time.monotonic()
    _make_way(world, loaded, dry_run=dry_run)
    check_inputs(loaded.settings.image, world.folder, world.environment)
    request = read_request(loaded, world, local=local)
    if not request.is_named:
        raise no_commit(world.environment)
    aws, destination = Aws(), request.destination
    registry = None
    if destination:
        registry = destination.shown() if dry_run else destination.registry or _ask_for_registry(request, aws, begin)
    plan = make_plan(loaded.settings, request.facts(registry))
    for target in plan.targets:
        if target.replace:
            check_folder(world.folder / loaded.settings.run.dist, flag="--dist")
            check_layout(world.folder / target.replace.fresh)
            check_layout(world.folder / target.replace.layout)
        for cache in map(CacheEntry.parse, target.cache_to):
            if cache.type == "local":
                check_folder(world.folder / cache.get("dest"), flag="--local-cache")
    if dry_run:
        return [plan_as_json(plan) if as_json else plan_as_script(plan).removesuffix("\n")]
    return _carry_out(request, plan, aws=aws, begin=begin, as_json=as_json)


def _make_way(world: World, loaded: LoadedSettings, *, dry_run: bool) -> None:
    """Remove what an earlier run wrote, before anything can fail: after a run that failed, nothing is there of it."""
    for own in own_folders(loaded.settings.run):
        folder = world.folder / own.name
        check_folder(folder, flag=own.flag)
        if kept := tracked(folder, world.environment, own.files):
            msg = f"{own.flag} {own.name} would remove what git keeps there: {', '.join(kept)}"
            raise ConfigurationError(msg, hint=f"name a folder of its own: {own.flag} DIR")
        if not dry_run:
            remove_files(folder, own.files)


def _ask_for_registry(request: Request, aws: Aws, begin: float) -> Registry:
    """Ask AWS, and again like every other phase, with tries and a deadline that are the run's own."""
    from multiarch.log import make_log  # noqa: PLC0415
    from multiarch.run.recovery import Recovery  # noqa: PLC0415
    from multiarch.text.redaction import Redaction  # noqa: PLC0415

    destination, settings, interruption = request.destination, request.loaded.settings.run, request.world.interruption
    assert destination
    log = make_log(log_format=settings.log_format, level=settings.log_level, redaction=Redaction([]))
    recovery = Recovery(
        RetryPolicy(attempts=settings.retry_attempts, deadline=settings.retry_deadline),
        fixes={},
        announce=lambda retry: log.warning(retry.as_line(), phase=retry.step),
        sleep=interruption.sleep,
        begin=begin,
    )

    def ask() -> Token:
        return interruption.call(lambda: ask_for_token(destination, aws))

    with interruption.cleaning_up(lambda: None):
        return Registry.parse(recovery.run("login", ask).host)


def _carry_out(request: Request, plan: Plan, *, aws: Aws, begin: float, as_json: bool) -> Sequence[str]:
    # What only a real run needs is imported here, the heaviest after the builder has begun to boot.
    from multiarch.edges.runtime import LocalRuntime  # noqa: PLC0415
    from multiarch.text.redaction import Redaction  # noqa: PLC0415

    world, settings = request.world, request.loaded.settings
    redaction = Redaction(secret_values(settings.image, world.folder, world.environment))
    runtime = LocalRuntime(
        {**world.environment, **hidden_values(settings.image, world.environment)},
        aws=aws,
        aws_suffixes=request.partitions.suffixes,
        folder=world.folder if is_remote(settings.image.context) else request.context,
        redaction=redaction,
        interruption=world.interruption,
    )
    report = None
    if settings.run.report:
        from multiarch.commands.run_report import RunReport  # noqa: PLC0415

        report = RunReport(world.folder / settings.run.report, settings.run.report, redaction)
    with world.interruption.cleaning_up(runtime.abandon):
        try:
            runtime.begin(plan)
            return _run(request, plan, runtime, redaction, report, begin=begin, as_json=as_json)
        except MultiarchError as error:
            # It tells what a failed step said, or ran.
            error.message, error.hint = redaction.clean(error.message), redaction.clean(error.hint)
            raise
        finally:
            runtime.close()


def _run(
    request: Request,
    plan: Plan,
    runtime: "LocalRuntime",
    redaction: "Redaction",
    report: "RunReport | None",
    *,
    begin: float,
    as_json: bool,
) -> Sequence[str]:
    from multiarch.log import make_log, make_output  # noqa: PLC0415
    from multiarch.report.breakdown import breakdown_of  # noqa: PLC0415
    from multiarch.report.breakdown.text import breakdown_as_text  # noqa: PLC0415
    from multiarch.report.result import cache_as_text, load_hint, result_as_json, result_as_text  # noqa: PLC0415
    from multiarch.run.about import run_of  # noqa: PLC0415
    from multiarch.run.execution import Execution  # noqa: PLC0415
    from multiarch.show.settings import settings_as_text, settings_rows  # noqa: PLC0415

    run, image = request.loaded.settings.run, request.loaded.settings.image
    log = make_log(log_format=run.log_format, level=run.log_level, redaction=redaction)
    log.info(f"multiarch {__version__}", phase="start")
    rows = settings_rows(request.loaded, plan, request.destination)
    for line in settings_as_text(rows):
        log.info(line, phase="settings")
    if plan.is_local and own_output_is_in_context(image, request.world.folder, run.dist):
        log.warning(f"{run.dist}/ is part of the context: list it in .dockerignore", phase="settings")
    runtime.show(make_output(log_format=run.log_format, redaction=redaction))
    about = run_of(
        plan,
        settings=rows,
        begin=datetime.now(UTC) - timedelta(seconds=time.monotonic() - begin),
        dockerfile=dockerfile_path(image),
        text=read_dockerfile(image, request.world.folder),
    )
    events = report.events if report else None
    sleep = request.world.interruption.sleep
    execution = Execution(plan, runtime, log, sleep=sleep, begin=begin, about=about, events=events)
    try:
        execution.run()
    except (MultiarchError, InterruptedRunError):
        for line in breakdown_as_text(breakdown_of(execution.record(redaction))):
            log.info(line, phase="breakdown")
        raise
    finally:
        if report:
            report.write(execution, log)
        if run.metrics:
            _write_metrics(execution, redaction, run.metrics)
    record = execution.record(redaction)
    log.debug(cache_as_text(record), phase="cache")
    with suppress(OSError):
        sys.stderr.flush()
    if as_json:
        return [result_as_json(record)]
    lines = list(result_as_text(record))
    for target, made in zip(plan.targets, record.outcome.images, strict=True):
        if made.status == "local":
            lines += load_hint(made.image, f"{target.name}:{target.commit_tag}", made.platforms)
    return lines


def _write_metrics(execution: "Execution", redaction: "Redaction", namespace: str) -> None:
    from multiarch.log import write_line  # noqa: PLC0415 - for who asked for it
    from multiarch.report.metrics import metrics_as_json  # noqa: PLC0415

    write_line(metrics_as_json(execution.record(redaction), namespace, datetime.now(UTC)))
