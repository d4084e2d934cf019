"""BuildKit's events, as `--progress=rawjson` prints them -> lines for the log, and what a build was made of. Pure.

An event is one JSON object a line with any of `vertexes`, `statuses`, `logs` and `warnings`; a vertex repeats, its last
state wins: https://github.com/moby/buildkit/blob/master/client/graph.go. Other lines are buildx's own words.
"""

import base64
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from multiarch.record.model import CacheUse

_TAIL = 20
_TEXT_TAIL = 200
# Output without a line's end is cut here, so that memory stays bounded.
_LONGEST_LINE = 1 << 16
_STEP = re.compile(
    r"\[(?:(?P<platform>(?:linux|windows)/[\w/]+)\s+)?(?P<stage>[^\]]*?)\s*(?P<number>\d+/\d+)\]\s+(?P<what>.*)",
    re.DOTALL,
)
# Named by BuildKit around the user's steps; worth a line only where they take time.
_INTERNAL = re.compile(r"\[(?:\S+ )?(?:internal|auth)\]|resolving provenance|resolve image config|inferred")
_SLOW_INTERNAL = 1.0
_CACHE_EXPORT = "exporting cache"
_CACHE_IMPORT = "importing cache manifest"
_NO_LOCAL_CACHE = re.compile(r"WARNING: local cache import at (\S+) not found")


@dataclass
class Vertex:
    """One node of BuildKit's graph, and the end of what it printed."""

    digest: str
    name: str = ""
    inputs: tuple[str, ...] = ()
    started: str = ""
    completed: str = ""
    cached: bool = False
    error: str = ""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))
    partial: bytes = b""
    platform: str = ""
    announced: bool = False
    ended: bool = False

    @property
    def seconds(self) -> float:
        """How long it ran, 0 where it has not ended."""
        if not (self.started and self.completed):
            return 0.0
        return (_time(self.completed) - _time(self.started)).total_seconds()

    @property
    def is_cancelled(self) -> bool:
        return "context canceled" in self.error


@dataclass(frozen=True, kw_only=True)
class FailedStep:
    """The step that ended a build."""

    name: str
    error: str
    tail: tuple[str, ...]


