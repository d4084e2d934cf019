"""What a run will do, decided before it does anything. Pure.

`make_plan` turns settings (what the user wants) and facts (what was observed) into a frozen list of steps. `--dry-run`
prints the steps and `build` carries them out. What is left to decide then: whether the commit's image is there already,
whether a moving tag stays with a newer commit, whether an immutable cache moves, and how to recover from a failure.

    prepare   Login, EnsureBuilder    at the same time: login and boot are the two slow ones; ShowVersions beside them
              FindRepository      a missing repository is found now, and not when the push ends a long build
    build     Reuse       is this commit's image in the registry already? then nothing is built
              Build       one bake definition, pushed by digest: a failed or repeated build changes no published name
              Assemble    a target for each platform: one index of what they pushed
              Unpack      a local build: the archive becomes an OCI layout folder beside the one that is there
    verify    Verify      read back from the registry: every platform that was asked for
    publish   Tag         the commit's tag first, moving tags after it, all of them at the verified digest
              Replace     a local build: the verified folder takes the place of the one before it
    clean up  RemoveBuilder, where it is not to be kept
    hand over HandOver    last of all: what comes next finds its files only where all else went well

The price: pushing by digest leaves an untagged image behind where a run ends between build and publish (a lifecycle
rule for untagged images removes it), and the docker driver, which cannot push by digest, needs a tag of its own to push
to before the image is verified (`UNVERIFIED_TAG`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from multiarch.bake import (
    TARGET,
    Target,
    bake_definition,
    hidden_arguments,
    outside_paths,
    target_name,
)
from multiarch.cache.choose import (
    Caches,
    Place,
    cache_base,
    compression_options,
    find_caches,
    has_no_default_branch,
)
from multiarch.cache.move import cache_tags
from multiarch.describe import Description, describe
from multiarch.errors import ConfigurationError
from multiarch.identity import Commit, Identity
from multiarch.image import Platform, Registry, Repository
from multiarch.names import Moment, Names, decide_names, parse_flavor
from multiarch.secrecy import secret_warnings
from multiarch.settings import Settings

UNVERIFIED_TAG = "unverified"
# The run fills this in with a file of its own; the shell script makes a variable of it.
METADATA_FILE = "<METADATA_FILE>"

Command = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was observed before planning.

    Attributes:
        identity: what is being built.
        registry: where the image goes, with placeholders in a dry run; None for a local build.
        interactive: buildx may draw on a terminal.
        cache_folder: the user's own cache folder.
        folder_name: the name of the context's folder: what a local image is called without a repository.
        secret_arguments: the build arguments that look like secrets, and why.
        now: when the build began.
    """

    identity: Identity
    registry: Registry | None
    interactive: bool
    cache_folder: str
    folder_name: str
    now: datetime
    secret_arguments: Mapping[str, str] = field(default_factory=dict)


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
    moving: bool
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
class HandOver:
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
    | HandOver
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
    identity: Identity
    commit_tag: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...]
    retry: RetryPolicy
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def commit(self) -> Commit | None:
        return self.identity.commit


