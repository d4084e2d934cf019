"""Commands and flags; the only place that wires the edges to the core and turns an error into an exit code."""

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from multiarch import __version__
from multiarch.bake import is_remote
from multiarch.destination import Destination
from multiarch.edges.aws import Aws
from multiarch.edges.inputs import (
    check_inputs,
    check_layout,
    own_output_is_in_context,
    read_settings_file,
    secret_values,
)
from multiarch.errors import EXIT_CODES, BuilderError, ConfigurationError, MultiarchError, OperationFailedError
from multiarch.image import Partitions, Registry
from multiarch.plan import Plan, Unpack, make_plan
from multiarch.request import read_request
from multiarch.settings import CONFIG_VARIABLE, SETTINGS, LoadedSettings, SettingInfo, load_settings
from multiarch.show import plan_as_json, plan_as_script
from multiarch.source import no_commit

_DISK_FULL = 28


@dataclass(frozen=True, kw_only=True)
class _World:
    """What a command may see of the process that it runs in."""

    environment: Mapping[str, str]
    folder: Path


class _GroupedCommand(click.Command):
    """A command whose help lists its options under the settings' own headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        group_of = {info.name: info.group for info in SETTINGS}
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                rows.setdefault(group_of.get(parameter.name or "", "Options"), []).append(record)
        for group in ("Options", *dict.fromkeys(info.group for info in SETTINGS)):
            with formatter.section(group):
                formatter.write_dl(rows[group])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _ = ctx
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


def _option(info: SettingInfo) -> Callable[[Any], Any]:
    """Make a setting's flag; its default is not click's to know, so that a flag that was not passed is told apart."""
    text = f"{info.text}{_default(info)}"
    flags = list(info.flags)
    if info.kind == "switch":
        flags[0] = f"{flags[0]}/--{info.key if info.key.startswith('no-') else f'no-{info.key}'}"
        if info.key.startswith("no-"):
            flags[0] = info.flags[0]
        return click.option(*flags, info.name, is_flag=True, default=None, help=text)
    multiple = info.kind in ("list", "map")
    metavar = info.metavar or "|".join(info.choices)
    return click.option(*flags, info.name, metavar=metavar, multiple=multiple, default=None, help=text)


def _default(info: SettingInfo) -> str:
    if info.kind == "switch" or info.default in ("", (), {}):
        return ""
    shown = ",".join(info.default) if isinstance(info.default, tuple) else info.default
    return f"  [default: {shown}]"


def _settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for info in reversed(SETTINGS):
        command = _option(info)(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="multiarch", message="%(prog)s %(version)s")
def cli() -> None:
    """Multi-architecture container images in AWS CodeBuild: from a commit to a verified image in Amazon ECR."""


@cli.command(cls=_GroupedCommand)
@click.argument("path", required=False)
@click.option("--dry-run", is_flag=True, help="Print the plan as a shell script that does the same, and do nothing.")
@click.option("--local", is_flag=True, help="Build into a folder, with a local cache: needs docker alone, no AWS.")
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="Print the result, or the plan, as JSON."
)
@click.option("--config", metavar="FILE", help="Settings file.  [default: multiarch.toml, or pyproject.toml]")
@_settings_options
@click.pass_obj
def build(
    world: _World,
    /,
    *,
    path: str | None,
    dry_run: bool,
    local: bool,
    output: str,
    config: str | None,
    **flags: Any,  # noqa: ANN401 - a setting each
) -> None:
    """Take the checked-out commit to an image for several platforms, and publish it once it is verified.

    PATH is the context, as with --context. Every setting can also stand in multiarch.toml, or in a variable:
    --cache-mode is cache-mode there, and MULTIARCH_CACHE_MODE here.
    """
    loaded = _load(world, path, config, flags)
    _build(world, loaded, dry_run=dry_run, local=local, as_json=output == "json")


def _build(world: _World, loaded: LoadedSettings, *, dry_run: bool, local: bool, as_json: bool) -> None:
    settings, environment = loaded.settings, world.environment
    check_inputs(settings, world.folder, environment)
    request = read_request(loaded, environment, world.folder, local=local)
    if not request.commit and not settings.commit_tag:
        raise no_commit(environment)
    aws, destination = Aws(), request.destination
    registry = None
    if destination:
        registry = destination.shown() if dry_run else _registry(destination, aws)
    plan = make_plan(settings, request.facts(registry))
    for step in plan.steps:
        if isinstance(step, Unpack):
            check_layout(world.folder / step.layout)
    if dry_run:
        click.echo(plan_as_json(plan) if as_json else plan_as_script(plan), nl=as_json)
        return
    _carry_out(world, loaded, plan, destination, aws=aws, partitions=request.partitions, as_json=as_json)


@cli.command()
@click.argument("file", required=False, type=click.File("rb", lazy=False))
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Print the explanation as JSON.")
def explain(file: BinaryIO | None, output: str) -> None:
    """Read any build's output, and say what failed, why, and what to do.

    FILE is the output, of this program or of another one; without it, or with -, the standard input is read.
    """
    from multiarch.edges.docker import read_lines  # noqa: PLC0415 - not for a dry run
    from multiarch.explain import explanation_as_json, explanation_as_text  # noqa: PLC0415
    from multiarch.failures import diagnose  # noqa: PLC0415

    if not file and sys.stdin.isatty():
        msg = "nothing to explain"
        raise ConfigurationError(msg, hint="name a file, or pipe a build's output: docker buildx build . 2>&1 | …")
    stream = file or sys.stdin.buffer
    empty = True

    def lines() -> Iterator[str]:
        nonlocal empty
        for line in read_lines(stream):
            empty = empty and not line.strip()
            yield line

    diagnosis = diagnose(lines())
    if empty:
        msg = "nothing to explain: the input is empty"
        raise ConfigurationError(msg, hint="buildx writes to its standard error: add 2>&1 before the pipe")
    if output == "json":
        click.echo(explanation_as_json(diagnosis))
    else:
        for line in explanation_as_text(diagnosis):
            click.echo(line)


@cli.command(cls=_GroupedCommand)
@click.argument("path", required=False)
@click.option("--local", is_flag=True, help="Examine a local build: docker alone, no AWS.")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", help="Print the report as JSON.")
@click.option("--config", metavar="FILE", help="Settings file.  [default: multiarch.toml, or pyproject.toml]")
@_settings_options
@click.pass_obj
def doctor(
    world: _World,
    /,
    *,
    path: str | None,
    local: bool,
    output: str,
    config: str | None,
    **flags: Any,  # noqa: ANN401 - a setting each
) -> None:
    """Say in seconds whether `build` with the same flags can be expected to work, and what to do if not.

    Nothing is built, made or written. The exit code is 0, or that of the first problem.
    """
    from multiarch.cli_doctor import report  # noqa: PLC0415 - not for a dry run

    loaded = _load(world, path, config, flags)
    code, lines = report(loaded, world.environment, world.folder, local=local, as_json=output == "json")
    for line in lines:
        click.echo(line)
    raise click.exceptions.Exit(code)


@cli.command(cls=_GroupedCommand)
@click.argument("path", required=False)
@click.option(
    "--minimal",
    is_flag=True,
    help="Leave out what a build can do without: finding a missing repository early, and `doctor`.",
)
@click.option("--config", metavar="FILE", help="Settings file.  [default: multiarch.toml, or pyproject.toml]")
@_settings_options
@click.pass_obj
def policy(
    world: _World,
    /,
    *,
    path: str | None,
    minimal: bool,
    config: str | None,
    **flags: Any,  # noqa: ANN401 - a setting each
) -> None:
    """Print the IAM policy that `build` with the same flags needs, as JSON.

    AWS is not asked: where it is not known, a placeholder stands for the account or the region.
    """
    from multiarch.cli_doctor import policy_of  # noqa: PLC0415 - not for a dry run

    text, note = policy_of(_load(world, path, config, flags), world.environment, world.folder, optional=not minimal)
    if note:
        click.echo(f"note: {note}", err=True)
    click.echo(text)


def _load(world: _World, path: str | None, config: str | None, flags: Mapping[str, object]) -> LoadedSettings:
    passed = {name: value for name, value in flags.items() if value is not None and value != ()}
    if path:
        passed["context"] = path
    file_name, table = read_settings_file(world.folder, config or world.environment.get(CONFIG_VARIABLE))
    return load_settings(flags=passed, environment=world.environment, file=table, file_name=file_name)


def _registry(destination: Destination, aws: Aws) -> Registry:
    """Ask AWS for what is not known: the token's own host names account, region and partition."""
    from multiarch.recovery import final_error, understand  # noqa: PLC0415 - not for a dry run

    if destination.registry:
        return destination.registry
    try:
        region = destination.region or aws.default_region()
        if not region:
            msg = "no AWS region"
            raise ConfigurationError(msg, hint="set AWS_DEFAULT_REGION, or pass --region or --registry")
        return Registry.parse(aws.token(region=region, account=destination.account).host)
    except OperationFailedError as error:
        raise final_error("login", understand(error), 1, 0.0) from None


