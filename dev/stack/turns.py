"""Turns at what all runs of tests on a machine share: the engine, and the ECR that has faults.

Most tests may run beside those of another checkout. Some may not: whoever empties BuildKit's cache, restarts docker or
lets connections fail does it to all of them.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from dev.stack import layout

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def turn(what: Literal["engine", "ecr"], *, alone: bool = False) -> Iterator[None]:
    """Wait until nobody uses it alone; to be alone, until nobody uses it at all.

    Whoever wants both takes the engine first. One process takes no second turn at the same thing.
    """
    with (layout.STATE / f"{what}.queue").open("w") as queue, (layout.STATE / f"{what}.turn").open("w") as lock:
        # First come, first served: who waits to be alone is not overtaken by those who need not be.
        fcntl.flock(queue, fcntl.LOCK_EX)
        fcntl.flock(lock, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(queue, fcntl.LOCK_UN)
        yield
