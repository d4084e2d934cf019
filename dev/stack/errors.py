from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class StackError(Exception):
    """The stack can't be brought up, used or taken down; the text is for a person."""


class StackDownError(StackError):
    """Something asks for the stack, and it isn't up."""


class StepFailedError(StackError):
    """A program failed: what it was for, and the end of what it wrote."""

    @classmethod
    def from_log(cls, what: str, log: Path, lines: int = 20) -> StepFailedError:
        try:
            with log.open(errors="replace") as stream:
                tail = "".join(f"    {line}" for line in deque(stream, maxlen=lines))
        except FileNotFoundError:
            tail = "    (it wrote nothing)\n"
        return cls(f"{what}; the end of {log}:\n{tail.rstrip()}")
