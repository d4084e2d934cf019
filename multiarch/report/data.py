"""A run as JSON for programs: what of the record is published. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from multiarch.record import (
    BuildStep,
    BuildWarning,
    CacheAccess,
    CacheUse,
    ImageInfo,
    Interval,
    Outcome,
    Record,
    RunPhase,
    Setting,
    StepKind,
    StepState,
    Transfer,
)
from multiarch.report.breakdown import Breakdown, breakdown_of
from multiarch.report.timeline import critical_path
from multiarch.text.plain import as_json


@dataclass(frozen=True, kw_only=True)
class ReportedRun:
    """What the run was about; what is not known is empty.

    Attributes:
        begin: the time in UTC, in the form of ISO 8601; null where the log tells none.
    """

    version: str
    images: tuple[ImageInfo, ...]
    commit: str
    builder: str
    driver: str
    begin: str | None
    dockerfile: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True)
class ReportedStep:
    """One node of BuildKit's graph.

    Attributes:
        index: its place in `steps`.
        title: as people see it: platform, stage, number and instruction.
        image: empty where several share it.
        platform: empty where several share it.
        number: in its stage, from 1; 0 for what is no step of the Dockerfile.
        line: of the Dockerfile, null where that is not certain.
        emulated: null where that is not certain.
        critical: on the critical path: a shorter one would have made the build shorter.
        inputs: the places of the steps that it builds on.
        output: the last lines of its output.
        output_lines: how many lines it printed in all.
    """

    index: int
    title: str
    kind: StepKind
    state: StepState
    image: str
    platform: str
    runs_on: str
    stage: str
    number: int
    total: int
    instruction: str
    line: int | None
    emulated: bool | None
    critical: bool
    seconds: float
    intervals: tuple[Interval, ...]
    inputs: tuple[int, ...]
    error: str
    output: tuple[str, ...]
    output_lines: int
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run. Times are seconds since it began.

    Attributes:
        cache: how the cache served the build; null where nothing was built.
        caches: those that were to be read or written.
        breakdown: what the build's time went into, and what would make it faster; null where nothing was built.
        native: the platforms that the builder runs without emulation; empty where that is not known.
    """

    run: ReportedRun
    outcome: Outcome
    breakdown: Breakdown | None
    phases: tuple[RunPhase, ...]
    cache: CacheUse | None
    caches: tuple[CacheAccess, ...]
    attempt: int
    native: tuple[str, ...]
    steps: tuple[ReportedStep, ...]
    warnings: tuple[BuildWarning, ...]


def report_as_json(record: Record) -> str:
    return as_json("report", report(record)) + "\n"


def report(record: Record) -> Report:
    """Take what is published out of a record."""
    critical = {step.digest for step in critical_path(record)}
    places = {step.digest: step.index for step in record.steps}
    only_image = record.run.images[0].name if len(record.run.images) == 1 else ""
    return Report(
        run=_run(record),
        outcome=record.outcome,
        breakdown=breakdown_of(record),
        phases=record.phases,
        cache=record.cache_use,
        caches=record.caches,
        attempt=record.attempt,
        native=record.native,
        steps=tuple(
            _step(step, places, only_image=only_image, critical=step.digest in critical) for step in record.steps
        ),
        warnings=record.warnings,
    )


def _run(record: Record) -> ReportedRun:
    run = record.run
    return ReportedRun(
        version=run.version,
        images=run.images,
        commit=run.commit,
        builder=run.builder,
        driver=run.driver,
        begin=run.begin.isoformat() if run.begin else None,
        dockerfile=run.dockerfile,
        settings=run.settings,
    )


def _step(step: BuildStep, places: Mapping[str, int], *, only_image: str, critical: bool) -> ReportedStep:
    return ReportedStep(
        index=step.index,
        title=step.title,
        kind=step.kind,
        state=step.state,
        image=step.image or only_image,
        platform=step.platform,
        runs_on=step.runs_on,
        stage=step.stage,
        number=step.number,
        total=step.total,
        instruction=step.instruction,
        line=step.line,
        emulated=step.emulated,
        critical=critical,
        seconds=round(step.seconds, 3),
        intervals=step.intervals,
        inputs=tuple(places[each] for each in step.inputs if each in places),
        error=step.error,
        output=step.output,
        output_lines=step.output_lines,
        transfers=step.transfers,
    )
