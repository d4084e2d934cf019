"""Configures structlog: lines for people, or one JSON object per line, both redacted."""

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO, cast

import msgspec
import structlog

from multiarch.record.live import as_fields, as_lines, is_missing_cache
from multiarch.record.reader import BuildEvent, EventKind
from multiarch.text.redaction import Redaction

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_PHASE_WIDTH = 9

Log = structlog.typing.FilteringBoundLogger
_Event = MutableMapping[str, Any]


# One lock for all streams, so that threads write whole lines. Reentrant, because a signal handler can write a line
# while the lock is held.
_WRITING = threading.RLock()


class _LossyStream:
    """A stream that drops text after the first write error: a failed log must not fail the run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def write(self, text: str) -> None:
        if not self._stream:
            return
        try:
            with _WRITING:
                self._stream.write(text)
        except OSError:
            self._stream = None

    def flush(self) -> None:
        if not self._stream:
            return
        try:
            self._stream.flush()
        except OSError:
            self._stream = None


def make_log(
    *,
    log_format: str,
    level: str,
    redaction: Redaction,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Log:
    """Make the log of one run.

    Args:
        log_format: `json`; any other value for lines for people.
        level: the lowest level to write.
        redaction: removes secrets.
        stream: standard error by default.
        clock: returns seconds; each line shows the seconds since this call.
    """
    start = clock()

    def stamp(_logger: object, _method: str, event: _Event) -> _Event:
        return {"seconds": round(clock() - start, 1), **event}

    def redact(_logger: object, _method: str, event: _Event) -> _Event:
        return {key: redaction.clean(value) if isinstance(value, str) else value for key, value in event.items()}

    processors: list[structlog.typing.Processor] = [stamp, redact]
    if log_format == "json":
        add_time = structlog.processors.TimeStamper(fmt="iso", utc=True)
        processors = [structlog.processors.add_log_level, add_time, *processors, _as_json]
    else:
        processors += [structlog.processors.add_log_level, _as_text]
    return structlog.wrap_logger(  # type: ignore[no-any-return]  # a proxy for the wrapper class
        structlog.WriteLogger(cast("TextIO", _LossyStream(stream or sys.stderr))),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=True,
    )


def _as_json(_logger: object, _method: str, event: _Event) -> str:
    return json.dumps(event, default=str)


def _as_text(_logger: object, _method: str, event: _Event) -> str:
    """Return `  1.2 s  login     signed in`; a line of the build's output is unchanged."""
    level = event.pop("level")
    phase = event.pop("phase", "")
    seconds = event.pop("seconds")
    text = str(event.pop("event"))
    if event.pop("raw", False):
        return text
    mark = "" if level in ("debug", "info") else f"{level.upper()}: "
    rest = "".join(f" {key}={value}" for key, value in event.items() if key != "source")
    head = f"{seconds:6.1f} s  {phase:<{_PHASE_WIDTH}} "
    return "\n".join(f"{head}{mark}{line}{rest}" for line in text.splitlines() or [""])


def write_line(line: str, stream: TextIO | None = None) -> None:
    """Write a whole line for a program, unchanged."""
    out = _LossyStream(stream or sys.stderr)
    out.write(f"{line}\n")
    out.flush()


def make_output(
    *,
    log_format: str,
    redaction: Redaction,
    stream: TextIO | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Callable[[BuildEvent], None]:
    """Return the function that logs the events of a build. Without structlog and without a flush per line, for speed.

    Args:
        log_format: `json`; any other value for lines for people.
        redaction: removes secrets.
        stream: standard error by default.
        now: returns the current time.
    """
    out = _LossyStream(stream or sys.stderr)

    def write(event: BuildEvent) -> None:
        out.write(redaction.clean("".join(f"{line}\n" for line in as_lines(event))))

    def write_json(event: BuildEvent) -> None:
        head = {"level": _level(event), "timestamp": now().isoformat(), "phase": "build"}
        lines = (msgspec.json.encode(redaction.clean_all({**head, **fields})).decode() for fields in as_fields(event))
        out.write("".join(f"{line}\n" for line in lines))

    return write_json if log_format == "json" else write


def _level(event: BuildEvent) -> str:
    if event.kind is EventKind.WARNING:
        return "warning"
    return "error" if event.kind is EventKind.FAILED and not is_missing_cache(event) else "info"
