"""An AWS that answers what AWS never answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.aws import Case, cases
from tests.hostile.fixtures import *  # noqa: F403 - fixtures

if TYPE_CHECKING:
    from multiarch.edges.aws import Aws
    from tests.hostile.server import Hostile


@pytest.mark.parametrize("case", list(cases()), ids=str)
def test_hostile_aws_ends_in_one_error(hostile_aws: tuple[Aws, Hostile], case: Case) -> None:
    case.check(case.meet(*hostile_aws))
