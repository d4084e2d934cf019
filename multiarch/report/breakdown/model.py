"""The time and the bytes of a build, in numbers. Pure."""

from dataclasses import dataclass

from multiarch.image.manifest import Layer
from multiarch.record.steps import BuildWarning


@dataclass(frozen=True, kw_only=True)
class PlatformWork:
    """The Dockerfile's steps of one platform. FROM counts only in the seconds.

    Attributes:
        image: in a run of several images; empty for the steps that several images share.
        platform: empty for the steps that several platforms share.
        run: the steps that had to run.
        cached: the steps that came from the cache.
        seconds: in which at least one of them ran.
    """

    image: str
    platform: str
    run: int
    cached: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class CacheMiss:
    """The first step that was not in the cache.

    Attributes:
        step: `[compile 2/3] COPY package.json .`, without the platforms.
        line: of the Dockerfile, None if uncertain.
        platforms: the platforms without a cache hit; empty for a shared step.
        reason: why the step was not in the cache.
        after: the number of later steps that ran because of it.
        seconds: the sum for the step and the later steps.
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
        native: seconds of the same step in the same build on `native_platform`, without emulation; None if it did not
            run there.
    """

    instruction: str
    platform: str
    line: int | None
    seconds: float
    native: float | None = None
    native_platform: str = ""


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """Where the time and the bytes of a build went.

    Attributes:
        dockerfile: its path.
        platforms: steps by platform, shared steps last.
        cache: why no cache was read; empty if a cache was read.
        misses: the first misses of the cache, the most expensive first.
        cache_import: seconds; 0 if nothing was imported.
        build: seconds in which steps of the Dockerfile ran.
        export: seconds of making layers and manifests.
        push: seconds.
        cache_export: seconds.
        emulated: the emulated steps, the slowest first.
        layers: the largest layers; a layer of several platforms counts once, with its largest size.
        warnings: BuildKit's.
        hints: how to make the build faster, each with measured numbers.
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
