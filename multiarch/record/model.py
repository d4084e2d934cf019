"""What a run did, in one frozen value: every view of a build reads this, and nothing else. Pure.

Times are seconds since the run began (`Run.begin`). What was not seen is absent, never guessed: a build that was killed
has steps without an end, and a log that is not ours has no commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Literal

from multiarch.manifest import PlatformImage

Status = Literal["built", "reused", "local", "ended", "failed", "interrupted", "unfinished"]
CacheStatus = Literal["read", "missing", "written", "failed", "unfinished"]


class StepKind(StrEnum):
    """What a node of BuildKit's graph is for."""

    DOCKERFILE = "dockerfile"
    INTERNAL = "internal"
    CACHE_IMPORT = "cache-import"
    CACHE_EXPORT = "cache-export"
    EXPORT = "export"  # the image: its layers, its manifests, the push
    OTHER = "other"


class StepState(StrEnum):
    """How far a step got."""

    WAITING = "waiting"  # it never started
    UNFINISHED = "unfinished"  # the log ends before it does
    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    CANCELLED = "cancelled"  # because another one failed, or the run was interrupted


@dataclass(frozen=True, kw_only=True)
class Interval:
    """From when to when; no end where the log has none."""

    start: float
    end: float | None

    @property
    def seconds(self) -> float:
        return max(0.0, self.end - self.start) if self.end is not None else 0.0


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Something that a step moved or made: a layer, the context, a push.

    Attributes:
        name: in BuildKit's words: `pushing layers`, a layer's digest, `transferring context:`.
        size: bytes so far; 0 where BuildKit counts none.
        total: bytes in all; 0 where it is not known.
    """

    name: str
    size: int
    total: int
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class StepName:
    """What a step's name says.

    Attributes:
        name: as BuildKit shows it.
        platform: the image's platform that it is for; empty where several share it, or it is not known.
        runs_on: the platform that it runs as; another one than `platform` in cross compilation; empty if not known.
        stage: of the Dockerfile; empty where it has one stage alone.
        number: in its stage, from 1; 0 for what is no step of the Dockerfile.
        total: the steps of its stage.
        instruction: `RUN make`; the name, where it is no step of the Dockerfile.
    """

    name: str
    kind: StepKind
    platform: str = ""
    runs_on: str = ""
    stage: str = ""
    number: int = 0
    total: int = 0
    instruction: str = ""

    @property
    def position(self) -> str:
        """`2/5`, empty for what is no step of the Dockerfile."""
        return f"{self.number}/{self.total}" if self.number else ""

    @cached_property
    def label(self) -> str:
        """`[linux/arm64 compile 2/3]`; the name, for what is no step of the Dockerfile."""
        if not self.number:
            return self.name
        platform = self.platform
        if platform and self.runs_on and platform != self.runs_on:
            # As BuildKit writes it: within one system, the target's system is left out.
            system = self.runs_on.partition("/")[0]
            platform = f"{self.runs_on}->{platform.removeprefix(f'{system}/')}"
        return f"[{' '.join(filter(None, (platform, self.stage, self.position)))}]"

    @property
    def title(self) -> str:
        """`[linux/arm64 compile 2/3] RUN make`."""
        return f"{self.label} {self.instruction}" if self.number else self.name

    @property
    def is_work(self) -> bool:
        """Whether it is a step of the Dockerfile that does something: FROM does not."""
        return self.kind is StepKind.DOCKERFILE and not self.instruction.startswith("FROM ")


@dataclass(frozen=True, kw_only=True)
class Step(StepName):
    """One node of BuildKit's graph.

    Attributes:
        index: its place in the order of appearance, from 0.
        digest: BuildKit's name for it, which `inputs` of others refer to.
        inputs: the digests of the steps that it builds on.
        intervals: when it ran; several where it ran again, as a download that is taken up.
        error: why it failed, empty where it did not.
        output: the last lines of its output, each cut where it is very long.
        output_lines: how many lines it printed in all.
        line: the line of the Dockerfile where it begins, None where that is not certain.
        emulated: whether it ran on an emulated processor, None where that is not certain.
        transfers: what it moved, in order of appearance.
    """

    index: int
    digest: str
    inputs: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    cached: bool = False
    error: str = ""
    cancelled: bool = False
    output: tuple[str, ...] = ()
    output_lines: int = 0
    line: int | None = None
    emulated: bool | None = None
    transfers: tuple[Transfer, ...] = ()

    @property
    def started(self) -> float | None:
        return self.intervals[0].start if self.intervals else None

    @property
    def completed(self) -> float | None:
        """When it ended for good; None where it has not."""
        return self.intervals[-1].end if self.intervals else None

    @property
    def seconds(self) -> float:
        """How long it ran, all times together."""
        return sum(each.seconds for each in self.intervals)

    @property
    def state(self) -> StepState:
        if self.cancelled:
            return StepState.CANCELLED
        if self.error:
            return StepState.FAILED
        if self.cached:
            return StepState.CACHED
        if not self.intervals:
            return StepState.WAITING
        return StepState.UNFINISHED if self.completed is None else StepState.DONE


@dataclass(frozen=True, kw_only=True)
class BuildWarning:
    """A warning of BuildKit's.

    Attributes:
        short: in one line.
        detail: more of it.
        url: where it is explained.
        line: of the Dockerfile, None where it is about no line.
    """

    short: str
    detail: tuple[str, ...] = ()
    url: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class CacheAccess:
    """A cache that was to be read or written.

    Attributes:
        reference: an image's name or a folder; empty where it is not known.
        status: missing: there is none yet, which is no failure.
        error: why it failed.
        interval: None where it took no time: a folder that is not there.
    """

    direction: Literal["import", "export"]
    reference: str
    status: CacheStatus
    error: str = ""
    interval: Interval | None = None


@dataclass(frozen=True, kw_only=True)
class CacheUse:
    """How the cache served a build.

    Attributes:
        steps: the Dockerfile's steps over all platforms, FROM left out.
        cached: those of them that did not have to run.
        imported: a cache was found and read.
        export_error: why the cache could not be written; empty where it could, or was not to be.
    """

    steps: int
    cached: int
    imported: bool
    export_error: str


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of the run: prepare, build, verify, tag, clean up."""

    name: str
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What was set, and what said so; values that may be secret stay out."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of the Dockerfile.

    Attributes:
        stage: as BuildKit names it: `stage-1` where it has no name, empty where there is one stage alone.
        keyword: in capitals.
        text: the whole instruction in one line.
    """

    line: int
    stage: str
    keyword: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run was about, as far as it is known before it begins.

    Attributes:
        version: of multiarch; empty where the log is not one of ours.
        name: of the image, without registry.
        repository: where the image goes; empty for a local build.
        commit: the whole object name, with -dirty for a changed tree; empty where it is not known.
        begin: wall clock, in UTC; None for a log that tells no time.
        dockerfile: its path.
        instructions: what it says, empty where it could not be read.
    """

    version: str = ""
    name: str = ""
    repository: str = ""
    commit: str = ""
    tags: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    builder: str = ""
    driver: str = ""
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()
    begin: datetime | None = None
    settings: tuple[Setting, ...] = ()
    dockerfile: str = ""
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TagOutcome:
    """What happened to a tag.

    Attributes:
        action: kept: the tag names a newer commit, and stays with it.
        previous: the digest it pointed at before, empty where it was not there.
    """

    tag: str
    reference: str
    action: Literal["created", "moved", "unchanged", "kept"]
    previous: str


