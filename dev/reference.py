"""`python -m dev.reference` writes docs/reference.md from the code; `--check` only says whether that is due."""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from dev.docstrings import code, table
from dev.reference_json import json_sections
from multiarch.cli import cli
from multiarch.errors import EXIT_CODES
from multiarch.failures.rules import ALL_RULES
from multiarch.failures.tables.unexplained import UNKNOWN, UNKNOWN_RULE
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.settings.load import CONFIG_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CONTEXT: Final = click.Context(cli)
PATH: Final = Path(__file__).parent.parent / "docs" / "reference.md"


_INTRODUCTION = """\
# Reference

<!-- Written by `python -m dev.reference` from the code. Change the code, then run it again. -->

`multiarch` is the same command as `python -m multiarch`.

- [Commands](#commands)
- [Settings](#settings): [where values come from](#where-values-come-from) · [variables](#variables) ·
  [the file](#the-file)
- [Exit codes](#exit-codes)
- [JSON outputs](#json-outputs): [plan](#the-plan-as-json) · [result](#the-result-as-json) ·
  [source](#the-source-as-json) · [doctor](#the-report-of-doctor-as-json) · [explain](#the-explanation-as-json)
- [Failure rules](#failure-rules)
"""

_PRECEDENCE = f"""\
## Where values come from

The first value wins:

1. a flag;
2. a variable, in the order of the tables above;
3. the file: `multiarch.toml` in the current folder, else the table `[tool.multiarch]` of `pyproject.toml` there;
   `--config FILE` or `{CONFIG_VARIABLE}=FILE` names another file;
4. the default.

A value replaces a later value completely; lists and maps are not merged. The log shows the origin of each value.
"""

_VARIABLES = """\
## Variables

- An empty variable is treated as unset.
- An unknown variable that begins with `MULTIARCH_` is an error.
- Two variables are not settings: `MULTIARCH_CONFIG` is `--config`, and `MULTIARCH_TRUST_CONFIG` is `--trust-config`.
- A switch is `true` or `false`.
- A time is a number of seconds, or has a unit: `90`, `90s`, `45m`, `2h`.
- The entries of these lists are separated by lines or commas: {commas}.
- The entries of these lists can contain commas, so only lines separate them: {lines}.
- These maps are lists of `NAME=VALUE`: {maps}.

As flags, repeat the flag for each entry of a list or map. Lists with commas can also be one flag: `--tag latest,main`.
An empty list is `--tag ''`, `MULTIARCH_TAGS=,` or, in the file, `tags = []`.
"""

_FILE = """\
## The file

The file is TOML with a key for each setting. Lists are arrays, maps are tables. An unknown key is an error.

```toml
repository = "shop"
tags = ["latest", "main"]
retry-deadline = "45m"

[build-args]
VERSION = "1.2"

[cache]  # the same as cache-mode = "min"
mode = "min"
```

An editor that knows the schema completes the keys and marks what is wrong. The package contains the schema, and
`python -c 'import multiarch; print(multiarch.__path__[0])'` prints where: copy `schemas/settings.schema.json` beside
the file, and begin the file with a line for [taplo](https://taplo.tamasfe.dev) (Even Better TOML in VS Code):

```toml
#:schema ./settings.schema.json
```

In `pyproject.toml`, the tables begin with `tool.multiarch`: `[tool.multiarch]`, `[tool.multiarch.build-args]`.
"""


def reference() -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION, *_options(), *_settings(), _PRECEDENCE, _variables(), _FILE, _exitcodes()]
    parts += [*json_sections(), _rules()]
    return "\n".join(parts)


def main(arguments: Sequence[str], path: Path = PATH) -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where the page is out of date")
    text = reference()
    if not parser.parse_args(arguments).check:
        path.write_text(text, encoding="utf-8")
        return 0
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return 0
    print(f"error: {path} is out of date; `python -m dev.reference` writes it", file=sys.stderr)
    return 1


