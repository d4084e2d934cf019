"""The steps of a plan, as frozen values. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.source import Commit

UNVERIFIED_TAG = "unverified"

# The run replaces this with a temporary file, and the shell script with a variable.
METADATA_FILE = "<METADATA_FILE>"

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ShowVersions:
    command: Command


@dataclass(frozen=True, kw_only=True)
class Login:
    """Sign in to an ECR registry, only for this run."""

    registry: Registry


@dataclass(frozen=True, kw_only=True)
class FindRepository:
    """Check that the repository exists; if the role is not allowed to, the push finds out.

    Attributes:
        cache_tags: the cache tags in this repository; the run replaces an immutable tag with another tag.
        holds_image: if missing, the run fails; a missing repository that holds only caches is a warning.
    """

    repository: Repository
    cache_tags: tuple[str, ...]
    holds_image: bool


@dataclass(frozen=True, kw_only=True)
class EnsureBuilder:
    """Create the builder, or use the existing one.

    Attributes:
        create: creates and boots the builder; None for the driver docker, whose builder always exists.
        inspect: describes and boots an existing builder.
        remove: removes a builder before it is recreated, keeping its cache.
    """

    name: str
    driver: str
    options: tuple[str, ...]
    create: Command | None
    inspect: Command
    remove: Command


@dataclass(frozen=True, kw_only=True)
class Reuse:
    """Find an existing image of this commit in the registry.

    Attributes:
        tags: the pinned tags, the commit tag first.
        revision: the commit that the image must be of; empty if the commit is unknown.
        digits: the tags that contain digits of the commit: their image is of this commit even if it records no commit.
        if_exists: skip, rebuild or fail.
        fingerprint: the expected inputs of the image: a hash by setting.
    """

    repository: Repository
    tags: tuple[str, ...]
    revision: str
    digits: tuple[str, ...]
    platforms: tuple[Platform, ...]
    if_exists: str
    fingerprint: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Build:
    """Build all targets with one bake, which reads the definition from its standard input.

    Attributes:
        command: bake with all names.
        names: the bake targets or groups, one for each target of the plan.
        variables: environment variables that bake reads, so their values are not in the plan.
    """

    definition: Mapping[str, object]
    command: Command
    names: tuple[str, ...]
    variables: tuple[str, ...]
    builder: str

    def only(self, names: Collection[str]) -> "Build":
        """Return the build of only these names, without the images that the run reuses."""
        kept = tuple(name for name in self.names if name in names)
        return replace(self, command=(*self.command[: -len(self.names)], *kept), names=kept)


@dataclass(frozen=True, kw_only=True)
class TargetBuild:
    """A target's share of the build.

    Attributes:
        name: the bake target, or the bake group of the target's parts.
        cache_from: the caches to read, of all parts.
        cache_to: the caches to write, of all parts.
        is_shared: all platforms use one cache; the nodes of a builder overwrite each other's.
        archive: the file that a local build writes; empty if the build pushes.
    """

    name: str
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]
    is_shared: bool
    archive: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """Platforms of a target that are built together and pushed by digest, without a tag.

    Attributes:
        name: the bake target, which names the digest in bake's metadata.
        digest: of a part that was built elsewhere; empty if this plan builds the part.
    """

    name: str
    platforms: tuple[Platform, ...]
    digest: str = ""


@dataclass(frozen=True, kw_only=True)
class Assemble:
    """Push one index of all parts by digest."""

    repository: Repository
    platforms: tuple[Platform, ...]
    annotations: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Unpack:
    """Unpack the archive of a local build into an OCI layout folder.

    BuildKit can write the folder itself (tar=false), but then it reports errors if two platforms share a layer, and
    keeps the blobs of earlier builds.
    """

    archive: str
    layout: str


@dataclass(frozen=True, kw_only=True)
class Verify:
    """Read the image back, and check every platform."""

    repository: Repository | None
    layout: str | None
    platforms: tuple[Platform, ...]


@dataclass(frozen=True, kw_only=True)
class Tag:
    """Point a tag at the verified digest.

    Attributes:
        floating: the tag moves to the newest image; a pinned tag always points to this commit's image.
        commit: the commit of the image, None if unknown. A floating tag is not moved from a newer commit.
        version: the version of the image, if versions decide which image is newer; empty if commits do.
    """

    repository: Repository
    tag: str
    floating: bool
    commit: Commit | None
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Replace:
    """Replace the layout folder of an earlier build with the verified one.

    Attributes:
        fresh: the verified folder.
        layout: the folder to replace.
    """

    fresh: str
    layout: str


@dataclass(frozen=True, kw_only=True)
class RemoveBuilder:
    command: Command


@dataclass(frozen=True, kw_only=True)
class DeployedImage:
    """One image in the deploy files.

    Attributes:
        target: the name of the target.
        containers: the containers of the ECS task definition that run the image.
        tag: the commit tag.
    """

    target: str
    containers: tuple[str, ...]
    repository: Repository
    tag: str


@dataclass(frozen=True, kw_only=True)
class WriteDeployFiles:
    """Write the deploy files for the next stage; the run removes those of an earlier run at its begin.

    Attributes:
        commit: the commit of the images, with -dirty for uncommitted changes; empty if unknown.
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
