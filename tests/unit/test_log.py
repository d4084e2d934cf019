"""The log: lines for people, or one JSON object a line, and no secret in either."""

from __future__ import annotations

import io
import json
import threading
import time
from datetime import UTC, datetime

import pytest

from multiarch.log import Log, make_log, make_output
from multiarch.record import BuildEvent, EventKind, StepKind, StepName
from multiarch.text.redaction import Redaction
from tests.unit.fakes import FakeClock

SECRET = "s3cret-value"


class Logged:
    """A log whose clock stands at 1.26 seconds, and what it wrote."""

    def __init__(self, log_format: str = "console", level: str = "info") -> None:
        clock = FakeClock()
        self.stream = io.StringIO()
        self.log: Log = make_log(
            log_format=log_format, level=level, redaction=Redaction([SECRET]), stream=self.stream, clock=clock
        )
        clock.now = 1.26

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.mark.parametrize("log_format", ["console", "auto"])
def test_log_line_for_people_has_time_and_phase(log_format: str) -> None:
    logged = Logged(log_format)
    logged.log.info("signed in", phase="login")
    assert logged.text == "   1.3 s  login     signed in\n"


def test_log_line_has_a_level_above_info() -> None:
    logged = Logged()
    logged.log.warning("slow", phase="push")
    logged.log.error("broken")
    assert logged.text == "   1.3 s  push      WARNING: slow\n   1.3 s            ERROR: broken\n"


def test_log_text_of_several_lines_has_a_head_on_each() -> None:
    logged = Logged()
    logged.log.error("failed: RUN make\n  cc: bad", phase="build")
    assert logged.text == "   1.3 s  build     ERROR: failed: RUN make\n   1.3 s  build     ERROR:   cc: bad\n"


def test_log_empty_text_is_a_line() -> None:
    logged = Logged()
    logged.log.info("", phase="build")
    assert logged.text == "   1.3 s  build     \n"


def test_log_further_values_follow_the_text() -> None:
    logged = Logged()
    logged.log.info("built", phase="build", digest="sha256:1")
    assert logged.text == "   1.3 s  build     built digest=sha256:1\n"


def test_log_percent_signs_and_braces_are_text() -> None:
    logged = Logged()
    logged.log.info("100% {x} %s", phase="build")
    assert logged.text == "   1.3 s  build     100% {x} %s\n"


def test_log_json_line_is_one_object() -> None:
    logged = Logged("json")
    logged.log.warning("two\nlines", phase="login", attempt=2)
    [line] = logged.text.splitlines()
    event = json.loads(line)
    time = event.pop("timestamp")
    assert time.endswith("Z")
    assert event == {"event": "two\nlines", "level": "warning", "phase": "login", "attempt": 2, "seconds": 1.3}


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_log_secrets_are_redacted_in_both_formats(log_format: str) -> None:
    logged = Logged(log_format)
    logged.log.info(f"token {SECRET}", phase="login", value=SECRET)
    assert SECRET not in logged.text
    assert logged.text.count("<redacted>") == 2


LEVELS = {
    "debug": ["debug", "info", "warning", "error"],
    "info": ["info", "warning", "error"],
    "warning": ["warning", "error"],
    "error": ["error"],
}


@pytest.mark.parametrize(("level", "shown"), LEVELS.items(), ids=LEVELS)
def test_log_drops_lines_below_the_level(level: str, shown: list[str]) -> None:
    logged = Logged("json", level)
    for each in ("debug", "info", "warning", "error"):
        getattr(logged.log, each)(each)
    assert [json.loads(line)["event"] for line in logged.text.splitlines()] == shown


STEP = StepName(
    name="", kind=StepKind.DOCKERFILE, platform="linux/arm64", number=2, total=2, instruction=f"RUN login {SECRET}"
)
SAYS = BuildEvent(kind=EventKind.OUTPUT, step=STEP, lines=(SECRET, "done"))
ABOUT = {
    "level": "info",
    "timestamp": "2026-01-01T00:00:00+00:00",
    "phase": "build",
    "event": "step output",
    "step": "[linux/arm64 2/2] RUN login <redacted>",
    "platform": "linux/arm64",
    "position": "2/2",
}


