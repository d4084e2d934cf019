"""`python -m dev.reference` writes docs/reference.md from the code; `--check` only says whether that is due."""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import re
import sys
import types
from collections.abc import Mapping, Sequence
from enum import EnumType, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import click

from multiarch.cli import cli
from multiarch.doctor import Check
from multiarch.doctor.report import REPORT_VERSION
from multiarch.errors import EXIT_CODES, FailureClass, FailurePhase
from multiarch.failures.explain import EXPLAIN_VERSION
from multiarch.failures.rules import ALL_RULES
from multiarch.failures.tables.unexplained import UNKNOWN, UNKNOWN_RULE
from multiarch.image.manifest import Layer, PlatformImage
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.model import RetryPolicy
from multiarch.plan.steps import DeployedImage, Part, Step, TargetBuild
from multiarch.record import BuildWarning, CacheAccess, CacheUse, PublishedTag, Retry
from multiarch.record.outcome import ImageOutcome
from multiarch.record.steps import Interval
from multiarch.report.breakdown import Breakdown, CacheMiss, EmulatedStep, PlatformWork
from multiarch.report.result import RESULT_VERSION, ReportedResult
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.settings.load import CONFIG_VARIABLE
from multiarch.show.plan_json import PLAN_VERSION, PlannedImage, PlannedRun
from multiarch.source import Commit, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_CONTEXT: Final = click.Context(cli)
PATH: Final = Path(__file__).parent.parent / "docs" / "reference.md"


def _values(kind: type[StrEnum]) -> str:
    return " \\| ".join(f'`"{each}"`' for each in kind)


_INTRODUCTION = """\
# Reference

<!-- Written by `python -m dev.reference` from the code. Change the code, then run it again. -->

`multiarch` is the same command as `python -m multiarch`.

Contents: [commands](#commands) · [settings](#settings) · [where values come from](#where-values-come-from) ·
[variables](#variables) · [the file](#the-file) · [exit codes](#exit-codes) · [the plan as JSON](#the-plan-as-json) ·
[the result as JSON](#the-result-as-json) · [the report of doctor as JSON](#the-report-of-doctor-as-json) ·
[the explanation as JSON](#the-explanation-as-json) · [failure rules](#failure-rules)
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
`python -c 'import multiarch; print(multiarch.__path__[0])'` prints where: copy `settings/settings.schema.json` beside
the file, and begin the file with a line for [taplo](https://taplo.tamasfe.dev) (Even Better TOML in VS Code):

```toml
#:schema ./settings.schema.json
```

In `pyproject.toml`, the tables begin with `tool.multiarch`: `[tool.multiarch]`, `[tool.multiarch.build-args]`.
"""

_PLAN = f"""\
## The plan as JSON

`build --dry-run --output json` prints one object: `version` {PLAN_VERSION}, `kind` `"plan"`, and the fields below.
Placeholders stand for values that only AWS or the run knows: `<AWS_ACCOUNT_ID>`, `<AWS_DEFAULT_REGION>`,
`<METADATA_FILE>`.
"""

_RESULT = f"""\
## The result as JSON

`build --output json` prints one object on standard output; the log stays on standard error. After a success, the object
has `version` {RESULT_VERSION}, `kind` `"result"`, and the fields below.
"""

_ERROR = f"""\
### Error

After a failure, the object has `version` {RESULT_VERSION}, `kind` `"error"`, and these fields:

| field | JSON | meaning |
|---|---|---|
| `type` | text | the name of the error's class |
| `message` | text | the error |
| `hint` | text | the fix; it can have several lines, or be empty |
| `exit_code` | number | the exit code of the process |
| `class`, `phase`, `rule`, `cause`, `advice`, `line` | text or null | as in \
[the explanation](#the-explanation-as-json); null if no [failure rule](#failure-rules) decided |
"""


_REPORT = f"""\
## The report of doctor as JSON

`doctor --output json` prints one object: `version` {REPORT_VERSION}, `kind` `"doctor"`, and these fields:

| field | JSON | meaning |
|---|---|---|
| `ready` | true or false | no check has the status `problem` |
| `exit_code` | number | the exit code of the process: 0, or that of the first problem |
| `checks` | list of [check](#check) | in the order of the report |
"""

