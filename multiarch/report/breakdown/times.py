"""Sums of seconds and bytes. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from multiarch.image.manifest import Layer
from multiarch.record.model import Record
from multiarch.record.steps import BuildStep, Interval, StepKind
from multiarch.report.breakdown.model import EmulatedStep, PlatformWork

# The size of a layer that is worth a line, in bytes, and the number of layers.
_LARGE = 10_000_000
_MOST = 3
_LONGEST = 60


def busy(intervals: Iterable[Interval]) -> float:
    """Return the seconds during which at least one interval was under way."""
    total, until = 0.0, float("-inf")
    for each in sorted(intervals, key=lambda each: each.start):
        if each.end is not None and each.end > until:
            total += each.end - max(each.start, until)
            until = each.end
    return round(total, 2)


def of_kind(record: Record, kind: StepKind) -> float:
    return busy(interval for step in record.steps if step.kind is kind for interval in step.intervals)


def push_seconds(record: Record) -> float:
    """Return the seconds of the push, which BuildKit reports inside the export."""
    exports = (step for step in record.steps if step.kind is StepKind.EXPORT)
    return busy(each.interval for step in exports for each in step.transfers if each.name.startswith("pushing"))


def work_by_platform(record: Record) -> Iterator[PlatformWork]:
    steps = [step for step in record.steps if step.kind is StepKind.DOCKERFILE]
    owners = {(step.image, step.platform) for step in steps}
    for image, platform in sorted(owners, key=lambda each: [(not name, name) for name in each]):
        its = [step for step in steps if (step.image, step.platform) == (image, platform)]
        ran = [step for step in its if step.is_work and step.intervals and not step.cached]
        work = PlatformWork(
            image=image,
            platform=platform,
            run=len(ran),
            cached=sum(step.cached for step in its if step.is_work),
            seconds=busy(interval for step in its for interval in step.intervals),
        )
        if work.run or work.cached:
            yield work


def emulated_steps(record: Record) -> Iterator[EmulatedStep]:
    """Yield the emulated steps, the slowest first, each with the seconds of the same step without emulation."""
    ran = [step for step in record.steps if step.is_work and step.intervals and not step.cached]
    native = {_place(step): step for step in ran if step.emulated is False and not step.error and step.completed}
    for step in sorted((step for step in ran if step.emulated), key=lambda step: -step.seconds):
        same = native.get(_place(step)) if not step.error else None
        yield EmulatedStep(
            instruction=step.instruction,
            platform=step.platform or step.runs_on,
            line=step.line,
            seconds=round(step.seconds, 2),
            native=round(same.seconds, 2) if same else None,
            native_platform=same.platform or same.runs_on if same else "",
        )


def _place(step: BuildStep) -> tuple[str, str, int, int, str]:
    return step.image, step.stage, step.number, step.total, step.instruction


def large_layers(record: Record) -> Sequence[Layer]:
    """Return the largest layers; of one instruction on several platforms, the largest."""
    largest: dict[str, Layer] = {}
    for image in record.outcome.platforms:
        for layer in image.layers:
            key = layer.made_by or layer.digest
            if layer.size >= _LARGE and (key not in largest or layer.size > largest[key].size):
                largest[key] = layer
    return sorted(largest.values(), key=lambda each: -each.size)[:_MOST]


def shortened(text: str) -> str:
    """Return a text as one line, cut if it is long."""
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
