"""The plan of a run, as frozen values. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.plan.steps import (
    Assemble,
    Build,
    EnsureBuilder,
    FindRepository,
    Login,
    Part,
    RemoveBuilder,
    Replace,
    Reuse,
    ShowVersions,
    Step,
    Tag,
    TargetBuild,
    Unpack,
    Verify,
    WriteDeployFiles,
)
from multiarch.source import Commit, Source


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """The maximum attempts per phase, and the seconds from the begin of the run after which no retry begins."""

    attempts: int
    deadline: float


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """The steps before the build.

    Attributes:
        builder: None if all parts come from elsewhere, so nothing is built.
    """

    versions: ShowVersions
    logins: tuple[Login, ...]
    repositories: tuple[FindRepository, ...]
    builder: EnsureBuilder | None


@dataclass(frozen=True, kw_only=True)
class Target:
    """One image, from its parts to its tags.

    Attributes:
        name: of the image, without its registry.
        repository: None for a local build.
        commit_tag: the tag that names the commit.
        tags: all tags, the commit tag first.
        parts: each is pushed by digest; several parts are assembled into one index.
        reuse: finds an existing image of the commit; None if the image is always built.
        build: None if the parts come from elsewhere.
        assemble: None if the image has a single part.
        unpack: only for a local build.
        publish: the tags in the order of their writes; empty for a local build.
        replace: only for a local build.
    """

    name: str
    repository: Repository | None
    commit_tag: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...]
    parts: tuple[Part, ...]
    reuse: Reuse | None
    build: TargetBuild | None
    assemble: Assemble | None
    unpack: Unpack | None
    verify: Verify
    publish: tuple[Tag, ...]
    replace: Replace | None

    @property
    def cache_from(self) -> tuple[str, ...]:
        return self.build.cache_from if self.build else ()

    @property
    def cache_to(self) -> tuple[str, ...]:
        return self.build.cache_to if self.build else ()


@dataclass(frozen=True, kw_only=True)
class Finish:
    """The steps after the last tag.

    Attributes:
        remove_builder: None if the builder is kept.
        deploy_files: None unless requested.
    """

    remove_builder: RemoveBuilder | None
    deploy_files: WriteDeployFiles | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan of a run, made before the run begins.

    Attributes:
        build: one build for all targets; None if all parts come from elsewhere.
        warnings: about settings that are allowed, but probably a mistake.
    """

    source: Source
    retry: RetryPolicy
    warnings: tuple[str, ...]
    prepare: Prepare
    build: Build | None
    targets: tuple[Target, ...]
    finish: Finish

    @property
    def commit(self) -> Commit | None:
        return self.source.commit

    @property
    def name(self) -> str:
        """The names of all targets, for people."""
        return ", ".join(target.name for target in self.targets)

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """All platforms of all targets, each once."""
        return tuple(dict.fromkeys(platform for target in self.targets for platform in target.platforms))

    @property
    def is_local(self) -> bool:
        return not any(target.repository for target in self.targets)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return all steps in order, to show the plan: all images are verified before the first tag."""
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        yield self.prepare.versions
        yield from self.prepare.logins
        yield from self.prepare.repositories
        if self.prepare.builder:
            yield self.prepare.builder
        yield from (target.reuse for target in self.targets if target.reuse)
        if self.build:
            yield self.build
        for target in self.targets:
            yield from (step for step in (target.assemble, target.unpack) if step)
            yield target.verify
        for target in self.targets:
            yield from target.publish
            if target.replace:
                yield target.replace
        yield from (step for step in (self.finish.remove_builder, self.finish.deploy_files) if step)