_EXPLANATION = f"""\
## The explanation as JSON

`explain --output json` prints one object: `version` {EXPLAIN_VERSION}, `kind` `"explanation"`, and the fields below.
All fields are null if no failure was found.

| field | JSON | meaning |
|---|---|---|
| `class` | {_values(FailureClass)} | whether a retry can help: see [failures and retries]\
(explanation.md#failures-and-retries) |
| `phase` | {_values(FailurePhase)} | where it failed |
| `rule` | text | the name of the [failure rule](#failure-rules) |
| `cause` | text | the cause |
| `advice` | text | the fix; empty if only the line helps |
| `line` | text | the line of the output that shows the failure |
"""


# Texts for fields whose names are enough in the code, but not on the page.
_SAID: Final[Mapping[str, str]] = {
    "ShowVersions": "Show docker's version in the log",
    "RemoveBuilder": "Remove the builder",
    "RetryPolicy.attempts": "maximum attempts of each phase",
    "RetryPolicy.deadline": "seconds of the run after which no attempt starts",
    "Check.status": "problem: the build will fail; warning: a risk, a slower build, or an unknown answer",
    "ImageOutcome.digest": "of the index, or of the manifest of an image with one platform",
    "PublishedTag.reference": "registry, repository and tag",
    "PlatformImage.digest": "of this platform's manifest",
    "PlatformImage.size": "compressed bytes",
    "PlatformImage.layers": "the layers of the base image first",
    "Retry.step": "the phase that failed",
    "Retry.cause": "the cause of the failure",
    "Retry.attempt": "the number of the attempt that followed, from 2",
    "Retry.attempts": "maximum attempts",
    "Retry.wait": "seconds waited before it",
}


def reference() -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION, *_options(), *_settings(), _PRECEDENCE, _variables(), _FILE, _exit_codes()]
    parts += [
        _PLAN,
        *(_object(each) for each in (PlannedRun, PlannedImage, Part, TargetBuild, Source, Commit, RetryPolicy)),
    ]
    parts += [_steps(), _object(DeployedImage)]
    parts += [
        _RESULT,
        *(
            _object(each)
            for each in (
                ReportedResult,
                ImageOutcome,
                PublishedTag,
                PlatformImage,
                Layer,
                CacheUse,
                CacheAccess,
                Interval,
                Retry,
            )
        ),
    ]
    parts += [*(_object(each) for each in (Breakdown, PlatformWork, CacheMiss, EmulatedStep, BuildWarning)), _ERROR]
    parts += [_REPORT, _object(Check), _EXPLANATION, _rules()]
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


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n".replace("| --- ", "|---").replace("--- |", "---|") for line in lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _flags() -> dict[str, click.Option]:
    build = cli.commands["build"]
    return {option.name or "": option for option in build.params if isinstance(option, click.Option)}


