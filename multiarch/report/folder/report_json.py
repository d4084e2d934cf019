"""`report.json`: the published part of a record. Pure."""

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
    """What the run was about. A value that is unknown is empty.

    Attributes:
        version: of multiarch.
        commit: the whole object name, with -dirty for a changed tree.
        builder: its name.
        begin: the time in UTC, as ISO 8601; None if the log has none.
        dockerfile: its path.
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
        index: the index in `steps`.
        title: platform, stage, number and instruction.
        image: empty if several images share the step.
        platform: empty if several platforms share the step.
        runs_on: the platform that the step runs on; differs from `platform` in cross-compilation; empty if unknown.
        stage: of the Dockerfile; empty if there is only one.
        number: in the stage, from 1; 0 unless it is a step of the Dockerfile.
        total: the number of steps in the stage.
        line: of the Dockerfile; None if unknown.
        emulated: None if unknown.
        critical: on the critical path: a shorter step would have made the build shorter.
        seconds: of all intervals.
        intervals: when the step ran.
        inputs: indexes of the steps that the step depends on.
        output: the last lines of the output.
        output_lines: the number of lines of the whole output.
        transfers: the data that the step moved.
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
    """The record of a run. Times are seconds since the run began.

    Attributes:
        breakdown: where the build's time went, and what would make it faster; None if nothing was built.
        cache: how many steps came from the cache; None if nothing was built.
        caches: the caches to read or write.
        attempt: the attempt of the build that `steps` are of, from 1; 0 if nothing was built.
        native: the platforms that the builder runs without emulation; empty if unknown.
        steps: BuildKit's, in order of appearance.
        warnings: BuildKit's.
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
    """Return the published part of a record."""
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
