"""`python -m dev.schema` writes the JSON schemas of report.json, from its classes, and of multiarch.toml."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import msgspec

import multiarch.report
from dev import settings_schema
from dev.reference import _attributes, _summary
from multiarch.report.data import REPORT_VERSION, SCHEMA_FILE, Report

PATH: Final = Path(multiarch.report.__file__).parent / SCHEMA_FILE


def schema() -> dict[str, Any]:
    """Return the schema, each object and field with the words that the code has for it."""
    made = msgspec.json.schema(Report)
    kinds = {kind.__name__: kind for kind in _classes(Report)}
    for name, kind in kinds.items():
        made["$defs"][name]["description"] = _summary(kind)
        said = _attributes(kind)
        for field, properties in made["$defs"][name]["properties"].items():
            if field in said:
                properties["description"] = said[field]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:multiarch-codebuild:report:{REPORT_VERSION}",
        "title": "report.json of multiarch",
    }
    return head | made


def _classes(kind: type) -> set[type]:
    """Return a dataclass, and those that its fields are of."""
    found = {kind}
    for hint in get_type_hints(kind).values():
        for each in (hint, *get_args(hint)):
            if hasattr(each, "__dataclass_fields__"):
                found |= _classes(each)
    return found


def text() -> str:
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
    settings_schema.PATH.write_text(settings_schema.text(), encoding="utf-8")
