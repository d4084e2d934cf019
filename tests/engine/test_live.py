"""What is shown while a real build runs."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from dev.project import Project

pytestmark = pytest.mark.engine

# Both platforms print at the same time, and each line in two parts; no cache knows it.
PARTS = """\
ARG BASE_IMAGE=busybox
FROM ${BASE_IMAGE}
RUN i=0; while [ $i -lt 40 ]; do printf 'begin '; sleep 0.02; printf 'end\\n'; i=$((i+1)); done # ROUND
"""
FAILS = """\
ARG BASE_IMAGE=busybox
FROM ${BASE_IMAGE}

RUN echo bad thing >&2 && \\
    exit 3
"""


def build(project: Project, dockerfile: str, *words: str) -> tuple[int, list[str]]:
    (project.folder / "Dockerfile").write_text(dockerfile.replace("ROUND", str(time.time_ns())), encoding="utf-8")
    project.commit("Say something")
    run = project.multiarch("build", *words)
    return run.code, run.stderr.splitlines()


def test_build_log_lines_of_two_platforms_stay_whole(project: Project) -> None:
    code, lines = build(project, PARTS)
    assert code == 0, lines
    for platform in ("linux/amd64", "linux/arm64"):
        name = f"[{platform} 2/2]"
        its = [line.removeprefix(name) for line in lines if line.startswith(name)]
        assert its[0].startswith(" RUN i=0; ")
        assert its[1:-1] == [" begin end"] * 40
        assert re.fullmatch(r" done in \d+\.\d s", its[-1])


def test_build_json_log_has_an_object_per_line(project: Project) -> None:
    code, lines = build(project, PARTS, "--log-format", "json", "--platform", "linux/arm64")
    assert code == 0, lines
    said = [json.loads(line) for line in lines]
    its = [each for each in said if each.get("position") == "2/2"]
    assert {each["platform"] for each in its} == {"linux/arm64"}
    assert [each["event"] for each in its] == ["step started", *["step output"] * 40, "step done"]
    assert {each.get("text") for each in its[1:-1]} == {"begin end"}
    assert its[-1]["seconds"] > 0


def test_build_failed_step_shows_its_line(project: Project) -> None:
    code, lines = build(project, FAILS, "--platform", "linux/amd64")
    assert code != 0
    failed = next(line for line in lines if "failed: " in line)
    assert "[linux/amd64 2/2] RUN echo bad thing" in failed
    assert failed.endswith("(Dockerfile:4)")
    assert any(line.endswith("  bad thing") for line in lines)
