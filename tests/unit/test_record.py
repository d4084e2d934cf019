"""The record of a build: from real events, from a saved log, and from what was cut off."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from dev.recordings import CASES, EVENTS, NATIVE, read_case
from multiarch.record import BuildReader, EventLog, ImageInfo, Record, RunInfo, make_record, masked, read_record
from multiarch.record.assemble import is_emulated
from multiarch.record.buildkit import parse_name
from multiarch.record.dockerfile import read_instructions
from multiarch.text.redaction import Redaction
from tests.unit import records

if TYPE_CHECKING:
    from collections.abc import Sequence


def real(name: str) -> list[str]:
    return (EVENTS / f"{name}.rawjson").read_text(encoding="utf-8").splitlines()


def saved(record: Record, events: Sequence[str] = (), redaction: Redaction | None = None) -> list[str]:
    lines: list[str] = []
    log = EventLog(lines.append, redaction or Redaction())
    log.begin(record.run)
    log.attempt(1)
    lines += events
    log.end(record)
    return lines


@pytest.mark.parametrize("name", CASES)
def test_make_record_of_recorded_events_has_their_steps(name: str) -> None:
    CASES[name].check(read_case(CASES[name], real(name)))


@pytest.mark.parametrize("name", CASES)
def test_read_record_of_saved_events_has_their_steps(name: str) -> None:
    """The log that a run of ours keeps, of the events as they come, has all that counts."""
    case, lines = CASES[name], list[str]()
    log = EventLog(lines.append, Redaction())
    run = read_case(case, real(name)).run
    log.begin(run)
    log.attempt(1)
    reader = BuildReader(run, log)
    for line in real(name):
        list(reader.feed(line))
    log.end(Record(run=run, native=NATIVE))
    case.check(read_record(lines))


@pytest.mark.parametrize("record", records.ALL.values(), ids=records.ALL)
def test_read_record_returns_what_was_saved(record: Record) -> None:
    again = read_record(saved(record))
    assert again.run == record.run
    assert again.outcome == record.outcome
    assert again.phases == record.phases
    assert again.native == record.native


@pytest.mark.parametrize("name", CASES)
def test_read_record_incomplete_log_is_read_to_its_end(name: str) -> None:
    text = "\n".join(each.rstrip("\n") for each in saved(records.BUILT, real(name)))
    for end in range(100, len(text), 1997):
        read_record([*saved(records.BUILT)[:1], *text[:end].splitlines()])


def test_event_log_redacts_secrets() -> None:
    lines: list[str] = []
    log = EventLog(lines.append, Redaction(["hunter22"]))
    log.begin(records.RUN)
    log.event({"vertexes": [{"digest": "sha256:a", "name": "[2/2] RUN login hunter22"}]})
    log.output("sha256:a", ("hunter22 it is", "done"))
    log.message("ERROR: hunter22")
    [step] = read_record(lines).steps
    assert step.instruction == "RUN login <redacted>"
    assert step.output == ("<redacted> it is", "done")
    assert "hunter22" not in "".join(lines)
    assert all(json.loads(line) for line in lines[:-1])


def test_masked_redacts_every_text() -> None:
    """Whatever the model has: a field that is new is masked too."""
    clean = Redaction(["npm ci", "shop", "compile", "linux/amd64"]).clean
    text = repr(masked(records.FAILED, clean)) + repr(masked(records.BUILT, clean))
    assert "<redacted>" in text
    for secret in ("npm ci", "shop:", "compile"):
        assert secret not in text


# What a step is


def vertexes(*said: tuple[str, str, tuple[str, ...]]) -> list[str]:
    """Events of steps that ran for a second: digest, name and inputs."""
    times = {"started": "2026-01-01T00:00:00Z", "completed": "2026-01-01T00:00:01Z"}
    return [
        json.dumps({"vertexes": [{"digest": digest, "name": name, "inputs": inputs, **times}]})
        for digest, name, inputs in said
    ]


def test_make_record_shared_step_has_no_platform() -> None:
    record = read_record(
        vertexes(
            ("a", "[linux/amd64 tools 1/2] FROM base", ()),
            ("b", "[linux/amd64->arm64 tools 2/2] RUN make", ("a",)),
            ("c", "[linux/amd64 2/2] COPY --from=tools / /", ("b",)),
            ("d", "[linux/arm64 2/2] COPY --from=tools / /", ("b",)),
            ("e", "[linux/arm64 3/3] RUN arm", ("d",)),
        )
    )
    assert [(step.platform, step.runs_on) for step in record.steps] == [
        ("", "linux/amd64"),
        ("", "linux/amd64"),
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64", "linux/arm64"),
        ("linux/arm64", "linux/arm64"),
    ]


NAMED = {
    "cross compilation": ("[linux/amd64->arm64 build 2/3] RUN x", "linux/arm64", "linux/amd64"),
    "of a variant": ("[linux/amd64->arm/v7 build 2/3] RUN x", "linux/arm/v7", "linux/amd64"),
    "for another system": ("[linux/amd64->windows/amd64 build 2/3] RUN x", "windows/amd64", "linux/amd64"),
    "without a platform": ("[build 2/3] RUN x", "", ""),
    "numbers with spaces": ("[linux/arm64 build  2/13] RUN x", "linux/arm64", "linux/arm64"),
}


@pytest.mark.parametrize(("name", "platform", "runs_on"), NAMED.values(), ids=NAMED)
def test_parse_name_has_platform_and_runs_on(name: str, platform: str, runs_on: str) -> None:
    found = parse_name(name)
    assert (found.platform, found.runs_on, found.number, found.stage) == (platform, runs_on, 2, "build")
    assert found.title.replace(" 2/13", "  2/13") == name


EMULATED = {
    "its own": ("linux/amd64", ["linux/amd64"], False),
    "another one": ("linux/arm64", ["linux/amd64"], True),
    "a variant of its own": ("linux/amd64/v3", ["linux/amd64"], False),
    "one that every x86 runs": ("linux/386", ["linux/amd64"], False),
    "one that some ARM processors run": ("linux/arm/v7", ["linux/arm64"], None),
    "not from the other side": ("linux/arm64", ["linux/arm/v7"], True),
    "another system": ("windows/amd64", ["linux/amd64"], None),
    "two nodes": ("linux/arm64", ["linux/amd64", "linux/arm64"], None),
    "a builder that does not say": ("linux/arm64", [], None),
    "a step that does not say": ("", ["linux/amd64"], None),
}


@pytest.mark.parametrize(("platform", "native", "emulated"), EMULATED.values(), ids=EMULATED)
def test_is_emulated_uncertain_is_none(platform: str, native: list[str], emulated: object) -> None:
    assert is_emulated(platform, native) is emulated


ONE_PLATFORM = {
    "no stage names one": ("FROM base\nRUN x\n", True),
    "a stage names one": ("FROM --platform=$BUILDPLATFORM base\nRUN x\n", None),
    "no Dockerfile": ("", None),
}


@pytest.mark.parametrize(("text", "emulated"), ONE_PLATFORM.values(), ids=ONE_PLATFORM)
def test_make_record_one_platform_step_runs_on_it_if_certain(text: str, emulated: object) -> None:
    run = RunInfo(images=(ImageInfo(name="shop", platforms=("linux/arm64",)),), instructions=read_instructions(text))
    reader = BuildReader(run)
    for line in vertexes(("a", "[2/2] RUN x", ())):
        list(reader.feed(line))
    [step] = make_record(reader, run=run, native=["linux/amd64"]).steps
    assert step.platform == "linux/arm64"
    assert step.emulated is emulated


def test_build_reader_data_of_a_step_is_bounded() -> None:
    reader = BuildReader()
    list(reader.feed(vertexes(("a", "[2/2] RUN x", ()))[0]))
    data = base64.b64encode((b"x" * 5000 + b"\n") * 1000).decode()
    for _ in range(3):
        list(reader.feed(json.dumps({"logs": [{"vertex": "a", "data": data}]})))
    for each in range(1000):
        list(reader.feed(json.dumps({"statuses": [{"vertex": "a", "id": str(each), "current": 1}]})))
        start = f"2026-01-01T00:{each // 60:02}:{each % 60:02}Z"
        list(reader.feed(json.dumps({"vertexes": [{"digest": "a", "started": start}]})))
        list(reader.feed(json.dumps({"warnings": [{"short": base64.b64encode(str(each).encode()).decode()}]})))
        list(reader.feed(f"a word of buildx's own, {each}"))
    record = make_record(reader, run=reader.run)
    [step] = record.steps
    assert (len(step.output), {len(line) for line in step.output}, step.output_lines) == (50, {1000}, 3000)
    assert (len(step.transfers), len(step.intervals), len(record.warnings)) == (300, 100, 200)
    assert len(reader.text) == 200


def test_build_reader_endless_line_is_cut() -> None:
    reader = BuildReader()
    data = base64.b64encode(b"x" * 70_000).decode()
    [event] = reader.feed(json.dumps({"logs": [{"vertex": "a", "data": data}]}))
    assert [len(line) for line in event.lines] == [70_000]


def test_make_record_caches_have_names() -> None:
    run = RunInfo(images=(ImageInfo(name="shop", cache_to=("type=registry,ref=shop:cache,mode=max",)),))
    reader = BuildReader(run)
    for line in vertexes(
        ("a", "importing cache manifest from shop:cache", ()), ("b", "exporting cache to registry", ())
    ):
        list(reader.feed(line))
    caches = make_record(reader, run=run).caches
    assert [(each.direction, each.reference, each.status) for each in caches] == [
        ("import", "shop:cache", "read"),
        ("export", "shop:cache", "written"),
    ]
