"""The live log of a build: which events get a line, and the text of the line. Pure.

A step has a line when it starts and when it ends; in between, its output follows its name. A step without output has a
line from time to time. BuildKit's internal steps have a line only if they take time or fail.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import assert_never

from multiarch.record.reader import BuildEvent, EventKind
from multiarch.record.steps import StepKind, StepName

SILENCE = 30.0
_SLOW_INTERNAL = 1.0
_NO_CACHE_YET = "not found"
_ENDS = (EventKind.DONE, EventKind.CACHED, EventKind.FAILED, EventKind.CANCELED)


@dataclass
class _Running:
    step: StepName
    begin: float
    shown: float


class LiveLog:
    """Chooses the events of one attempt of a build that get a line."""

    def __init__(self, clock: Callable[[], float], silence: float = SILENCE) -> None:
        """Prepare.

        Args:
            clock: returns seconds.
            silence: the seconds without output after which a running step gets a line.
        """
        self._clock = clock
        self._silence = silence
        self._running: dict[str, _Running] = {}
        self._announced: set[str] = set()

    def choose(self, event: BuildEvent) -> Iterator[BuildEvent]:
        """Yield the event if it gets a line."""
        step, now = event.step, self._clock()
        if not step:
            yield event
            return
        internal = step.kind is StepKind.INTERNAL
        if event.kind is EventKind.STARTED:
            self._running[event.digest] = _Running(step, now, now)
            if not internal and event.digest not in self._announced:
                self._announced.add(event.digest)
                yield event
        elif event.kind in _ENDS:
            self._running.pop(event.digest, None)
            quick = event.kind is EventKind.DONE and event.seconds < _SLOW_INTERNAL
            if not internal or not (quick or event.kind is EventKind.CACHED):
                yield event
        else:
            if running := self._running.get(event.digest):
                running.shown = now
            yield event

    def tick(self) -> Iterator[BuildEvent]:
        """Yield the running steps without output; call this about every second."""
        now = self._clock()
        for digest, running in self._running.items():
            if now - running.shown >= self._silence:
                running.shown = now
                yield BuildEvent(kind=EventKind.RUNNING, digest=digest, step=running.step, seconds=now - running.begin)


def as_lines(event: BuildEvent) -> Iterator[str]:
    """Yield an event's lines as text, each after its step's name."""
    step = event.step
    if not step:
        mark = "WARNING: " if event.kind is EventKind.WARNING else ""
        yield from (f"{mark}{line}" for line in event.lines)
        return
    prefix = step.label if step.number else f"{step.label}:"
    match event.kind:
        case EventKind.STARTED:
            yield step.title
        case EventKind.OUTPUT:
            yield from (f"{prefix} {line}" for line in event.lines)
        case EventKind.DONE:
            yield f"{prefix} done in {event.seconds:.1f} s"
        case EventKind.CACHED:
            yield f"{step.title} CACHED"
        case EventKind.FAILED if is_missing_cache(event):
            yield f"{prefix} not found"
        case EventKind.FAILED:
            yield f"{prefix} ERROR {' '.join(event.lines)}"
        case EventKind.CANCELED:
            yield f"{prefix} canceled"
        case EventKind.RUNNING:
            yield f"{prefix} still running, {event.seconds:.0f} s"
        case EventKind.WARNING | EventKind.MESSAGE:
            yield from event.lines
        case _:
            assert_never(event.kind)


def as_fields(event: BuildEvent) -> Iterator[dict[str, object]]:
    """Yield an event as JSON objects, one for each line of output: `step` is the title, followed by its parts."""
    step = event.step
    about: dict[str, object] = {"event": f"step {event.kind}" if step else event.kind.value}
    if step:
        about["step"] = step.title
        named = {"image": step.image, "platform": step.platform, "stage": step.stage, "position": step.position}
        about |= {name: value for name, value in named.items() if value}
    if event.kind in (EventKind.DONE, EventKind.FAILED, EventKind.CANCELED, EventKind.RUNNING):
        about["seconds"] = round(event.seconds, 3)
    if event.kind in (EventKind.FAILED, EventKind.CANCELED):
        yield {**about, "missing" if is_missing_cache(event) else "error": " ".join(event.lines)}
    elif event.lines:
        yield from ({**about, "text": line} for line in event.lines)
    else:
        yield about


def is_missing_cache(event: BuildEvent) -> bool:
    """Whether a cache import did not find its cache, which is no failure."""
    step = event.step
    return bool(step and step.kind is StepKind.CACHE_IMPORT and event.lines and event.lines[0].endswith(_NO_CACHE_YET))
