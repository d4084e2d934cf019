"""A record without secrets. Pure."""

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from multiarch.record.model import Record

_Value = TypeVar("_Value")


def masked(record: Record, clean: Callable[[str], str]) -> Record:
    """Return the record with every text cleaned."""
    return _masked(record, clean)


def _masked(value: _Value, clean: Callable[[str], str]) -> _Value:
    changed: object = value
    match value:
        # An enumeration's members are texts too, and none of them is a secret.
        case str() if type(value) is str:
            changed = clean(value)
        case tuple():
            changed = tuple(_masked(each, clean) for each in value)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            changed = type(value)(**{name: _masked(each, clean) for name, each in fields.items()})
    return changed  # type: ignore[return-value]  # of the value's own type
