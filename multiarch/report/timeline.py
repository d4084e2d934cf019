"""Where the time of a run went: what ran when, and the chain of steps that the end had to wait for. Pure."""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from multiarch.record import BuildStep, Interval, Record, RunInfo

# Clocks of builder and program differ by less, and a step that waits for another starts a moment after its end.
_SLACK = 0.05
# More than that between a step and what it builds on, and it waited for something else.
_PAUSE = 0.25
# Some of BuildKit's own steps take no time worth a row.
_SHORT = 0.1

_Node = tuple[BuildStep, Interval]

SHARED = "all platforms"


@dataclass(frozen=True, kw_only=True)
class Group:
    """The steps of one platform, in the order in which they started; `all platforms` holds the shared ones."""

    name: str
    steps: tuple[BuildStep, ...]


def end_of(record: Record) -> float:
    """Return when the last thing happened, in seconds since the run began; never 0, so that it can be divided by."""
    ends = [record.outcome.seconds]
    ends += [each.interval.end or each.interval.start for each in record.phases]
    ends += [each.start if each.end is None else each.end for step in record.steps for each in step.intervals]
    return max(0.001, *ends)


def groups(record: Record) -> tuple[Group, ...]:
    """Return the steps that are worth a row, by platform, in the order of `group_names`."""
    shown = sorted((step for step in record.steps if is_shown(step)), key=_order)
    parts = [(name, [step for step in shown if group_of(step) == name]) for name in group_names(record)]
    return tuple(Group(name=name, steps=tuple(steps)) for name, steps in parts if steps)


def group_names(record: Record) -> tuple[str, ...]:
    """Return the platforms in the order of the plan, those that only the steps name, then `all platforms`."""
    run = record.run
    planned = [qualified(run, image.name, platform) for image in run.images for platform in image.platforms]
    found = dict.fromkeys([*planned, *map(group_of, record.steps)])
    return (*(name for name in found if name != SHARED), SHARED)


def group_of(step: BuildStep) -> str:
    """`linux/arm64`, or `all platforms`; in a run of several images `shop linux/arm64`, or `shop`."""
    return " ".join(filter(None, (step.image, step.platform))) or SHARED


def qualified(run: RunInfo, image: str, name: str) -> str:
    """Return a name with its image before it, if the run has several images."""
    return f"{image} {name}" if run.has_several else name


def is_shown(step: BuildStep) -> bool:
    """Whether a step is worth a row: the Dockerfile's own, what failed, and whatever took time."""
    return step.is_work or bool(step.error) or step.seconds >= _SHORT


def critical_path(record: Record) -> tuple[BuildStep, ...]:
    """Return the steps, first one first, of which a shorter one would have made the build shorter.

    From what ended last, or failed, or never ended, back and back to what that waited for: of the steps that it builds
    on, the last to end. Where there is none, as for the export of the image, or where time passed in between, as where
    BuildKit had no room for one more: the last of all that ended before it began. What came from the cache could not
    have been shorter.
    """
    ended = sorted(((step, span) for step in record.steps for span in step.intervals if span.end is not None), key=_end)
    times = [_end(each) for each in ended]
    path: list[_Node] = []
    seen: set[tuple[str, float]] = set()
    at = _last(record) or (ended[-1] if ended else None)
    while at:
        path.append(at)
        seen.add(_key(at))
        place = bisect_right(times, at[1].start + _SLACK)
        last = next((ended[each] for each in range(place - 1, -1, -1) if _key(ended[each]) not in seen), None)
        at = _before(record, at, last, seen)
    took_time = (step for step, span in reversed(path) if (step.seconds > 0 or span.end is None) and not step.cached)
    steps = {step.digest: step for step in took_time}
    return tuple(steps.values())


def _last(record: Record) -> _Node | None:
    """Return what a build that did not end well ended with: its failure, or what ran longest when the log ended."""
    failed = record.failed_step
    if failed and failed.intervals and not failed.canceled:
        return failed, failed.intervals[-1]
    running = ((step, span) for step in record.steps for span in step.intervals if span.end is None)
    return min(running, key=lambda node: node[1].start, default=None)


def _before(record: Record, at: _Node, last: _Node | None, seen: Collection[tuple[str, float]]) -> _Node | None:
    """Return what a step waited for.

    Args:
        record: of all steps.
        at: the step, and when it ran.
        last: of all that ended before it began, the last to end.
        seen: what is on the path already.
    """
    step, span = at
    built_on = ((each, when) for each in _through(record, step) for when in each.intervals)
    earlier = [each for each in built_on if each[1].end is not None and each[1].end <= span.start + _SLACK]
    waited_for = max((each for each in earlier if _key(each) not in seen), key=_end, default=None)
    return waited_for if waited_for and span.start - _end(waited_for) <= _PAUSE else last


def _through(record: Record, step: BuildStep) -> Iterator[BuildStep]:
    """Yield the steps that one builds on; in place of one that never ran, those that that one builds on."""
    seen: set[str] = set()
    waiting = list(step.inputs)
    while waiting:
        digest = waiting.pop()
        before = record.by_digest.get(digest)
        if not before or digest in seen:
            continue
        seen.add(digest)
        if before.intervals:
            yield before
        else:
            waiting += before.inputs


def _order(step: BuildStep) -> tuple[float, str, int]:
    """Steps that came from the cache all began at once: they stand as in the Dockerfile."""
    start = round(step.intervals[0].start, 1) if step.intervals else float("inf")
    return start, step.stage, step.number


def _key(node: _Node) -> tuple[str, float]:
    return node[0].digest, node[1].start


def _end(node: _Node) -> float:
    return node[1].end or 0.0
