"""What a run will do, decided before it does anything. Pure.

`make_plan` turns settings (what the user wants) and facts (what was observed) into a frozen list of steps. `--dry-run`
prints the steps and `build` carries them out. What is left to decide then: whether the commit's image is there already,
whether a moving tag stays with a newer commit, and how to recover from a failure.

    prepare   Login, EnsureBuilder    at the same time: login and boot are the two slow ones; ShowVersions beside them
              FindRepository      a missing repository is found now, and not when the push ends a long build
    build     Reuse       is this commit's image in the registry already? then nothing is built
              Build       one bake definition, pushed by digest: a failed or repeated build changes no published name
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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from multiarch.bake import CREATED, REVISION, TARGET, bake_definition, outside_paths
from multiarch.errors import ConfigurationError
from multiarch.identity import Commit, Identity
from multiarch.image import Platform, Registry, Repository, check_tag
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
    """

    identity: Identity
    registry: Registry | None
    interactive: bool
    cache_folder: str
    folder_name: str


@dataclass(frozen=True, kw_only=True)
class ShowVersions:
    command: Command


@dataclass(frozen=True, kw_only=True)
class Login:
    """Sign in to an ECR registry for this run alone."""

    registry: Registry


@dataclass(frozen=True, kw_only=True)
class FindRepository:
    """Ask AWS whether the repository is there; what the role may not ask is left to the push."""

    repository: Repository


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
        tag: the commit's tag.
        revision: the commit it has to be of; empty where the commit is not known.
        names_commit: the tag is the commit's own digits, so an image that does not say its commit can be of no other.
        if_exists: skip, rebuild or fail.
    """

    repository: Repository
    tag: str
    revision: str
    names_commit: bool
    platforms: tuple[Platform, ...]
    if_exists: str


@dataclass(frozen=True, kw_only=True)
class Build:
    """Run bake over the definition, which it reads from its standard input.

    Attributes:
        archive: the file that a local build writes, empty where it pushes.
    """

    definition: Mapping[str, object]
    command: Command
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]
    archive: str
    builder: str


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
    """

    repository: Repository
    tag: str
    moving: bool
    commit: Commit | None


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
    """The steps, in order, and what they are about."""

    name: str
    repository: Repository | None
    identity: Identity
    commit_tag: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...]
    retry: RetryPolicy
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
    commit_tag = _commit_tag(settings, commit)
    platforms = tuple(Platform.parse(each) for each in settings.platforms)
    repository = _repository(settings, facts)
    layout = None if repository else f"{settings.dist.rstrip('/') or '/'}/{_name(settings, facts)}"
    dirty = bool(commit and commit.dirty)
    moving = tuple(tag for tag in dict.fromkeys(settings.tags) if tag != commit_tag and repository and not dirty)
    builder = _ensure_builder(settings)
    _check_reserved(settings, builder, (commit_tag, *moving))
    build = _build(settings, facts, repository, builder, archive=_archive(layout))
    steps: list[Step] = [ShowVersions(command=("docker", "buildx", "version"))]
    if repository and repository.registry.is_ecr:
        steps += [Login(registry=repository.registry), FindRepository(repository=repository)]
    steps.append(builder)
    if repository and not dirty:
        steps.append(
            Reuse(
                repository=repository,
                tag=commit_tag,
                revision=commit.sha if commit else "",
                names_commit=bool(commit and commit.sha.startswith(commit_tag)),
                platforms=platforms,
                if_exists=settings.if_exists,
            )
        )
    steps.append(build)
    fresh = f"{layout}.new" if layout else None
    if fresh:
        steps.append(Unpack(archive=_archive(layout), layout=fresh))
    steps.append(Verify(repository=repository, layout=fresh, platforms=platforms))
    if layout and fresh:
        steps.append(Replace(fresh=fresh, layout=layout))
    if repository:
        newest = None if settings.force_move else commit
        steps.append(Tag(repository=repository, tag=commit_tag, moving=dirty, commit=None if dirty else commit))
        steps += [Tag(repository=repository, tag=tag, moving=True, commit=newest) for tag in moving]
    if not settings.builder_keep and builder.create:
        steps.append(RemoveBuilder(command=("docker", "buildx", "rm", builder.name)))
    if settings.handover and repository:
        steps.append(
            HandOver(
                folder=settings.handover,
                containers=settings.containers or (_container(repository),),
                repository=repository,
                tag=commit_tag,
                commit=commit.name if commit else "",
            )
        )
    return Plan(
        name=_name(settings, facts),
        repository=repository,
        identity=facts.identity,
        commit_tag=commit_tag,
        tags=(commit_tag, *moving),
        platforms=platforms,
        retry=RetryPolicy(attempts=settings.retry_attempts, deadline=settings.retry_deadline),
        steps=tuple(steps),
    )


