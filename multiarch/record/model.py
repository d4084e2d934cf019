"""What a run did, in one frozen value: every view of a build reads this, and nothing else. Pure.

Times are seconds since the run began (`Run.begin`). What was not seen is absent, never guessed: a build that was killed
has steps without an end, and a log that is not ours has no commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from multiarch.record.outcome import Outcome, RunPhase
from multiarch.record.steps import BuildStep, BuildWarning, Instruction, Interval, StepKind

CacheStatus = Literal["read", "missing", "written", "failed", "unfinished"]


@dataclass(frozen=True, kw_only=True)
class CacheAccess:
    """A cache that was to be read or written.

    Attributes:
        reference: an image's name or a folder; empty if unknown.
        status: missing: the cache does not exist yet, as in a first build.
        error: why it failed.
        interval: None if it took no time, as for a missing folder.
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
        cached: the steps that came from the cache.
        imported: a cache was found and read.
        export_error: why the cache export failed; empty if it succeeded or was disabled.
    """

    steps: int
    cached: int
    imported: bool
    export_error: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What was set, and what said so; values that may be secret stay out."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class PartInfo:
    """A part of an image that the run builds.

    Attributes:
        name: the bake target.
        platforms: those that are built together.
    """

    name: str
    platforms: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImageInfo:
    """An image of a run, as it is planned.

    Attributes:
        name: without the registry.
        repository: registry and name; empty for a local build.
        tags: the commit's tag first.
        parts: empty if the run builds none: the image exists already, or its parts come from elsewhere.
        cache_from: the caches to read, in docker's syntax.
        cache_to: the caches to write.
    """

    name: str
    repository: str = ""
    tags: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    parts: tuple[PartInfo, ...] = ()
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()


# So many images are named in a title.
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What a run was about, as far as it is known before it begins.

    Attributes:
        version: of multiarch; empty where the log is not one of ours.
        images: one for each target of the plan; empty where the log does not tell.
        commit: the whole object name, with -dirty for a changed tree; empty where it is not known.
        begin: wall clock, in UTC; None for a log that tells no time.
        dockerfile: its path.
        instructions: what it says, empty where it could not be read.
    """

    version: str = ""
    images: tuple[ImageInfo, ...] = ()
    commit: str = ""
    builder: str = ""
    driver: str = ""
    begin: datetime | None = None
    settings: tuple[Setting, ...] = ()
    dockerfile: str = ""
    instructions: tuple[Instruction, ...] = ()

    @property
    def has_several(self) -> bool:
        """Whether a view has to say which image it means."""
        return len(self.images) > 1

    @property
    def name(self) -> str:
        """The names of the images."""
        return ", ".join(image.name for image in self.images)

    @property
    def title(self) -> str:
        """`shop:0123456`; of several images, the first ones and the number of the others."""
        names = [":".join((image.name, *image.tags[:1])) for image in self.images]
        more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
        return ", ".join((*names[:_NAMED], *more))

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platforms of all images, each once."""
        return tuple(dict.fromkeys(platform for image in self.images for platform in image.platforms))

    @property
    def cache_to(self) -> tuple[str, ...]:
        """The caches of all images, each once."""
        return tuple(dict.fromkeys(cache for image in self.images for cache in image.cache_to))

    @property
    def only_built(self) -> str:
        """The one image of several that the run builds; empty if it builds several, or has one image alone."""
        built = [image.name for image in self.images if image.parts]
        return built[0] if len(built) == 1 and self.has_several else ""

    @property
    def bake_targets(self) -> Mapping[str, tuple[str, str]]:
        """Image and platform of each bake target that BuildKit names: a build of one target has no such prefix.

        The image is empty where the run has one alone, the platform where the target has several.
        """
        found = {
            part.name: (image.name if self.has_several else "", part.platforms[0] if len(part.platforms) == 1 else "")
            for image in self.images
            for part in image.parts
        }
        return found if len(found) > 1 else {}


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run, from its beginning to wherever it got.

    Attributes:
        steps: of the last try of the build, in order of appearance; empty where nothing was built.
        warnings: BuildKit's.
        attempt: which try of the build the steps are of, from 1; 0 where there was none.
        native: the platforms that the builder runs without emulation; empty where that is not known.
    """

    run: RunInfo
    phases: tuple[RunPhase, ...] = ()
    steps: tuple[BuildStep, ...] = ()
    warnings: tuple[BuildWarning, ...] = ()
    caches: tuple[CacheAccess, ...] = ()
    outcome: Outcome = field(default_factory=lambda: Outcome(status="unfinished"))
    attempt: int = 0
    native: tuple[str, ...] = ()

    @cached_property
    def by_digest(self) -> Mapping[str, BuildStep]:
        return {step.digest: step for step in self.steps}

    @property
    def failed_step(self) -> BuildStep | None:
        """The step that failed, those left out that were canceled for it; a cache that fails ends no build."""
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


def _order_of_failure(step: BuildStep) -> tuple[bool, float]:
    completed = step.completed
    return step.canceled, float("inf") if completed is None else completed
