"""What is read of BuildKit's events and shown while a build runs, from real logs and near misses of them."""

from __future__ import annotations

import base64
import json

import pytest

from dev.recordings import CASES
from dev.recordings import EVENTS as LOGS
from multiarch.record import BuildReader, ImageInfo, Record, RunInfo, make_record
from multiarch.record.live import LiveLog, as_fields, as_lines
from tests.unit.fakes import FakeClock


def real(name: str) -> list[str]:
    return (LOGS / f"{name}.rawjson").read_text(encoding="utf-8").splitlines()


def fed(*lines: str, run: RunInfo | None = None) -> tuple[Record, list[str]]:
    """Read lines, and return what was read and what was shown of it."""
    reader, live = BuildReader(run), LiveLog(lambda: 0.0)
    chosen = [each for line in lines for event in reader.feed(line) for each in live.choose(event)]
    return make_record(reader, run=reader.run), [text for event in chosen for text in as_lines(event)]


def replay(lines: list[str]) -> Record:
    return fed(*lines)[0]


def read(*lines: str) -> BuildReader:
    reader = BuildReader()
    for line in lines:
        list(reader.feed(line))
    return reader


def vertex(
    name: str,
    *,
    digest: str = "sha256:a",
    inputs: tuple[str, ...] = (),
    started: str = "2026-01-01T00:00:00Z",
    completed: str = "",
    cached: bool = False,
    error: str = "",
) -> str:
    fields = {"digest": digest, "name": name, "inputs": inputs, "started": started, "completed": completed,
              "cached": cached, "error": error}  # fmt: skip
    return json.dumps({"vertexes": [{key: value for key, value in fields.items() if value}]})


def log(text: str | bytes, *, digest: str = "sha256:a") -> str:
    data = text.encode() if isinstance(text, str) else text
    return json.dumps({"logs": [{"vertex": digest, "stream": 1, "data": base64.b64encode(data).decode()}]})


LATER = "2026-01-01T00:00:02.5Z"


# Real logs: dev/recordings.py


def test_the_step_that_failed_is_told_from_the_platform_that_was_canceled_for_it() -> None:
    record = replay(real("two_platforms_one_fails"))
    failed = record.failed_step
    assert failed
    assert failed.title.startswith("[linux/arm64 stage-1 3/3] RUN if [")
    assert failed.error.endswith("did not complete successfully: exit code: 3")
    assert failed.output == ("cc: bad thing",)


def test_failed_steps_after_one_platform_failed_hold_both() -> None:
    reader = read(*real("two_platforms_one_fails"))
    steps = {step.title.split()[0]: step for step in reader.failed_steps()}
    assert {name: step.is_canceled for name, step in steps.items()} == {"[linux/amd64": True, "[linux/arm64": False}
    assert steps["[linux/arm64"].output == ("cc: bad thing",)
    assert steps["[linux/arm64"].error.endswith("did not complete successfully: exit code: 3")
    assert reader.text[-1].startswith("ERROR: failed to build: failed to solve: process ")
    assert "Dockerfile:7" in reader.text


def test_the_output_of_a_step_bears_its_platform_and_a_progress_bar_shows_its_last_state() -> None:
    _, shown = fed(*real("two_platforms_one_fails"))
    of_amd64 = [line for line in shown if line.startswith("[linux/amd64 compile 2/2] ")]
    assert of_amd64[1:4] == [
        "[linux/amd64 compile 2/2] one",
        "[linux/amd64 compile 2/2] ccc",
        "[linux/amd64 compile 2/2] no end",
    ]
    assert of_amd64[4].startswith("[linux/amd64 compile 2/2] done in ")
    assert "[linux/arm64 stage-1 3/3] cc: bad thing" in shown


def test_a_cache_that_is_not_there_is_no_failure() -> None:
    assert replay(real("cold")).failed_step is None