class BuildProgress:
    """Takes one build's output line by line."""

    def __init__(self) -> None:
        self._vertexes: dict[str, Vertex] = {}
        self._text: deque[str] = deque(maxlen=_TEXT_TAIL)

    def feed(self, line: str) -> Iterator[str]:
        """Take a line of output, and yield the lines that a person should see of it."""
        event = _event(line)
        if event is None:
            self._text.append(line)
            missing = _NO_LOCAL_CACHE.match(line)
            yield f"{_CACHE_IMPORT} from {missing[1]}: there is none yet" if missing else line
            return
        for change in _records(event, "vertexes", "digest"):
            yield from self._change(change)
        for log in _records(event, "logs", "vertex"):
            yield from self._log(log)
        for warning in _records(event, "warnings", "short"):
            yield f"WARNING: {_decode(warning['short']).decode(errors='replace')}"

    @property
    def has_events(self) -> bool:
        """Whether anything could be read of the build."""
        return bool(self._vertexes)

    @property
    def failed_step(self) -> FailedStep | None:
        """The step that failed, the platforms that were cancelled for it left out."""
        harmless = (_CACHE_IMPORT, _CACHE_EXPORT)
        failed = [each for each in self._vertexes.values() if each.error and not each.name.startswith(harmless)]
        first = min(failed, key=lambda each: (each.is_cancelled, _time(each.completed)), default=None)
        if not first:
            return None
        return FailedStep(name=self._title(first), error=first.error, tail=tuple(first.tail))

    @property
    def cache_use(self) -> CacheUse:
        steps = [
            each for each in self._vertexes.values() if (match := _STEP.match(each.name)) and _is_work(match["what"])
        ]
        exports = (each.error for each in self._vertexes.values() if each.name.startswith(_CACHE_EXPORT))
        imports = (each for each in self._vertexes.values() if each.name.startswith(_CACHE_IMPORT))
        return CacheUse(
            steps=len(steps),
            cached=sum(each.cached for each in steps),
            imported=any(each.completed and not each.error for each in imports),
            export_error=next(filter(None, exports), ""),
        )

    def failure_lines(self) -> Sequence[str]:
        """Return what a diagnosis needs, in the form of BuildKit's plain log: failed vertexes, buildx's own end."""
        lines = []
        for number, vertex in enumerate(self._vertexes.values(), start=1):
            if vertex.error:
                lines.append(f"#{number} {self._title(vertex)}")
                lines += [f"#{number} 0.0 {line}" for line in vertex.tail]
                lines.append(f"#{number} {'CANCELED' if vertex.is_cancelled else f'ERROR: {vertex.error}'}")
        return [*lines, *self._text]

    def _change(self, change: Mapping[str, Any]) -> Iterator[str]:
        vertex = self._vertexes.setdefault(change["digest"], Vertex(digest=change["digest"]))
        vertex.name = change.get("name") or vertex.name
        vertex.inputs = tuple(change.get("inputs") or vertex.inputs)
        vertex.started = change.get("started", "")
        vertex.completed = change.get("completed", "")
        # A step from the cache starts once more where the export needs its files: it did not have to run all the same.
        vertex.cached = vertex.cached or bool(change.get("cached"))
        vertex.error = change.get("error", "")
        internal = bool(_INTERNAL.match(vertex.name))
        if vertex.started and not vertex.announced and not internal and not vertex.cached:
            vertex.announced = True
            yield self._title(vertex)
        if vertex.completed and not vertex.ended:
            yield from self._end(vertex, internal=internal)

    def _end(self, vertex: Vertex, *, internal: bool) -> Iterator[str]:
        if internal and vertex.seconds < _SLOW_INTERNAL and not vertex.error:
            return
        vertex.ended = True
        if vertex.partial:
            yield _output(vertex, self._prefix(vertex), vertex.partial)
            vertex.partial = b""
        if vertex.cached:
            yield f"{self._title(vertex)} CACHED"
        elif vertex.name.startswith(_CACHE_IMPORT) and vertex.error.endswith("not found"):
            yield f"{self._prefix(vertex)} there is none yet"
        elif vertex.is_cancelled:
            yield f"{self._prefix(vertex)} cancelled"
        elif vertex.error:
            yield f"{self._prefix(vertex)} ERROR {vertex.error}"
        else:
            yield f"{self._prefix(vertex)} done in {vertex.seconds:.1f} s"

    def _log(self, log: Mapping[str, Any]) -> Iterator[str]:
        vertex = self._vertexes.setdefault(log["vertex"], Vertex(digest=log["vertex"]))
        *lines, vertex.partial = (vertex.partial + _decode(str(log.get("data", "")))).split(b"\n")
        if len(vertex.partial) > _LONGEST_LINE:
            lines.append(vertex.partial)
            vertex.partial = b""
        prefix = self._prefix(vertex)
        for line in lines:
            yield _output(vertex, prefix, line)

    def _prefix(self, vertex: Vertex) -> str:
        match = _STEP.match(vertex.name)
        if not match:
            return f"{vertex.name}:"
        return f"[{' '.join(filter(None, (self._platform(vertex), match['stage'], match['number'])))}]"

    def _title(self, vertex: Vertex) -> str:
        match = _STEP.match(vertex.name)
        return f"{self._prefix(vertex)} {match['what']}" if match else vertex.name

    def _platform(self, vertex: Vertex) -> str:
        """Return the step's platform: in its name, or, where BuildKit leaves it out, in that of a step before it."""
        if vertex.platform:
            return vertex.platform
        seen: set[str] = set()
        waiting = deque([vertex])
        while waiting:
            each = waiting.popleft()
            match = _STEP.match(each.name)
            if each.platform or (match and match["platform"]):
                vertex.platform = each.platform or (match["platform"] if match else "")
                return vertex.platform
            before = (digest for digest in each.inputs if digest not in seen and digest in self._vertexes)
            for digest in before:
                seen.add(digest)
                waiting.append(self._vertexes[digest])
        return ""


def _output(vertex: Vertex, prefix: str, line: bytes) -> str:
    # A progress bar redraws its line: what it showed last is what counts.
    shown = line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace")
    vertex.tail.append(shown)
    return f"{prefix} {shown}"


def _event(line: str) -> Mapping[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    known = ("vertexes", "statuses", "logs", "warnings")
    return event if isinstance(event, dict) and any(key in event for key in known) else None


def _records(event: Mapping[str, Any], kind: str, key: str) -> Iterator[Mapping[str, Any]]:
    """Yield an event's records of a kind; one of another shape than BuildKit's must not end a build."""
    records = event.get(kind)
    if isinstance(records, list):
        yield from (each for each in records if isinstance(each, dict) and isinstance(each.get(key), str))


def _decode(data: str) -> bytes:
    try:
        return base64.b64decode(data)
    except ValueError:
        return data.encode()


def _time(text: str) -> datetime:
    """Read Go's time, which drops the zeros at a fraction's end; what has not ended comes last."""
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)


def _is_work(what: str) -> bool:
    return not what.startswith("FROM ")


def replay(lines: Sequence[str]) -> BuildProgress:
    """Take a whole log at once, for its summary alone."""
    progress = BuildProgress()
    deque(chain.from_iterable(map(progress.feed, lines)), maxlen=0)
    return progress
