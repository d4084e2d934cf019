"""Each case of the table on the real engine; `make test` runs a few, `make chaos` all, and some that are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.chaos.cases import CASES
from tests.chaos.report import in_words

if TYPE_CHECKING:
    from tests.chaos.case import Case
    from tests.chaos.lab import Lab, Outcome

pytestmark = pytest.mark.engine


def _marked(case: Case) -> tuple[pytest.MarkDecorator, ...]:
    return () if case.smoke else (pytest.mark.chaos,)


# First, since the last cases of the table restart docker.
@pytest.mark.chaos
def test_drawn(lab: Lab, drawn: Case) -> None:
    outcome = lab.run(drawn)
    print(f"{drawn}\n  {in_words(drawn, outcome)}, {outcome.seconds:.1f} s")
    assert outcome.problems == [], f"{drawn}\n{outcome.said}"


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=_marked(case)) for case in CASES])
def test_case(lab: Lab, case: Case, outcomes: list[tuple[Case, Outcome]]) -> None:
    """The right image under the right tags, or the right failure with nothing published that was not verified."""
    outcome = lab.run(case)
    outcomes.append((case, outcome))
    assert outcome.problems == [], outcome.said