def test_a_build_from_the_cache_says_so_step_by_step() -> None:
    _, shown = fed(*real("all_cached"))
    assert len([line for line in shown if line.endswith(" CACHED")]) == 6
    assert "[linux/amd64 stage-1 2/3] COPY --from=compile /etc/passwd /x CACHED" in shown


@pytest.mark.parametrize("name", CASES)
def test_a_log_that_ends_anywhere_in_the_middle_is_read_as_far_as_it_goes(name: str) -> None:
    text = "\n".join(real(name))
    for end in range(0, len(text), 499):
        use = replay(text[:end].splitlines()).cache_use
        assert not use or use.steps <= 13


# Steps


STEPS = {
    "a platform in the name": ("[linux/arm64 2/3] RUN make", "[linux/arm64 2/3]", "RUN make"),
    "a stage": ("[linux/arm64 compile 2/3] RUN make", "[linux/arm64 compile 2/3]", "RUN make"),
    "a variant": ("[linux/arm/v7 compile 2/3] RUN make", "[linux/arm/v7 compile 2/3]", "RUN make"),
    "no platform": ("[compile 2/3] RUN make", "[compile 2/3]", "RUN make"),
    "no stage": ("[2/3] RUN make", "[2/3]", "RUN make"),
    "cross compilation": ("[linux/amd64->arm64 build 2/3] RUN make", "[linux/amd64->arm64 build 2/3]", "RUN make"),
}


@pytest.mark.parametrize(("name", "prefix", "what"), STEPS.values(), ids=STEPS)
def test_a_step_is_announced_once_and_ended_once(name: str, prefix: str, what: str) -> None:
    _, shown = fed(vertex(name), vertex(name), vertex(name, completed=LATER), vertex(name, completed=LATER))
    assert shown == [f"{prefix} {what}", f"{prefix} done in 2.5 s"]


def test_a_step_without_a_platform_has_that_of_the_step_before_it_through_all_inputs() -> None:
    _, shown = fed(
        vertex("[linux/arm64 internal] load metadata", digest="sha256:1"),
        vertex("[linux/arm64 1/3] FROM base", digest="sha256:2", inputs=("sha256:1",)),
        vertex("[2/3] RUN one", digest="sha256:3", inputs=("sha256:2", "sha256:unseen")),
        vertex("[3/3] RUN two", digest="sha256:4", inputs=("sha256:3",)),
    )
    assert shown[-1] == "[linux/arm64 3/3] RUN two"


def test_inputs_that_run_in_a_circle_end() -> None:
    _, shown = fed(
        vertex("[2/3] RUN one", digest="sha256:1", inputs=("sha256:2",)),
        vertex("[3/3] RUN two", digest="sha256:2", inputs=("sha256:1",)),
    )
    assert shown == ["[2/3] RUN one", "[3/3] RUN two"]


def test_a_step_of_many_lines_is_one_step() -> None:
    record, _ = fed(vertex("[linux/arm64 2/2] RUN <<EOF (make...)\nEOF", completed=LATER))
    assert record.cache_use
    assert record.cache_use.steps == 1


COUNTED = {
    "a RUN": ("[linux/arm64 2/3] RUN make", 1),
    "FROM is no work": ("[linux/arm64 1/3] FROM docker.io/library/alpine", 0),
    "FROM in a RUN is": ("[linux/arm64 2/3] RUN echo FROM here", 1),
    "an internal one is none": ("[internal] load build definition from Dockerfile", 0),
    "an export is none": ("exporting to image", 0),
}


@pytest.mark.parametrize(("name", "steps"), COUNTED.values(), ids=COUNTED)
def test_the_dockerfile_s_steps_are_counted(name: str, steps: int) -> None:
    record, _ = fed(vertex(name, completed=LATER))
    assert record.cache_use
    assert record.cache_use.steps == steps


def test_a_cached_step_that_starts_again_for_the_export_stays_cached() -> None:
    name = "[linux/arm64 2/2] RUN make"
    record, shown = fed(vertex(name, completed=LATER, cached=True), vertex(name, completed=LATER))
    assert record.cache_use
    assert record.cache_use.cached == 1
    assert shown == ["[linux/arm64 2/2] RUN make CACHED"]