def test_output_of_the_build_is_redacted() -> None:
    stream = io.StringIO()
    make_output(log_format="console", redaction=Redaction([SECRET]), stream=stream)(SAYS)
    assert stream.getvalue() == "[linux/arm64 2/2] <redacted>\n[linux/arm64 2/2] done\n"


def test_output_of_the_build_as_json_is_redacted() -> None:
    stream = io.StringIO()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    make_output(log_format="json", redaction=Redaction([SECRET]), stream=stream, now=lambda: now)(SAYS)
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert said == [{**ABOUT, "text": "<redacted>"}, {**ABOUT, "text": "done"}]


LEVEL_OF = {
    "a warning": (BuildEvent(kind=EventKind.WARNING, lines=("FromAsCasing",)), "warning"),
    "a failure": (BuildEvent(kind=EventKind.FAILED, step=STEP, lines=("exit code: 1",)), "error"),
    "a canceled step": (BuildEvent(kind=EventKind.CANCELED, step=STEP, lines=("context canceled",)), "info"),
    "a cache that is not there yet": (
        BuildEvent(
            kind=EventKind.FAILED, step=StepName(name="", kind=StepKind.CACHE_IMPORT), lines=("cache: not found",)
        ),
        "info",
    ),
}


@pytest.mark.parametrize(("event", "level"), LEVEL_OF.values(), ids=LEVEL_OF)
def test_output_event_has_its_level(event: BuildEvent, level: str) -> None:
    stream = io.StringIO()
    make_output(log_format="json", redaction=Redaction(), stream=stream)(event)
    assert json.loads(stream.getvalue())["level"] == level


class Slow(io.StringIO):
    """A stream on which two writers at once would be seen."""

    def write(self, text: str) -> int:
        for letter in text:
            super().write(letter)
            time.sleep(0)
        return len(text)


def test_output_of_two_threads_keeps_lines_whole() -> None:
    stream = Slow()
    log = make_log(log_format="console", level="info", redaction=Redaction(), stream=stream, clock=lambda: 0.0)
    write = make_output(log_format="console", redaction=Redaction(), stream=stream)

    def say() -> None:
        for _ in range(50):
            log.info("of the log", phase="x")

    thread = threading.Thread(target=say)
    thread.start()
    for _ in range(50):
        write(BuildEvent(kind=EventKind.MESSAGE, lines=("of the build", "of the build")))
    thread.join()
    assert set(stream.getvalue().splitlines()) == {"   0.0 s  x         of the log", "of the build"}


def test_log_secret_added_later_is_redacted() -> None:
    redaction, stream = Redaction(), io.StringIO()
    log = make_log(log_format="console", level="info", redaction=redaction, stream=stream, clock=lambda: 0.0)
    log.info("begin")
    redaction.add(SECRET)
    log.info(SECRET)
    assert SECRET not in stream.getvalue()


class Broken(io.StringIO):
    """A stream that cannot be written after its first line."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise BrokenPipeError
        return super().write(text)


def test_log_write_error_is_ignored() -> None:
    stream = Broken()
    log = make_log(log_format="text", level="info", redaction=Redaction(), stream=stream, clock=lambda: 0.0)
    write = make_output(log_format="text", redaction=Redaction(), stream=stream)
    for _ in range(3):
        log.info("one", phase="x")
        write(BuildEvent(kind=EventKind.MESSAGE, lines=("two",)))
    assert stream.getvalue().count("\n") == 1


HOSTILE = "x\x1b[2J\x1b]0;title\x07\x9b1m\u202ey\x08\u2028z"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_log_hostile_text_gives_the_terminal_no_command(log_format: str) -> None:
    logged = Logged(log_format)
    logged.log.warning(f"branch {HOSTILE}", phase="settings")
    make_output(log_format=log_format, redaction=Redaction(), stream=logged.stream)(
        BuildEvent(kind=EventKind.WARNING, lines=(HOSTILE,))
    )
    assert not set("\x1b\x07\x08\x9b\u202e\u2028") & set(logged.text)
    assert not any(each in logged.text for each in ("\\u001b", "\\u202e"))
    assert logged.text.count("xy") == 0
    assert len(logged.text.splitlines()) == 2
