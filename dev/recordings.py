"""Builds whose events are recorded from the real engine, and what has to be read of each.

`python -m dev.recordings` records them for the unit tests, into tests/unit/events; the engine tests record them each
time. The model is checked against both in the same way.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev import stack
from dev.project import ROOT
from multiarch.record import (
    BuildReader,
    CacheUse,
    EventKind,
    ImageInfo,
    Record,
    RunInfo,
    StepKind,
    StepState,
    make_record,
)
from multiarch.record.dockerfile import read_instructions
from multiarch.report.breakdown import Breakdown, breakdown_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from multiarch.record import BuildStep

EVENTS: Final = ROOT / "tests" / "unit" / "events"
PLATFORMS: Final = ("linux/amd64", "linux/arm64")
NATIVE: Final = ("linux/amd64",)

_STAGES: Final = """\
# What is counted: stages, a stage that is for both platforms, a here-document, a line that goes on.
ARG BASE=scratch
FROM --platform=$BUILDPLATFORM ${BASE} as tools
ARG ROUND
RUN echo "tools ${ROUND}" > /tools

FROM ${BASE} AS compile
ARG ROUND
RUN <<END
echo one ${ROUND}
echo two
END
WORKDIR /app
COPY --from=tools /tools /app/tools
COPY Dockerfile \\
  # in between
  /app/

FROM ${BASE}
ARG ROUND
COPY --from=compile /app /app
RUN uname -m
"""
_ONE_FAILS: Final = """\
ARG BASE=scratch
FROM ${BASE} AS compile
ARG ROUND
RUN echo one; printf 'a\\rbb\\rccc\\n'; printf 'no end'
FROM ${BASE}
COPY --from=compile /etc/passwd /x
RUN if [ "$(uname -m)" = aarch64 ]; then echo "cc: bad thing" >&2; exit 3; else sleep 5; fi
"""
_SLOW: Final = """\
ARG BASE=scratch
FROM ${BASE}
ARG ROUND
RUN echo begun; sleep 60 # ${ROUND}
RUN true
"""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A build.

    Attributes:
        check: asserts what the record contains.
        again: it is built twice, and the second time is recorded.
        options: what `docker buildx build` is told further; `{image}` stands for a name of its own in the registry.
        interrupt_at: the output after which it is interrupted.
    """

    dockerfile: str
    check: Callable[[Record], None]
    platforms: tuple[str, ...] = PLATFORMS
    options: tuple[str, ...] = ()
    again: bool = False
    interrupt_at: str = ""


def record_case(case: Case, folder: Path) -> list[str]:
    """Build it on the real engine, and return the lines that buildx printed."""
    running = stack.load()
    (folder / "Dockerfile").write_text(case.dockerfile, encoding="utf-8")
    now = time.time_ns()
    image = f"{running.plain.host}/recorded-{now}"
    command = [
        *("docker", "buildx", "build", "--builder", "default", "--progress", "rawjson", "--provenance", "false"),
        *("--platform", ",".join(case.platforms), "--output", f"type=image,name={image},push=true"),
        *("--build-arg", f"BASE={running.base}", "--build-arg", f"ROUND={now}"),
        *(word.replace("{image}", image) for word in case.options),
        str(folder),
    ]
    try:
        if case.again:
            _lines(command, "")
        return _lines(command, case.interrupt_at)
    finally:
        # The docker driver keeps what it pushes as an image of this machine.
        subprocess.run(["docker", "image", "rm", "--force", image], check=False, capture_output=True)


def _lines(command: Sequence[str], interrupt_at: str) -> list[str]:
    lines: list[str] = []
    reader = BuildReader()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            lines.append(line.rstrip("\n"))
            said = [text for event in reader.feed(lines[-1]) if event.kind is EventKind.OUTPUT for text in event.lines]
            if interrupt_at and interrupt_at in said:
                process.send_signal(signal.SIGINT)
    return lines


def read_case(case: Case, lines: Sequence[str]) -> Record:
    """Read a recording, with the facts that a run knows of its build."""
    images = (ImageInfo(name="shop", platforms=case.platforms),)
    run = RunInfo(images=images, dockerfile="Dockerfile", instructions=read_instructions(case.dockerfile))
    reader = BuildReader(run)
    for line in lines:
        list(reader.feed(line))
    return make_record(reader, run=run, native=NATIVE)


