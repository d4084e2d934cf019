"""Checks a plan before the build. Pure.

`edges/ask/examine.py` gathers the facts as `model.Observed`; `docker.py` and `registry.py` turn them into checks;
`report.py` prints one line per check.
"""

from multiarch.doctor.model import Check, CheckStatus, Observed, Unanswered
from multiarch.doctor.report import examine, exit_code, report_as_json, report_as_text

__all__ = [
    "Check",
    "CheckStatus",
    "Observed",
    "Unanswered",
    "examine",
    "exit_code",
    "report_as_json",
    "report_as_text",
]
