"""Makes the record of a run from the events that were read. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from multiarch.errors import ConfigurationError
from multiarch.record.buildkit import cache_reference
from multiarch.record.dockerfile import lines_of
from multiarch.record.model import CacheAccess, CacheStatus, Record, RunInfo
from multiarch.record.outcome import Outcome, RunPhase
from multiarch.record.reader import BuildReader, Vertex
from multiarch.record.steps import BuildStep, Interval, StepKind, StepState, Transfer
from multiarch.text.csv_words import CacheEntry

# Architectures that a processor runs natively; whether an arm64 processor runs arm depends on its model.
_ALSO_NATIVE = {"amd64": ("amd64", "386"), "arm64": ("arm64",)}
_UNCERTAIN = {("arm64", "arm")}
_NO_CACHE_YET = "not found"


def make_record(
    reader: BuildReader | None,
    *,
    run: RunInfo,
    phases: Sequence[RunPhase] = (),
    outcome: Outcome | None = None,
    attempt: int = 0,
    native: Sequence[str] = (),
) -> Record:
    """Make the record of a run, also of one that ended early.

    Args:
        reader: of the last attempt of the build; None if nothing was built.
        run: what the run is about; without a begin, the run begins with the build's first event.
        phases: those that began.
        outcome: unfinished by default.
        attempt: the attempt of the build that was read.
        native: the platforms that the builder runs without emulation.
    """
    vertexes = list(reader.vertexes.values()) if reader else []
    begin = (
        run.begin.timestamp() if run.begin else min((each.times[0][0] for each in vertexes if each.times), default=0)
    )
    steps = tuple(_steps(reader, vertexes, run=run, begin=begin, native=native)) if reader else ()
    record = Record(
        run=run,
        phases=tuple(phases),
        steps=steps,
        warnings=tuple(reader.warnings) if reader else (),
        caches=(*(reader.missing_caches if reader else ()), *_caches(steps, run)),
        outcome=outcome or Outcome(status="unfinished"),
        attempt=attempt or (1 if reader else 0),
        native=tuple(native),
    )
    if record.outcome.seconds or not steps:
        return record
    ends = [end for step in steps for each in step.intervals for end in (each.start, each.end) if end is not None]
    return replace(record, outcome=replace(record.outcome, seconds=round(max(ends, default=0.0), 3)))


def _steps(
    reader: BuildReader, vertexes: Sequence[Vertex], *, run: RunInfo, begin: float, native: Sequence[str]
) -> Iterator[BuildStep]:
    steps = [_step(index, vertex, reader, begin) for index, vertex in enumerate(vertexes) if vertex.name.name]
    lines = lines_of(steps, run.instructions)
    of_images = _shared({step.digest: step.image for step in steps}, steps)
    of_platforms = _shared({step.digest: step.platform for step in steps}, steps)
    for step in steps:
        runs_on = step.runs_on or _same_as_its_image(run, step)
        yield replace(
            step,
            image="" if step.digest in of_images else step.image,
            platform="" if step.digest in of_platforms else step.platform,
            runs_on=runs_on,
            line=lines.get(step.digest),
            emulated=is_emulated(runs_on, native) if step.instruction.startswith("RUN ") else False,
        )


def _step(index: int, vertex: Vertex, reader: BuildReader, begin: float) -> BuildStep:
    name = reader.name_of(vertex)
    return BuildStep(
        index=index,
        digest=vertex.digest,
        name=name.name,
        kind=name.kind,
        image=name.image,
        platform=name.platform,
        runs_on=name.runs_on,
        stage=name.stage,
        number=name.number,
        total=name.total,
        instruction=name.instruction,
        inputs=vertex.inputs,
        intervals=tuple(_interval(start, end, begin) for start, end in vertex.times),
        cached=vertex.cached,
        error=vertex.error,
        canceled=vertex.canceled,
        output=tuple(vertex.tail),
        output_lines=vertex.printed,
        transfers=tuple(
            Transfer(name=name, size=each.size, total=each.total, interval=_interval(each.start, each.end, begin))
            for name, each in vertex.moved.items()
        ),
    )


def _interval(start: float, end: float | None, begin: float) -> Interval:
    return Interval(start=round(start - begin, 6), end=None if end is None else round(end - begin, 6))


def _same_as_its_image(run: RunInfo, step: BuildStep) -> str:
    """Return the platform that a step runs on if its name has none: its own, unless a FROM has --platform."""
    is_sure = run.instructions and not any("--platform" in each.text for each in run.instructions)
    return step.platform if step.number and is_sure else ""


def _shared(owners: Mapping[str, str], steps: Sequence[BuildStep]) -> set[str]:
    """Return the digests of the steps that several owners need; an owner is a platform or an image, by digest."""
    needed: dict[str, set[str]] = {digest: {owner} - {""} for digest, owner in owners.items()}
    by_digest = {step.digest: step for step in steps}
    waiting = [step for step in steps if owners[step.digest]]
    while waiting:
        step = waiting.pop()
        for digest in step.inputs:
            before = by_digest.get(digest)
            if before and not needed[step.digest] <= needed[digest]:
                needed[digest] |= needed[step.digest]
                waiting.append(before)
    return {digest for digest, found in needed.items() if len(found) > 1}


def is_emulated(runs_on: str, native: Sequence[str]) -> bool | None:
    """Whether a builder emulates a platform; None if unknown, as with several nodes."""
    if not runs_on or len(native) != 1:
        return None
    system, _, architecture = runs_on.partition("/")
    of_builder, _, processor = native[0].partition("/")
    wanted, has = architecture.partition("/")[0], processor.partition("/")[0]
    if system != of_builder or (has, wanted) in _UNCERTAIN:
        return None
    return wanted not in _ALSO_NATIVE.get(has, (has,))


def _caches(steps: Sequence[BuildStep], run: RunInfo) -> Iterator[CacheAccess]:
    for step in steps:
        interval = Interval(start=step.intervals[0].start, end=step.completed) if step.intervals else None
        if step.kind is StepKind.CACHE_IMPORT:
            missing = step.error.endswith(_NO_CACHE_YET)
            yield CacheAccess(
                direction="import",
                reference=cache_reference(step.name),
                status="missing" if missing else _STATUS.get(step.state, "read"),
                error="" if missing else step.error,
                interval=interval,
            )
        elif step.kind is StepKind.CACHE_EXPORT:
            yield CacheAccess(
                direction="export",
                reference=_exported(_caches_of(run, step.image), step.platform),
                status=_STATUS.get(step.state, "written"),
                error=step.error,
                interval=interval,
            )


_STATUS: Mapping[StepState, CacheStatus] = {
    StepState.FAILED: "failed",
    StepState.CANCELED: "unfinished",
    StepState.UNFINISHED: "unfinished",
    StepState.WAITING: "unfinished",
}


def _caches_of(run: RunInfo, image: str) -> Sequence[str]:
    return next((each.cache_to for each in run.images if image and each.name == image), run.cache_to)


def _exported(cache_to: Sequence[str], platform: str) -> str:
    """Return the name of the written cache, `type=registry,ref=NAME,...`: BuildKit's events do not have it.

    The name of a platform's own cache ends in the platform.
    """
    names = [_name_of_cache(each) for each in cache_to]
    own = names if len(names) == 1 else [each for each in names if each.endswith(f"-{platform.replace('/', '-')}")]
    return own[0] if len(own) == 1 else ""


def _name_of_cache(words: str) -> str:
    try:
        cache = CacheEntry.parse(words)
    except ConfigurationError:  # a saved log can contain anything
        return ""
    return next((cache.get(each) for each in ("ref", "dest", "name") if cache.get(each)), cache.type)
