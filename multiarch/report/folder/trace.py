"""A run as a trace for https://ui.perfetto.dev and chrome://tracing. Pure.

https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU (Trace Event Format)
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from multiarch.record import BuildStep, Interval, Record
from multiarch.report.text import cut
from multiarch.report.timeline import critical_path, end_of, group_names, group_of

_NAME = 200
_MICROSECONDS = 1_000_000

_Event = Mapping[str, object]


@dataclass
class _Lanes:
    """The lanes of one group. Concurrent spans need different lanes; in one lane, they would be drawn nested."""

    ends: list[float] = field(default_factory=list)

    def place(self, start: float, end: float) -> int:
        """Reserve the first lane that is free from `start` on, and return it."""
        for lane, free_from in enumerate(self.ends):
            if free_from <= start:
                self.ends[lane] = end
                return lane
        self.ends.append(end)
        return len(self.ends) - 1


def trace_as_json(record: Record) -> str:
    """Return the trace; a span without an end lasts to the end of the record and is marked `unfinished`."""
    events = sorted(_events(record), key=lambda event: str(event["ph"]) != "M")
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms"}, separators=(",", ":")) + "\n"


def _events(record: Record) -> Iterator[_Event]:
    end = end_of(record)
    critical = {step.digest for step in critical_path(record)}
    names = ("multiarch", *group_names(record))
    numbers = {name: number for number, name in enumerate(names, start=1)}
    for name, number in numbers.items():
        yield {"ph": "M", "name": "process_name", "pid": number, "tid": 0, "args": {"name": name}}
        yield {"ph": "M", "name": "process_sort_index", "pid": number, "tid": 0, "args": {"sort_index": number}}
    for phase in record.phases:
        yield _span(phase.name, phase.interval, end, kind="phase", process=numbers["multiarch"], lane=0, about={})
    steps, moves = {name: _Lanes() for name in names}, {name: _Lanes() for name in names}
    for step in sorted((step for step in record.steps if step.intervals), key=lambda each: each.intervals[0].start):
        group = group_of(step)
        about = {**_about(step), "critical": step.digest in critical}
        for span in step.intervals:
            lane = steps[group].place(span.start, end if span.end is None else span.end)
            yield _span(step.title, span, end, kind=str(step.kind), process=numbers[group], lane=lane, about=about)
    # Transfers have lanes below the steps: one step can have several transfers at the same time.
    for step in record.steps:
        group = group_of(step)
        for each in step.transfers:
            span = each.interval
            lane = len(steps[group].ends) + moves[group].place(span.start, end if span.end is None else span.end)
            about = {"size": each.size, "total": each.total, "step": cut(step.title, _NAME)}
            yield _span(each.name, span, end, kind="transfer", process=numbers[group], lane=lane, about=about)


def _span(
    name: str, span: Interval, end: float, *, kind: str, process: int, lane: int, about: Mapping[str, object]
) -> _Event:
    length = (end if span.end is None else span.end) - span.start
    return {
        "ph": "X",
        "name": cut(name, _NAME),
        "cat": kind,
        "pid": process,
        "tid": lane,
        "ts": round(span.start * _MICROSECONDS),
        "dur": round(max(0.0, length) * _MICROSECONDS),
        "args": {**about, **({} if span.end is not None else {"unfinished": True})},
    }


def _about(step: BuildStep) -> dict[str, object]:
    about = {"state": str(step.state), "line": step.line, "emulated": step.emulated, "error": _error(step.error)}
    return {name: value for name, value in about.items() if value not in (None, "")}


def _error(text: str) -> str:
    return cut(text, 1000)
