"""Removes secrets from a record. Pure."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from multiarch.record.model import Record

_Value = TypeVar("_Value")


def masked(record: Record, clean: Callable[[str], str]) -> Record:
    """Return the record after cleaning every text."""
    return _masked(record, clean)


def _masked(value: _Value, clean: Callable[[str], str]) -> _Value:
    changed: object = value
    match value:
        # Members of an enumeration are texts too, but never secret.
        case str() if type(value) is str:
            changed = clean(value)
        case tuple():
            changed = tuple(_masked(each, clean) for each in value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            changed = type(value)(**{name: _masked(each, clean) for name, each in fields.items()})
    return changed  # type: ignore[return-value]  # of the value's own type
