"""What holds whoever answers: an end in time, little memory, and one error that a person can read."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from multiarch.edges import answers
from multiarch.edges.registry import transport
from multiarch.errors import MultiarchError, OperationFailedError
from multiarch.failures import understand
from multiarch.run.recovery import final_error

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "pass-word"
# Seconds of a whole exchange, and of silence, in place of 60 and 20: where nothing else ends it, and where something
# does, however slow the machine.
_SHORT, _LONG = (0.5, 0.3), (30.0, 30.0)
_SLACK = 4.0
_ENDLESS = ("says nothing", "drips", "floods", "slowly", "pages without end")
# The largest answer, of 8 MiB, is twice in memory while it is copied.
MEMORY = 24 * 1024 * 1024
_LONGEST = 4_000


@dataclass(frozen=True, kw_only=True)
class Met:
    """How a call ended.

    Attributes:
        value: what it returned, None where it raised.
        error: what it raised, None where it returned.
        text: what a person reads of the error.
    """

    value: object
    error: OperationFailedError | MultiarchError | None
    text: str


def is_endless(name: str) -> bool:
    """Whether nothing but a time limit ends a behavior, or nothing else soon."""
    return any(words in name for words in _ENDLESS)


def meet(call: Callable[[], object], *, short: bool, memory: int = MEMORY) -> Met:
    """Make a call, and check what holds of each.

    Args:
        call: may raise what an edge raises.
        short: whether the time limits are parts of a second.
        memory: bytes that the call may take at once.

    Raises:
        AssertionError: it took too long or too much, or its error is not fit for a person.
        Exception: it raised something else than an edge may raise.
    """
    whole, patience = _SHORT if short else _LONG
    tracemalloc.start()
    begin = time.monotonic()
    value: object = None
    error: OperationFailedError | MultiarchError | None = None
    text = ""
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(answers, "WHOLE", whole)
            patch.setattr(transport, "_PATIENCE", patience)
            value = call()
    except OperationFailedError as raised:
        error, final = raised, final_error("step", understand(raised), 1, 0.0)
        text = f"{raised}\n{final.message}\n{final.hint}"
    except MultiarchError as raised:
        error, text = raised, f"{raised.message}\n{raised.hint}"
    finally:
        seconds, peak = time.monotonic() - begin, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert seconds < whole + _SLACK, f"it took {seconds:.1f} s"
    assert peak < memory, f"it took {peak / 1024 / 1024:.0f} MiB"
    assert SECRET not in text
    assert all(line.isprintable() for line in text.splitlines()), repr(text)
    assert len(text) < _LONGEST
    assert "Traceback" not in text
    return Met(value=value, error=error, text=text)
