"""Frozen values as what JSON has. Pure."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Final

# Of every JSON output: a key that is removed or gets another meaning makes the next one.
JSON_VERSION: Final = 2


def as_json(kind: str, value: object) -> str:
    """Return the text of a JSON output: its version, its kind, then the fields of a dataclass or a mapping."""
    fields = plain(value)
    assert isinstance(fields, dict)
    return json.dumps({"version": JSON_VERSION, "kind": kind, **fields}, indent=2)


def plain(value: object) -> object:
    """Turn frozen values into what JSON has; a dataclass with a text of its own, as Platform is one, into that text."""
    match value:
        case str() | bool() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case Sequence():
            return [plain(each) for each in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return str(value) if "__str__" in vars(type(value)) else fields_of(value)
    msg = f"no JSON for {type(value)}"
    raise TypeError(msg)


def fields_of(value: object) -> dict[str, object]:
    """Return the fields of a dataclass; `class_`, which is no word of Python's in JSON, is `class`."""
    return {field.name.rstrip("_"): plain(getattr(value, field.name)) for field in dataclasses.fields(value)}  # type: ignore[arg-type]  # a dataclass
