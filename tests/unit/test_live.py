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


def test_failed_step_is_not_the_canceled_platform() -> None:
    record = replay(real("two_platforms_one_fails"))
    failed = record.failed_step
    assert failed
    assert failed.title.startswith("[linux/arm64 stage-1 3/3] RUN if [")
    assert failed.error.endswith("did not complete successfully: exit code: 3")
    assert failed.output == ("cc: bad thing",)


def test_failed_steps_have_both_platforms() -> None:
    reader = read(*real("two_platforms_one_fails"))
    steps = {step.title.split()[0]: step for step in reader.failed_steps()}
    assert {name: step.is_canceled for name, step in steps.items()} == {"[linux/amd64": True, "[linux/arm64": False}
    assert steps["[linux/arm64"].output == ("cc: bad thing",)
    assert steps["[linux/arm64"].error.endswith("did not complete successfully: exit code: 3")
    assert reader.text[-1].startswith("ERROR: failed to build: failed to solve: process ")
    assert "Dockerfile:7" in reader.text


def test_as_lines_output_follows_the_platform() -> None:
    _, shown = fed(*real("two_platforms_one_fails"))
    of_amd64 = [line for line in shown if line.startswith("[linux/amd64 compile 2/2] ")]
    assert of_amd64[1:4] == [
        "[linux/amd64 compile 2/2] one",
        "[linux/amd64 compile 2/2] ccc",
        "[linux/amd64 compile 2/2] no end",
    ]
    assert of_amd64[4].startswith("[linux/amd64 compile 2/2] done in ")
    assert "[linux/arm64 stage-1 3/3] cc: bad thing" in shown


def test_make_record_missing_cache_is_no_failure() -> None:
    assert replay(real("cold")).failed_step is None


def test_as_lines_cached_build_has_cached_steps() -> None:
    _, shown = fed(*real("all_cached"))
    assert len([line for line in shown if line.endswith(" CACHED")]) == 6
    assert "[linux/amd64 stage-1 2/3] COPY --from=compile /etc/passwd /x CACHED" in shown


@pytest.mark.parametrize("name", CASES)
def test_feed_incomplete_log_is_read_to_its_end(name: str) -> None:
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
def test_live_log_step_starts_once_and_ends_once(name: str, prefix: str, what: str) -> None:
    _, shown = fed(vertex(name), vertex(name), vertex(name, completed=LATER), vertex(name, completed=LATER))
    assert shown == [f"{prefix} {what}", f"{prefix} done in 2.5 s"]


def test_name_of_step_without_platform_has_that_of_its_inputs() -> None:
    _, shown = fed(
        vertex("[linux/arm64 internal] load metadata", digest="sha256:1"),
        vertex("[linux/arm64 1/3] FROM base", digest="sha256:2", inputs=("sha256:1",)),
        vertex("[2/3] RUN one", digest="sha256:3", inputs=("sha256:2", "sha256:unseen")),
        vertex("[3/3] RUN two", digest="sha256:4", inputs=("sha256:3",)),
    )
    assert shown[-1] == "[linux/arm64 3/3] RUN two"


def test_name_of_circular_inputs_ends() -> None:
    _, shown = fed(
        vertex("[2/3] RUN one", digest="sha256:1", inputs=("sha256:2",)),
        vertex("[3/3] RUN two", digest="sha256:2", inputs=("sha256:1",)),
    )
    assert shown == ["[2/3] RUN one", "[3/3] RUN two"]


def test_parse_name_many_lines_are_one_step() -> None:
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
def test_cache_use_counts_steps_of_the_dockerfile(name: str, steps: int) -> None:
    record, _ = fed(vertex(name, completed=LATER))
    assert record.cache_use
    assert record.cache_use.steps == steps


def test_feed_unpacked_cached_step_stays_cached() -> None:
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
def test_live_log_internal_step_is_shown_if_slow_or_failed(
    name: str, completed: str, error: str, lines: list[str]
) -> None:
    assert fed(vertex(name), vertex(name, completed=completed, error=error))[1] == lines


