"""The command `build`: makes a plan, and prints or runs it."""

import time
from collections.abc import Sequence

from multiarch.commands import World
from multiarch.commands.request import Request, check_settings_file, output_folders, read_request
from multiarch.deadline import Deadline
from multiarch.edges.aws import Aws
from multiarch.edges.files.folder import check_folder, remove_files
from multiarch.edges.files.inputs import check_inputs, check_layout, secret_values
from multiarch.edges.git import tracked
from multiarch.errors import ConfigurationError, MultiarchError
from multiarch.image.registry import Registry
from multiarch.plan.build.bake import hidden_values, is_remote
from multiarch.plan.make import make_plan
from multiarch.plan.model import Plan
from multiarch.settings.load import LoadedSettings
from multiarch.show.plan_json import plan_as_json
from multiarch.show.script import plan_as_script
from multiarch.source import no_commit
from multiarch.text.csv_words import CacheEntry
from multiarch.text.redaction import Redaction


def build(world: World, loaded: LoadedSettings, *, dry_run: bool, local: bool, as_json: bool) -> Sequence[str]:
    """Run a plan, or show it; return the lines to print.

    Raises:
        MultiarchError: the plan cannot be made, or its run failed.
    """
    begin = time.monotonic()
    check_settings_file(loaded, world)
    _remove_earlier_files(world, loaded, dry_run=dry_run)
    check_inputs(loaded.settings.image, world.folder, world.environment)
    request = read_request(loaded, world, local=local)
    if not request.is_named:
        raise no_commit(world.environment)
    deadline = Deadline(loaded.settings.run.retry_deadline)
    aws, destination = Aws(deadline), request.destination
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
    return _carry_out(request, plan, aws=aws, begin=begin, deadline=deadline, as_json=as_json)


def _remove_earlier_files(world: World, loaded: LoadedSettings, *, dry_run: bool) -> None:
    """Remove the output files of an earlier run first, so that no stale file is left after a failure."""
    for own in output_folders(loaded.settings.run):
        folder = world.folder / own.name
        check_folder(folder, flag=own.flag)
        if kept := tracked(folder, world.environment, own.files):
            msg = f"{own.flag} {own.name} would remove files that git tracks: {', '.join(kept)}"
            raise ConfigurationError(msg, hint=f"use a folder without tracked files: {own.flag} DIR")
        if not dry_run:
            remove_files(folder, own.files)


def _ask_for_registry(request: Request, aws: Aws, begin: float) -> Registry:
    from multiarch.commands.carry_out import ask_for_registry

    return ask_for_registry(request, aws, begin)


def _carry_out(
    request: Request, plan: Plan, *, aws: Aws, begin: float, deadline: Deadline, as_json: bool
) -> Sequence[str]:
    from multiarch.edges.runtime import LocalRuntime

    world, settings = request.world, request.loaded.settings
    redaction = Redaction(secret_values(settings.image, world.folder, world.environment))
    runtime = LocalRuntime(
        {**world.environment, **hidden_values(settings.image, world.environment)},
        aws=aws,
        aws_suffixes=request.partitions.suffixes,
        folder=world.folder if is_remote(settings.image.context) else request.context,
        redaction=redaction,
        interruption=world.interruption,
        deadline=deadline,
    )
    with world.interruption.cleaning_up(runtime.abandon):
        try:
            runtime.begin(plan)
            # Imported while the builder boots.
            from multiarch.commands.carry_out import carry_out

            return carry_out(request, plan, runtime, redaction, begin=begin, as_json=as_json)
        except MultiarchError as error:
            # The error can contain the command and the output of a failed step.
            error.message, error.hint = redaction.clean(error.message), redaction.clean(error.hint)
            error.diagnosis = error.diagnosis and error.diagnosis.cleaned(redaction.clean)
            raise
        finally:
            runtime.close()
