"""BuildKit's events, from real logs and near misses of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from multiarch.progress import BuildProgress, replay
from multiarch.record import CacheUse

LOGS = Path(__file__).parent / "progress"


def real(name: str) -> list[str]:
    return (LOGS / f"{name}.rawjson").read_text(encoding="utf-8").splitlines()


def fed(*lines: str) -> tuple[BuildProgress, list[str]]:
    progress = BuildProgress()
    return progress, [shown for line in lines for shown in progress.feed(line)]


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


# Real logs, of docker buildx 0.29 and BuildKit 0.25


def test_the_step_that_failed_is_told_from_the_platform_that_was_cancelled_for_it() -> None:
    progress = replay(real("two_platforms_one_fails"))
    failed = progress.failed_step
    assert failed
    assert failed.name.startswith("[linux/arm64 stage-1 3/3] RUN if [")
    assert failed.error.endswith("did not complete successfully: exit code: 3")
    assert failed.tail == ("cc: bad thing",)


def test_the_lines_for_the_diagnosis_name_both_steps_and_end_with_buildx_s_own_words() -> None:
    lines = replay(real("two_platforms_one_fails")).failure_lines()
    states = [line.partition(" ")[2].partition(":")[0] for line in lines if "ERROR" in line or "CANCELED" in line]
    assert sorted(states[:2]) == ["CANCELED", "ERROR"]
    assert lines[-1].startswith("ERROR: failed to build: failed to solve: process ")
    assert "Dockerfile:5" in lines


def test_the_output_of_a_step_bears_its_platform_and_a_progress_bar_shows_its_last_state() -> None:
    _, shown = fed(*real("two_platforms_one_fails"))
    of_amd64 = [line for line in shown if line.startswith("[linux/amd64 compile 2/2] ")]
    assert of_amd64[1:4] == [
        "[linux/amd64 compile 2/2] one",
        "[linux/amd64 compile 2/2] ccc",
        "[linux/amd64 compile 2/2] no end",
    ]
    assert of_amd64[4].startswith("[linux/amd64 compile 2/2] done in 0.")
    assert "[linux/arm64 stage-1 3/3] cc: bad thing" in shown


def test_a_cache_that_is_not_there_is_no_failure() -> None:
    progress = replay(real("cache_not_found"))
    assert progress.failed_step is None
    assert progress.cache_use == CacheUse(steps=6, cached=4, imported=False, export_error="")


def test_a_build_from_the_cache_says_so_step_by_step() -> None:
    progress, shown = fed(*real("all_cached"))
    assert progress.cache_use == CacheUse(steps=6, cached=6, imported=False, export_error="")
    assert len([line for line in shown if line.endswith(" CACHED")]) == 6
    assert "[linux/amd64 stage-1 2/3] COPY --from=compile /etc/passwd /x CACHED" in shown


@pytest.mark.parametrize("name", ["two_platforms_one_fails", "cache_not_found", "all_cached"])
def test_a_log_that_ends_anywhere_in_the_middle_is_read_as_far_as_it_goes(name: str) -> None:
    text = "\n".join(real(name))
    for end in range(0, len(text), 97):
        progress = replay(text[:end].splitlines())
        assert progress.cache_use.steps <= 6


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
    progress, _ = fed(vertex("[linux/arm64 2/2] RUN <<EOF (make...)\nEOF", completed=LATER))
    assert progress.cache_use.steps == 1


COUNTED = {
    "a RUN": ("[linux/arm64 2/3] RUN make", 1),
    "FROM is no work": ("[linux/arm64 1/3] FROM docker.io/library/alpine", 0),
    "FROM in a RUN is": ("[linux/arm64 2/3] RUN echo FROM here", 1),
    "an internal one is none": ("[internal] load build definition from Dockerfile", 0),
    "an export is none": ("exporting to image", 0),
}


@pytest.mark.parametrize(("name", "steps"), COUNTED.values(), ids=COUNTED)
def test_the_dockerfile_s_steps_are_counted(name: str, steps: int) -> None:
    progress, _ = fed(vertex(name, completed=LATER))
    assert progress.cache_use.steps == steps


def test_a_cached_step_that_starts_again_for_the_export_stays_cached() -> None:
    name = "[linux/arm64 2/2] RUN make"
    progress, shown = fed(vertex(name, completed=LATER, cached=True), vertex(name, completed=LATER))
    assert progress.cache_use.cached == 1
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
    progress, shown = fed(vertex("[2/2] RUN x"), log("no end"), vertex("[2/2] RUN x", completed=LATER, error="failed"))
    assert shown[1:] == ["[2/2] no end", "[2/2] ERROR failed"]
    assert progress.failed_step
    assert progress.failed_step.tail == ("no end",)


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
    progress, _ = fed(vertex("[2/2] RUN x"), log(lines), vertex("[2/2] RUN x", completed=LATER, error="failed"))
    assert progress.failed_step
    assert progress.failed_step.tail == tuple(f"line {each}" for each in range(80, 100))


def test_warnings_are_shown() -> None:
    event = {"warnings": [{"vertex": "sha256:a", "short": base64.b64encode(b"FromAsCasing").decode()}]}
    assert fed(json.dumps(event))[1] == ["WARNING: FromAsCasing"]


# Failures


def test_of_two_failures_the_first_one_counts() -> None:
    progress, _ = fed(
        vertex("[a 2/2] RUN x", digest="sha256:1", completed="2026-01-01T00:00:09Z", error="second"),
        vertex("[b 2/2] RUN x", digest="sha256:2", completed="2026-01-01T00:00:08Z", error="first"),
        vertex("[c 2/2] RUN x", digest="sha256:3", completed="2026-01-01T00:00:07Z", error="context canceled"),
    )
    assert progress.failed_step
    assert progress.failed_step.error == "first"


def test_the_first_failure_is_found_by_time_and_not_by_text() -> None:
    progress, _ = fed(
        vertex("[a 2/2] RUN x", digest="sha256:1", completed="2026-01-01T00:00:08.55Z", error="second"),
        vertex("[b 2/2] RUN x", digest="sha256:2", completed="2026-01-01T00:00:08.5Z", error="first"),
    )
    assert progress.failed_step
    assert progress.failed_step.error == "first"


def test_where_all_were_cancelled_a_cancelled_step_is_named() -> None:
    progress, shown = fed(vertex("[2/2] RUN x", completed=LATER, error="context canceled"))
    assert progress.failed_step
    assert shown[-1] == "[2/2] cancelled"


def test_a_cache_that_could_not_be_written_is_told() -> None:
    progress, _ = fed(vertex("exporting cache to registry", completed=LATER, error="400 Bad Request"))
    assert progress.cache_use.export_error == "400 Bad Request"


def test_a_cache_that_was_read_is_told() -> None:
    progress, _ = fed(vertex("importing cache manifest from localhost:5000/x:cache", completed=LATER))
    assert progress.cache_use.imported


def test_a_local_cache_that_is_not_there_yet_is_no_warning() -> None:
    _, shown = fed("WARNING: local cache import at /home/ada/.cache not found due to err: could not read index.json")
    assert shown == ["importing cache manifest from /home/ada/.cache: there is none yet"]


def test_a_cache_in_the_registry_that_is_not_there_yet_is_no_error() -> None:
    _, shown = fed(*real("cache_not_found"))
    name = "importing cache manifest from localhost:5000/base:nonesuch"
    assert [line for line in shown if line.startswith(name)] == [name, f"{name}: there is none yet"]


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
    progress, shown = fed(line)
    assert shown == [line]
    assert progress.failure_lines() == [line]


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
    progress, _ = fed(line, vertex("[2/2] RUN x", completed=LATER))
    assert progress.cache_use.steps == 1
