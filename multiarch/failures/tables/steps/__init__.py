"""What the commands of RUN steps print.

A failed RUN step is a failure of the user's own build, whatever its output contains: unit tests print `503`, `timeout`
and `connection refused` too. So the failure is permanent, unless a tool that fetches something reports a network error
in its own format: then the step may be retried, once.

`DECIDED` holds what decides wherever it is in the output of the step, in this order. Of `FETCHED` and `OWN_FAULT` the
last line decides: a tool that lost a connection and went on is not the reason for a later failure.
"""

from multiarch.failures.tables.steps.decided import DECIDED
from multiarch.failures.tables.steps.downloads import DOWNLOADS_FAILED
from multiarch.failures.tables.steps.faults import FETCHES, MISSING, OWN_FAULT, TESTS, UNEXPLAINED
from multiarch.failures.tables.steps.packages import PACKAGES_NOT_FETCHED

FETCHED = (*PACKAGES_NOT_FETCHED, *DOWNLOADS_FAILED)

__all__ = ["DECIDED", "FETCHED", "FETCHES", "MISSING", "OWN_FAULT", "TESTS", "UNEXPLAINED"]
