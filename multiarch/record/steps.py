"""BuildKit's steps: their times, transfers and warnings. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class StepKind(StrEnum):
    """The kinds of nodes of BuildKit's graph."""

    DOCKERFILE = "dockerfile"
    INTERNAL = "internal"
    CACHE_IMPORT = "cache-import"
    CACHE_EXPORT = "cache-export"
    EXPORT = "export"  # of the image: layers, manifests, push
    OTHER = "other"


class StepState(StrEnum):
    """The state of a step."""

    WAITING = "waiting"  # never started
    UNFINISHED = "unfinished"  # the log ends before the step
    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    CANCELED = "canceled"  # another step failed, or the run was interrupted


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Begin and end; the end is None if the log has none."""

    start: float
    end: float | None

    @property
    def seconds(self) -> float:
        return max(0.0, self.end - self.start) if self.end is not None else 0.0


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Data that a step moved: a layer, the context, a push.

    Attributes:
        name: BuildKit's: `pushing layers`, a layer's digest, `transferring context:`.
        size: bytes so far; 0 if BuildKit does not count them.
        total: bytes in total; 0 if unknown.
    """

    name: str
    size: int
    total: int
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class StepName:
    """The parts of a step's name.

    Attributes:
        name: BuildKit's, without the bake target.
        image: in a run of several images; empty if several images share the step.
        platform: of the image; empty if several platforms share the step, or it is unknown.
        runs_on: the platform that the step runs on; differs from `platform` in cross-compilation; empty if unknown.
        stage: of the Dockerfile; empty if there is only one.
        number: in the stage, from 1; 0 unless it is a step of the Dockerfile.
        total: the number of steps in the stage.
        instruction: `RUN make`; the name, unless it is a step of the Dockerfile.
    """

    name: str
    kind: StepKind
    image: str = ""
    platform: str = ""
    runs_on: str = ""
    stage: str = ""
    number: int = 0
    total: int = 0
    instruction: str = ""

    @property
    def position(self) -> str:
        """`2/5`; empty unless it is a step of the Dockerfile."""
        return f"{self.number}/{self.total}" if self.number else ""

    @cached_property
    def label(self) -> str:
        """`[linux/arm64 compile 2/3]`, of several images `[web linux/arm64 compile 2/3]`; the name of another step."""
        if not self.number:
            return f"[{self.image}] {self.name}" if self.image else self.name
        platform = self.platform
        if platform and self.runs_on and platform != self.runs_on:
            # As BuildKit: within one operating system, without the target's.
            system = self.runs_on.partition("/")[0]
            platform = f"{self.runs_on}->{platform.removeprefix(f'{system}/')}"
        return f"[{' '.join(filter(None, (self.image, platform, self.stage, self.position)))}]"

    @property
    def title(self) -> str:
        """`[linux/arm64 compile 2/3] RUN make`."""
        return f"{self.label} {self.instruction}" if self.number else self.label

    @property
    def is_work(self) -> bool:
        """Whether it is a step of the Dockerfile other than FROM."""
        return self.kind is StepKind.DOCKERFILE and not self.instruction.startswith("FROM ")


@dataclass(frozen=True, kw_only=True)
class BuildStep(StepName):
    """One node of BuildKit's graph.

    Attributes:
        index: in the order of appearance, from 0.
        digest: BuildKit's identifier, which `inputs` of other steps contain.
        inputs: the digests of the steps that it depends on.
        intervals: when it ran; several if it ran again, such as a resumed download.
        error: why it failed; empty unless it failed.
        output: the last lines of its output; very long lines are cut.
        output_lines: the number of lines of its whole output.
        line: the first line in the Dockerfile; None if unknown.
        emulated: whether it ran on an emulated processor; None if unknown.
        transfers: in order of appearance.
    """

    index: int
    digest: str
    inputs: tuple[str, ...] = ()
    intervals: tuple[Interval, ...] = ()
    cached: bool = False
    error: str = ""
    canceled: bool = False
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
        """When it ended; None if it has not."""
        return self.intervals[-1].end if self.intervals else None

    @property
    def seconds(self) -> float:
        """The seconds of all intervals."""
        return sum(each.seconds for each in self.intervals)

    @property
    def state(self) -> StepState:
        if self.canceled:
            return StepState.CANCELED
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
        detail: more lines.
        url: of the explanation.
        line: of the Dockerfile; None if the warning is about no line.
    """

    short: str
    detail: tuple[str, ...] = ()
    url: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of the Dockerfile.

    Attributes:
        stage: BuildKit's name: `stage-1` for one without a name, empty if there is only one.
        keyword: in capitals.
        text: the whole instruction in one line.
    """

    line: int
    stage: str
    keyword: str
    text: str


def in_file(dockerfile: str, line: int | None) -> str:
    """` (Dockerfile:3)`; empty if the line is unknown."""
    return f" ({dockerfile or 'Dockerfile'}:{line})" if line else ""
