"""Failures: which class, which cause, what to do. Pure: text in, a diagnosis out.

The knowledge stands in tables, a module each subject: `tables/steps.py` and `tables/fetches.py` know what the commands
of RUN steps print, the others registries, AWS, docker, BuildKit and the Dockerfile; `rules.py` puts those in their
order. Around them, `reading.py` keeps what matters of a log of any size, `parts.py` sets aside what would mask the
cause, `diagnose.py` finds the lines that decide, `unwrap.py` joins what a registry says in two of them, and `words.py`
has the names that a cause tells.
"""

from collections.abc import Iterable

from multiarch.failures.diagnose import diagnose as _diagnose
from multiarch.failures.model import Diagnosis, FailureClass, FailurePhase
from multiarch.failures.unwrap import unwrapped

__all__ = ["Diagnosis", "FailureClass", "FailurePhase", "diagnose"]


def diagnose(lines: Iterable[str], *, phase: FailurePhase | None = None) -> Diagnosis | None:
    """Say what failed, of which class it is and what to do; None where nothing in the text speaks of a failure.

    Args:
        lines: the output, of any size; it is read once, in bounded memory.
        phase: what the caller knows of where the failure happened; the text may know better.
    """
    return _diagnose(unwrapped(lines), phase=phase)
