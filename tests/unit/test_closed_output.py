"""An output that nobody reads to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import multiarch
from dev.project import coverage_variables
from tests.unit.test_hostile_checkout import make_docker

if TYPE_CHECKING:
    from tests.unit.conftest import MakeScript

ROOT = Path(multiarch.__file__).parent.parent


def run(folder: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command whose standard output was closed by whoever reads it."""
    project = folder / "checkout"
    project.mkdir(exist_ok=True)
    (project / "Dockerfile").touch()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", "multiarch", *words],
            cwd=project,
            env={
                "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
                "HOME": str(folder),
                "GIT_TAG": "v1",
                **coverage_variables(),
                **({} if "--local" in words else {"AWS_ECR_REPOSITORY_NAME": "shop"}),
            },
            input=stdin,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)


ENOUGH = {
    "the version": ("--version",),
    "the help": ("build", "--help"),
    "a dry run": ("build", "--dry-run"),
    "the source": ("source",),
    "an explanation": ("explain", "-"),
}


@pytest.mark.parametrize("words", ENOUGH.values(), ids=ENOUGH)
def test_closed_output_is_no_failure(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = run(tmp_path, *words, stdin="ERROR: failed to solve: exit code: 1\n")
    assert (ran.returncode, ran.stderr) == (0, "")


def test_closed_output_command_keeps_its_own_exit_code(tmp_path: Path) -> None:
    """Here, docker is missing."""
    ran = run(tmp_path, "doctor", "--local")
    assert (ran.returncode, ran.stderr) == (4, "")


@pytest.mark.parametrize("words", [(), ("--output", "json")], ids=["text", "JSON"])
def test_closed_output_result_of_a_build_is_an_error_that_says_what_was_done(
    tmp_path: Path, make_script: MakeScript, words: tuple[str, ...]
) -> None:
    make_docker(tmp_path, make_script)
    ran = run(tmp_path, "build", "--local", *words)
    assert ran.returncode == 8
    assert ran.stderr.splitlines()[-2:] == [
        "error: the standard output was closed before the result was written",
        "  fix: read the image and its tags in the log: the run succeeded",
    ]
    assert (tmp_path / "checkout" / "dist" / "checkout" / "blobs").is_dir()


def test_closed_error_stream_does_not_end_a_build(tmp_path: Path, make_script: MakeScript) -> None:
    make_docker(tmp_path, make_script)
    project = tmp_path / "checkout"
    project.mkdir()
    (project / "Dockerfile").touch()
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-m", "multiarch", "build", "--local", "--output", "json"],
        cwd=project,
        env={
            "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(tmp_path),
            "GIT_TAG": "v1",
        },
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
        check=False,
    )
    os.close(writer)
    assert ran.returncode == 0
    assert '"status": "local"' in ran.stdout
