"""Frozen values as what JSON has."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from multiarch.image.reference import Repository
from multiarch.record.outcome import Retry
from multiarch.text.plain import plain
from tests.unit.fakes import AMD64, ECR


@dataclass(frozen=True)
class Inner:
    name: str


@dataclass(frozen=True)
class Outer:
    inner: Inner
    several: tuple[Inner, ...] = ()
    named: dict[str, Inner] = field(default_factory=dict)


CASES = {
    "a text": ("a", "a"),
    "a number": (1.5, 1.5),
    "nothing": (None, None),
    "a sequence": ((1, "a"), [1, "a"]),
    "a mapping": ({1: (2,)}, {"1": [2]}),
    "a dataclass": (Inner("a"), {"name": "a"}),
    "dataclasses in one": (
        Outer(Inner("a"), (Inner("b"),), {"c": Inner("d")}),
        {"inner": {"name": "a"}, "several": [{"name": "b"}], "named": {"c": {"name": "d"}}},
    ),
    # With a text of their own.
    "a platform": (AMD64, "linux/amd64"),
    "a registry": (ECR, ECR.host),
    "a repository": (Repository(registry=ECR, name="shop"), f"{ECR.host}/shop"),
    # Near misses: a dataclass prints itself as its fields, and that is no text of its own.
    "a retry": (
        Retry(step="push", cause="503", attempt=2, attempts=5, wait=1.0),
        {"step": "push", "cause": "503", "attempt": 2, "attempts": 5, "wait": 1.0},
    ),
}


@pytest.mark.parametrize(("value", "json"), CASES.values(), ids=CASES)
def test_plain_value_becomes_json(value: object, json: object) -> None:
    assert plain(value) == json


@pytest.mark.parametrize("value", [{1, 2}, object(), Inner], ids=["a set", "an object", "a class"])
def test_plain_value_without_json_raises(value: object) -> None:
    with pytest.raises(TypeError, match="no JSON for"):
        plain(value)
