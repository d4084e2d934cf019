"""The steps of a plan, as frozen values. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.source import Commit

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
    """Run one bake over everything that is built: bake reads the definition from its standard input.

    Attributes:
        command: bake over all names.
        names: what the command builds, a bake target or group for each target of the plan.
        variables: what bake reads from the environment, so that it does not stand here.
    """

    definition: Mapping[str, object]
    command: Command
    names: tuple[str, ...]
    variables: tuple[str, ...]
    builder: str

    def only(self, names: Collection[str]) -> "Build":
        """Return the build of some of its names: which images are reused is decided when the run asks the registry."""
        kept = tuple(name for name in self.names if name in names)
        return replace(self, command=(*self.command[: -len(self.names)], *kept), names=kept)


@dataclass(frozen=True, kw_only=True)
class TargetBuild:
    """A target's share of the build.

    Attributes:
        name: the bake target, or the bake group of the target's parts.
        cache_from: the caches that are read, all parts together.
        cache_to: the caches that are written.
        is_shared: one cache for all platforms; a builder of several nodes keeps the cache of one node alone in it.
        archive: the file that a local build writes, empty where the build pushes.
    """

    name: str
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]
    is_shared: bool
    archive: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Platforms of a target that are built together, and pushed by digest without a name.

    Attributes:
        name: the bake target, under which bake's metadata holds the digest.
        digest: of a part that was built elsewhere; empty where this plan builds it.
    """

    name: str
    platforms: tuple[Platform, ...]
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Assemble:
    """Make one index of the parts' images, and push it by digest."""

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
class DeployedImage:
    """What deploy files say of one image.

    Attributes:
        target: the target's name.
        containers: of the ECS task definition, those that run the image.
        tag: the commit's tag.
    """

    target: str
    containers: tuple[str, ...]
    repository: Repository
    tag: str


@dataclass(frozen=True, kw_only=True)
class WriteDeployFiles:
    """Write what the next stage reads; the files of an earlier run are removed before anything else begins.

    Attributes:
        commit: what the images were built from, with -dirty for a changed tree; empty where it is not known.
    """

    folder: str
    images: tuple[DeployedImage, ...]
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
