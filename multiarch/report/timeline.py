"""Where the time of a run went: what ran when, and the chain of steps that the end had to wait for. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from multiarch.record import Record, Step, StepKind

# Clocks of builder and program differ by less, and a step that waits for another starts a moment after its end.
_SLACK = 0.05
# Some of BuildKit's own steps take no time worth a row.
_SHORT = 0.1

SHARED = "all platforms"


@dataclass(frozen=True, kw_only=True)
class Group:
    """The steps of one platform, in the order in which they started; `all platforms` holds what has none."""

    name: str
    steps: tuple[Step, ...]


def end_of(record: Record) -> float:
    """Return when the last thing happened, in seconds since the run began; never 0, so that it can be divided by."""
    ends = [record.outcome.seconds]
    ends += [each.interval.end or each.interval.start for each in record.phases]
    ends += [each.start if each.end is None else each.end for step in record.steps for each in step.intervals]
    return max(0.001, *ends)


def groups(record: Record) -> tuple[Group, ...]:
    """Return what is worth a row, by platform: the image's platforms in their order, then what they share."""
    shown = sorted((step for step in record.steps if is_shown(step)), key=_start)
    found = dict.fromkeys([*record.run.platforms, *(step.platform for step in shown if step.platform)])
    named = [(name, [step for step in shown if step.platform == name]) for name in found]
    parts = [*named, (SHARED, [step for step in shown if not step.platform])]
    return tuple(Group(name=name, steps=tuple(steps)) for name, steps in parts if steps)


def is_shown(step: Step) -> bool:
    """Whether a step is worth a row: the Dockerfile's own, what failed, and whatever took time."""
    return step.is_work or bool(step.error) or step.seconds >= _SHORT


def critical_path(record: Record) -> tuple[Step, ...]:
    """Return the steps, first one first, of which a shorter one would have made the build shorter.

    From the step that ended last, back and back to the one that it waited for: of those that it builds on, the last to
    end; where BuildKit names none, as for the export of the image, the last to end before it began.
    """
    ended = [step for step in record.steps if step.intervals and step.completed is not None]
    path: list[Step] = []
    at = max(ended, key=_end, default=None)
    while at and at not in path:
        path.append(at)
        at = max(_before(record, at, ended), key=_end, default=None)
    return tuple(step for step in reversed(path) if step.seconds > 0)


def _before(record: Record, step: Step, ended: Sequence[Step]) -> Iterator[Step]:
    named = [record.by_digest[each] for each in step.inputs if each in record.by_digest]
    waited_for = [each for each in _through(record, named) if each.completed is not None]
    if waited_for:
        yield from waited_for
    elif step.kind is not StepKind.INTERNAL:
        yield from (each for each in ended if each is not step and _end(each) <= _start(step) + _SLACK)


def _through(record: Record, steps: Sequence[Step]) -> Iterator[Step]:
    """Yield the steps; in place of one that never ran, what that one builds on."""
    seen: set[str] = set()
    waiting = list(steps)
    while waiting:
        step = waiting.pop()
        if step.digest in seen:
            continue
        seen.add(step.digest)
        if step.intervals:
            yield step
        else:
            waiting += [record.by_digest[each] for each in step.inputs if each in record.by_digest]


def _start(step: Step) -> float:
    return step.intervals[0].start if step.intervals else float("inf")


def _end(step: Step) -> float:
    return step.completed or 0.0
