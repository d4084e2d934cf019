"""A registry and a token server that answer what no good one answers."""

from __future__ import annotations

import pytest

from tests.hostile.registry import Case, cases


# urllib3 leaves the socket of a TLS handshake that fails behind a proxy to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_hostile_registry_ends_in_one_error(case: Case) -> None:
    case.check(case.meet())
