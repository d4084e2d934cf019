"""Turns signals into an exception, so that a run that is interrupted cleans up like any other."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from multiarch.errors import InterruptedRunError

# SIGHUP too: a terminal that is closed must not leave a login behind.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interruptible(at_once: Callable[[], None]) -> Iterator[None]:
    """Raise InterruptedRunError at the first signal; at the second, call `at_once` and end the process."""
    seen = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        if seen:
            at_once()
            os._exit(128 + number)
        seen = True
        raise InterruptedRunError(number)

    before = {each: signal.signal(each, handle) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def finish(clean_up: Callable[[], None]) -> None:
    """Clean up, and once more where the first signal comes in the middle of it: what it began must not stay undone."""
    try:
        clean_up()
    except InterruptedRunError:
        clean_up()
        raise
