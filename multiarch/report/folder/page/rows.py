"""The rows of the timeline: bars, badges and details. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from multiarch.record import BuildStep, Interval, Record, StepKind, StepState
from multiarch.report.text import NOTHING, cut, duration, last_lines
from multiarch.report.timeline import SHARED, critical_path, groups
from multiarch.text.sizes import human_size

# The page stays below 5 MB and opens at once, however much a build printed: the log has the whole output.
_OUTPUT = 1_000_000
_OUTPUT_OF_A_STEP = 20_000
_NAME = 300
_TRANSFERS = 20
_MOST_TICKS = 8
_LAST_TICK = 95
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
_MOVES = (StepKind.CACHE_IMPORT, StepKind.CACHE_EXPORT, StepKind.EXPORT, StepKind.INTERNAL)
LEGEND: Mapping[str, str] = {
    "work": "step ran",
    "emulated": "emulated",
    "cached": "from the cache",
    "failed": "failed",
    "canceled": "canceled",
    "unfinished": "unfinished",
    "move": "data transfer: context, cache, image",
    "critical": "◆ on the critical path",
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    name: str
    value: str
    more: str = ""


@dataclass(frozen=True, kw_only=True)
class StepOutput:
    """The end of a step's output, and a note if the output is longer."""

    text: str
    left_out: str


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A word beside a step, after a mark. A quiet badge is only for screen readers, which have no bar."""

    kind: str
    text: str
    mark: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class Bar:
    """The begin and the length of a bar, in percent of the timeline."""

    left: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the timeline; `whole` is the instruction with all its lines."""

    stage: str
    text: str
    whole: str
    classes: tuple[str, ...]
    badges: tuple[Badge, ...]
    bars: tuple[Bar, ...]
    took: str
    facts: tuple[Figure, ...]
    output: StepOutput | None


@dataclass(frozen=True, kw_only=True)
class GroupView:
    name: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Tick:
    at: float
    text: str