def _check_reserved(settings: Settings, builder: EnsureBuilder, tags: Sequence[str]) -> None:
    taken = [settings.cache_ref] if settings.cache == "registry" else []
    taken += [UNVERIFIED_TAG] if builder.driver == "docker" else []
    for tag in tags:
        if tag in taken:
            msg = f"the tag {tag} is written by the build itself, before anything is verified"
            raise ConfigurationError(msg, hint="name the image otherwise, or the cache: --cache-ref TAG")


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
    settings: Settings, facts: Facts, repository: Repository | None, builder: EnsureBuilder, *, archive: str
) -> Build:
    folder = settings.local_cache or f"{facts.cache_folder}/multiarch/{_name(settings, facts)}"
    local_name = f"{_name(settings, facts)}:{_commit_tag(settings, facts.identity.commit)}"
    cache_from, cache_to, written = _caches(settings, repository, folder)
    definition = bake_definition(
        settings,
        output=_output(repository, builder, archive, local_name),
        cache_from=cache_from,
        cache_to=cache_to,
        annotations=_annotations(facts.identity.commit),
    )
    command = (
        *("docker", "buildx", "bake", "--builder", builder.name, "--file", "-"),
        *("--metadata-file", METADATA_FILE, "--progress", "auto" if facts.interactive else "rawjson"),
        *outside_paths(settings, written=[*written, *filter(None, [archive])]),
        TARGET,
    )
    return Build(
        definition=definition,
        command=command,
        cache_from=tuple(cache_from),
        cache_to=tuple(cache_to),
        archive=archive,
        builder=builder.name,
    )


def _annotations(commit: Commit | None) -> Mapping[str, str]:
    """Say which commit this is: `Reuse` and `Tag` of a later run decide by it. A changed tree is no commit's image."""
    if not commit or commit.dirty:
        return {}
    time = {} if commit.time is None else {CREATED: datetime.fromtimestamp(commit.time, UTC).isoformat()}
    return {REVISION: commit.sha, **time}


def _commit_tag(settings: Settings, commit: Commit | None) -> str:
    """Return the commit's tag; a changed tree takes no clean name, whoever chose it."""
    chosen = settings.commit_tag or (commit.short if commit else "")
    return check_tag(f"{chosen}-dirty") if commit and commit.dirty else chosen


def _output(repository: Repository | None, builder: EnsureBuilder, archive: str, local_name: str) -> str:
    if not repository:
        return f"type=oci,dest={archive},name={local_name}"
    if builder.driver == "docker":
        # "push-by-digest is currently not implemented for docker driver": buildx, build/opt.go
        return f"type=image,name={repository.tagged(UNVERIFIED_TAG)},push=true"
    return f"type=image,name={repository},push-by-digest=true,name-canonical=true,push=true"


def _caches(
    settings: Settings, repository: Repository | None, folder: str
) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Return the caches to read, those to write, and the folders that are written."""
    extra = [each if "type=" in each else f"type=registry,ref={each}" for each in settings.cache_from]
    kind = "local" if settings.cache == "registry" and not repository else settings.cache
    match kind:
        case "none":
            return extra, [], []
        case "local":
            # Without ignore-error: a folder that cannot be written is the user's to mend.
            return (
                [f"type=local,src={folder}", *extra],
                [f"type=local,dest={folder},mode={settings.cache_mode}"],
                [folder],
            )
        case _:
            assert repository
            named = ":" in settings.cache_ref or "/" in settings.cache_ref
            ref = settings.cache_ref if named else repository.tagged(settings.cache_ref)
            # ECR answers 400 without the first two: https://github.com/aws/containers-roadmap/issues/876
            # The third: an image that is good must not fail on its cache; a failed export is said in the result.
            options = f"mode={settings.cache_mode},image-manifest=true,oci-mediatypes=true,ignore-error=true"
            return [f"type=registry,ref={ref}", *extra], [f"type=registry,ref={ref},{options}"], []
