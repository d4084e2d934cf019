"""The repository's own buildspec.yml, run phase by phase as CodeBuild does, and what CodeBuild collects at its end."""

from __future__ import annotations

import json
import os
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dev.project import ROOT, Run
from multiarch.plan.deploy_files import DEPLOY_FILES
from multiarch.report.folder.names import ALL_FILES
from tests.engine.test_deploy_files import append

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dev.project import Project
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine

SPEC: dict[str, Any] = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A build that CodeBuild would have ended.

    Attributes:
        exported: the variables that it hands to CodePipeline.
        reports: the test results that it finds.
        artifacts: the files in its artifact, as they are called there.
    """

    run: Run
    exported: Mapping[str, str]
    reports: list[Path]
    artifacts: set[str]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A fresh Python, and the wheel that the index would serve; nothing else about the install differs."""
    folder = tmp_path_factory.mktemp("install")
    python = f"{ROOT}/.venv/bin/python"
    wheel = [python, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", str(folder / "wheels"), str(ROOT)]
    subprocess.run(wheel, check=True)
    subprocess.run([python, "-m", "venv", str(folder / "python")], check=True)
    return {"PATH": f"{folder}/python/bin:{os.environ['PATH']}", "UV_FIND_LINKS": str(folder / "wheels")}


def codebuild(project: Project, variables: Mapping[str, str]) -> Ended:
    """Run the commands in one shell up to the first that fails, read that shell's variables, and collect the files."""
    commands = [command for phase in SPEC["phases"].values() for command in phase["commands"]]
    body = "\n".join(f"{command} || return" for command in commands)
    end = project.home / "environment"
    variables = {**{name: value for name, value in SPEC["env"]["variables"].items() if value}, **variables}
    run = project.run(["sh"], stdin=f"phases() {{\n{body}\n}}\nphases\ncode=$?\nenv > {end}\nexit $code", **variables)
    found = dict(line.split("=", 1) for line in end.read_text().splitlines() if "=" in line)
    return Ended(
        run=run,
        exported={name: found[name] for name in SPEC["env"]["exported-variables"] if name in found},
        reports=[each for group in SPEC["reports"].values() for each in collected(project.folder, group)],
        artifacts={
            each.relative_to(project.folder / SPEC["artifacts"]["base-directory"]).as_posix()
            for each in collected(project.folder, SPEC["artifacts"])
            if each.is_file()
        },
    )


def collected(folder: Path, section: Mapping[str, Any]) -> list[Path]:
    return [each for pattern in section["files"] for each in (folder / section["base-directory"]).glob(pattern)]


def test_buildspec_has_one_value_to_set() -> None:
    assert SPEC["env"]["variables"] == {"AWS_ECR_REPOSITORY_NAME": "", "PYTHONSAFEPATH": "1"}
    commands = [command for phase in SPEC["phases"].values() for command in phase["commands"]]
    assert not any(word in command for command in commands for word in ("&&", "||", ";", " if ", "\n"))


def test_buildspec_build_exports_image_report_and_variables(
    project: Project, registry: RegistryView, variables: Mapping[str, str]
) -> None:
    ended = codebuild(project, variables)
    assert ended.run.code == 0, ended.run.said
    assert registry.tags() == {project.tag, "latest", "cache"}
    digest = registry.digest(project.tag)
    image = f"{registry.host}/{registry.repository}@{digest}"
    assert ended.exported == {"IMAGE_URI": image, "IMAGE_DIGEST": digest, "IMAGE_TAG": project.tag}
    # CodePipeline looks for its files at the top of the artifact.
    assert ended.artifacts == {*DEPLOY_FILES, *(f"report/{name}" for name in ALL_FILES)}
    assert json.loads((project.folder / "out" / "imageDetail.json").read_text()) == {"ImageURI": image}
    [junit] = ended.reports
    assert ET.parse(junit).getroot().get("failures") == "0"  # noqa: S314 - our own


def test_buildspec_failed_build_exports_only_its_report(project: Project, variables: Mapping[str, str]) -> None:
    append(project, "RUN echo it is broken; false")
    ended = codebuild(project, variables)
    assert ended.run.code == 5, ended.run.said
    assert ended.exported == {}
    assert ended.artifacts == {f"report/{name}" for name in ALL_FILES}
    [junit] = ended.reports
    assert int(ET.parse(junit).getroot().get("failures", "0")) > 0  # noqa: S314 - our own
    assert "it is broken" in junit.read_text(encoding="utf-8")


def test_buildspec_invalid_build_exports_nothing(project: Project, variables: Mapping[str, str]) -> None:
    (project.folder / "Dockerfile").unlink()
    ended = codebuild(project, variables)
    assert ended.run.code == 2, ended.run.said
    assert (ended.exported, ended.reports, ended.artifacts) == ({}, [], set())
