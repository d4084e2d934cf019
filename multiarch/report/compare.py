"""Two runs, step by step: what became slower, what lost its cache, what is new and what is gone. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from multiarch.record import BuildStep, Record, RunPhase, StepKind
from multiarch.report.text import cut, duration
from multiarch.text.plain import as_json
from multiarch.text.printable import printable

# Less is what the same build differs by from run to run.
_LEAST_SECONDS = 0.5
_LEAST_SHARE = 0.2
_NAME = 100
# What fails no build; whether it failed stands in the run's warnings.
_HARMLESS = (StepKind.CACHE_IMPORT, StepKind.CACHE_EXPORT)

_Key = tuple[str, str, str, str, int]


class ChangeKind(StrEnum):
    """What differs about a step, the worst first."""

    FAILED = "failed"
    LOST_CACHE = "lost-cache"
    SLOWER = "slower"
    NEW = "new"
    GONE = "gone"
    FASTER = "faster"
    CACHED = "cached"


_WORDS: Mapping[ChangeKind, str] = {
    ChangeKind.FAILED: "fails now",
    ChangeKind.LOST_CACHE: "lost its cache",
    ChangeKind.SLOWER: "slower",
    ChangeKind.NEW: "new",
    ChangeKind.GONE: "gone",
    ChangeKind.FASTER: "faster",
    ChangeKind.CACHED: "from the cache now",
}


@dataclass(frozen=True, kw_only=True)
class StepChange:
    """A step that differs.

    Attributes:
        image: in a run of several images.
        line: of the Dockerfile, in the second run, or in the first where it is gone; null where that is not certain.
        before: seconds in the first run; 0 for what came from the cache, null for what was not there.
        after: seconds in the second run.
        first: it lost its cache though nothing that it builds on did: those after it lost theirs because of it.
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
    """A number of seconds in the first run, and in the second."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two runs."""

    name: str
    status: str
    seconds: float
    steps: int
    cached: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What became of a build from one run to another."""

    before: Side
    after: Side
    phases: tuple[Pair, ...]
    changes: tuple[StepChange, ...]


def compare(before: Record, after: Record, names: tuple[str, str]) -> Comparison:
    """Compare two runs; a step is the same one if image, platform, stage and instruction are."""
    old, new = _by_key(before.steps), _by_key(after.steps)
    changes = [*_changes(old, new, after), *_gone(old, new)]
    return Comparison(
        before=_side(before, names[0]),
        after=_side(after, names[1]),
        phases=tuple(_phases(before.phases, after.phases)),
        changes=tuple(sorted(changes, key=_worst_first)),
    )


def _by_key(steps: Sequence[BuildStep]) -> Mapping[_Key, BuildStep]:
    """Name each step by what it does; the same line twice in a stage is told apart by its place."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found: dict[_Key, BuildStep] = {}
    for step in steps:
        what = (step.image, step.platform, step.stage, " ".join(step.instruction.split()) or step.name)
        found[*what, seen[what]] = step
        seen[what] += 1
    return found


def _changes(old: Mapping[_Key, BuildStep], new: Mapping[_Key, BuildStep], record: Record) -> Iterator[StepChange]:
    lost: dict[str, BuildStep] = {}
    for key, step in new.items():
        before = old.get(key)
        kind = _kind(before, step) if before else ChangeKind.NEW
        if kind is ChangeKind.LOST_CACHE:
            lost[step.digest] = step
        elif kind and (before or _is_noticed(step)):
            yield _change(kind, step, before, step)
    by_digest = {step.digest: before for key, step in new.items() if (before := old.get(key))}
    for digest, step in lost.items():
        first = lost.keys().isdisjoint(_all_inputs(step, record))
        yield _change(ChangeKind.LOST_CACHE, step, by_digest[digest], step, first=first)


def _all_inputs(step: BuildStep, record: Record) -> Iterator[str]:
    """Yield the digests of what a step builds on, directly or not."""
    seen: set[str] = set()
    waiting = list(step.inputs)
    while waiting:
        digest = waiting.pop()
        if digest not in seen:
            seen.add(digest)
            yield digest
            waiting += record.by_digest[digest].inputs if digest in record.by_digest else ()


def _gone(old: Mapping[_Key, BuildStep], new: Mapping[_Key, BuildStep]) -> Iterator[StepChange]:
    for key, step in old.items():
        if key not in new and _is_noticed(step):
            yield _change(ChangeKind.GONE, step, step, None)


def _is_noticed(step: BuildStep) -> bool:
    """Whether anybody misses it: BuildKit's own steps come and go."""
    return step.is_work or step.seconds >= _LEAST_SECONDS


def _worst_first(change: StepChange) -> tuple[int, bool, float]:
    return list(ChangeKind).index(change.kind), not change.first, (change.before or 0.0) - (change.after or 0.0)


def _kind(before: BuildStep, after: BuildStep) -> ChangeKind | None:
    difference = after.seconds - before.seconds
    noticed = abs(difference) >= max(_LEAST_SECONDS, _LEAST_SHARE * before.seconds)
    if after.error and not before.error and not after.canceled and after.kind not in _HARMLESS:
        return ChangeKind.FAILED
    if not after.intervals and not after.cached:
        return None  # it never came to it
    if before.cached and not after.cached:
        return ChangeKind.LOST_CACHE
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
    """The seconds that a step ran; those of one from the cache, which may run to unpack its files, are none."""
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
        yield "the same steps, from the same cache, in about the same time"
    shown = [change for change in comparison.changes if not _is_a_trifle(change)]
    yield from map(_line, shown)
    if rest := [change for change in comparison.changes if _is_a_trifle(change)]:
        seconds = duration(sum(change.after or 0.0 for change in rest))
        count = f"{len(rest)} more steps"
        yield f"{_WORDS[ChangeKind.LOST_CACHE]:<19} {count:<24} because of those, {seconds} together"


def _is_a_trifle(change: StepChange) -> bool:
    return change.kind is ChangeKind.LOST_CACHE and not change.first and (change.after or 0.0) < _LEAST_SECONDS


def _line(change: StepChange) -> str:
    place = f", Dockerfile:{change.line}" if change.line else ""
    cause = ": it is the first" if change.first else ""
    seconds = _difference(change.before, change.after)
    return f"{_WORDS[change.kind]:<19} {seconds:<24} {cut(change.title, _NAME)}{place}{cause}"


def _difference(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return duration(after if before is None and after is not None else before or 0.0)
    sign = "+" if after >= before else "-"
    return f"{duration(before)} -> {duration(after)} ({sign}{duration(abs(after - before))})"