def make_plan(settings: Settings, facts: Facts) -> Plan:
    """Decide everything.

    Raises:
        ConfigurationError: there is no repository to push to.
    """
    commit = facts.identity.commit
    names = decide_names(
        settings.commit_tag,
        settings.tags,
        parse_flavor(settings.flavor),
        Moment(identity=facts.identity, now=facts.now),
    )
    platforms = tuple(Platform.parse(each) for each in settings.platforms)
    repository = _repository(settings, facts)
    layout = None if repository else f"{settings.dist.rstrip('/') or '/'}/{_name(settings, facts)}"
    fixed = (names.commit_tag, *names.fixed)
    tags = (*fixed, *(name.tag for name in names.moving)) if repository else (names.commit_tag,)
    builder = _ensure_builder(settings)
    description = describe(settings, facts.identity, name=_name(settings, facts), version=names.version)
    local_name = f"{_name(settings, facts)}:{names.commit_tag}"
    build = _build(settings, facts, description, repository, builder, archive=_archive(layout), local_name=local_name)
    _check_reserved(build, builder, repository, tags)
    steps: list[Step] = [ShowVersions(command=("docker", "buildx", "version"))]
    if repository and repository.registry.is_ecr:
        steps += [Login(registry=repository.registry), *_find_repositories(settings, repository, build)]
    steps.append(builder)
    if repository and not facts.identity.is_dirty:
        steps.append(
            Reuse(
                repository=repository,
                tags=fixed,
                revision=commit.sha if commit else "",
                digits=tuple(tag for tag in fixed if commit and _has_digits(tag, commit)),
                platforms=platforms,
                if_exists=settings.if_exists,
            )
        )
    steps.append(build)
    if repository and len(build.targets) > 1:
        steps.append(Assemble(repository=repository, platforms=platforms, annotations=description.of_index))
    fresh = f"{layout}.new" if layout else None
    if fresh:
        steps.append(Unpack(archive=_archive(layout), layout=fresh))
    steps.append(Verify(repository=repository, layout=fresh, platforms=platforms))
    if layout and fresh:
        steps.append(Replace(fresh=fresh, layout=layout))
    if repository:
        steps += _tags(settings, facts.identity, names, repository)
    if not settings.builder_keep and builder.create:
        steps.append(RemoveBuilder(command=("docker", "buildx", "rm", builder.name)))
    if settings.handover and repository:
        steps.append(
            HandOver(
                folder=settings.handover,
                containers=settings.containers or (_container(repository),),
                repository=repository,
                tag=names.commit_tag,
                commit=commit.name if commit else "",
            )
        )
    return Plan(
        name=_name(settings, facts),
        repository=repository,
        identity=facts.identity,
        commit_tag=names.commit_tag,
        tags=tags,
        platforms=platforms,
        retry=RetryPolicy(attempts=settings.retry_attempts, deadline=settings.retry_deadline),
        warnings=tuple(_warnings(settings, facts)),
        steps=tuple(steps),
    )


def _has_digits(tag: str, commit: Commit) -> bool:
    return commit.short in tag or commit.sha.startswith(tag)


def _tags(settings: Settings, identity: Identity, names: Names, repository: Repository) -> Iterator[Tag]:
    if identity.is_dirty:
        yield Tag(repository=repository, tag=names.commit_tag, moving=True, commit=None)
        return
    for tag in (names.commit_tag, *names.fixed):
        yield Tag(repository=repository, tag=tag, moving=False, commit=identity.commit)
    for name in names.moving:
        if settings.force_move:
            yield Tag(repository=repository, tag=name.tag, moving=True, commit=None)
        else:
            yield Tag(repository=repository, tag=name.tag, moving=True, commit=identity.commit, version=name.version)


def _warnings(settings: Settings, facts: Facts) -> Iterator[str]:
    yield from secret_warnings(facts.secret_arguments)
    if has_no_default_branch(settings, facts.identity):
        yield (
            "the default branch is not known, so no branch writes the cache that the others fall back to: "
            "--default-branch NAME says which one it is"
        )


def _check_reserved(build: Build, builder: EnsureBuilder, repository: Repository | None, tags: Sequence[str]) -> None:
    taken = cache_tags(build.cache_to, repository) if repository else ()
    taken = (*taken, UNVERIFIED_TAG) if builder.driver == "docker" else taken
    for tag in tags:
        if tag in taken:
            msg = f"the tag {tag} is written by the build itself, before anything is verified"
            raise ConfigurationError(msg, hint="name the image otherwise, or the cache: --cache-ref TAG")


def _find_repositories(settings: Settings, image: Repository, build: Build) -> Iterator[FindRepository]:
    yield FindRepository(repository=image, cache_tags=cache_tags(build.cache_to, image), holds_image=True)
    base = cache_base(settings, image)
    # The login is for the image's registry; whoever keeps caches in another one has one of their own.
    if base and base[0] != image and base[0].registry == image.registry:
        tags = cache_tags(build.cache_to, base[0])
        yield FindRepository(repository=base[0], cache_tags=tags, holds_image=False)


def _name(settings: Settings, facts: Facts) -> str:
    """What the image is called without a registry: its repository, or the folder that it is made from."""
    return settings.repository or facts.folder_name or "image"


def _container(repository: Repository) -> str:
    """Return the usual name of the only container: no dot is allowed in it, see `check_container`."""
    return repository.name.rpartition("/")[2].replace(".", "-")


def _repository(settings: Settings, facts: Facts) -> Repository | None:
    if not facts.registry:
        return None
    if not settings.repository:
        msg = "no repository to push to"
        raise ConfigurationError(
            msg, hint="name it: AWS_ECR_REPOSITORY_NAME under env.variables of the buildspec, or --repository NAME"
        )
    return Repository(registry=facts.registry, name=settings.repository)