def _flag_names(option: click.Option, value: str = "") -> str:
    first, *others = (*option.opts, *option.secondary_opts)
    return ", ".join(map(_code, (f"{first} {value}".strip(), *others)))


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
        yield _table(
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
    return in_help[1] if in_help else _code(str(option.default)) if isinstance(option.default, str) else ""


def _without_default(text: str) -> str:
    return re.sub(r"\s*\[default: .*\]", "", text)


def _settings() -> Iterator[str]:
    flags = _flags()
    yield "## Settings\n"
    for group in dict.fromkeys(info.group for info in SETTINGS):
        yield f"### {group}\n"
        yield _table(
            ("key", "flags", "variables", "default", "meaning"),
            (
                (
                    _code(info.key),
                    _flag_names(flags[info.name], info.metavar or "|".join(info.choices)),
                    ", ".join(map(_code, info.variables)),
                    _default(info),
                    info.text,
                )
                for info in SETTINGS
                if info.group == group
            ),
        )


def _default(info: SettingInfo) -> str:
    match info.default:
        case bool():
            return _code(str(info.default).lower())
        case tuple():
            return ", ".join(_code(each) for each in info.default)
        case Mapping():
            return ""
        case _:
            return _code(str(info.default))


def _variables() -> str:
    lists = [info for info in SETTINGS if info.kind == "list"]
    maps = [info for info in SETTINGS if info.kind == "map"]
    return _VARIABLES.format(
        commas=_keys(info for info in lists if info.separator == ","),
        lines=_keys(info for info in (*lists, *maps) if info.separator == "\n"),
        maps=_keys(maps),
    )


def _keys(infos: Iterable[SettingInfo]) -> str:
    return ", ".join(_code(info.key) for info in infos)


def _exit_codes() -> str:
    return f"## Exit codes\n\n{_table(('code', 'meaning'), EXIT_CODES)}"


_RULES: Final = """\
## Failure rules

A failure has the first of these rules that fits: `explain` and the error of `build` name it. A name is unique and
stable. Words in braces stand for what the output names. A rule without a phase takes the phase from the output.
"""


def _rules() -> str:
    rows = (
        (_code(rule.name), _code(rule.failure_class), _code(rule.phase or ""), rule.cause, rule.advice)
        for rule in ALL_RULES
    )
    classes = dict.fromkeys(_code(failure_class) for failure_class, _ in UNKNOWN.values())
    unknown = (_code(UNKNOWN_RULE), " or ".join(classes), "", "the line of the output, which no rule knows", "")
    return f"{_RULES}\n{_table(('rule', 'class', 'phase', 'cause', 'advice'), (*rows, unknown))}"


def _object(kind: type) -> str:
    """Return the table of a dataclass's fields."""
    said = _attributes(kind)
    rows = ((_code(name), json, said.get(name, "")) for name, json in _fields(kind))
    return f"### {_words(kind).capitalize()}\n\n{_table(('field', 'JSON', 'meaning'), rows)}"


def _steps() -> str:
    """Return the table of all steps."""
    rows = []
    for kind in get_args(Step):
        said = _attributes(kind)
        fields = (f"`{name}` {json}{f': {said[name]}' if name in said else ''}" for name, json in _fields(kind))
        rows.append((_code(_kebab(kind.__name__)), _summary(kind), "<br>".join(fields)))
    return f"### Step\n\n`step` is its name.\n\n{_table(('step', 'does', 'further fields'), rows)}"


def _kebab(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"-\1", name).lower()


def _fields(kind: type) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field.name, _json(hints[field.name])


_SIMPLE: Final[Mapping[object, str]] = {
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    type(None): "null",
    object: "anything",
    Platform: "text",
    Registry: "text",
    Repository: "text",
}


def _json(kind: Any) -> str:  # noqa: ANN401 - a type, or what typing makes of one
    """Return what a field's type becomes in JSON."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if kind == Step:
        return "[step](#step)"
    inner = tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else get_args(kind)
    match get_origin(kind):
        case types.UnionType:
            return " or ".join(_json(each) for each in inner)
        case origin if origin is Union:
            return " or ".join(_json(each) for each in inner)
        case origin if origin is Literal or isinstance(kind, EnumType):
            return " | ".join(_code(f'"{each}"') for each in inner)
        case origin if origin is tuple:
            return f"list of {_json(inner[0])}"
        case origin if origin is Mapping:
            values = _json(inner[1])
            return "object" if values == "anything" else f"object of {values}s"
    return f"[{_words(kind)}](#{_kebab(kind.__name__)})"


def _words(kind: type) -> str:
    return _kebab(kind.__name__).replace("-", " ")


def _summary(kind: type) -> str:
    """Return a docstring's first paragraph; empty where it is the one that dataclasses make."""
    text = inspect.getdoc(kind) or ""
    return _SAID.get(kind.__name__, "") if text.startswith(f"{kind.__name__}(") else _plain(text.split("\n\n")[0])


def _attributes(kind: type) -> Mapping[str, str]:
    """Read the `Attributes:` of a docstring; what needs no word in the code is said here."""
    _, _, text = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    prefix = f"{kind.__name__}."
    here = {name.removeprefix(prefix): meaning for name, meaning in _SAID.items() if name.startswith(prefix)}
    return here | {name: _plain(meaning) for name, meaning in found}


def _plain(text: str) -> str:
    """Return a docstring's text as a cell: one line, and JSON's word for None."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split())).removesuffix(".")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
