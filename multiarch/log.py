"""structlog, configured once: lines for people, or one JSON object a line; secrets are taken out first."""

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


# One for all streams: threads write whole lines, and a line of ours does not end up in one of the build's. A signal may
# come while it is held, and whoever handles it may write.
_WRITING = threading.RLock()


class _Forgiving:
    """A stream that takes what cannot be written any more: a run is worth more than its log."""

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
        log_format: `json`, or anything else for lines that people read.
        level: the least level that is written.
        redaction: what takes the secrets out.
        stream: where to write, the standard error by default.
        clock: tells the seconds; a line shows those since now.
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
        structlog.WriteLogger(cast("TextIO", _Forgiving(stream or sys.stderr))),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=True,
    )


def _as_json(_logger: object, _method: str, event: _Event) -> str:
    return json.dumps(event, default=str)


def _as_text(_logger: object, _method: str, event: _Event) -> str:
    """`  1.2 s  login     signed in`; a line of the build's own output stands as it is."""
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
    """Write a line that is read by a program: as it is, whole, and with nothing beside it."""
    out = _Forgiving(stream or sys.stderr)
    out.write(f"{line}\n")
    out.flush()


def make_output(
    *,
    log_format: str,
    redaction: Redaction,
    stream: TextIO | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Callable[[BuildEvent], None]:
    """Make the writer of what a build says and does, which is much: no structlog, no flush a line.

    Args:
        log_format: `json`, or anything else for lines that people read.
        redaction: what takes the secrets out.
        stream: where to write, the standard error by default.
        now: the time of day.
    """
    out = _Forgiving(stream or sys.stderr)

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