@dataclass(frozen=True, kw_only=True)
class Retry:
    """One more try: what failed, why, and how long was waited before it, in seconds."""

    step: str
    cause: str
    attempt: int
    attempts: int
    wait: float

    def __str__(self) -> str:
        return f"{self.step}: {self.cause}, try {self.attempt} of {self.attempts} in {self.wait:.1f} s"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a run failed: the error's type, its message, what to do, and the exit code."""

    type: str
    message: str
    hint: str
    exit_code: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        status: built; reused, where the registry had this commit's image; local, where it was written to a folder;
            ended, where the log is BuildKit's alone and all of its steps ended well; unfinished, where the log ends in
            the middle of it.
        image: the reference by digest, or the OCI layout's folder; empty where there is none.
        platforms: the verified images, with their layers.
        retries: what was tried again.
        warnings: the run's own, BuildKit's left out.
        seconds: of the whole run, as far as it is known.
    """

    status: Status
    image: str = ""
    digest: str = ""
    tags: tuple[TagOutcome, ...] = ()
    platforms: tuple[PlatformImage, ...] = ()
    failure: Failure | None = None
    retries: tuple[Retry, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run, from its beginning to wherever it got.

    Attributes:
        steps: of the last try of the build, in order of appearance; empty where nothing was built.
        warnings: BuildKit's.
        attempt: which try of the build the steps are of, from 1; 0 where there was none.
        native: the platforms that the builder runs without emulation; empty where that is not known.
    """

    run: Run
    phases: tuple[Phase, ...] = ()
    steps: tuple[Step, ...] = ()
    warnings: tuple[BuildWarning, ...] = ()
    caches: tuple[CacheAccess, ...] = ()
    outcome: Outcome = field(default_factory=lambda: Outcome(status="unfinished"))
    attempt: int = 0
    native: tuple[str, ...] = ()

    @cached_property
    def by_digest(self) -> Mapping[str, Step]:
        return {step.digest: step for step in self.steps}

    @property
    def failed_step(self) -> Step | None:
        """The step that failed, those left out that were cancelled for it; a cache that fails ends no build."""
        harmless = (StepKind.CACHE_IMPORT, StepKind.CACHE_EXPORT)
        failed = [step for step in self.steps if step.error and step.kind not in harmless]
        return min(failed, key=_order_of_failure, default=None)

    @property
    def cache_use(self) -> CacheUse | None:
        """None where nothing was built, or the build's events could not be read."""
        if not self.steps:
            return None
        work = [step for step in self.steps if step.is_work]
        exports = (each.error for each in self.caches if each.direction == "export")
        return CacheUse(
            steps=len(work),
            cached=sum(step.cached for step in work),
            imported=any(each.status == "read" for each in self.caches),
            export_error=next(filter(None, exports), ""),
        )


def _order_of_failure(step: Step) -> tuple[bool, float]:
    completed = step.completed
    return step.cancelled, float("inf") if completed is None else completed
