"""The command `build`, wired: a plan, shown or carried out."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from multiarch import __version__
from multiarch.bake import is_remote
from multiarch.commands import World
from multiarch.commands.request import Request, ask_for_token, read_request
from multiarch.destination import Destination
from multiarch.edges.aws import Aws
from multiarch.edges.inputs import check_inputs, check_layout, own_output_is_in_context, secret_values
from multiarch.errors import MultiarchError, OperationFailedError
from multiarch.image import Registry
from multiarch.plan import Plan, Replace, make_plan
from multiarch.settings import LoadedSettings
from multiarch.show import plan_as_json, plan_as_script
from multiarch.source import no_commit

if TYPE_CHECKING:
    from multiarch.edges.runtime import LocalRuntime
    from multiarch.redaction import Redaction


def build(world: World, loaded: LoadedSettings, *, dry_run: bool, local: bool, as_json: bool) -> Sequence[str]:
    """Carry a plan out, or show it; return the lines to print.

    Raises:
        MultiarchError: the plan could not be made, or not be carried out.
    """
    check_inputs(loaded.settings, world.folder, world.environment)
    request = read_request(loaded, world, local=local)
    if not request.is_named:
        raise no_commit(world.environment)
    aws, destination = Aws(), request.destination
    registry = None
    if destination:
        registry = destination.shown() if dry_run else destination.registry or _ask_for_registry(destination, aws)
    plan = make_plan(loaded.settings, request.facts(registry))
    for step in plan.steps:
        if isinstance(step, Replace):
            check_layout(world.folder / step.fresh)
            check_layout(world.folder / step.layout)
    if dry_run:
        return [plan_as_json(plan) if as_json else plan_as_script(plan).removesuffix("\n")]
    return _carry_out(request, plan, aws=aws, as_json=as_json)


def _ask_for_registry(destination: Destination, aws: Aws) -> Registry:
    from multiarch.recovery import final_error, understand  # noqa: PLC0415 - not for a dry run

    try:
        return Registry.parse(ask_for_token(destination, aws).host)
    except OperationFailedError as error:
        raise final_error("login", understand(error), 1, 0.0) from None


def _carry_out(request: Request, plan: Plan, *, aws: Aws, as_json: bool) -> Sequence[str]:
    # What only a real run needs is imported here, the heaviest after the builder has begun to boot.
    from multiarch.edges.runtime import LocalRuntime  # noqa: PLC0415
    from multiarch.edges.signals import interruptible  # noqa: PLC0415
    from multiarch.redaction import Redaction  # noqa: PLC0415

    world, settings = request.world, request.loaded.settings
    redaction = Redaction(secret_values(settings, world.folder, world.environment))
    runtime = LocalRuntime(
        world.environment,
        aws=aws,
        aws_suffixes=request.partitions.suffixes,
        folder=world.folder if is_remote(settings.context) else request.context,
        redaction=redaction,
    )
    with interruptible(runtime.abandon):
        try:
            runtime.begin(plan)
            return _run(request, plan, runtime, redaction, as_json=as_json)
        except MultiarchError as error:
            # It tells what a failed step said, or ran.
            error.message, error.hint = redaction.clean(error.message), redaction.clean(error.hint)
            raise
        finally:
            runtime.close()


def _run(
    request: Request, plan: Plan, runtime: "LocalRuntime", redaction: "Redaction", *, as_json: bool
) -> Sequence[str]:
    from multiarch.execute import Execution  # noqa: PLC0415
    from multiarch.log import make_log, make_output  # noqa: PLC0415
    from multiarch.result import load_hint, result_as_json, result_as_text  # noqa: PLC0415
    from multiarch.show import settings_as_text  # noqa: PLC0415

    settings = request.loaded.settings
    log = make_log(log_format=settings.log_format, level=settings.log_level, redaction=redaction)
    log.info(f"multiarch {__version__}", phase="start")
    for line in settings_as_text(request.loaded, plan, request.destination):
        log.info(line, phase="settings")
    if not plan.repository and own_output_is_in_context(settings, request.world.folder):
        log.warning(f"{settings.dist}/ is part of the context: list it in .dockerignore", phase="settings")
    runtime.show(make_output(log_format=settings.log_format, redaction=redaction))
    result = Execution(plan, runtime, log).run()
    sys.stderr.flush()
    if as_json:
        return [result_as_json(result, redaction)]
    lines = [redaction.clean(line) for line in result_as_text(result)]
    if result.status == "local":
        lines += load_hint(result.image, f"{plan.name}:{plan.commit_tag}", result.platforms)
    return lines
