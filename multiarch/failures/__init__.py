"""Failures: class, cause and advice. Pure: output in, a diagnosis out.

The rules are tables, one module a subject, in `tables/`; `rules.py` puts them in order. `reading.py` keeps the lines of
a log that matter, `parts.py` sets aside what would mask the cause, `diagnose.py` finds the line that decides,
`unwrap.py` joins an answer of a registry that spans two lines, and `words.py` finds the names for a cause.
"""

from collections.abc import Iterable

from multiarch.errors import Diagnosis, FailurePhase
from multiarch.failures.diagnose import diagnose as _diagnose
from multiarch.failures.understand import understand
from multiarch.failures.unwrap import unwrapped

__all__ = ["diagnose", "understand"]


def diagnose(lines: Iterable[str], *, phase: FailurePhase | None = None) -> Diagnosis | None:
    """Return what failed, its class and what to do; None where the output contains no failure.

    Args:
        lines: the output, of any size; it is read once, in bounded memory.
        phase: what the caller knows of where the failure happened; the text may know better.
    """
    return _diagnose(unwrapped(lines), phase=phase)