def row_groups(record: Record, end: float) -> Iterator[GroupView]:
    """Yield the phases, the steps of each platform, then the shared steps."""
    if record.phases:
        rows = tuple(_phase(name, list(spans), end) for name, spans in _phases(record))
        yield GroupView(name="Run", note="phases", rows=rows)
    critical = {step.digest for step in critical_path(record)}
    found = groups(record)
    size = min(_OUTPUT_OF_A_STEP, _OUTPUT // max(1, sum(len(group.steps) for group in found)))
    for group in found:
        shown = [_without_harm(step, record) for step in group.steps]
        work = [step for step in group.steps if step.is_work]
        cached = sum(step.cached for step in work)
        note = f"{len(work)} steps, {cached} from the cache" if work else ""
        yield GroupView(
            name="All platforms" if group.name == SHARED else group.name,
            note=note,
            rows=tuple(_row(step, end, size, critical=step.digest in critical) for step in shown),
        )


def _without_harm(step: BuildStep, record: Record) -> BuildStep:
    """Return an import of a missing cache as a step without an error: a missing cache is no failure."""
    missing = [each.reference for each in record.caches if each.direction == "import" and each.status == "missing"]
    if step.kind is StepKind.CACHE_IMPORT and step.error and any(each in step.name for each in missing):
        return replace(step, name=f"{step.name}: not found", error="")
    return step


def _phases(record: Record) -> Iterator[tuple[str, Sequence[Interval]]]:
    for name in dict.fromkeys(phase.name for phase in record.phases):
        yield name, [phase.interval for phase in record.phases if phase.name == name]


def _phase(name: str, spans: Sequence[Interval], end: float) -> Row:
    return Row(
        stage="",
        text=name,
        whole="",
        classes=("phase",),
        badges=(),
        bars=tuple(_bars(spans, end)),
        took=duration(sum(_length(span, end) for span in spans)),
        facts=tuple(_spans(spans)),
        output=None,
    )


def _row(step: BuildStep, end: float, size: int, *, critical: bool) -> Row:
    text = " ".join((step.instruction if step.number else step.name).split())
    return Row(
        stage=f"{step.stage} {step.position}".strip(),
        text=cut(text, _NAME),
        whole=cut(step.instruction, _OUTPUT_OF_A_STEP),
        classes=tuple(_classes(step, critical=critical)),
        badges=tuple(_badges(step, critical=critical)),
        bars=tuple(_bars(step.intervals, end)),
        took=_took(step, end),
        facts=tuple(_facts(step)),
        output=output_of(step, size),
    )


def _classes(step: BuildStep, *, critical: bool) -> Iterator[str]:
    match step.state:
        case StepState.DONE:
            yield "move" if step.kind in _MOVES else "work"
        case state:
            yield str(state)
    if _ran_emulated(step):
        yield "emulated"
    if critical:
        yield "critical"


def _badges(step: BuildStep, *, critical: bool) -> Iterator[Badge]:
    match step.state:
        case StepState.FAILED:
            yield Badge(kind="failed", text="failed", mark="✕")
        case StepState.CACHED | StepState.CANCELED as state:
            yield Badge(kind=str(state), text=str(state))
        case StepState.UNFINISHED:
            yield Badge(kind="unfinished", text="unfinished")
        case StepState.WAITING:
            yield Badge(kind="waiting", text="not run")
        case StepState.DONE:
            pass
    if _ran_emulated(step):
        yield Badge(kind="emulated", text="emulated")
    if critical:
        yield Badge(kind="critical", text="on the critical path", mark="◆", is_quiet=True)


def _ran_emulated(step: BuildStep) -> bool:
    return bool(step.emulated and step.intervals and not step.cached)


def _took(step: BuildStep, end: float) -> str:
    if step.cached or not step.intervals:
        return NOTHING
    return duration(sum(_length(span, end) for span in step.intervals))


def _length(span: Interval, end: float) -> float:
    return (end if span.end is None else span.end) - span.start


def _bars(spans: Sequence[Interval], end: float) -> Iterator[Bar]:
    for span in spans:
        left = min(max(0.0, span.start), end)
        width = min(max(0.0, _length(span, end)), end - left)
        yield Bar(left=round(100 * left / end, 3), width=round(100 * width / end, 3))


def _facts(step: BuildStep) -> Iterator[Figure]:
    if step.line:
        yield Figure(name="Dockerfile", value=f"line {step.line}")
    if step.runs_on and step.platform and step.runs_on != step.platform:
        yield Figure(name="Runs on", value=step.runs_on)
    yield from _spans(step.intervals)
    if step.error:
        yield Figure(name="Error", value=cut(step.error, _OUTPUT_OF_A_STEP))
    for transfer in step.transfers[:_TRANSFERS]:
        size = transfer.total or transfer.size
        took = duration(transfer.interval.seconds) if transfer.interval.end is not None else "unfinished"
        yield Figure(name=cut(transfer.name, _NAME), value=f"{human_size(size)}, {took}" if size else took)
    if len(step.transfers) > _TRANSFERS:
        yield Figure(name="and", value=f"{len(step.transfers) - _TRANSFERS} more")


def _spans(spans: Sequence[Interval]) -> Iterator[Figure]:
    for span in spans:
        until = "unknown" if span.end is None else _at(span.end, exactly=True)
        yield Figure(name="When", value=f"{_at(span.start, exactly=True)} to {until}")


def output_of(step: BuildStep, size: int) -> StepOutput | None:
    """Return the end of a step's output that fits into a size in characters; None if there is no output."""
    if not step.output:
        return None
    lines, left_out = last_lines(step.output, size)
    missing = max(step.output_lines - len(step.output), 0) + left_out
    return StepOutput(
        text="\n".join(lines),
        left_out=f"The last {len(lines)} of {len(lines) + missing:,} lines." if missing else "",
    )


def ticks(end: float) -> tuple[Tick, ...]:
    """Return the marks of the axis from 0; a mark at the very end would reach into the next column."""
    every = _tick(end)
    marks = (
        Tick(at=round(100 * every * each / end, 3), text=_at(every * each)) for each in range(math.ceil(end / every))
    )
    return tuple(mark for mark in marks if mark.at < _LAST_TICK)


def _tick(end: float) -> float:
    """Return a round number of seconds that divides a run into at most eight parts; a day has more."""
    return next((each for each in _TICKS if end <= _MOST_TICKS * each), _TICKS[-1])


def _at(seconds: float, *, exactly: bool = False) -> str:
    if exactly:
        return f"{seconds:.2f} s" if seconds < 60 else f"{int(seconds // 60)}:{seconds % 60:05.2f}"  # noqa: PLR2004
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
