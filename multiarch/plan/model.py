"""A plan: what a run does, as frozen values. Pure."""

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
    """How often a phase is attempted, and for how many seconds of the run at most."""

    attempts: int
    deadline: float


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """What comes before the build; the builder boots beside the login.

    Attributes:
        builder: None where this plan builds nothing, since all parts come from elsewhere.
    """

    versions: ShowVersions
    logins: tuple[Login, ...]
    repositories: tuple[FindRepository, ...]
    builder: EnsureBuilder | None


@dataclass(frozen=True, kw_only=True)
class Target:
    """One image, from its parts to its names.

    Attributes:
        name: of the image, without its registry.
        repository: None for a local build.
        commit_tag: the tag that names the commit.
        tags: all tags, the commit's first.
        parts: each is pushed by digest; several are assembled into one index.
        reuse: looks for the commit's image first; None where it is always built.
        build: None where the parts come from elsewhere.
        assemble: None where one part is the image.
        unpack: of a local build.
        publish: the tags in the order in which they are written; none for a local build.
        replace: of a local build.
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
    """What comes after the last tag.

    Attributes:
        remove_builder: None where the builder is kept.
        deploy_files: None where nobody asked for them.
    """

    remove_builder: RemoveBuilder | None
    deploy_files: WriteDeployFiles | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that a run does, decided before it does anything.

    Attributes:
        build: one build for all targets; None where all parts come from elsewhere.
        warnings: what is allowed and probably not meant.
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
        """All steps in one row, for those who show the plan: nothing gets a name before everything is verified."""
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
