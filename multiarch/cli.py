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
from multiarch.commands import World
from multiarch.edges.files.inputs import read_settings_file
from multiarch.edges.signals import Interruption
from multiarch.errors import (
    EXIT_CODES,
    BuilderError,
    ConfigurationError,
    InterruptedRunError,
    MultiarchError,
    OutputError,
)
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.settings.load import CONFIG_VARIABLE, LoadedSettings, load_settings
from multiarch.text.printable import printable

# Each command imports what it is made of when it runs: a dry run is a thing of 0.2 s.


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


def _with_settings(command: Callable[..., None]) -> Callable[..., Any]:
    """Give a command PATH, --config and a flag for each setting, and hand it the world and what they come to."""

    @functools.wraps(command)
    def load(world: World, /, path: str | None, config: str | None, **values: Any) -> None:  # noqa: ANN401 - of any flag
        passed = {info.name: values.pop(info.name) for info in SETTINGS}
        flags = {name: value for name, value in passed.items() if value is not None and value != ()}
        if path:
            flags["context"] = path
        file_name, table = read_settings_file(world.folder, config or world.environment.get(CONFIG_VARIABLE))
        loaded = load_settings(flags=flags, environment=world.environment, file=table, file_name=file_name)
        command(world, loaded, **values)

    with_flags: Callable[..., Any] = load
    for info in reversed(SETTINGS):
        with_flags = _option(info)(with_flags)
    text = "Settings file.  [default: multiarch.toml, or pyproject.toml]"
    with_flags = click.option("--config", metavar="FILE", help=text)(with_flags)
    return click.argument("path", required=False)(click.pass_obj(with_flags))


def _output(what: str) -> Callable[[Any], Any]:
    text = f"Print {what} as JSON."
    return click.option("--output", type=click.Choice(["text", "json"]), default="text", help=text)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="multiarch", message="%(prog)s %(version)s")
def cli() -> None:
    """Multi-architecture container images in AWS CodeBuild: from a commit to a verified image in Amazon ECR."""


@cli.command(cls=_GroupedCommand)
@click.option("--dry-run", is_flag=True, help="Print the plan as a shell script that does the same, and do nothing.")
@click.option("--local", is_flag=True, help="Build into a folder, with a local cache: needs docker alone, no AWS.")
@_output("the result, or the plan,")
@_with_settings
def build(world: World, loaded: LoadedSettings, /, *, dry_run: bool, local: bool, output: str) -> None:
    """Take the checked-out commit to an image for several platforms, and publish it once it is verified.

    PATH is the context, as with --context. Every setting can also stand in multiarch.toml, or in a variable:
    --cache-mode is cache-mode there, and MULTIARCH_CACHE_MODE here.
    """
    from multiarch.commands import build

    lines = build.build(world, loaded, dry_run=dry_run, local=local, as_json=output == "json")
    if dry_run:
        _print(lines, as_is=True)
    else:
        _print(lines, must_be_read=True)


@cli.command(cls=_GroupedCommand)
@click.option("--local", is_flag=True, help="Examine a local build: docker alone, no AWS.")
@_output("the report")
@_with_settings
def doctor(world: World, loaded: LoadedSettings, /, *, local: bool, output: str) -> None:
    """Say in seconds whether `build` with the same flags can be expected to work, and what to do if not.

    Nothing is built, made or written. The exit code is 0, or that of the first problem.
    """
    from multiarch.commands import doctor

    code, lines = doctor.report(world, loaded, local=local, as_json=output == "json")
    _print(lines)
    raise click.exceptions.Exit(code)


@cli.command()
@click.argument("file", required=False, type=click.File("rb", lazy=False))
@_output("the explanation")
def explain(file: BinaryIO | None, output: str) -> None:
    """Read any build's output, and say what failed, why, and what to do.

    FILE is the output, of this program or of another one; without it, or with -, the standard input is read.
    """
    from multiarch.commands import explain

    if not file and sys.stdin.isatty():
        msg = "nothing to explain"
        raise ConfigurationError(msg, hint="name a file, or pipe a build's output: docker buildx build . 2>&1 | …")
    _print(explain.explain(file or sys.stdin.buffer, as_json=output == "json"))


