"""What BuildKit did: steps, their times, transfers and warnings. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


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
    CANCELED = "canceled"  # because another one failed, or the run was interrupted


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
        name: as BuildKit shows it, without bake's target.
        image: the image that it is for, in a run of several; empty where several share it.
        platform: the image's platform that it is for; empty where several share it, or it is not known.
        runs_on: the platform that it runs as; another one than `platform` in cross compilation; empty if not known.
        stage: of the Dockerfile; empty where it has one stage alone.
        number: in its stage, from 1; 0 for what is no step of the Dockerfile.
        total: the steps of its stage.
        instruction: `RUN make`; the name, where it is no step of the Dockerfile.
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
        """`2/5`, empty for what is no step of the Dockerfile."""
        return f"{self.number}/{self.total}" if self.number else ""

    @cached_property
    def label(self) -> str:
        """`[linux/arm64 compile 2/3]`; the name, for what is no step of the Dockerfile. Of several images, with it."""
        if not self.number:
            return f"[{self.image}] {self.name}" if self.image else self.name
        platform = self.platform
        if platform and self.runs_on and platform != self.runs_on:
            # As BuildKit writes it: within one system, the target's system is left out.
            system = self.runs_on.partition("/")[0]
            platform = f"{self.runs_on}->{platform.removeprefix(f'{system}/')}"
        return f"[{' '.join(filter(None, (self.image, platform, self.stage, self.position)))}]"

    @property
    def title(self) -> str:
        """`[linux/arm64 compile 2/3] RUN make`."""
        return f"{self.label} {self.instruction}" if self.number else self.label

    @property
    def is_work(self) -> bool:
        """Whether it is a step of the Dockerfile that does something: FROM does not."""
        return self.kind is StepKind.DOCKERFILE and not self.instruction.startswith("FROM ")


@dataclass(frozen=True, kw_only=True)
class BuildStep(StepName):
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
        """When it ended for good; None where it has not."""
        return self.intervals[-1].end if self.intervals else None

    @property
    def seconds(self) -> float:
        """How long it ran, all times together."""
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
        detail: more of it.
        url: where it is explained.
        line: of the Dockerfile, None where it is about no line.
    """

    short: str
    detail: tuple[str, ...] = ()
    url: str = ""
    line: int | None = None


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


def in_file(dockerfile: str, line: int | None) -> str:
    """` (Dockerfile:3)`, empty where the line is not known."""
    return f" ({dockerfile or 'Dockerfile'}:{line})" if line else ""
