"""The timeline of a run: groups of steps, and the critical path. Pure."""

from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from multiarch.record import BuildStep, Interval, Record, RunInfo

# The clocks of builder and program differ by less, and a step starts a moment after the step that it waits for.
_SLACK = 0.05
# After a longer pause, a step waited for something other than its inputs.
_PAUSE = 0.25
# Shorter internal steps of BuildKit get no row.
_SHORT = 0.1

_Node = tuple[BuildStep, Interval]

SHARED = "all platforms"


@dataclass(frozen=True, kw_only=True)
class Group:
    """The steps of one platform, in the order in which they started; `all platforms` holds the shared ones."""

    name: str
    steps: tuple[BuildStep, ...]


def end_of(record: Record) -> float:
    """Return the seconds from the begin of the run to the last event; never 0, so that it can be a divisor."""
    ends = [record.outcome.seconds]
    ends += [each.interval.end or each.interval.start for each in record.phases]
    ends += [each.start if each.end is None else each.end for step in record.steps for each in step.intervals]
    return max(0.001, *ends)


def groups(record: Record) -> tuple[Group, ...]:
    """Return the shown steps by platform, in the order of `group_names`."""
    shown = sorted((step for step in record.steps if is_shown(step)), key=_order)
    parts = [(name, [step for step in shown if group_of(step) == name]) for name in group_names(record)]
    return tuple(Group(name=name, steps=tuple(steps)) for name, steps in parts if steps)


def group_names(record: Record) -> tuple[str, ...]:
    """Return the platforms in the order of the plan, then other platforms of steps, then `all platforms`."""
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
    """Whether a step gets a row: a step of the Dockerfile, a failed step, or a step that took time."""
    return step.is_work or bool(step.error) or step.seconds >= _SHORT


def critical_path(record: Record) -> tuple[BuildStep, ...]:
    """Return the critical path, first step first: a shorter step on it would have made the build shorter.

    The path leads back from the step that ended last, failed, or never ended. The step before on the path is the input
    that ended last. If a step has no input, as the export, or if it started later than its inputs ended, as on a busy
    builder, it is the last step of all that ended before. Steps from the cache are left out.
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
    """Return the last step of an unsuccessful build: the failed one, or the one that ran longest when the log ended."""
    failed = record.failed_step
    if failed and failed.intervals and not failed.canceled:
        return failed, failed.intervals[-1]
    running = ((step, span) for step in record.steps for span in step.intervals if span.end is None)
    return min(running, key=lambda node: node[1].start, default=None)


def _before(record: Record, at: _Node, last: _Node | None, seen: Collection[tuple[str, float]]) -> _Node | None:
    """Return the step that another one waited for.

    Args:
        record: all steps.
        at: the waiting step, and when it ran.
        last: the last of all steps that ended before it started.
        seen: the steps on the path.
    """
    step, span = at
    built_on = ((each, when) for each in _through(record, step) for when in each.intervals)
    earlier = [each for each in built_on if each[1].end is not None and each[1].end <= span.start + _SLACK]
    waited_for = max((each for each in earlier if _key(each) not in seen), key=_end, default=None)
    return waited_for if waited_for and span.start - _end(waited_for) <= _PAUSE else last


def _through(record: Record, step: BuildStep) -> Iterator[BuildStep]:
    """Yield the inputs of a step; the inputs of an input take the place of one that never ran."""
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
    """Sort by start; cached steps start at the same time, so they stand in the order of the Dockerfile."""
    start = round(step.intervals[0].start, 1) if step.intervals else float("inf")
    return start, step.stage, step.number


def _key(node: _Node) -> tuple[str, float]:
    return node[0].digest, node[1].start


def _end(node: _Node) -> float:
    return node[1].end or 0.0
