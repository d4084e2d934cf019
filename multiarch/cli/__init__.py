"""The commands and their flags; the only place that turns an error into an exit code."""

import errno
import functools
import itertools
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal

import click

from multiarch import __version__
from multiarch.cli.help import SettingsCommand, option_of, show_all_help, usage_error
from multiarch.commands import World
from multiarch.edges.files.settings import read_settings_file
from multiarch.edges.signals import Interruption
from multiarch.errors import BuilderError, ConfigurationError, InterruptedRunError, MultiarchError, OutputError
from multiarch.settings.info import SETTINGS
from multiarch.settings.load import CONFIG_VARIABLE, LoadedSettings, load_settings
from multiarch.settings.trust import check_trust
from multiarch.text.printable import printable

# Each command imports its modules when it runs, so that a dry run takes 0.2 s.


def _with_settings(command: Callable[..., None]) -> Callable[..., Any]:
    """Give a command PATH, --config and a flag for each setting; call it with the world and the loaded settings."""

    @functools.wraps(command)
    def load(world: World, /, path: str | None, config: str | None, *, trust_config: bool, **values: Any) -> None:  # noqa: ANN401 - of any flag
        passed = {info.name: values.pop(info.name) for info in SETTINGS}
        flags = {name: value for name, value in passed.items() if value is not None and value != ()}
        if path:
            flags["context"] = path
        chosen = config or world.environment.get(CONFIG_VARIABLE)
        file = read_settings_file(world.folder, chosen, world.environment)
        loaded = load_settings(
            flags=flags,
            environment=world.environment,
            file=file.table,
            file_name=file.name,
            in_checkout=file.in_checkout,
            is_trusted=trust_config,
        )
        check_trust(loaded)
        command(world, loaded, **values)

    with_flags: Callable[..., Any] = load
    for info in reversed(SETTINGS):
        with_flags = option_of(info)(with_flags)
    text = "Show all options."
    with_flags = click.option(
        "--help-all", is_flag=True, is_eager=True, expose_value=False, callback=show_all_help, help=text
    )(with_flags)
    text = "Let a settings file in the checkout set everything, except in a pull request's build."
    with_flags = click.option("--trust-config", is_flag=True, help=text)(with_flags)
    text = "Settings file.  [default: multiarch.toml]"
    with_flags = click.option("--config", metavar="FILE", help=text)(with_flags)
    return click.argument("path", required=False)(click.pass_obj(with_flags))


def _output(what: str) -> Callable[[Any], Any]:
    text = f"Print {what} as JSON."
    return click.option("--output", type=click.Choice(["text", "json"]), default="text", help=text)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="multiarch", message="%(prog)s %(version)s")
def cli() -> None:
    """Multi-architecture container images in AWS CodeBuild: from a commit to a verified image in Amazon ECR."""


@cli.command(cls=SettingsCommand)
@click.option("--dry-run", is_flag=True, help="Print the plan as a shell script.")
@click.option("--local", is_flag=True, help="Build into a folder, without AWS.")
@_output("the result or the plan")
@_with_settings
def build(world: World, loaded: LoadedSettings, /, *, dry_run: bool, local: bool, output: str) -> None:
    """Build every platform, verify the image, publish its tags.

    PATH is the build context, as with --context. Each setting has a flag, a variable and a key in multiarch.toml:
    --cache-mode, MULTIARCH_CACHE_MODE and cache-mode.
    """
    from multiarch.commands import build

    lines = build.build(world, loaded, dry_run=dry_run, local=local, as_json=output == "json")
    if dry_run:
        _print(lines, as_is=True)
    else:
        _print(lines, must_be_read=True)


@cli.command(cls=SettingsCommand)
@click.option("--local", is_flag=True, help="Check a --local build: only docker, no AWS.")
@_output("the report")
@_with_settings
def doctor(world: World, loaded: LoadedSettings, /, *, local: bool, output: str) -> None:
    """Check whether a build would succeed, and how to fix it.

    Takes seconds, with the same flags as build, and changes nothing. The exit code is 0, or that of the first problem.
    """
    from multiarch.commands import doctor

    code, lines = doctor.report(world, loaded, local=local, as_json=output == "json")
    _print(lines)
    raise click.exceptions.Exit(code)


@cli.command()
@click.argument("file", required=False, type=click.File("rb", lazy=False))
@_output("the explanation")
def explain(file: BinaryIO | None, output: str) -> None:
    """Show what failed in a build's output, and how to fix it.

    FILE is the output of any build. Without FILE, or with -, the command reads the standard input.
    """
    from multiarch.commands import explain

    if not file and sys.stdin.isatty():
        msg = "no output to explain"
        raise ConfigurationError(msg, hint="name a file, or pipe the output of a build: docker buildx build . 2>&1 | …")
    _print(explain.explain(file or sys.stdin.buffer, as_json=output == "json"))


@cli.command()
@click.argument("files", nargs=-1, metavar="FILE...", type=click.File("rb", lazy=False))
@click.option("--report", "folder", metavar="DIR", help="Write the report of one log to a folder.")
@_output("the report or the comparison")
def report(files: Sequence[BinaryIO], folder: str | None, output: str) -> None:
    """Show a saved run, or compare two runs step by step.

    FILE is events.jsonl of a `build --report` folder, or the output of `docker buildx build --progress=rawjson`. With
    -, the command reads the standard input. The first of two files is the older run.
    """
    from multiarch.commands import report

    _print(report.report(files, Path(folder) if folder else None, as_json=output == "json"))