def _carry_out(
    world: _World,
    loaded: LoadedSettings,
    plan: Plan,
    destination: Destination | None,
    *,
    aws: Aws,
    partitions: Partitions,
    as_json: bool,
) -> None:
    # What only a real run needs is imported here: a dry run is a thing of 0.2 s.
    from multiarch.edges.runtime import LocalRuntime  # noqa: PLC0415
    from multiarch.edges.signals import interruptible  # noqa: PLC0415
    from multiarch.execute import Execution  # noqa: PLC0415
    from multiarch.log import make_log, make_output  # noqa: PLC0415
    from multiarch.redaction import Redaction  # noqa: PLC0415
    from multiarch.result import load_hint, result_as_json, result_as_text  # noqa: PLC0415
    from multiarch.show import settings_as_text  # noqa: PLC0415

    settings = loaded.settings
    redaction = Redaction(secret_values(settings, world.folder, world.environment))
    log = make_log(log_format=settings.log_format, level=settings.log_level, redaction=redaction)
    log.info(f"multiarch {__version__}", phase="start")
    for line in settings_as_text(loaded, plan, destination):
        log.info(line, phase="settings")
    if not plan.repository and own_output_is_in_context(settings, world.folder):
        log.warning(f"{settings.dist}/ is part of the context: list it in .dockerignore", phase="settings")
    runtime = LocalRuntime(
        world.environment,
        aws=aws,
        aws_suffixes=partitions.suffixes,
        folder=world.folder if is_remote(settings.context) else (world.folder / settings.context).resolve(),
        redaction=redaction,
        output=make_output(log_format=settings.log_format, redaction=redaction),
    )
    with interruptible(runtime.remove_login):
        try:
            result = Execution(plan, runtime, log).run()
        except MultiarchError as error:
            # It tells what a failed step said, or ran.
            error.message, error.hint = redaction.clean(error.message), redaction.clean(error.hint)
            raise
        finally:
            runtime.close()
    sys.stderr.flush()
    if as_json:
        click.echo(result_as_json(result, redaction))
        return
    for line in result_as_text(result):
        click.echo(redaction.clean(line))
    if result.status == "local":
        for line in load_hint(result.image, f"{plan.name}:{plan.commit_tag}", result.platforms):
            click.echo(line)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command, and return its exit code."""
    as_json = "--output=json" in arguments or ("--output", "json") in itertools.pairwise(arguments)
    try:
        world = _World(environment=environment, folder=Path.cwd())
        # A command that ends with an exit code of its own returns it; any other returns nothing.
        code = cli.main(list(arguments), prog_name="multiarch", standalone_mode=False, obj=world)
    except click.ClickException as error:
        error.show()
        return ConfigurationError.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return 130
    except BrokenPipeError:
        return 0
    except MultiarchError as error:
        return _report(error, as_json=as_json)
    except OSError as error:
        hint = "free some disk space, or choose a larger CodeBuild compute type" if error.errno == _DISK_FULL else ""
        where = f"{error.filename}: " if error.filename else ""
        return _report(BuilderError(f"{where}{error.strerror}", hint=hint), as_json=as_json)
    return code if isinstance(code, int) else 0


def _report(error: MultiarchError, *, as_json: bool) -> int:
    if as_json:
        from multiarch.result import error_as_json  # noqa: PLC0415 - not for a dry run

        click.echo(error_as_json(error, error.exit_code))
    click.echo(f"error: {error.message}", err=True)
    for line in error.hint.splitlines():
        click.echo(f"  {line}", err=True)
    return error.exit_code
