"""`python -m dev.schema` writes the JSON schemas of multiarch.toml and of the JSON outputs, from the code."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import multiarch
from dev import settings_schema
from dev.docstrings import attributes, summary
from multiarch.doctor.report import DoctorReport
from multiarch.record import Failure
from multiarch.report.compare import Comparison
from multiarch.report.folder.report_json import Report
from multiarch.report.result import ReportedResult
from multiarch.show.explain import Explanation
from multiarch.show.plan_json import STEP_NAMES, PlannedRun
from multiarch.show.source import SourceReport
from multiarch.text.plain import JSON_VERSION

FOLDER: Final = Path(multiarch.__file__).parent / "schemas"

OUTPUTS: Final[Mapping[str, type]] = {
    "plan": PlannedRun,
    "result": ReportedResult,
    "error": Failure,
    "report": Report,
    "comparison": Comparison,
    "source": SourceReport,
    "doctor": DoctorReport,
    "explain": Explanation,
}
"""The dataclass of each output, by kind."""

_SIMPLE: Final[Mapping[object, Mapping[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    object: {},
}


def schema(kind: str) -> dict[str, Any]:
    """Return the schema of an output; every object and field has the words that the code has for it."""
    made = _Definitions()
    output = made.object_of(OUTPUTS[kind])
    head = {"version": {"const": JSON_VERSION}, "kind": {"const": kind}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:multiarch-codebuild:{kind}:{JSON_VERSION}",
        "title": f"{kind} of multiarch",
        **output,
        "properties": {**head, **output["properties"]},
        "required": [*head, *output["required"]],
        "$defs": dict(sorted(made.found.items())),
    }


class _Definitions:
    """Schemas of types.

    Attributes:
        found: those of the dataclasses and enumerations seen so far, by name.
    """

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def of(self, kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a type, or what typing makes of one
        """Return the schema of what `plain` makes of a value of this type."""
        if kind in _SIMPLE:
            return dict(_SIMPLE[kind])
        inner, origin = get_args(kind), get_origin(kind)
        if origin in (types.UnionType, Union):
            return {"anyOf": [self.of(each) for each in inner]}
        if origin is Literal:
            return {"enum": list(inner)}
        if origin is tuple:
            return {"type": "array", "items": self.of(inner[0])}
        if origin is Mapping:
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        return self._named(kind)

    def object_of(self, kind: type) -> dict[str, Any]:
        """Return the schema of a dataclass: it has all of its fields, and no other."""
        hints, texts = get_type_hints(kind), attributes(kind)
        properties: dict[str, Any] = {"step": {"const": STEP_NAMES[kind]}} if kind in STEP_NAMES else {}
        for field in dataclasses.fields(kind):
            name = field.name.rstrip("_")
            about = {"description": texts[name]} if name in texts else {}
            properties[name] = self.of(hints[field.name]) | about
        return {
            "description": summary(kind),
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def _named(self, kind: type) -> dict[str, Any]:
        name = kind.__name__
        if issubclass(kind, StrEnum):
            self.found[name] = {"description": summary(kind), "enum": [str(each) for each in kind]}
        elif "__str__" in vars(kind):
            return {"type": "string"}
        elif name not in self.found:
            self.found[name] = {}  # a type may contain itself
            self.found[name] = self.object_of(kind)
        return {"$ref": f"#/$defs/{name}"}


def path(kind: str) -> Path:
    return FOLDER / f"{kind}.schema.json"


def text(kind: str) -> str:
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for each in OUTPUTS:
        path(each).write_text(text(each), encoding="utf-8")
    settings_schema.PATH.write_text(settings_schema.text(), encoding="utf-8")
