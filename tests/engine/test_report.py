"""The report of real builds, in CodeBuild's variables: written whatever came of them, and true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from dev import schema
from multiarch.report.folder.names import ALL_FILES
from tests.engine.test_main_job import SECRETS

if TYPE_CHECKING:
    from pathlib import Path

    from dev.project import Project

pytestmark = pytest.mark.engine

SECRET = "wonder-land-4711"
BAD = 'RUN echo "one" && echo "cc: bad thing" >&2 && exit 3\n'


def report_of(project: Project, name: str = "report") -> dict[str, Any]:
    """The report in a project's folder, all of whose files are there and in order."""
    folder = project.folder / name
    assert {each.name for each in folder.iterdir()} == set(ALL_FILES)
    ET.parse(folder / "junit.xml")  # noqa: S314 - our own
    assert json.loads((folder / "trace.json").read_bytes())["traceEvents"]
    report: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    jsonschema.validate(report, schema.schema("report"))
    return report


def test_report_of_two_builds_shows_the_cache(project: Project) -> None:
    """The second build has the steps of the first one from the cache: the report in its folder takes none away."""
    (project.folder / "Dockerfile").write_text((project.folder / "Dockerfile").read_text() + "COPY . /all\n")
    project.commit("Copy all of the context")
    run = project.multiarch("build", "--report", "report", "--if-exists", "rebuild", "--output", "json")
    assert run.code == 0, run.said
    assert "report    written to report" in run.stderr
    first = report_of(project)
    outcome = first["outcome"]
    [image] = outcome["images"]
    assert (outcome["status"], image["image"], image["digest"]) == ("built", run.image["image"], run.image["digest"])
    assert {step["platform"] for step in first["steps"] if step["number"]} == {"linux/amd64", "linux/arm64"}
    assert sum(layer["size"] for platform in image["platforms"] for layer in platform["layers"]) > 1_000_000
    assert [phase["name"] for phase in first["phases"]] == ["prepare", "build", "verify", "tag"]
    assert [step for step in first["steps"] if step["critical"]]
    page = (project.folder / "report" / "report.html").read_text()
    assert run.image["image"] in page

    again = project.multiarch("build", "--report", "report", "--if-exists", "rebuild")
    assert again.code == 0, again.said
    second = report_of(project)
    assert second["cache"]["cached"] == second["cache"]["steps"] > 0


def test_report_of_saved_log_is_equal(project: Project, tmp_path: Path) -> None:
    run = project.multiarch("build", "--report", "report", "--platform", "linux/amd64")
    assert run.code == 0, run.said
    rendered = project.multiarch("report", "report/events.jsonl", "--report", str(tmp_path / "again"))
    assert rendered.code == 0, rendered.said
    for name in ("report.json", "report.html", "junit.xml", "trace.json", "summary.md"):
        assert (tmp_path / "again" / name).read_bytes() == (project.folder / "report" / name).read_bytes(), name


def test_report_of_reused_image_is_written(project: Project) -> None:
    assert project.multiarch("build", "--platform", "linux/amd64").code == 0
    run = project.multiarch("build", "--platform", "linux/amd64", "--report", "report")
    assert run.code == 0, run.said
    report = report_of(project)
    assert report["outcome"]["status"] == "reused"
    assert report["cache"] is None
    assert report["steps"] == []


def test_report_of_local_build_is_written(project: Project) -> None:
    run = project.multiarch("build", "--local", "--report", "out/report", "--platform", "linux/amd64")
    assert run.code == 0, run.said
    assert report_of(project, "out/report")["outcome"]["status"] == "local"


