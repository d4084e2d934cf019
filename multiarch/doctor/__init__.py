"""Whether a build can be expected to work, found out before it begins. Pure.

What was observed (`model.Observed`, which `edges/examine.py` gathers) becomes checks, a line each: `docker.py` and
`registry.py` know what an observation means for the plan, `report.py` prints.
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