INTERNAL = {
    "quick": ("[internal] load .dockerignore", "2026-01-01T00:00:00.9Z", "", []),
    "slow": ("[internal] load build context", LATER, "", ["[internal] load build context: done in 2.5 s"]),
    "failed": (
        "[internal] load metadata for x", "2026-01-01T00:00:00.1Z", "x: not found",
        ["[internal] load metadata for x: ERROR x: not found"]),
    "quick, with its platform": ("[linux/arm64 internal] load metadata for x", "2026-01-01T00:00:00.9Z", "", []),
}  # fmt: skip


@pytest.mark.parametrize(("name", "completed", "error", "lines"), INTERNAL.values(), ids=INTERNAL)
def test_what_buildkit_does_for_itself_is_shown_where_it_takes_time_or_fails(
    name: str, completed: str, error: str, lines: list[str]
) -> None:
    assert fed(vertex(name), vertex(name, completed=completed, error=error))[1] == lines


def test_nanoseconds_are_read_as_go_prints_them() -> None:
    started, completed = "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:01.12Z"
    assert fed(vertex("[2/2] RUN x", started=started, completed=completed))[1][-1] == "[2/2] done in 1.0 s"


# Output


def test_a_line_that_comes_in_parts_is_shown_when_it_is_whole() -> None:
    _, shown = fed(vertex("[2/2] RUN x"), log("hel"), log("lo\nwor"), log("ld\n"))
    assert shown == ["[2/2] RUN x", "[2/2] hello", "[2/2] world"]


def test_a_last_line_without_an_end_is_shown_when_its_step_ends() -> None:
    record, shown = fed(vertex("[2/2] RUN x"), log("no end"), vertex("[2/2] RUN x", completed=LATER, error="failed"))
    assert shown[1:] == ["[2/2] no end", "[2/2] ERROR failed"]
    assert record.failed_step
    assert record.failed_step.output == ("no end",)


def test_a_log_that_comes_after_the_end_of_its_step_is_shown() -> None:
    _, shown = fed(vertex("[2/2] RUN x", completed=LATER), log("late\n"))
    assert shown[-1] == "[2/2] late"


BARS = {
    "a bar": ("10%\r50%\r100%\n", "100%"),
    "Windows' line end": ("hello\r\n", "hello"),
    "a bar that ends with a return": ("10%\r100%\r\n", "100%"),
    "an empty line": ("\n", ""),
}


@pytest.mark.parametrize(("text", "shown"), BARS.values(), ids=BARS)
def test_of_a_redrawn_line_the_last_state_counts(text: str, shown: str) -> None:
    assert fed(vertex("[2/2] RUN x"), log(text))[1][1] == f"[2/2] {shown}"


def test_bytes_that_are_no_text_are_shown_as_far_as_they_are() -> None:
    assert fed(vertex("[2/2] RUN x"), log(b"caf\xe9\n"))[1][1] == "[2/2] caf\ufffd"


def test_a_letter_that_is_cut_between_two_parts_is_put_together() -> None:
    assert fed(vertex("[2/2] RUN x"), log(b"caf\xc3"), log(b"\xa9\n"))[1][1] == "[2/2] café"


def test_the_end_of_the_output_alone_is_kept() -> None:
    lines = "".join(f"line {each}\n" for each in range(100))
    record, _ = fed(vertex("[2/2] RUN x"), log(lines), vertex("[2/2] RUN x", completed=LATER, error="failed"))
    assert record.failed_step
    assert record.failed_step.output == tuple(f"line {each}" for each in range(50, 100))


def test_warnings_are_shown() -> None:
    event = {"warnings": [{"vertex": "sha256:a", "short": base64.b64encode(b"FromAsCasing").decode()}]}
    assert fed(json.dumps(event))[1] == ["WARNING: FromAsCasing"]


# Failures