def test_report_of_failed_build_shows_the_cause(project: Project) -> None:
    file = project.folder / "Dockerfile"
    file.write_text(file.read_text() + BAD)
    project.commit("Break it")
    run = project.multiarch("build", "--report", "report")
    assert run.code == 5, run.said
    report = report_of(project)
    assert report["outcome"]["status"] == "failed"
    assert report["outcome"]["failure"]["exit_code"] == 5
    failed = [step for step in report["steps"] if step["state"] == "failed" and step["number"]]
    assert failed
    # Standard output and standard error come by different ways.
    assert sorted(failed[0]["output"]) == ["cc: bad thing", "one"]
    assert failed[0]["line"] == len(file.read_text().splitlines())
    assert "cc: bad thing" in (project.folder / "report" / "report.html").read_text()
    assert "cc: bad thing" in (project.folder / "report" / "summary.md").read_text()
    root = ET.parse(project.folder / "report" / "junit.xml").getroot()  # noqa: S314 - our own
    assert int(root.get("failures", 0)) >= 2
    assert report["outcome"]["images"][0]["tags"] == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_report_of_interrupted_build_is_written_in_time(project: Project, number: signal.Signals, code: int) -> None:
    file = project.folder / "Dockerfile"
    # Its text differs each time, so that no cache has it.
    file.write_text(file.read_text() + f"RUN echo {project.folder} && sleep 60\n")
    project.commit("Sleep")
    process = subprocess.Popen(
        [sys.executable, "-m", "multiarch", "build", "--report", "report", "--platform", "linux/amd64"],
        cwd=project.folder,
        env=project.variables(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if "sleep 60" in line:
            break
    begin = time.monotonic()
    process.send_signal(number)
    said = process.stderr.read()
    assert process.wait(timeout=20) == code, said
    assert time.monotonic() - begin < 10
    process.stderr.close()
    report = report_of(project)
    assert report["outcome"]["status"] == "interrupted"
    assert report["outcome"]["failure"]["exit_code"] == code
    (sleeping,) = [step for step in report["steps"] if "sleep 60" in step["title"]]
    assert sleeping["state"] in ("unfinished", "canceled")


def test_report_files_are_redacted(project: Project) -> None:
    """Also in base64, as BuildKit sends output, and in what failed."""
    file = project.folder / "Dockerfile"
    base = "RUN --mount=type=secret,id=key cat /run/secrets/key && cat /run/secrets/key | base64"
    file.write_text(file.read_text() + f'{base} && echo "{project.folder}"\n{base} && exit 7\n')
    project.commit("Tell")
    run = project.multiarch("build", "--secret", "id=key,env=KEY", "--report", "report", KEY=SECRET)
    assert run.code == 5, run.said
    report_of(project)
    forms = {SECRET.encode(), *(each.encode() for each in SECRETS), *_encoded(SECRET)}
    for name in ALL_FILES:
        content = (project.folder / "report" / name).read_bytes()
        assert [form for form in forms if form in content] == [], name
    assert b"&lt;redacted&gt;" in (project.folder / "report" / "report.html").read_bytes()
    assert SECRET not in run.said


def _encoded(secret: str) -> set[bytes]:
    """What base64 makes of a secret, wherever in a text it stands: what differs by place is left out."""
    import base64  # noqa: PLC0415

    found = set()
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + secret.encode())
        found.add(encoded[4 if before else 0 : -4])
    return found


def test_report_invalid_folder_fails_before_the_build(project: Project) -> None:
    (project.folder / "report").touch()
    run = project.multiarch("build", "--report", "report")
    assert run.code == 2, run.said
    assert "cannot be a folder" in run.stderr
    assert "building for" not in run.stderr


def test_report_failed_write_warns(project: Project) -> None:
    """The disk is full when the image is published already."""
    place = project.folder.parent / "small"
    place.mkdir()
    assert project.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(place)]).code == 0
    try:
        run = project.multiarch("build", "--platform", "linux/amd64", "--report", str(place / "report"))
        assert run.code == 0, run.said
        assert "could not write the report:" in run.stderr
        assert os.listdir(place / "report") == []  # noqa: PTH208
    finally:
        project.run(["umount", str(place)])
