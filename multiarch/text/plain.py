"""Frozen values as what JSON has. Pure."""

import dataclasses
from collections.abc import Mapping, Sequence


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
    return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}  # type: ignore[arg-type]  # a dataclass
