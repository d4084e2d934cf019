"""Two runs of one commit at the same time, each on a builder of its own: one image has the commit's tag, for both."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from dev import stack
from dev.project import Project, Run
from dev.stack import layout
from tests.chaos import chance
from tests.engine.registry import RegistryView

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.engine, pytest.mark.chaos]

RACES: Final = 50
# From one run that is far ahead to the other one: a build takes about two seconds here.
_HEAD_START: Final = 1.0
_DOCKERFILE: Final = """ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG WHO_TOKEN
RUN echo "$WHO_TOKEN" > /who
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Project]]:
    """One checkout for two runs, which share nothing else."""
    running = stack.load()
    first = Project.create(tmp_path_factory.mktemp("races"), running, repository="races-first")
    (first.folder / "Dockerfile").write_text(_DOCKERFILE, encoding="utf-8")
    home = first.folder.parent / "second-home"
    home.mkdir()
    variables = {"HOME": str(home), "MULTIARCH_BUILDER_NAME": "test-races-second"}
    second = replace(first, home=home, environment={**first.environment, **variables})
    yield first, second
    for each in (first, second):
        each.remove_builder()


def run_both(both: tuple[Project, Project], repository: str, head_start: float, *words: tuple[str, ...]) -> list[Run]:
    # The value of an argument that looks like a secret makes another image, and is no part of the fingerprint: as a
    # step is that prints the time.
    def begin(number: int) -> Run:
        time.sleep(max(0.0, head_start if number else -head_start))
        arguments = f"{both[number].environment['MULTIARCH_BUILD_ARGS']}\nWHO_TOKEN=token-of-run-number-{number}"
        return both[number].multiarch(
            "build", "--output", "json", *words[number],
            AWS_ECR_REPOSITORY_NAME=repository, MULTIARCH_BUILD_ARGS=arguments,
        )  # fmt: skip

    with ThreadPoolExecutor() as pool:
        return list(pool.map(begin, range(2)))


@pytest.mark.parametrize("number", range(RACES))
def test_build_two_runs_of_a_commit_end_with_one_image(both: tuple[Project, Project], number: int) -> None:
    draw = random.Random(f"{chance.seed()}-{number}")  # noqa: S311 - to be repeated, not to be unguessable
    repository = f"races-{time.time_ns()}"
    stack.create_repository(repository)
    both[0].commit(f"Race {number}")
    head_start = draw.uniform(-_HEAD_START, _HEAD_START) if number % 2 else draw.uniform(-0.05, 0.05)
    runs = run_both(both, repository, head_start, (), ())
    assert [run.code for run in runs] == [0, 0], [run.said for run in runs]
    view = RegistryView(host=layout.ECR.host, repository=repository)
    named = {view.digest(both[0].tag), view.digest("latest")}
    assert {run.image["digest"] for run in runs} == named, [run.said for run in runs]
    assert len(named) == 1


@pytest.mark.parametrize("number", range(5))
def test_build_two_runs_with_other_platforms_never_both_succeed(both: tuple[Project, Project], number: int) -> None:
    """A matrix of jobs that should have been one run: half an image must not look like a whole one."""
    repository = f"races-half-{time.time_ns()}"
    stack.create_repository(repository)
    both[0].commit(f"Half {number}")
    runs = run_both(both, repository, 0.0, ("--platform", "linux/amd64"), ("--platform", "linux/arm64"))
    codes = sorted(run.code for run in runs)
    assert codes in ([0, 2], [0, 6]), [run.said for run in runs]
    [winner] = [run for run in runs if run.code == 0]
    view = RegistryView(host=layout.ECR.host, repository=repository)
    assert view.digest(both[0].tag) == view.digest("latest") == winner.image["digest"]