def test_of_two_failures_the_first_one_counts() -> None:
    record, _ = fed(
        vertex("[a 2/2] RUN x", digest="sha256:1", completed="2026-01-01T00:00:09Z", error="second"),
        vertex("[b 2/2] RUN x", digest="sha256:2", completed="2026-01-01T00:00:08Z", error="first"),
        vertex("[c 2/2] RUN x", digest="sha256:3", completed="2026-01-01T00:00:07Z", error="context canceled"),
    )
    assert record.failed_step
    assert record.failed_step.error == "first"


def test_the_first_failure_is_found_by_time_and_not_by_text() -> None:
    record, _ = fed(
        vertex("[a 2/2] RUN x", digest="sha256:1", completed="2026-01-01T00:00:08.55Z", error="second"),
        vertex("[b 2/2] RUN x", digest="sha256:2", completed="2026-01-01T00:00:08.5Z", error="first"),
    )
    assert record.failed_step
    assert record.failed_step.error == "first"


def test_where_all_were_canceled_a_canceled_step_is_named() -> None:
    record, shown = fed(vertex("[2/2] RUN x", completed=LATER, error="context canceled"))
    assert record.failed_step
    assert shown[-1] == "[2/2] canceled"


def test_a_cache_that_could_not_be_written_is_told() -> None:
    record, _ = fed(vertex("exporting cache to registry", completed=LATER, error="400 Bad Request"))
    assert record.cache_use
    assert record.cache_use.export_error == "400 Bad Request"


def test_a_cache_that_was_read_is_told() -> None:
    record, _ = fed(vertex("importing cache manifest from localhost:5000/x:cache", completed=LATER))
    assert record.cache_use
    assert record.cache_use.imported


def test_a_local_cache_that_is_not_there_yet_is_no_warning() -> None:
    _, shown = fed("WARNING: local cache import at /home/ada/.cache not found due to err: could not read index.json")
    assert shown == ["importing cache manifest from /home/ada/.cache: not found"]


def test_a_cache_in_the_registry_that_is_not_there_yet_is_no_error() -> None:
    _, shown = fed(*real("cold"))
    said, ended = (line for line in shown if line.startswith("importing cache manifest from localhost:5000/recorded-"))
    assert ended == f"{said}: not found"


# Other lines


NO_EVENTS = {
    "buildx's own words": "ERROR: failed to build",
    "broken JSON": '{"vertexes":[{"digest":',
    "JSON of another kind": '{"level":"warning"}',
    "a list": "[1]",
    "an empty line": "",
    "a brace": "{",
}


@pytest.mark.parametrize("line", NO_EVENTS.values(), ids=NO_EVENTS)
def test_a_line_that_is_no_event_is_shown_as_it_is_and_kept_for_the_diagnosis(line: str) -> None:
    assert fed(line)[1] == [line]
    assert read(line).text == (line,)


ODD = {
    "a vertex without a digest": '{"vertexes":[{"name":"x"}]}',
    "a log without a vertex": '{"logs":[{"data":"eA=="}]}',
    "a log that is no base64": '{"logs":[{"vertex":"a","data":"x"}]}',
    "vertexes that are none": '{"vertexes":[1]}',
    "vertexes that are no list": '{"vertexes":1}',
}


def test_an_event_may_hold_nothing() -> None:
    assert fed('{"vertexes":null}', '{"logs":[]}')[1] == []


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_an_event_of_another_shape_does_not_end_the_build(line: str) -> None:
    record, _ = fed(line, vertex("[2/2] RUN x", completed=LATER))
    assert record.cache_use
    assert record.cache_use.steps == 1


def test_a_build_of_one_platform_shows_which() -> None:
    _, shown = fed(vertex("[2/2] RUN x"), run=RunInfo(images=(ImageInfo(name="shop", platforms=("linux/arm64",)),)))
    assert shown == ["[linux/arm64 2/2] RUN x"]


