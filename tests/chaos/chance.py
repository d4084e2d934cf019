"""Schedules that are drawn, from a seed: what nobody thought of."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Final, get_args

from dev.stack.ecr.faults import PLACES, Fault, What
from tests.chaos.case import Case

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT: Final = 10
_STATUSES: Final = (429, 500, 502, 503, 504)
# Those that pass; what lasts longest is left out, for the time that it takes.
_PASSING: Final[tuple[What, ...]] = ("status", "status", "status", "lost", "reset", "cut", "expire")
assert set(_PASSING) <= set(get_args(What))


def seed() -> int:
    """The seed of this session: SEED, or another one each time."""
    return int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))


def cases(number: int, count: int = COUNT) -> Iterator[Case]:
    """Draw cases; the same number always gives the same ones."""
    chance = random.Random(number)  # noqa: S311 - to be repeated, not to be unguessable
    for index in range(count):
        faults = tuple(_fault(chance) for _ in range(chance.randint(2, 5)))
        yield Case(
            name=f"by chance, seed {number}, {index + 1}: {'; '.join(map(str, faults))}",
            faults=faults,
            cold=any(fault.where.startswith("base") for fault in faults),
            before=chance.random() < 0.3,
            by_chance=True,
        )


def _fault(chance: random.Random) -> Fault:
    where = chance.choice([name for name, place in PLACES.items() if place.side != "connection"])
    what = chance.choice(_PASSING)
    times = chance.choice((1, 1, 1, 2, 3))
    soon = (("Retry-After", "1"),) if chance.random() < 0.5 else ()
    status = chance.choice(_STATUSES) if what == "status" else 0
    return Fault(where=where, what=what, status=status, headers=soon if status == 429 else (), times=times)
