"""Reads a build's output line by line, yields its events, and keeps the data of the record. Pure."""

from codecs import IncrementalDecoder, getincrementaldecoder
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from multiarch.errors import StepFailure
from multiarch.record.buildkit import decode, missing_local_cache, parse_event, parse_name, parse_time, parts
from multiarch.record.model import CacheAccess, RunInfo
from multiarch.record.steps import BuildWarning, StepKind, StepName
from multiarch.text.printable import printable
from multiarch.text.redaction import Redaction

# Bounds of memory: lines of output per step, messages of buildx, warnings; transfers and intervals per step; characters
# of a kept line, and of a line without an end.
_TAIL = 50
_TEXT_TAIL = 200
_WARNINGS = 200
_TRANSFERS = 300
_TIMES = 100
_LONGEST_KEPT = 1000
_LONGEST_LINE = 1 << 16
# A step that ends again, such as a resumed download, is worth a line if it took this long.
_SLOW = 1.0


class EventKind(StrEnum):
    """The kinds of events; the last two are about no step."""

    STARTED = "started"
    OUTPUT = "output"
    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    CANCELED = "canceled"
    RUNNING = "running"  # still runs, without output for long
    WARNING = "warning"
    MESSAGE = "message"  # of buildx


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEvent:
    """One event.

    Attributes:
        digest: of the step.
        lines: whole lines of output, of an error, of a warning, or of a message of buildx.
        seconds: how long the step has run.
    """

    kind: EventKind
    digest: str = ""
    step: StepName | None = None
    lines: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass
class Moved:
    """A transfer: bytes, and seconds of the epoch."""

    size: int = 0
    total: int = 0
    start: float = 0.0
    end: float | None = None


@dataclass
class Vertex:
    """One node of BuildKit's graph; times in seconds of the epoch."""

    digest: str
    name: StepName
    inputs: tuple[str, ...] = ()
    times: list[tuple[float, float | None]] = field(default_factory=list)
    cached: bool = False
    error: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    printed: int = 0
    partial: str = ""
    decoder: IncrementalDecoder = field(default_factory=lambda: getincrementaldecoder("utf-8")(errors="replace"))
    moved: dict[str, Moved] = field(default_factory=dict)
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """The seconds that it ran; 0 until it ends."""
        return sum(max(0.0, end - start) for start, end in self.times if end is not None)

    @property
    def is_running(self) -> bool:
        return bool(self.times) and self.times[-1][1] is None

    @property
    def canceled(self) -> bool:
        # By text: BuildKit's events have no field for it, only the error of gRPC.
        return "context canceled" in self.error


class Saver(Protocol):
    """Saves a build's events."""

    def event(self, event: Mapping[str, Any]) -> None:
        """Save an event of BuildKit, without its logs."""

    def output(self, digest: str, lines: tuple[str, ...]) -> None:
        """Save whole lines of a step's output."""

    def message(self, line: str) -> None:
        """Save a message of buildx."""


