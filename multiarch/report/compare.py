"""Compares two runs step by step: slower steps, cache misses, new and removed steps. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from multiarch.record import BuildStep, Record, RunPhase, StepKind
from multiarch.report.text import cut, duration
from multiarch.text.plain import as_json
from multiarch.text.printable import printable

# The same build differs by less from run to run.
_LEAST_SECONDS = 0.5
_LEAST_SHARE = 0.2
_NAME = 100
# A failure of these does not fail the build; the run warns of it.
_HARMLESS = (StepKind.CACHE_IMPORT, StepKind.CACHE_EXPORT)

_Key = tuple[str, str, str, str, int]


class ChangeKind(StrEnum):
    """The difference of a step, the worst kind first."""

    FAILED = "failed"
    CACHE_MISS = "cache-miss"
    SLOWER = "slower"
    NEW = "new"
    REMOVED = "removed"
    FASTER = "faster"
    CACHED = "cached"


_WORDS: Mapping[ChangeKind, str] = {
    ChangeKind.FAILED: "now fails",
    ChangeKind.CACHE_MISS: "cache miss",
    ChangeKind.SLOWER: "slower",
    ChangeKind.NEW: "new",
    ChangeKind.REMOVED: "removed",
    ChangeKind.FASTER: "faster",
    ChangeKind.CACHED: "now cached",
}


@dataclass(frozen=True, kw_only=True)
class StepChange:
    """A step that differs.

    Attributes:
        image: in a run of several images.
        line: of the Dockerfile in the second run, or in the first run for a removed step; None if unknown.
        before: seconds in the first run; 0 from the cache, None if the run does not have the step.
        after: seconds in the second run, likewise.
        first: a cache miss although none of its inputs is one; it causes the misses of the steps that depend on it.
    """

    kind: ChangeKind
    title: str
    image: str
    platform: str
    line: int | None
    before: float | None
    after: float | None
    first: bool = False


@dataclass(frozen=True, kw_only=True)
class Pair:
    """The seconds of a phase in both runs."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two runs.

    Attributes:
        name: of the log.
        seconds: of the whole run.
        cached: the steps that came from the cache.
    """

    name: str
    status: str
    seconds: float
    steps: int
    cached: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The differences of two runs."""

    before: Side
    after: Side
    phases: tuple[Pair, ...]
    changes: tuple[StepChange, ...]


def compare(before: Record, after: Record, names: tuple[str, str]) -> Comparison:
    """Compare two runs; two steps are the same if image, platform, stage and instruction are equal."""
    old, new = _by_key(before.steps), _by_key(after.steps)
    changes = [*_changes(old, new, after), *_removed(old, new)]
    return Comparison(
        before=_side(before, names[0]),
        after=_side(after, names[1]),
        phases=tuple(_phases(before.phases, after.phases)),
        changes=tuple(sorted(changes, key=_worst_first)),
    )


def _by_key(steps: Sequence[BuildStep]) -> Mapping[_Key, BuildStep]:
    """Return the steps by what they do; equal lines of a stage are numbered."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found: dict[_Key, BuildStep] = {}
    for step in steps:
        what = (step.image, step.platform, step.stage, " ".join(step.instruction.split()) or step.name)
        found[*what, seen[what]] = step
        seen[what] += 1
    return found


def _changes(old: Mapping[_Key, BuildStep], new: Mapping[_Key, BuildStep], record: Record) -> Iterator[StepChange]:
    missed: dict[str, BuildStep] = {}
    for key, step in new.items():
        before = old.get(key)
        kind = _kind(before, step) if before else ChangeKind.NEW
        if kind is ChangeKind.CACHE_MISS:
            missed[step.digest] = step
        elif kind and (before or _is_noticed(step)):
            yield _change(kind, step, before, step)
    by_digest = {step.digest: before for key, step in new.items() if (before := old.get(key))}
    for digest, step in missed.items():
        first = missed.keys().isdisjoint(_all_inputs(step, record))
        yield _change(ChangeKind.CACHE_MISS, step, by_digest[digest], step, first=first)


def _all_inputs(step: BuildStep, record: Record) -> Iterator[str]:
    """Yield the digests of all inputs of a step, direct and indirect."""
    seen: set[str] = set()
    waiting = list(step.inputs)
    while waiting:
        digest = waiting.pop()
        if digest not in seen:
            seen.add(digest)
            yield digest
            waiting += record.by_digest[digest].inputs if digest in record.by_digest else ()


def _removed(old: Mapping[_Key, BuildStep], new: Mapping[_Key, BuildStep]) -> Iterator[StepChange]:
    for key, step in old.items():
        if key not in new and _is_noticed(step):
            yield _change(ChangeKind.REMOVED, step, step, None)


def _is_noticed(step: BuildStep) -> bool:
    """Whether a new or removed step is worth a line: BuildKit's internal steps vary."""
    return step.is_work or step.seconds >= _LEAST_SECONDS


