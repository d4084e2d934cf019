"""A run as JSON for programs, in a shape of its own: versioned, with a schema, whatever becomes of the record. Pure.

`report.schema.json`, beside this file, is made from these classes by `make docs`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from multiarch.image.manifest import Layer
from multiarch.record import (
    BuildStep,
    BuildWarning,
    CacheAccess,
    CacheUse,
    Failure,
    ImageInfo,
    ImageOutcome,
    Interval,
    PublishedTag,
    Record,
    Retry,
    RunPhase,
    Setting,
    StepKind,
    StepState,
    Transfer,
)
from multiarch.record.outcome import RunStatus
from multiarch.report.breakdown import Breakdown, breakdown_of
from multiarch.report.timeline import critical_path, end_of
from multiarch.text.plain import plain

REPORT_VERSION: Final = 2
SCHEMA_FILE = "report.schema.json"


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
class ReportedPlatform:
    """One platform of a verified image; its size in bytes, compressed."""

    platform: str
    digest: str
    size: int
    layers: tuple[Layer, ...]


@dataclass(frozen=True, kw_only=True)
class ReportedImage:
    """What came of one image.

    Attributes:
        repository: empty for a local build.
        image: the reference by digest, or the OCI layout's folder; empty where there is none.
    """

    name: str
    repository: str
    status: RunStatus
    image: str
    digest: str
    tags: tuple[PublishedTag, ...]
    platforms: tuple[ReportedPlatform, ...]


@dataclass(frozen=True, kw_only=True)
class ReportedOutcome:
    """What came of the run.

    Attributes:
        images: one for each image of the plan.
        seconds: of the whole run, as far as it is known.
    """

    status: RunStatus
    images: tuple[ReportedImage, ...]
    failure: Failure | None
    retries: tuple[Retry, ...]
    warnings: tuple[str, ...]
    seconds: float


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
        account: what the build's time went into, and what would make it faster; null where nothing was built.
        native: the platforms that the builder runs without emulation; empty where that is not known.
        seconds: until the last thing that is known of.
    """

    version: Literal[2]
    kind: Literal["report"]
    run: ReportedRun
    outcome: ReportedOutcome
    seconds: float
    breakdown: Breakdown | None
    phases: tuple[RunPhase, ...]
    cache: CacheUse | None
    caches: tuple[CacheAccess, ...]
    attempt: int
    native: tuple[str, ...]
    steps: tuple[ReportedStep, ...]
    warnings: tuple[BuildWarning, ...]


def report_as_json(record: Record) -> str:
    """Return the report."""
    return json.dumps(plain(report(record)), indent=1) + "\n"


def report(record: Record) -> Report:
    """Take what is published out of a record."""
    critical = {step.digest for step in critical_path(record)}
    places = {step.digest: step.index for step in record.steps}
    only_image = record.run.images[0].name if len(record.run.images) == 1 else ""
    return Report(
        version=REPORT_VERSION,
        kind="report",
        run=_run(record),
        outcome=_outcome(record),
        seconds=round(end_of(record), 3),
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


def _outcome(record: Record) -> ReportedOutcome:
    outcome = record.outcome
    return ReportedOutcome(
        status=outcome.status,
        images=tuple(map(_image, outcome.images)),
        failure=outcome.failure,
        retries=outcome.retries,
        warnings=outcome.warnings,
        seconds=outcome.seconds,
    )


def _image(image: ImageOutcome) -> ReportedImage:
    return ReportedImage(
        name=image.name,
        repository=image.repository,
        status=image.status,
        image=image.image,
        digest=image.digest,
        tags=image.tags,
        platforms=tuple(
            ReportedPlatform(platform=str(each.platform), digest=each.digest, size=each.size, layers=each.layers)
            for each in image.platforms
        ),
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
