"""The record of a build: from real events, from a saved log, and from what was cut off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multiarch.record import EventLog, Record, StepState, read_record
from multiarch.redaction import Redaction
from tests.unit import records

if TYPE_CHECKING:
    from collections.abc import Sequence

LOGS = Path(__file__).parent / "events"
NAMES = ("two_platforms_one_fails", "cache_not_found", "all_cached")


def real(name: str) -> list[str]:
    return (LOGS / f"{name}.rawjson").read_text(encoding="utf-8").splitlines()


def saved(record: Record, events: Sequence[str] = (), redaction: Redaction | None = None) -> list[str]:
    lines: list[str] = []
    log = EventLog(lines.append, redaction or Redaction())
    log.begin(record.run)
    log.attempt(1)
    lines += events
    log.end(record)
    return lines


def test_the_step_that_failed_is_told_from_the_platform_that_was_cancelled_for_it() -> None:
    failed = read_record(real("two_platforms_one_fails")).failed_step
    assert failed
    assert (failed.platform, failed.stage, failed.position) == ("linux/arm64", "stage-1", "3/3")
    assert failed.output == ("cc: bad thing",)
    assert failed.state is StepState.FAILED


def test_steps_of_a_real_build_have_their_state() -> None:
    record = read_record(real("all_cached"))
    assert {step.state for step in record.steps if step.is_work} == {StepState.CACHED}
    assert record.outcome.status == "unfinished"


@pytest.mark.parametrize("record", records.ALL.values(), ids=records.ALL)
def test_what_was_saved_is_read_again(record: Record) -> None:
    again = read_record(saved(record))
    assert again.run == record.run
    assert again.outcome == record.outcome
    assert again.phases == record.phases
    assert again.native == record.native


@pytest.mark.parametrize("name", NAMES)
def test_a_log_that_ends_anywhere_is_read_as_far_as_it_goes(name: str) -> None:
    text = "\n".join(each.rstrip("\n") for each in saved(records.BUILT, real(name)))
    for end in range(100, len(text), 997):
        read_record([*saved(records.BUILT)[:1], *text[:end].splitlines()])


def test_secrets_are_taken_out_of_what_is_saved() -> None:
    lines: list[str] = []
    log = EventLog(lines.append, Redaction(["hunter22"]))
    log.begin(records.RUN)
    log.event({"vertexes": [{"digest": "sha256:a", "name": "[2/2] RUN login hunter22"}]})
    log.output("sha256:a", ("hunter22 it is", "done"))
    log.said("ERROR: hunter22")
    [step] = read_record(lines).steps
    assert step.instruction == "RUN login <redacted>"
    assert step.output == ("<redacted> it is", "done")
    assert "hunter22" not in "".join(lines)
    assert all(json.loads(line) for line in lines[:-1])