def test_parse_time_reads_nanoseconds() -> None:
    started, completed = "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:01.12Z"
    assert fed(vertex("[2/2] RUN x", started=started, completed=completed))[1][-1] == "[2/2] done in 1.0 s"


# Output


def test_feed_line_in_parts_is_shown_whole() -> None:
    _, shown = fed(vertex("[2/2] RUN x"), log("hel"), log("lo\nwor"), log("ld\n"))
    assert shown == ["[2/2] RUN x", "[2/2] hello", "[2/2] world"]


def test_feed_line_without_end_is_shown_when_the_step_ends() -> None:
    record, shown = fed(vertex("[2/2] RUN x"), log("no end"), vertex("[2/2] RUN x", completed=LATER, error="failed"))
    assert shown[1:] == ["[2/2] no end", "[2/2] ERROR failed"]
    assert record.failed_step
    assert record.failed_step.output == ("no end",)


def test_feed_output_after_the_end_is_shown() -> None:
    _, shown = fed(vertex("[2/2] RUN x", completed=LATER), log("late\n"))
    assert shown[-1] == "[2/2] late"


BARS = {
    "a bar": ("10%\r50%\r100%\n", "100%"),
    "Windows' line end": ("hello\r\n", "hello"),
    "a bar that ends with a return": ("10%\r100%\r\n", "100%"),
    "an empty line": ("\n", ""),
}


@pytest.mark.parametrize(("text", "shown"), BARS.values(), ids=BARS)
def test_feed_redrawn_line_shows_its_last_state(text: str, shown: str) -> None:
    assert fed(vertex("[2/2] RUN x"), log(text))[1][1] == f"[2/2] {shown}"


def test_feed_invalid_bytes_are_replaced() -> None:
    assert fed(vertex("[2/2] RUN x"), log(b"caf\xe9\n"))[1][1] == "[2/2] caf\ufffd"


def test_feed_split_character_is_joined() -> None:
    assert fed(vertex("[2/2] RUN x"), log(b"caf\xc3"), log(b"\xa9\n"))[1][1] == "[2/2] café"


def test_feed_keeps_the_end_of_the_output() -> None:
    lines = "".join(f"line {each}\n" for each in range(100))
    record, _ = fed(vertex("[2/2] RUN x"), log(lines), vertex("[2/2] RUN x", completed=LATER, error="failed"))
    assert record.failed_step
    assert record.failed_step.output == tuple(f"line {each}" for each in range(50, 100))


def test_feed_shows_warnings() -> None:
    event = {"warnings": [{"vertex": "sha256:a", "short": base64.b64encode(b"FromAsCasing").decode()}]}
    assert fed(json.dumps(event))[1] == ["WARNING: FromAsCasing"]


# Failures


def test_failed_step_of_two_failures_is_the_first() -> None:
    record, _ = fed(
        vertex("[a 2/2] RUN x", digest="sha256:1", completed="2026-01-01T00:00:09Z", error="second"),
        vertex("[b 2/2] RUN x", digest="sha256:2", completed="2026-01-01T00:00:08Z", error="first"),
        vertex("[c 2/2] RUN x", digest="sha256:3", completed="2026-01-01T00:00:07Z", error="context canceled"),
    )
    assert record.failed_step
    assert record.failed_step.error == "first"


def test_failed_step_is_the_first_by_time() -> None:
    record, _ = fed(
        vertex("[a 2/2] RUN x", digest="sha256:1", completed="2026-01-01T00:00:08.55Z", error="second"),
        vertex("[b 2/2] RUN x", digest="sha256:2", completed="2026-01-01T00:00:08.5Z", error="first"),
    )
    assert record.failed_step
    assert record.failed_step.error == "first"


