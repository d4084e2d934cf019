"""The folder of a report: found out of order before the build, and never half of one run and half of another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.files.report import ReportFolder
from multiarch.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    MakeReport = Callable[[Path], ReportFolder]


@pytest.fixture
def make_report() -> Iterator[MakeReport]:
    made: list[ReportFolder] = []

    def make(folder: Path) -> ReportFolder:
        made.append(ReportFolder(folder))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_report_folder_is_empty_until_the_end(make_report: MakeReport, tmp_path: Path) -> None:
    """The folder may be in the context: what changes there from build to build takes the cache from COPY."""
    report = make_report(tmp_path / "a" / "report")
    report.begin()
    report.add('{"multiarch":"begin"}\n')
    assert list(tmp_path.iterdir()) == []
    report.finish({"report.html": b"page"})
    found = {each.name: each.read_bytes() for each in (tmp_path / "a" / "report").iterdir()}
    assert found == {"report.html": b"page", "events.jsonl": b'{"multiarch":"begin"}\n'}


@pytest.mark.parametrize("length", [100_000, 10], ids=["at once", "at the end"])
def test_report_folder_full_disk_stops_only_the_log(
    make_report: MakeReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    report = make_report(tmp_path / "report")
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *_, **__: open("/dev/full", "wb"))  # noqa: PTH123, SIM115
    report.begin()
    for _ in range(10):
        report.add("x" * length)
    report.finish({"report.html": b"page"})
    assert [each.name for each in (tmp_path / "report").iterdir()] == ["report.html"]
    assert report.lost == "No space left on device"


def test_report_folder_failed_write_raises_output_error(make_report: MakeReport, tmp_path: Path) -> None:
    report = make_report(tmp_path / "report")
    report.begin()
    (tmp_path / "report").touch()
    with pytest.raises(OutputError):
        report.finish({"report.html": b"page"})


def test_hostile_characters_are_no_reason_to_end(make_report: MakeReport, tmp_path: Path) -> None:
    report = make_report(tmp_path)
    report.begin()
    report.add("\ud800 ä\n")
    report.finish({})
    assert (tmp_path / "events.jsonl").read_bytes() == f"? ä{os.linesep}".encode()