@cli.command(cls=SettingsCommand)
@_output("the source")
@_with_settings
def source(world: World, loaded: LoadedSettings, /, *, output: str) -> None:
    """Show the commit, branch and tags that a build would use.

    Each value has its origin. An unknown value has the variable that sets it. The command needs no docker and no AWS.
    """
    from multiarch.commands import source

    _print(source.source(world, loaded, as_json=output == "json"))


@cli.command(cls=SettingsCommand)
@click.option(
    "--minimal",
    is_flag=True,
    help="Leave out two kinds of optional permissions: to find a missing repository early, and for doctor.",
)
@click.option(
    "--project",
    metavar="NAME",
    default="",
    help="CodeBuild project: add the permissions for its log and for the reports of the buildspec.",
)
@_with_settings
def policy(world: World, loaded: LoadedSettings, /, *, minimal: bool, project: str) -> None:
    """Print the IAM policy that a build needs, as JSON.

    Pass the flags of the build. The command needs no AWS: a placeholder marks an unknown account or region.
    """
    from multiarch.commands import policy

    text, note = policy.policy(world, loaded, optional=not minimal, project=project)
    if note:
        _note(note)
    _print([text])


@cli.command(cls=SettingsCommand)
@click.option(
    "--of",
    "holds",
    type=click.Choice(["image", "cache"]),
    default="image",
    help="Repository of the policy: the image's, or a separate one for caches.",
)
@click.option(
    "--untagged-days", type=click.IntRange(1), default=7, help="Expire untagged images after N days.  [default: 7]"
)
@click.option(
    "--cache-days",
    type=click.IntRange(1),
    default=30,
    help="Expire caches that no build has written for N days.  [default: 30]",
)
@_with_settings
def lifecycle(
    world: World,
    loaded: LoadedSettings,
    /,
    *,
    holds: Literal["image", "cache"],
    untagged_days: int,
    cache_days: int,
) -> None:
    """Print an ECR lifecycle policy for old caches, as JSON.

    Pass the flags of the build. The policy expires caches and untagged images; no rule matches a tag of an image. The
    command needs no AWS.
    """
    from multiarch.commands import lifecycle
    from multiarch.provision.lifecycle import Days

    days = Days(untagged=untagged_days, cache=cache_days)
    text, notes = lifecycle.lifecycle(world, loaded, holds=holds, days=days)
    for note in notes:
        _note(note)
    _print([text])


def _note(text: str) -> None:
    with suppress(OSError):
        click.echo(printable(f"note: {text}"), err=True)


def _print(lines: Iterable[str], *, as_is: bool = False, must_be_read: bool = False) -> None:
    """Print lines on the standard output.

    Args:
        lines: the lines to print.
        as_is: print control characters too, because another program reads the lines.
        must_be_read: the lines are the result of a run, so a closed standard output is an error.

    Raises:
        OutputError: the standard output cannot be written, as on a full disk.
    """
    hint = "read the image and its tags in the log: the run succeeded" if must_be_read else ""
    for line in lines:
        try:
            click.echo(line if as_is else printable(line))
        except BrokenPipeError:
            if not must_be_read:
                return  # the reader needs no more lines, as `head`
            msg = "the standard output was closed before the result was written"
            raise OutputError(msg, hint=hint) from None
        except OSError as error:
            msg = f"cannot write to the standard output: {error.strerror}"
            raise OutputError(msg, hint="\n".join(filter(None, (hint, _space(error))))) from None


def main(arguments: Sequence[str], environment: Mapping[str, str], interruption: Interruption | None = None) -> int:
    """Run a command, and return its exit code."""
    as_json = "--output=json" in arguments or ("--output", "json") in itertools.pairwise(arguments)
    try:
        world = World(environment=environment, folder=Path.cwd(), interruption=interruption or Interruption())
        # `doctor` returns an exit code; the other commands return None.
        code = cli.main(list(arguments), prog_name="multiarch", standalone_mode=False, obj=world)
    except click.ClickException as error:
        if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # of click 8.2 and later
            with suppress(OSError):
                error.show()
            return ConfigurationError.exit_code
        command = [word for word in arguments[:1] if word in cli.commands]
        return _report(usage_error(error, command, known=cli.commands), as_json=as_json)
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return 130
    except SystemExit:
        return 0  # click exits if the reader of the help closes the pipe
    except (MultiarchError, InterruptedRunError) as error:
        return _report(error, as_json=as_json)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _report(BuilderError(f"{where}{error.strerror or error}", hint=_space(error)), as_json=as_json)
    return code if isinstance(code, int) else 0


def _space(error: OSError) -> str:
    return "free some disk space, or choose a larger CodeBuild compute type" if error.errno == errno.ENOSPC else ""


def _report(error: MultiarchError | InterruptedRunError, *, as_json: bool) -> int:
    from multiarch.record.outcome import failure_of

    if as_json:
        _print_error(error)
    # If standard error is closed, only the exit code is left.
    with suppress(OSError):
        for line in (f"error: {error.message}", *(f"  {line}" for line in failure_of(error).more)):
            click.echo(printable(line), err=True)
    return error.exit_code


def _print_error(error: MultiarchError | InterruptedRunError) -> None:
    from multiarch.report.result import error_as_json

    with suppress(OSError):
        click.echo(error_as_json(error))
