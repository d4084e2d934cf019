"""The command `build`, second part: runs a plan. Its imports are slow, so they happen while the builder boots."""

import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from multiarch import __version__
from multiarch.commands.request import Request, ask_for_token
from multiarch.commands.run_report import RunReport
from multiarch.edges.aws import Aws, Token
from multiarch.edges.files.inputs import dockerfile_path, own_output_is_in_context, read_dockerfile
from multiarch.edges.runtime import LocalRuntime
from multiarch.errors import InterruptedRunError, MultiarchError
from multiarch.image.registry import Registry
from multiarch.log import make_log, make_output, write_line
from multiarch.plan.model import Plan, RetryPolicy
from multiarch.report.breakdown import breakdown_of
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.report.metrics import metrics_as_json
from multiarch.report.result import cache_as_text, load_hint, result_as_json, result_as_text
from multiarch.run.about import run_of
from multiarch.run.execution import Execution
from multiarch.run.recovery import Recovery
from multiarch.show.settings import settings_as_text, settings_rows
from multiarch.text.redaction import SHORTEST, Redaction


def ask_for_registry(request: Request, aws: Aws, begin: float) -> Registry:
    """Ask AWS for the registry, with the retries and the deadline of the run."""
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


def carry_out(
    request: Request,
    plan: Plan,
    runtime: LocalRuntime,
    redaction: Redaction,
    *,
    begin: float,
    as_json: bool,
) -> Sequence[str]:
    run, image = request.loaded.settings.run, request.loaded.settings.image
    report = RunReport(request.world.folder / run.report, run.report, redaction) if run.report else None
    log = make_log(log_format=run.log_format, level=run.log_level, redaction=redaction)
    log.info(f"multiarch {__version__}", phase="start")
    rows = settings_rows(request.loaded, plan, request.destination)
    for line in settings_as_text(rows):
        log.info(line, phase="settings")
    if plan.is_local and own_output_is_in_context(image, request.world.folder, run.dist):
        log.warning(f"{run.dist}/ is part of the context: list it in .dockerignore", phase="settings")
    if redaction.too_short:
        text = f"{redaction.too_short} secrets are too short to be redacted: fewer than {SHORTEST} characters"
        log.warning(text, phase="settings")
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
    execution = Execution(plan, runtime, log, sleep=sleep, begin=begin, about=about, events=events, redaction=redaction)
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


def _write_metrics(execution: Execution, redaction: Redaction, namespace: str) -> None:
    write_line(metrics_as_json(execution.record(redaction), namespace, datetime.now(UTC)))
