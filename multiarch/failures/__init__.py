"""Failures: which class, which cause, what to do. Pure: text in, a diagnosis out.

The knowledge stands in two tables, `rules.py` (registries, AWS, docker, BuildKit, Dockerfile) and `steps.py` (what the
commands of RUN steps print). Around them, `reading.py` keeps what matters of a log of any size, `diagnose.py` finds the
lines that decide, and `words.py` the names that a cause tells.
"""

from multiarch.failures.diagnose import diagnose
from multiarch.failures.model import Diagnosis, FailureClass, Phase

__all__ = ["Diagnosis", "FailureClass", "Phase", "diagnose"]