def test_a_step_that_runs_again_is_told_again_where_that_took_time() -> None:
    name, start = "[1/2] FROM base", "2026-01-01T00:00:00Z"
    again = "2026-01-01T00:00:10Z"
    record, shown = fed(
        vertex(name, started=start, completed="2026-01-01T00:00:00.1Z"),
        vertex(name, started=again),
        vertex(name, started=again, completed="2026-01-01T00:00:10.2Z"),
        vertex(name, started="2026-01-01T00:00:11Z", completed="2026-01-01T00:00:13Z"),
    )
    assert shown == ["[1/2] done in 0.1 s", "[1/2] FROM base", "[1/2] done in 2.3 s"]
    assert [each.start for each in record.steps[0].intervals] == [0, 10, 11]


# Silence


class Build:
    """A build whose clock is ours, and what is shown of it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.reader = BuildReader()
        self.live = LiveLog(self.clock, silence=30)

    def at(self, now: float, *lines: str) -> list[str]:
        """Let time pass and lines come; return what is shown."""
        self.clock.now = now
        chosen = [each for line in lines for event in self.reader.feed(line) for each in self.live.choose(event)]
        return [text for event in (*chosen, *self.live.tick()) for text in as_lines(event)]


def test_a_step_that_is_silent_is_told_every_so_often() -> None:
    build = Build()
    build.at(0, vertex("[linux/arm64 2/2] RUN x"))
    assert build.at(29) == []
    assert build.at(30) == ["[linux/arm64 2/2] still running, 30 s"]
    assert build.at(31) == []
    assert build.at(60) == ["[linux/arm64 2/2] still running, 60 s"]
    assert build.at(80, log("a line\n")) == ["[linux/arm64 2/2] a line"]
    assert build.at(109) == []
    assert build.at(110) == ["[linux/arm64 2/2] still running, 110 s"]
    build.at(111, vertex("[linux/arm64 2/2] RUN x", completed=LATER))
    assert build.at(500) == []


def test_what_buildkit_does_for_itself_is_told_where_it_is_silent_for_long() -> None:
    build = Build()
    assert build.at(0, vertex("[internal] load build context")) == []
    assert build.at(30) == ["[internal] load build context: still running, 30 s"]


# JSON


def fields_of(*lines: str) -> list[dict[str, object]]:
    reader, live = BuildReader(), LiveLog(lambda: 0.0)
    chosen = [each for line in lines for event in reader.feed(line) for each in live.choose(event)]
    return [dict(fields) for event in chosen for fields in as_fields(event)]


def test_each_event_is_an_object_with_its_step_and_its_parts() -> None:
    name = "[linux/arm64 compile 2/3] RUN make"
    about = {"step": name, "platform": "linux/arm64", "stage": "compile", "position": "2/3"}
    said = fields_of(vertex(name), log("one\ntwo\n"), vertex(name, completed=LATER, error="exit code: 2"))
    assert said == [
        {"event": "step started", **about},
        {"event": "step output", **about, "text": "one"},
        {"event": "step output", **about, "text": "two"},
        {"event": "step failed", **about, "seconds": 2.5, "error": "exit code: 2"},
    ]


SAYINGS = {
    "a step from the cache": (
        vertex("[2/2] RUN x", completed=LATER, cached=True),
        {"event": "step cached", "step": "[2/2] RUN x", "position": "2/2"},
    ),
    "a cache that is not there yet": (
        vertex("importing cache manifest from x", completed=LATER, error="x: not found"),
        {"event": "step failed", "step": "importing cache manifest from x", "seconds": 2.5, "missing": "x: not found"},
    ),
    "a warning": (
        json.dumps({"warnings": [{"vertex": "sha256:a", "short": base64.b64encode(b"FromAsCasing").decode()}]}),
        {"event": "warning", "text": "FromAsCasing"},
    ),
    "buildx's own words": ("ERROR: failed", {"event": "said", "text": "ERROR: failed"}),
}


@pytest.mark.parametrize(("line", "said"), SAYINGS.values(), ids=SAYINGS)
def test_what_happens_is_said_as_json(line: str, said: dict[str, object]) -> None:
    assert fields_of(line)[-1] == said
