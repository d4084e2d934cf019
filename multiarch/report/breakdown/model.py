"""What a build's time and bytes went into, in numbers. Pure."""

from dataclasses import dataclass

from multiarch.image.manifest import Layer
from multiarch.record.steps import BuildWarning


@dataclass(frozen=True, kw_only=True)
class PlatformWork:
    """The Dockerfile's steps of one platform, FROM counted in the seconds alone.

    Attributes:
        image: in a run of several images; empty for the steps that several images share.
        platform: empty for the steps that several platforms share.
        run: the steps that had to run.
        cached: those that did not have to.
        seconds: in which at least one of them ran.
    """

    image: str
    platform: str
    run: int
    cached: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CacheMiss:
    """A step that had to run though nothing before it did: here the cache first had no answer.

    Attributes:
        step: `[compile 2/3] COPY package.json .`, the platforms left out.
        line: of the Dockerfile, None where it is not certain.
        platforms: those where it missed; nothing for a step that they share.
        reason: what the cache does not have.
        after: the steps that build on it and so had to run too.
        seconds: of the step and of those after it, added up.
    """

    step: str
    line: int | None
    platforms: tuple[str, ...]
    reason: str
    after: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class EmulatedStep:
    """A step that ran on an emulated processor.

    Attributes:
        native: seconds that the same step took on `native_platform`, without emulation, in this very build; None where
            it did not run there.
    """

    instruction: str
    platform: str
    line: int | None
    seconds: float
    native: float | None = None
    native_platform: str = ""


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """What a build was made of.

    Attributes:
        dockerfile: its path.
        platforms: steps by platform, those that are shared last.
        cache: what there is to say of the cache as a whole; empty where it was read.
        misses: where the cache first missed, the most expensive first.
        cache_import: seconds; 0 where nothing was imported, as below.
        build: seconds in which steps of the Dockerfile ran.
        export: seconds of making layers and manifests.
        push: seconds.
        cache_export: seconds.
        emulated: the steps that were emulated, the slowest first.
        layers: the largest; of one that several platforms have, the largest of them.
        warnings: BuildKit's.
        hints: what would make it faster, each with the numbers that say so.
    """

    dockerfile: str
    platforms: tuple[PlatformWork, ...]
    cache: str
    misses: tuple[CacheMiss, ...]
    cache_import: float
    build: float
    export: float
    push: float
    cache_export: float
    emulated: tuple[EmulatedStep, ...]
    layers: tuple[Layer, ...]
    warnings: tuple[BuildWarning, ...]
    hints: tuple[str, ...]
