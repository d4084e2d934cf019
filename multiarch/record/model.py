"""The record of a run, as frozen values: every view of a run reads only this. Pure.

Times are seconds since the run began (`RunInfo.begin`). Unknown values are absent, never guessed: a killed build has
steps without an end, and a log of BuildKit alone has no commit.
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
    """A cache to read or write.

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
    """How many steps came from the cache.

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
    """A setting and its origin, without values that may be secret."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class PartInfo:
    """A part of an image that the run builds.

    Attributes:
        name: the bake target.
        platforms: the platforms that are built together.
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
    """What a run is about, as far as it is known before it begins.

    Attributes:
        version: of multiarch; empty for a log of BuildKit alone.
        images: one for each target of the plan; empty for a log of BuildKit alone.
        commit: the whole object name, with -dirty for a changed tree; empty if unknown.
        begin: wall clock, in UTC; None if unknown.
        dockerfile: its path.
        instructions: of the Dockerfile; empty if it could not be read.
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
        """Whether a view has to name the image."""
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
        """The only image that the run builds, if it has several images; empty otherwise."""
        built = [image.name for image in self.images if image.parts]
        return built[0] if len(built) == 1 and self.has_several else ""

    @property
    def bake_targets(self) -> Mapping[str, tuple[str, str]]:
        """Image and platform by bake target; empty for a build of one target, whose steps have no prefix.

        The image is empty if the run has only one, the platform if the target has several.
        """
        found = {
            part.name: (image.name if self.has_several else "", part.platforms[0] if len(part.platforms) == 1 else "")
            for image in self.images
            for part in image.parts
        }
        return found if len(found) > 1 else {}


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run, also one that ended early.

    Attributes:
        steps: of the last attempt of the build, in order of appearance; empty if nothing was built.
        warnings: BuildKit's.
        attempt: the attempt of the build that the steps are of, from 1; 0 if nothing was built.
        native: the platforms that the builder runs without emulation; empty if unknown.
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
        """The step that failed, not one canceled because of it; a failed cache import or export ends no build."""
        harmless = (StepKind.CACHE_IMPORT, StepKind.CACHE_EXPORT)
        failed = [step for step in self.steps if step.error and step.kind not in harmless]
        return min(failed, key=_order_of_failure, default=None)

    @property
    def cache_use(self) -> CacheUse | None:
        """None if nothing was built, or BuildKit's events could not be read."""
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
