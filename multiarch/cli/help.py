"""Formats the help of a command, its flags and its errors."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from multiarch.errors import EXIT_CODES, ConfigurationError
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.text.hints import nearest_hint


class SettingsCommand(click.Command):
    """A command with a flag for each setting: `--help` shows common flags, and `--help-all` all flags by heading."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        infos = {info.name: info for info in SETTINGS}
        shows_all = bool(ctx.meta.get(_HELP_ALL))
        rows: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            info = infos.get(parameter.name or "")
            record = parameter.get_help_record(ctx)
            if not record or not isinstance(parameter, click.Option):
                continue
            if shows_all or (not info and parameter.name not in _RARE):
                rows.setdefault(info.group if info else "Options", []).append(record)
            elif info and info.is_common:
                rows.setdefault("Options", []).append((_first_words(record[0]), _first_clause(record[1])))
        for group in ("Options", *dict.fromkeys(info.group for info in SETTINGS)):
            if group in rows:
                with formatter.section(group):
                    formatter.write_dl(rows[group])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not ctx.meta.get(_HELP_ALL):
            formatter.write_paragraph()
            formatter.write_text(f"{ctx.command_path} --help-all shows all options and the exit codes.")
            return
        with formatter.section("Exit codes"):
            formatter.write_dl(EXIT_CODES)


def _first_words(flags: str) -> str:
    """Return the flags of an option, shortened to fit before the column of its help."""
    return flags if len(flags) <= _COLUMN else f"{flags.partition(' ')[0]} …"


# click starts the help of a flag after this column, or on a new line.
_COLUMN = 30


def _first_clause(text: str) -> str:
    """Return the first clause of a flag's help, with its default: one line on most screens."""
    clause, _, default = text.partition("  [")
    return re.split(r"[.;:](?: |$)", clause)[0] + (f"  [{default}" if default else "")


_HELP_ALL = "multiarch.help_all"
# Flags that are no settings, and that few need.
_RARE = ("trust_config",)


def show_all_help(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's callback
    _ = parameter
    if value:
        ctx.meta[_HELP_ALL] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def option_of(info: SettingInfo) -> Callable[[Any], Any]:
    """Make the flag of a setting. Its default is None for click, which shows that the flag was not passed."""
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
    if info.derived:
        return f"  [default: {info.derived}]"
    if info.kind == "switch" or info.default in ("", (), {}):
        return ""
    shown = ",".join(info.default) if isinstance(info.default, tuple) else info.default
    return f"  [default: {shown}]"


def usage_error(error: click.ClickException, command: Sequence[str], *, known: Iterable[str]) -> ConfigurationError:
    """Return click's error about the command line as a ConfigurationError.

    Args:
        error: the error of click.
        command: the name of the command; empty if unknown.
        known: all commands.
    """
    hint = f"{' '.join(('multiarch', *command))} --help lists the options"
    if isinstance(error, click.NoSuchOption):
        options = [name for each in error.ctx.command.params for name in each.opts] if error.ctx else []
        near = nearest_hint(error.option_name, options)
        return ConfigurationError(f"unknown option {error.option_name}", hint=near if "did you mean" in near else hint)
    message = error.format_message().rstrip(".")
    if unknown := re.match(r"No such command '(.*?)'", message):
        return ConfigurationError(f"unknown command {unknown[1]}", hint=nearest_hint(unknown[1], known))
    return ConfigurationError(message[:1].lower() + message[1:], hint=hint)
