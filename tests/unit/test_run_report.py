"""A report that cannot be made: the run ends as it would have ended without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multiarch.commands.run_report import RunReport
from multiarch.errors import OutputError
from multiarch.run.execution import Execution
from multiarch.text.redaction import Redaction
from tests.unit.fakes import FakeClock, FakeRuntime, plan_of, quiet_log

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OutputError("report/junit.xml cannot be written: No space left on device"),
            "there is no report: report/junit",
        ),
        (KeyError("step"), "there is no report, by a mistake of ours: KeyError: 'step'; please report it"),
    ],
    ids=["the disk", "the code"],
)
def test_what_came_of_the_run_is_said_whatever_comes_of_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(_record: object) -> None:
        raise error

    monkeypatch.setattr("multiarch.report.files.report_files", fail)
    clock, (log, said) = FakeClock(), quiet_log()
    report = RunReport(tmp_path / "report", "report", Redaction([]))
    execution = Execution(plan_of(), FakeRuntime(), log, clock=clock, sleep=clock.sleep, events=report.events)
    try:
        execution.run()
        assert execution.record(Redaction([])).outcome.status == "built"
        report.write(execution, log)
    finally:
        report.close()
    assert words in said.getvalue()
    assert not (tmp_path / "report").exists()