def compact(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines without the states that a transfer goes through on its way."""
    for line in lines:
        event = json.loads(line) if line.startswith("{") else {}
        moves = event.get("statuses", ())
        ends = [each for each in moves if each.get("completed") or not each.get("current")]
        if len(ends) == len(moves):
            yield line
            continue
        rest = {**event, "statuses": ends} if ends else {key: event[key] for key in event if key != "statuses"}
        if rest:
            yield json.dumps(rest, separators=(",", ":"))


# What has to be read


def _by_title(record: Record) -> Mapping[str, BuildStep]:
    return {step.title.partition(" (")[0]: step for step in record.steps}


def _lines_by_place(record: Record) -> Mapping[str, int | None]:
    return {f"{step.stage} {step.position}": step.line for step in record.steps if step.number}


def _check_stages(record: Record) -> None:
    # The two stages that begin with the base have its step in common.
    assert _lines_by_place(record) == {
        "tools 1/2": 3,
        "tools 2/2": 5,
        "compile 1/5": 7,
        "compile 2/5": 9,
        "compile 3/5": 13,
        "compile 4/5": 14,
        "compile 5/5": 15,
        "stage-2 2/3": 21,
        "stage-2 3/3": 22,
    }
    work = [step for step in record.steps if step.is_work]
    assert {(step.platform, step.runs_on) for step in work} == {
        ("", "linux/amd64"),
        ("linux/amd64", "linux/amd64"),
        ("linux/arm64", "linux/arm64"),
    }
    shared = [step for step in work if not step.platform]
    assert [(step.stage, step.number) for step in shared] == [("tools", 2)]
    emulated = {step.label for step in work if step.emulated}
    assert emulated == {"[linux/arm64 compile 2/5]", "[linux/arm64 stage-2 3/3]"}
    assert record.warnings[0].short.startswith("FromAsCasing")
    assert record.warnings[0].line == 3
    assert record.warnings[0].url.startswith("https://docs.docker.com/")


def _check_cold(record: Record) -> None:
    _check_stages(record)
    assert record.cache_use == CacheUse(steps=13, cached=0, imported=False, export_error="")
    assert [(each.direction, each.status) for each in record.caches] == [("import", "missing"), ("export", "written")]
    assert record.failed_step is None
    states = {step.state for step in record.steps if step.kind not in (StepKind.CACHE_IMPORT, StepKind.DOCKERFILE)}
    assert states == {StepState.DONE}
    steps = _by_title(record)
    said = steps["[linux/arm64 compile 2/5] RUN <<END"]
    assert (said.output[0].partition(" ")[0], said.output[1:], said.output_lines) == ("one", ("two",), 2)
    assert steps["[linux/arm64 stage-2 3/3] RUN uname -m"].output == ("aarch64",)
    found = breakdown(record)
    assert [(each.platform, each.run, each.cached) for each in found.platforms] == [
        ("linux/amd64", 6, 0),
        ("linux/arm64", 6, 0),
        ("", 1, 0),
    ]
    assert found.cache == "not found"
    assert not found.misses
    assert found.push > 0
    assert found.cache_export > 0
    assert found.export > 0
    assert {step.instruction.partition(" (")[0] for step in found.emulated} == {"RUN <<END", "RUN uname -m"}
    assert all(step.native is not None for step in found.emulated)


def _check_warm(record: Record) -> None:
    use = record.cache_use
    assert use
    assert (use.steps, use.cached, use.imported) == (13, 13, True)
    assert [(each.direction, each.status) for each in record.caches] == [("import", "read"), ("export", "written")]
    assert {step.state for step in record.steps if step.is_work} == {StepState.CACHED}
    found = breakdown(record)
    assert (found.cache, found.misses, found.hints) == ("", (), ())


def _check_all_cached(record: Record) -> None:
    assert record.cache_use == CacheUse(steps=6, cached=6, imported=False, export_error="")
    assert breakdown(record).cache == ""
    assert not record.caches


def _check_one_fails(record: Record) -> None:
    failed = record.failed_step
    assert failed
    assert (failed.label, failed.line, failed.emulated) == ("[linux/arm64 stage-1 3/3]", 7, True)
    assert failed.error.endswith("did not complete successfully: exit code: 3")
    assert failed.output == ("cc: bad thing",)
    other = next(step for step in record.steps if step.label == "[linux/amd64 stage-1 3/3]")
    assert other.state is StepState.CANCELED
    printed = next(step for step in record.steps if step.label == "[linux/amd64 compile 2/2]")
    assert (printed.output, printed.output_lines) == (("one", "ccc", "no end"), 3)


def _check_canceled(record: Record) -> None:
    first, second = (step for step in record.steps if step.is_work)
    first, second = sorted((first, second), key=lambda step: step.number)
    assert (first.state, first.line, first.platform) == (StepState.CANCELED, 4, "linux/amd64")
    assert first.completed is not None
    assert first.output[0].startswith("begun")
    assert (second.state, second.intervals) == (StepState.WAITING, ())


def _check_caches_fail(record: Record) -> None:
    [read, written] = record.caches
    assert (read.direction, read.status, written.direction, written.status) == ("import", "failed", "export", "failed")
    assert "connection refused" in read.error
    assert "connection refused" in written.error
    assert read.reference == "localhost:1/x:cache"
    assert record.failed_step is None
    assert record.cache_use
    assert "connection refused" in record.cache_use.export_error
    assert breakdown(record).cache.startswith("could not read localhost:1/x:cache: ")


def breakdown(record: Record) -> Breakdown:
    found = breakdown_of(record)
    assert found
    return found


def _cache(reference: str) -> tuple[str, ...]:
    options = "mode=max,image-manifest=true,ignore-error=true"
    return "--cache-from", f"type=registry,ref={reference}", "--cache-to", f"type=registry,ref={reference},{options}"


CASES: Final[Mapping[str, Case]] = {
    "cold": Case(dockerfile=_STAGES, check=_check_cold, options=_cache("{image}:cache")),
    "warm": Case(dockerfile=_STAGES, check=_check_warm, options=_cache("{image}:cache"), again=True),
    "two_platforms_one_fails": Case(dockerfile=_ONE_FAILS, check=_check_one_fails),
    "all_cached": Case(
        dockerfile=_ONE_FAILS.replace("exit 3", "true").replace("sleep 5", "true"), check=_check_all_cached, again=True
    ),
    "canceled": Case(dockerfile=_SLOW, check=_check_canceled, platforms=("linux/amd64",), interrupt_at="begun"),
    "caches_fail": Case(
        dockerfile=_SLOW.replace("sleep 60", "true"),
        check=_check_caches_fail,
        platforms=("linux/amd64",),
        options=_cache("localhost:1/x:cache"),
    ),
}


def main() -> int:
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as folder, stack.turn("engine"):
            lines = record_case(case, Path(folder))
        case.check(read_case(case, lines))
        text = "".join(f"{line}\n" for line in compact(lines))
        (EVENTS / f"{name}.rawjson").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
