"""A hostile registry, token server and AWS: every behavior, met by every kind of request. Needs no stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile import aws, registry
from tests.hostile.fixtures import *  # noqa: F403 - fixtures

if TYPE_CHECKING:
    from multiarch.edges.aws import Aws
    from tests.hostile.server import Hostile

pytestmark = pytest.mark.chaos


# urllib3 leaves the socket of a TLS handshake that fails behind a proxy to the garbage collector.
@pytest.mark.filterwarnings("ignore:.*ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("case", [*registry.cases(), *registry.more_cases()], ids=str)
def test_registry(case: registry.Case) -> None:
    case.check(case.meet())


@pytest.mark.parametrize("case", list(aws.cases()), ids=str)
def test_aws(hostile_aws: tuple[Aws, Hostile], case: aws.Case) -> None:
    case.check(case.meet(*hostile_aws))
