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
            "could not write the report: report/junit",
        ),
        (KeyError("step"), "could not write the report (bug in multiarch): KeyError: 'step'; please open an issue"),
    ],
    ids=["the disk", "the code"],
)
def test_write_failed_report_warns_and_keeps_the_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def fail(_record: object) -> None:
        raise error

    monkeypatch.setattr("multiarch.report.folder.files.report_files", fail)
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