def _ensure_builder(settings: Settings) -> EnsureBuilder:
    driver = settings.builder_driver
    name = settings.builder_name or ("default" if driver == "docker" else "multiarch")
    options = list(settings.builder_options)
    if driver in ("docker-container", "kubernetes") and not any(
        each.startswith("image=") for option in options for each in option.split(",")
    ):
        options.insert(0, f"image={settings.builder_image}")
    words = [word for option in options for word in ("--driver-opt", option)]
    create = ("docker", "buildx", "create", "--name", name, "--driver", driver, *words, "--bootstrap")
    return EnsureBuilder(
        name=name,
        driver=driver,
        options=tuple(options),
        create=None if driver == "docker" else (*create, *filter(None, [settings.builder_endpoint])),
        inspect=("docker", "buildx", "inspect", name, "--bootstrap"),
        remove=("docker", "buildx", "rm", "--keep-state", name),
    )


def _archive(layout: str | None) -> str:
    return f"{layout}.tar" if layout else ""


def _build(
    settings: Settings,
    facts: Facts,
    description: Description,
    repository: Repository | None,
    builder: EnsureBuilder,
    *,
    archive: str,
    local_name: str,
) -> Build:
    caches = _caches(settings, facts, repository)
    targets = [
        Target(name=name, platforms=platforms, cache_from=each.read, cache_to=each.written)
        for name, (platforms, each) in caches.items()
    ]
    definition = bake_definition(
        settings,
        targets,
        output=_output(settings, repository, builder, archive, local_name),
        description=description,
        epoch=_epoch(settings, facts.identity.commit),
    )
    folders = [folder for _, each in caches.values() for folder in each.folders]
    command = (
        *("docker", "buildx", "bake", "--builder", builder.name, "--file", "-"),
        *("--metadata-file", METADATA_FILE, "--progress", "auto" if facts.interactive else "rawjson"),
        *outside_paths(settings, written=[*folders, *filter(None, [archive])]),
        TARGET,
    )
    return Build(
        definition=definition,
        command=command,
        targets=tuple(caches),
        variables=tuple(hidden_arguments(settings).values()),
        cache_from=tuple(dict.fromkeys(cache for _, each in caches.values() for cache in each.read)),
        cache_to=tuple(dict.fromkeys(cache for _, each in caches.values() for cache in each.written)),
        is_shared=not settings.cache_per_platform,
        archive=archive,
        builder=builder.name,
    )


def _caches(
    settings: Settings, facts: Facts, repository: Repository | None
) -> Mapping[str, tuple[tuple[str, ...], Caches]]:
    """Return each target's platforms and caches; a local build writes one archive, so it has one target."""
    name = _name(settings, facts)
    place = Place(
        repository=repository,
        region=repository.registry.region if repository else "",
        folder=settings.local_cache or f"{facts.cache_folder}/multiarch/{name}",
        name=name,
    )
    if not (settings.cache_per_platform and repository):
        return {TARGET: (settings.platforms, find_caches(settings, facts.identity, place))}
    if len(settings.platforms) == 1:
        only = Platform.parse(settings.platforms[0])
        return {TARGET: (settings.platforms, find_caches(settings, facts.identity, place, only))}
    return {
        target_name(each): ((each,), find_caches(settings, facts.identity, place, Platform.parse(each)))
        for each in settings.platforms
    }


def _epoch(settings: Settings, commit: Commit | None) -> int | None:
    if not settings.reproducible:
        return None
    if commit and commit.time is not None:
        return commit.time
    msg = "--reproducible needs the commit's time, and nothing tells it"
    raise ConfigurationError(
        msg, hint="build from a git checkout (CodePipeline: output artifact format CODEBUILD_CLONE_REF), or without it"
    )


def _output(
    settings: Settings, repository: Repository | None, builder: EnsureBuilder, archive: str, local_name: str
) -> str:
    options = compression_options(settings)
    if options and settings.compression != "gzip":
        options["oci-mediatypes"] = "true"  # docker's own media types know no other compression
    if settings.reproducible:
        options["rewrite-timestamp"] = "true"
    further = "".join(f",{name}={value}" for name, value in options.items())
    if not repository:
        return f"type=oci,dest={archive},name={local_name}{further}"
    if builder.driver == "docker":
        # "push-by-digest is currently not implemented for docker driver": buildx, build/opt.go
        return f"type=image,name={repository.tagged(UNVERIFIED_TAG)},push=true{further}"
    # Pushed and nothing else: a builder that keeps images (containerd's) would fetch and unpack all that was cached.
    return f"type=image,name={repository},push-by-digest=true,name-canonical=true,store=false,push=true{further}"
