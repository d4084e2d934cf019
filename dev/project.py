"""A project to build, as a user has one: a git checkout, an environment, and the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dev.stack import Stack

ROOT: Final = Path(__file__).parent.parent
EXAMPLE: Final = Path(__file__).parent / "example"
BUILD_ARN: Final = "arn:aws:codebuild:eu-west-1:123456789012:build/example:3f2a1b6c-0d9e-4c8b-9f7a-5e6d7c8b9a01"

_GIT: Final = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def coverage_variables() -> dict[str, str]:
    """Return the variables that make coverage measure a process which does not inherit the environment."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that ended."""

    code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.stdout)  # type: ignore[no-any-return]  # whoever asks knows what it printed

    @property
    def image(self) -> dict[str, Any]:
        """The only image of a result."""
        [image] = self.json["images"]
        return image  # type: ignore[no-any-return]  # an object of its JSON

    @property
    def said(self) -> str:
        return self.stdout + self.stderr


@dataclass(kw_only=True)
class Project:
    """A checkout with its own home, so that nothing of the machine's user is read or changed."""

    folder: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, parent: Path, stack: Stack, *, repository: str, codebuild: bool = True) -> Project:
        """Make a checkout of the example with one commit, and the variables that CodeBuild would set."""
        folder, home = parent / "checkout", parent / "home"
        shutil.copytree(EXAMPLE, folder)
        home.mkdir()
        # Where the checkout under test is, whatever the folder that the command runs in.
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        environment = {
            "PATH": path,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            **_GIT,
            **stack.environment(),
            **coverage_variables(),
            "AWS_ECR_REPOSITORY_NAME": repository,
            "MULTIARCH_BUILD_ARGS": f"BASE_IMAGE={stack.base}",
            # A builder of its own for each project: tests do not disturb each other, nor the machine's user.
            "MULTIARCH_BUILDER_NAME": f"test-{repository}",
        }
        if codebuild:
            environment |= {"CODEBUILD_BUILD_ARN": BUILD_ARN, "CODEBUILD_SRC_DIR": str(folder), "CI": "true"}
        project = cls(folder=folder, home=home, environment=environment)
        project.git("init", "--quiet", "--initial-branch", "main")
        project.commit("Begin")
        return project

    def git(self, *words: str) -> str:
        process = subprocess.run(
            ["git", *words], cwd=self.folder, env=self.environment, check=True, capture_output=True, text=True
        )
        return process.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit what is there, and return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.sha

    @property
    def sha(self) -> str:
        return self.git("rev-parse", "HEAD")

    @property
    def tag(self) -> str:
        return self.sha[:7]

    def multiarch(self, *words: str, **variables: str | None) -> Run:
        """Run `python -m multiarch` with these words; a variable that is None is taken away."""
        return self.run([sys.executable, "-m", "multiarch", *words], stdin="", **variables)

    def run(self, command: Sequence[str], *, stdin: str = "", **variables: str | None) -> Run:
        begin = time.perf_counter()
        process = subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables(**variables),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - begin
        return Run(code=process.returncode, stdout=process.stdout, stderr=process.stderr, seconds=seconds)

    def variables(self, **variables: str | None) -> Mapping[str, str]:
        merged: dict[str, str | None] = {**self.environment, **variables}
        return {name: value for name, value in merged.items() if value is not None}

    def private_folders(self) -> list[Path]:
        """What runs for this home left of their docker configurations; others may run at the same time."""
        return [each for each in Path(tempfile.gettempdir()).glob("multiarch-run-*") if self._is_ours(each)]

    def _is_ours(self, folder: Path) -> bool:
        try:
            return (folder / "docker" / "buildx").readlink().is_relative_to(self.home)
        except OSError:  # no such link, or just now no such folder any more
            return False

    @property
    def builder(self) -> str:
        return self.environment["MULTIARCH_BUILDER_NAME"]

    def remove_builder(self) -> None:
        self.run(["docker", "buildx", "rm", "--force", self.builder])
