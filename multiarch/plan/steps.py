"""The steps of a plan, as frozen values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.source import Commit, Source

UNVERIFIED_TAG = "unverified"

# The run fills this in with a file of its own; the shell script makes a variable of it.
METADATA_FILE = "<METADATA_FILE>"

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ShowVersions:
    command: Command


@dataclass(frozen=True, kw_only=True)
class Login:
    """Sign in to an ECR registry for this run alone."""

    registry: Registry


@dataclass(frozen=True, kw_only=True)
class FindRepository:
    """Ask AWS whether the repository is there; what the role may not ask is left to the push.

    Attributes:
        cache_tags: the tags of caches in it, which move where they may not be overwritten.
        holds_image: without it there is nothing to build; a repository of caches alone can be done without.
    """

    repository: Repository
    cache_tags: tuple[str, ...]
    holds_image: bool


@dataclass(frozen=True, kw_only=True)
class EnsureBuilder:
    """Create the builder, or take the one that is there.

    Attributes:
        create: makes and boots it; None where the driver has nothing to make.
        inspect: describes and boots the one that is there.
        remove: removes it, its cache kept, before it is made anew.
    """

    name: str
    driver: str
    options: tuple[str, ...]
    create: Command | None
    inspect: Command
    remove: Command


@dataclass(frozen=True, kw_only=True)
class Reuse:
    """Look for this commit's image in the registry.

    Attributes:
        tags: the names that do not move, the commit's first.
        revision: the commit they have to be of; empty where the commit is not known.
        digits: those that have the commit's own digits, so an image that does not say its commit can be of no other.
        if_exists: skip, rebuild or fail.
    """

    repository: Repository
    tags: tuple[str, ...]
    revision: str
    digits: tuple[str, ...]
    platforms: tuple[Platform, ...]
    if_exists: str


@dataclass(frozen=True, kw_only=True)
class Build:
    """Run bake over the definition, which it reads from its standard input.

    Attributes:
        targets: what bake's metadata calls what is built: one name, or one for each platform.
        variables: what bake reads from the environment, so that it does not stand here.
        cache_from: the caches that are read, all targets together.
        cache_to: the caches that are written.
        is_shared: one cache for all platforms, which holds one node's alone where the builder has several.
        archive: the file that a local build writes, empty where it pushes.
    """

    definition: Mapping[str, object]
    command: Command
    targets: tuple[str, ...]
    variables: tuple[str, ...]
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]
    is_shared: bool
    archive: str
    builder: str


@dataclass(frozen=True, kw_only=True)
class Assemble:
    """Make one index of the platforms' images, which were built as a target each, and push it by digest."""

    repository: Repository
    platforms: tuple[Platform, ...]
    annotations: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Unpack:
    """Make an OCI layout folder of the archive that a local build wrote.

    BuildKit could write the folder itself (tar=false), but reports errors that are none where two platforms share a
    layer, and leaves the blobs of earlier builds in it.
    """

    archive: str
    layout: str


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Read the image back, and check that it is what was asked for."""

    repository: Repository | None
    layout: str | None
    platforms: tuple[Platform, ...]


@dataclass(frozen=True, kw_only=True)
class Tag:
    """Point a tag at the verified digest.

    Attributes:
        moving: the tag names whatever is newest; one that is not moving names this commit for good.
        commit: what the image was built from, where it is known. A moving tag that names a newer one stays.
        version: what it was built as, where versions decide what is newer; empty where commits do.
    """

    repository: Repository
    tag: str
    floating: bool
    commit: Commit | None
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Replace:
    """Put the verified layout folder in the place of the one that an earlier build left there.

    Attributes:
        fresh: where it was unpacked and verified.
        layout: where it is to be.
    """

    fresh: str
    layout: str


@dataclass(frozen=True, kw_only=True)
class RemoveBuilder:
    command: Command


@dataclass(frozen=True, kw_only=True)
class WriteDeployFiles:
    """Write what the next stage reads; the files of an earlier run were removed before anything else began.

    Attributes:
        containers: of the ECS task definition, those that run the image.
        tag: the commit's tag.
        commit: what the image was built from, with -dirty for a changed tree; empty where it is not known.
    """

    folder: str
    containers: tuple[str, ...]
    repository: Repository
    tag: str
    commit: str


Step = (
    ShowVersions
    | Login
    | FindRepository
    | EnsureBuilder
    | Reuse
    | Build
    | Assemble
    | Unpack
    | Verify
    | Tag
    | Replace
    | RemoveBuilder
    | WriteDeployFiles
)


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How often a phase is tried, and for how many seconds of the run at most."""

    attempts: int
    deadline: float


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The steps, in order, and what they are about.

    Attributes:
        warnings: what is allowed and probably not meant.
    """

    name: str
    repository: Repository | None
    source: Source
    commit_tag: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...]
    retry: RetryPolicy
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def commit(self) -> Commit | None:
        return self.source.commit