@cli.command()
@click.argument("files", nargs=-1, metavar="FILE...", type=click.File("rb", lazy=False))
@click.option("--report", "folder", metavar="DIR", help="Write the report of one log to a folder.")
@_output("the report, or the comparison,")
def report(files: Sequence[BinaryIO], folder: str | None, output: str) -> None:
    """Show what a saved log says of a run, or compare two runs step by step.

    FILE is what `build --report` saved, events.jsonl, or what somebody saved of `docker buildx build
    --progress=rawjson`; with -, the standard input is read. Of two, the first one is the older.
    """
    from multiarch.commands import report

    _print(report.report(files, Path(folder) if folder else None, as_json=output == "json"))


@cli.command(cls=_GroupedCommand)
@_output("the source")
@_with_settings
def source(world: World, loaded: LoadedSettings, /, *, output: str) -> None:
    """Say what is built: commit, branch, tag, pull request and so on, what said each, and the tags that follow.

    What is not known is named, with the variable to pass it in. Neither docker nor AWS is asked.
    """
    from multiarch.commands import source

    _print(source.source(world, loaded, as_json=output == "json"))


@cli.command(cls=_GroupedCommand)
@click.option(
    "--minimal",
    is_flag=True,
    help="Leave out what a build can do without: finding a missing repository early, and `doctor`.",
)
@click.option(
    "--project",
    metavar="NAME",
    default="",
    help="The CodeBuild project: also what it needs itself, for its log and the reports of the buildspec.",
)
@_with_settings
def policy(world: World, loaded: LoadedSettings, /, *, minimal: bool, project: str) -> None:
    """Print the IAM policy that `build` with the same flags needs, as JSON.

    AWS is not asked: where it is not known, a placeholder stands for the account or the region.
    """
    from multiarch.commands import policy

    text, note = policy.policy(world, loaded, optional=not minimal, project=project)
    if note:
        _note(note)
    _print([text])


@cli.command(cls=_GroupedCommand)
@click.option(
    "--of",
    "holds",
    type=click.Choice(["image", "cache"]),
    default="image",
    help="Whose policy: that of the image's repository, or of the caches' where that is another one.",
)
@click.option(
    "--untagged-days", type=click.IntRange(1), default=7, help="Days after which what has no tag goes.  [default: 7]"
)
@click.option(
    "--cache-days",
    type=click.IntRange(1),
    default=30,
    help="Days after which a cache goes that no build has written.  [default: 30]",
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
    """Print the ECR lifecycle policy that clears up after `build` with the same flags, as JSON.

    It is for caches and for what has no tag; no rule matches a tag of the image. AWS is not asked.
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
        lines: what to print.
        as_is: another program runs it.
        must_be_read: they are the result of a run, and it is an error if nobody reads all of them.

    Raises:
        OutputError: the standard output cannot be written, as on a full disk.
    """
    hint = "the run succeeded: its log shows the image and its tags" if must_be_read else ""
    for line in lines:
        try:
            click.echo(line if as_is else printable(line))
        except BrokenPipeError:
            if not must_be_read:
                return  # whoever reads has read enough, as `head` does
            msg = "the standard output was closed before the result was written"
            raise OutputError(msg, hint=hint) from None
        except OSError as error:
            msg = f"the standard output cannot be written: {error.strerror}"
            raise OutputError(msg, hint="\n".join(filter(None, (hint, _space(error))))) from None


def main(arguments: Sequence[str], environment: Mapping[str, str], interruption: Interruption | None = None) -> int:
    """Run a command, and return its exit code."""
    as_json = "--output=json" in arguments or ("--output", "json") in itertools.pairwise(arguments)
    try:
        world = World(environment=environment, folder=Path.cwd(), interruption=interruption or Interruption())
        # A command that ends with an exit code of its own returns it; any other returns nothing.
        code = cli.main(list(arguments), prog_name="multiarch", standalone_mode=False, obj=world)
    except click.ClickException as error:
        if as_json:
            _print_error(ConfigurationError(error.format_message(), hint="python -m multiarch --help lists the flags"))
        with suppress(OSError):
            error.show()
        return ConfigurationError.exit_code
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.Abort:
        return 130
    except SystemExit:
        return 0  # click, where nobody reads all of the help
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
    # Where nobody reads it, the exit code says it alone.
    with suppress(OSError):
        for line in (f"error: {error.message}", *(f"  {line}" for line in failure_of(error).more)):
            click.echo(printable(line), err=True)
    return error.exit_code


def _print_error(error: MultiarchError | InterruptedRunError) -> None:
    from multiarch.report.result import error_as_json

    with suppress(OSError):
        click.echo(error_as_json(error))
