"""The tables of the JSON outputs in docs/reference.md, from the dataclasses that they are made of."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from dev.docstrings import attributes, code, kebab, summary, table
from dev.schema import OUTPUTS
from multiarch.doctor import Check
from multiarch.doctor.report import DoctorReport
from multiarch.image.manifest import Layer, PlatformImage
from multiarch.plan.model import RetryPolicy
from multiarch.plan.steps import DeployedImage, Part, Step, TargetBuild
from multiarch.record import BuildWarning, CacheAccess, CacheUse, Failure, ImageOutcome, Interval, PublishedTag, Retry
from multiarch.report.breakdown import Breakdown, CacheMiss, EmulatedStep, PlatformWork
from multiarch.report.result import ReportedResult
from multiarch.show.explain import Explanation
from multiarch.show.plan_json import STEP_NAMES, PlannedImage, PlannedRun
from multiarch.show.source import SourceInfo, SourceReport
from multiarch.text.plain import JSON_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMANDS: Final[Mapping[str, str]] = {
    "plan": "`build --dry-run --output json`",
    "result": "`build --output json`, after a success",
    "error": "`build --output json`, after a failure",
    "report": "`report.json` in the folder of `build --report`; `report EVENTS --output json`",
    "comparison": "`report EVENTS EVENTS --output json`",
    "source": "`source --output json`",
    "doctor": "`doctor --output json`",
    "explain": "`explain --output json`",
}

_OUTPUTS = f"""\
## JSON outputs

With `--output json`, a command prints one object on standard output; the log stays on standard error. Each object has
`version` {JSON_VERSION} and its `kind`. The package contains a JSON schema of each kind, in `schemas`.

| kind | printed by | schema |
|---|---|---|
"""

_PLAN = """\
## The plan as JSON

Placeholders stand for values that only AWS or the run knows: `<AWS_ACCOUNT_ID>`, `<AWS_DEFAULT_REGION>`,
`<METADATA_FILE>`.
"""


def json_sections() -> Iterator[str]:
    rows = (
        f"| `{kind}` | {_COMMANDS[kind]} | [{kind}.schema.json](../multiarch/schemas/{kind}.schema.json) |\n"
        for kind in OUTPUTS
    )
    yield _OUTPUTS + "".join(rows)
    yield _PLAN
    yield from map(_object, (PlannedRun, PlannedImage, Part, TargetBuild, RetryPolicy))
    yield _steps()
    yield _object(DeployedImage)
    yield "## The result as JSON\n"
    yield from map(_object, (ReportedResult, ImageOutcome, PublishedTag, PlatformImage, Layer))
    yield from map(_object, (CacheUse, CacheAccess, Interval, Retry))
    yield from map(_object, (Breakdown, PlatformWork, CacheMiss, EmulatedStep, BuildWarning))
    yield _object(Failure, "Error")
    yield "## The source as JSON\n"
    yield from map(_object, (SourceInfo, SourceReport))
    yield "## The report of doctor as JSON\n"
    yield from map(_object, (DoctorReport, Check))
    yield "## The explanation as JSON\n"
    yield f"{summary(Explanation)}.\n"
    yield _object(Explanation)


def _object(kind: type, title: str = "") -> str:
    """Return the table of a dataclass's fields."""
    texts = attributes(kind)
    rows = ((code(name), json, texts.get(name, "")) for name, json in _fields(kind))
    return f"### {title or _words(kind).capitalize()}\n\n{table(('field', 'JSON', 'meaning'), rows)}"


def _steps() -> str:
    """Return the table of all steps."""
    rows = []
    for kind, name in STEP_NAMES.items():
        texts = attributes(kind)
        fields = (f"`{field}` {json}{f': {texts[field]}' if field in texts else ''}" for field, json in _fields(kind))
        rows.append((code(name), summary(kind), "<br>".join(fields)))
    return f"### Step\n\n`step` is its name.\n\n{table(('step', 'does', 'further fields'), rows)}"


def _fields(kind: type) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield field.name.rstrip("_"), _json(hints[field.name])


_SIMPLE: Final[Mapping[object, str]] = {
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    type(None): "null",
    object: "anything",
    Step: "[step](#step)",
}


def _json(kind: Any) -> str:  # noqa: ANN401 - a type, or what typing makes of one
    """Return what a field's type becomes in JSON."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return " | ".join(code(f'"{each}"') for each in kind)
    inner = get_args(kind)
    match get_origin(kind):
        case types.UnionType:
            return " or ".join(_json(each) for each in inner)
        case origin if origin is Union:
            return " or ".join(_json(each) for each in inner)
        case origin if origin is Literal:
            return " | ".join(code(f'"{each}"') for each in inner)
        case origin if origin is tuple:
            return f"list of {_json(inner[0])}"
        case origin if origin is Mapping:
            values = _json(inner[1])
            return "object" if values == "anything" else f"object of {values}s"
    return "text" if "__str__" in vars(kind) else f"[{_words(kind)}](#{kebab(kind.__name__)})"


def _words(kind: type) -> str:
    return kebab(kind.__name__).replace("-", " ")