class BuildReader:
    """Reads one attempt of a build."""

    def __init__(
        self, run: RunInfo | None = None, saver: Saver | None = None, redaction: Redaction | None = None
    ) -> None:
        """Prepare.

        Args:
            run: what the build is about.
            saver: saves the events.
            redaction: cleans every text before anything is cut.
        """
        self.run = run or RunInfo()
        self.vertexes: dict[str, Vertex] = {}
        self.warnings: list[BuildWarning] = []
        self.missing_caches: list[CacheAccess] = []
        self._saver = saver
        self._targets = self.run.bake_targets
        self._image = self.run.only_built
        self._redaction = redaction or Redaction()
        self._text: deque[str] = deque(maxlen=_TEXT_TAIL)

    def feed(self, line: str) -> Iterator[BuildEvent]:
        """Read a line of output, and yield its events."""
        event = parse_event(line)
        if event is None:
            yield from self._message(line)
            return
        for change in parts(event, "vertexes", "digest"):
            yield from self._change(change)
        for status in parts(event, "statuses", "vertex"):
            self._move(status)
        for log in parts(event, "logs", "vertex"):
            yield from self._log(log)
        for warning in parts(event, "warnings", "short"):
            yield from self._warn(warning)
        if self._saver:
            self._save(event)

    @property
    def text(self) -> tuple[str, ...]:
        """The last lines of buildx that are no events."""
        return tuple(self._text)

    def failed_steps(self) -> list[StepFailure]:
        """Return the steps that did not succeed."""
        return [
            StepFailure(
                title=self.name_of(vertex).title,
                output=tuple(vertex.tail),
                error=vertex.error,
                is_canceled=vertex.canceled,
            )
            for vertex in self.vertexes.values()
            if vertex.error
        ]

    def name_of(self, vertex: Vertex) -> StepName:
        """Return a vertex's name, with the platform if BuildKit omits it."""
        name = vertex.name
        if name.number and not name.platform and (platform := self._platform(vertex)):
            vertex.name = name = replace(name, platform=platform)
        return name

    def _message(self, line: str) -> Iterator[BuildEvent]:
        line = self._redaction.clean(line)
        self._text.append(line)
        if self._saver:
            self._saver.message(line)
        if folder := missing_local_cache(line):
            self.missing_caches.append(CacheAccess(direction="import", reference=folder, status="missing"))
            line = f"importing cache manifest from {folder}: not found"
        yield BuildEvent(kind=EventKind.MESSAGE, lines=(line,))

    def _vertex(self, digest: str) -> Vertex:
        vertex = self.vertexes.get(digest)
        if vertex is None:
            name = StepName(name="", kind=StepKind.OTHER)
            self.vertexes[digest] = vertex = Vertex(digest=digest, name=name)
        return vertex

    def _change(self, change: Mapping[str, Any]) -> Iterator[BuildEvent]:
        vertex = self._vertex(change["digest"])
        if (name := self._redaction.clean(str(change.get("name") or ""))) and name != vertex.name.name:
            vertex.name = self._name(name)
        inputs = change.get("inputs")
        vertex.inputs = tuple(map(str, inputs)) if isinstance(inputs, list) and inputs else vertex.inputs
        # A cached step starts again if the export needs its files: it is still cached.
        vertex.cached = vertex.cached or bool(change.get("cached"))
        vertex.error = self._redaction.clean(str(change.get("error", "")))
        was_running = vertex.is_running
        self._time(vertex, parse_time(change.get("started")), parse_time(change.get("completed")))
        if vertex.is_running and not was_running and not vertex.cached:
            yield BuildEvent(kind=EventKind.STARTED, digest=vertex.digest, step=self.name_of(vertex))
        elif vertex.times and not vertex.is_running and self._is_news(vertex):
            yield from self._end(vertex)

    def _name(self, text: str) -> StepName:
        name = parse_name(text, self._targets)
        return replace(name, image=self._image) if self._image else name

    def _time(self, vertex: Vertex, start: float | None, end: float | None) -> None:
        if start is None:
            return
        if vertex.times and (vertex.times[-1][0] == start or len(vertex.times) == _TIMES):
            vertex.times[-1] = (vertex.times[-1][0], end)
        else:
            vertex.times.append((start, end))

    def _is_news(self, vertex: Vertex) -> bool:
        if vertex.ended is None:
            return True
        return not vertex.cached and vertex.seconds - vertex.ended >= _SLOW

    def _end(self, vertex: Vertex) -> Iterator[BuildEvent]:
        vertex.ended = vertex.seconds
        step = self.name_of(vertex)
        if vertex.partial:
            rest, vertex.partial = vertex.partial, ""
            yield self._output(vertex, step, rest)
        if vertex.cached:
            yield BuildEvent(kind=EventKind.CACHED, digest=vertex.digest, step=step)
            return
        kind = EventKind.DONE
        if vertex.error:
            kind = EventKind.CANCELED if vertex.canceled else EventKind.FAILED
        lines = (vertex.error,) if vertex.error else ()
        yield BuildEvent(kind=kind, digest=vertex.digest, step=step, lines=lines, seconds=vertex.seconds)

    def _move(self, status: Mapping[str, Any]) -> None:
        moved, name = self._vertex(status["vertex"]).moved, str(status.get("id", ""))
        if name not in moved:
            if len(moved) == _TRANSFERS:
                return
            moved[name] = Moved()
        each, start = moved[name], parse_time(status.get("started"))
        each.start = start if start is not None else each.start or parse_time(status.get("timestamp")) or 0.0
        each.end = parse_time(status.get("completed"))
        each.size, each.total = _count(status.get("current")), _count(status.get("total"))

    def _log(self, log: Mapping[str, Any]) -> Iterator[BuildEvent]:
        vertex = self._vertex(log["vertex"])
        text = vertex.partial + vertex.decoder.decode(decode(log.get("data", "")))
        whole, end, rest = text.rpartition("\n")
        if len(rest) > _LONGEST_LINE:
            first, rest = self._part(rest)
            whole, end = whole + end + first, "\n" if first else end
        vertex.partial = rest
        if end:
            yield self._output(vertex, self.name_of(vertex), whole)

    def _part(self, line: str) -> tuple[str, str]:
        """Part a line that does not end, between two secrets; the rest may have the beginning of one."""
        line = printable(line)
        hold = min(self._redaction.longest, _LONGEST_LINE // 2)
        position = self._redaction.cut(line, len(line) - hold)
        return line[:position], line[position:]

    def _output(self, vertex: Vertex, step: StepName, text: str) -> BuildEvent:
        if "\r" in text:
            # A progress bar redraws its line: only its last state counts.
            text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
        lines = self._redaction.clean(text).split("\n")
        vertex.printed += len(lines)
        vertex.tail.extend(line[:_LONGEST_KEPT] for line in lines[-_TAIL:])
        if self._saver:
            self._saver.output(vertex.digest, tuple(lines))
        return BuildEvent(kind=EventKind.OUTPUT, digest=vertex.digest, step=step, lines=tuple(lines))

    def _warn(self, warning: Mapping[str, Any]) -> Iterator[BuildEvent]:
        short = self._redaction.clean(_text(warning["short"]))
        ranges = warning.get("range")
        first = ranges[0] if isinstance(ranges, list) and ranges and isinstance(ranges[0], dict) else {}
        start = first.get("start")
        line = start.get("line") if isinstance(start, dict) else None
        detail = warning.get("detail")
        found = BuildWarning(
            short=short,
            detail=tuple(self._redaction.clean(_text(each)) for each in detail) if isinstance(detail, list) else (),
            url=str(warning.get("url", "")),
            line=line if isinstance(line, int) else None,
        )
        if found in self.warnings:
            return
        if len(self.warnings) < _WARNINGS:
            self.warnings.append(found)
        yield BuildEvent(kind=EventKind.WARNING, digest=str(warning.get("vertex", "")), lines=(short,))

    def _save(self, event: Mapping[str, Any]) -> None:
        assert self._saver
        kept = {key: value for key, value in event.items() if key not in ("logs", "statuses")}
        # Save only the begin and the end of a transfer.
        ends = [each for each in parts(event, "statuses", "vertex") if each.get("completed") or not each.get("current")]
        if ends:
            kept["statuses"] = ends
        if kept:
            self._saver.event(kept)

    def _platform(self, vertex: Vertex) -> str:
        """Return the platform of the nearest input that has one, or the only platform of the run."""
        seen: set[str] = set()
        waiting = deque([vertex])
        while waiting:
            each = waiting.popleft()
            if each.name.platform:
                return each.name.platform
            before = (digest for digest in each.inputs if digest not in seen and digest in self.vertexes)
            for digest in before:
                seen.add(digest)
                waiting.append(self.vertexes[digest])
        return self.run.platforms[0] if len(self.run.platforms) == 1 else ""


def _text(value: object) -> str:
    return decode(value).decode(errors="replace")


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0
