"""One lab for all cases, and the table at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from dev import stack
from tests.chaos import chance, report
from tests.chaos.cases import CASES
from tests.chaos.lab import Lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chaos.case import Case
    from tests.chaos.lab import Outcome

SEED: Final = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SEED] = chance.seed()


def pytest_report_header(config: pytest.Config) -> str:
    return f"chaos: SEED={config.stash[SEED]}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "drawn" in metafunc.fixturenames:
        number = metafunc.config.stash[SEED]
        metafunc.parametrize(
            "drawn", list(chance.cases(number)), ids=[f"{number}-{n + 1}" for n in range(chance.COUNT)]
        )


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("chaos"), stack.load())
    yield made
    made.close()


@pytest.fixture(scope="session")
def outcomes() -> Iterator[list[tuple[Case, Outcome]]]:
    """Collects how the cases ended; where all of them ran well, the documentation gets the table."""
    found: list[tuple[Case, Outcome]] = []
    yield found
    if len(found) == len(CASES) and not any(outcome.problems for _, outcome in found):
        report.write(found)
