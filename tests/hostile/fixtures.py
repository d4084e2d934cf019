"""What tests of hostile answers need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multiarch.edges.aws import Aws
from tests.hostile.answers import answer
from tests.hostile.aws import REGION
from tests.hostile.server import Hostile

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["hostile_aws"]


@pytest.fixture(scope="module")
def hostile_aws() -> Iterator[tuple[Aws, Hostile]]:
    """One client for all cases: to make one takes 0.3 s."""
    with pytest.MonkeyPatch.context() as patch, Hostile(answer()) as server:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", "/nonexistent")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{server.host}")
        aws = Aws()
        aws._calls.ecr(REGION)
        yield aws, server