def _worst_first(change: StepChange) -> tuple[int, bool, float]:
    return list(ChangeKind).index(change.kind), not change.first, (change.before or 0.0) - (change.after or 0.0)


def _kind(before: BuildStep, after: BuildStep) -> ChangeKind | None:
    difference = after.seconds - before.seconds
    noticed = abs(difference) >= max(_LEAST_SECONDS, _LEAST_SHARE * before.seconds)
    if after.error and not before.error and not after.canceled and after.kind not in _HARMLESS:
        return ChangeKind.FAILED
    if not after.intervals and not after.cached:
        return None  # the build ended before
    if before.cached and not after.cached:
        return ChangeKind.CACHE_MISS
    if after.cached and not before.cached:
        return ChangeKind.CACHED
    if after.cached or not noticed:
        return None
    return ChangeKind.SLOWER if difference > 0 else ChangeKind.FASTER


def _change(
    kind: ChangeKind, step: BuildStep, before: BuildStep | None, after: BuildStep | None, *, first: bool = False
) -> StepChange:
    return StepChange(
        kind=kind,
        title=" ".join(printable(step.title).split()),
        image=step.image,
        platform=step.platform,
        line=step.line,
        before=_seconds(before),
        after=_seconds(after),
        first=first,
    )


def _seconds(step: BuildStep | None) -> float | None:
    """Return the seconds that a step ran; 0 from the cache, also if its files were unpacked."""
    if not step:
        return None
    return 0.0 if step.cached else round(step.seconds, 3)


def _side(record: Record, name: str) -> Side:
    use = record.cache_use
    return Side(
        name=name,
        status=record.outcome.status,
        seconds=record.outcome.seconds,
        steps=use.steps if use else 0,
        cached=use.cached if use else 0,
    )


def _phases(before: Sequence[RunPhase], after: Sequence[RunPhase]) -> Iterator[Pair]:
    for name in dict.fromkeys(phase.name for phase in (*before, *after)):
        yield Pair(name=name, before=_spent(before, name), after=_spent(after, name))


def _spent(phases: Sequence[RunPhase], name: str) -> float:
    return round(sum(phase.interval.seconds for phase in phases if phase.name == name), 3)


def comparison_as_json(comparison: Comparison) -> str:
    return as_json("comparison", comparison)


def comparison_as_text(comparison: Comparison) -> Iterator[str]:
    """Yield lines for people."""
    for word, side in (("before", comparison.before), ("after", comparison.after)):
        cached = f", {side.cached} of {side.steps} steps from the cache" if side.steps else ""
        yield f"{word:<8} {side.name}: {side.status} in {duration(side.seconds)}{cached}"
    for pair in comparison.phases:
        yield f"phase    {pair.name:<10} {_difference(pair.before, pair.after)}"
    if not comparison.changes:
        yield "no differences: the same steps, the same cache hits, about the same time"
    shown = [change for change in comparison.changes if not _is_minor(change)]
    yield from map(_line, shown)
    if rest := [change for change in comparison.changes if _is_minor(change)]:
        seconds = duration(sum(change.after or 0.0 for change in rest))
        count = f"{len(rest)} more steps"
        yield f"{_WORDS[ChangeKind.CACHE_MISS]:<19} {count:<24} caused by these, {seconds} in total"


def _is_minor(change: StepChange) -> bool:
    return change.kind is ChangeKind.CACHE_MISS and not change.first and (change.after or 0.0) < _LEAST_SECONDS


def _line(change: StepChange) -> str:
    place = f", Dockerfile:{change.line}" if change.line else ""
    kind = f"{'first ' if change.first else ''}{_WORDS[change.kind]}"
    seconds = _difference(change.before, change.after)
    return f"{kind:<19} {seconds:<24} {cut(change.title, _NAME)}{place}"


def _difference(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return duration(after if before is None and after is not None else before or 0.0)
    sign = "+" if after >= before else "-"
    return f"{duration(before)} -> {duration(after)} ({sign}{duration(abs(after - before))})"
