"""One engine for all of these tests, and a project and a repository of its own for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dev import stack
from dev.project import Project
from dev.stack import layout
from dev.stack.ecr import control
from tests.engine.registry import RegistryView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def running() -> stack.Stack:
    return stack.load()


@pytest.fixture(autouse=True)
def _turn(running: stack.Stack, request: pytest.FixtureRequest) -> Iterator[None]:
    """Wait for the test's turn at the engine, once it is known that the stack is up."""
    _ = running
    with stack.turn("engine", alone=request.node.get_closest_marker("alone") is not None):
        yield


@pytest.fixture
def project(running: stack.Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project with a repository in ECR, as CodeBuild would check it out."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:60].strip("-")
    # The folder's number makes the name new in each session: the registry keeps what an earlier one pushed.
    repository = f"{name}-{abs(hash(str(tmp_path))) % 10**8}"
    stack.create_repository(repository)
    project = Project.create(tmp_path, running, repository=repository)
    yield project
    project.remove_builder()


@pytest.fixture
def registry(running: stack.Stack, project: Project) -> RegistryView:
    """What the ECR registry has in the project's repository."""
    return RegistryView(host=running.ecr.host, repository=project.environment["AWS_ECR_REPOSITORY_NAME"])


@pytest.fixture
def lane(project: Project, running: stack.Stack) -> Iterator[str]:
    """The project's own repository at the ECR that behaves like ECR; the variables lead there."""
    name = project.environment["AWS_ECR_REPOSITORY_NAME"]
    project.environment |= {
        **running.environment(layout.PROXIED),
        "AWS_ACCESS_KEY_ID": control.access_key(name),
        "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:{layout.PROXIED.region}:{layout.PROXIED.account}:build/x:1",
        "MULTIARCH_PLATFORMS": "linux/amd64",
    }
    with stack.turn("ecr", alone=True):
        control.open_lane(name)
        yield name
        control.close_lane(name)