def _flags() -> dict[str, click.Option]:
    build = cli.commands["build"]
    return {option.name or "": option for option in build.params if isinstance(option, click.Option)}


def _flag_names(option: click.Option, value: str = "") -> str:
    first, *others = (*option.opts, *option.secondary_opts)
    return ", ".join(map(code, (f"{first} {value}".strip(), *others)))


def _options() -> Iterator[str]:
    """Yield each command's own options: the settings are flags of most of them, and stand below."""
    known = {info.name for info in SETTINGS}
    yield "## Commands\n"
    for name, command in cli.commands.items():
        usage = " ".join(parameter.make_metavar(_CONTEXT) for parameter in command.params if not _is_option(parameter))
        text = inspect.cleandoc(command.help or "").replace("\n\n", "\n").replace("\n", " ")
        takes = " Takes the settings' flags too." if known & {parameter.name for parameter in command.params} else ""
        yield f"### {name}\n\n    python -m multiarch {name} [OPTIONS] {usage}\n\n{text}{takes}\n"
        own = [each for each in command.params if isinstance(each, click.Option) and each.name not in known]
        yield table(
            ("flag", "default", "meaning"),
            (
                (_flag_names(each, _value(each)), _shown_default(each), _without_default(each.help or ""))
                for each in own
            ),
        )


def _is_option(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option)


def _value(option: click.Option) -> str:
    return "|".join(option.type.choices) if isinstance(option.type, click.Choice) else option.metavar or ""


def _shown_default(option: click.Option) -> str:
    in_help = re.search(r"\[default: (.*)\]", option.help or "")
    return in_help[1] if in_help else code(str(option.default)) if isinstance(option.default, str) else ""


def _without_default(text: str) -> str:
    return re.sub(r"\s*\[default: .*\]", "", text)


def _settings() -> Iterator[str]:
    flags = _flags()
    yield "## Settings\n"
    for group in dict.fromkeys(info.group for info in SETTINGS):
        yield f"### {group}\n"
        yield table(
            ("key", "flags", "variables", "default", "file in the checkout", "meaning"),
            (
                (
                    code(info.key),
                    _flag_names(flags[info.name], info.metavar or "|".join(info.choices)),
                    ", ".join(map(code, info.variables)),
                    _default(info),
                    info.from_file,
                    info.text,
                )
                for info in SETTINGS
                if info.group == group
            ),
        )


def _default(info: SettingInfo) -> str:
    if info.derived:
        return info.derived
    match info.default:
        case bool():
            return code(str(info.default).lower())
        case tuple():
            return ", ".join(code(each) for each in info.default)
        case Mapping():
            return ""
        case _:
            return code(str(info.default))


def _variables() -> str:
    lists = [info for info in SETTINGS if info.kind == "list"]
    maps = [info for info in SETTINGS if info.kind == "map"]
    return _VARIABLES.format(
        commas=_keys(info for info in lists if info.separator == ","),
        lines=_keys(info for info in (*lists, *maps) if info.separator == "\n"),
        maps=_keys(maps),
    )


def _keys(infos: Iterable[SettingInfo]) -> str:
    return ", ".join(code(info.key) for info in infos)


def _exitcodes() -> str:
    return f"## Exit codes\n\n{table(('code', 'meaning'), EXIT_CODES)}"


_RULES: Final = """\
## Failure rules

A failure has the first of these rules that fits: `explain` and the error of `build` name it. A name is unique and
stable. Words in braces stand for what the output names. A rule without a phase takes the phase from the output.
"""


def _rules() -> str:
    rows = (
        (code(rule.name), code(rule.failure_class), code(rule.phase or ""), rule.cause, rule.advice)
        for rule in ALL_RULES
    )
    classes = dict.fromkeys(code(failure_class) for failure_class, _ in UNKNOWN.values())
    unknown = (code(UNKNOWN_RULE), " or ".join(classes), "", "the line of the output, which no rule knows", "")
    return f"{_RULES}\n{table(('rule', 'class', 'phase', 'cause', 'advice'), (*rows, unknown))}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