def test_failed_step_of_canceled_steps_is_one_of_them() -> None:
    record, shown = fed(vertex("[2/2] RUN x", completed=LATER, error="context canceled"))
    assert record.failed_step
    assert shown[-1] == "[2/2] canceled"


def test_cache_use_failed_export_has_its_error() -> None:
    record, _ = fed(vertex("exporting cache to registry", completed=LATER, error="400 Bad Request"))
    assert record.cache_use
    assert record.cache_use.export_error == "400 Bad Request"


def test_cache_use_imported_cache_is_imported() -> None:
    record, _ = fed(vertex("importing cache manifest from localhost:5000/x:cache", completed=LATER))
    assert record.cache_use
    assert record.cache_use.imported


def test_feed_missing_local_cache_is_no_warning() -> None:
    _, shown = fed("WARNING: local cache import at /home/ada/.cache not found due to err: could not read index.json")
    assert shown == ["importing cache manifest from /home/ada/.cache: not found"]


def test_as_lines_missing_registry_cache_is_no_error() -> None:
    _, shown = fed(*real("cold"))
    said, ended = (line for line in shown if line.startswith("importing cache manifest from localhost:5000/recorded-"))
    assert ended == f"{said}: not found"


# Other lines


NO_EVENTS = {
    "a message of buildx": "ERROR: failed to build",
    "broken JSON": '{"vertexes":[{"digest":',
    "JSON of another kind": '{"level":"warning"}',
    "a list": "[1]",
    "an empty line": "",
    "a brace": "{",
}


@pytest.mark.parametrize("line", NO_EVENTS.values(), ids=NO_EVENTS)
def test_feed_other_line_is_shown_and_kept_for_the_diagnosis(line: str) -> None:
    assert fed(line)[1] == [line]
    assert read(line).text == (line,)


ODD = {
    "a vertex without a digest": '{"vertexes":[{"name":"x"}]}',
    "a log without a vertex": '{"logs":[{"data":"eA=="}]}',
    "a log that is no base64": '{"logs":[{"vertex":"a","data":"x"}]}',
    "vertexes that are none": '{"vertexes":[1]}',
    "vertexes that are no list": '{"vertexes":1}',
}


def test_feed_empty_event_yields_nothing() -> None:
    assert fed('{"vertexes":null}', '{"logs":[]}')[1] == []


@pytest.mark.parametrize("line", ODD.values(), ids=ODD)
def test_feed_malformed_event_yields_nothing(line: str) -> None:
    record, _ = fed(line, vertex("[2/2] RUN x", completed=LATER))
    assert record.cache_use
    assert record.cache_use.steps == 1


def test_feed_one_platform_is_in_the_name() -> None:
    _, shown = fed(vertex("[2/2] RUN x"), run=RunInfo(images=(ImageInfo(name="shop", platforms=("linux/arm64",)),)))
    assert shown == ["[linux/arm64 2/2] RUN x"]


def test_feed_step_that_runs_again_ends_again_if_slow() -> None:
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


def test_tick_silent_step_is_shown_regularly() -> None:
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


def test_tick_silent_internal_step_is_shown() -> None:
    build = Build()
    assert build.at(0, vertex("[internal] load build context")) == []
    assert build.at(30) == ["[internal] load build context: still running, 30 s"]


# JSON


def fields_of(*lines: str) -> list[dict[str, object]]:
    reader, live = BuildReader(), LiveLog(lambda: 0.0)
    chosen = [each for line in lines for event in reader.feed(line) for each in live.choose(event)]
    return [dict(fields) for event in chosen for fields in as_fields(event)]


def test_as_fields_has_the_step_and_its_parts() -> None:
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
    "a message of buildx": ("ERROR: failed", {"event": "message", "text": "ERROR: failed"}),
}


@pytest.mark.parametrize(("line", "said"), SAYINGS.values(), ids=SAYINGS)
def test_as_fields_has_the_kind_of_event(line: str, said: dict[str, object]) -> None:
    assert fields_of(line)[-1] == said
