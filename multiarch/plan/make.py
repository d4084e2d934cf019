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

from collections.abc import Iterator, Sequence

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.tags import TagContext, TagNames, decide_tags, parse_flavor
from multiarch.plan.build import make_build
from multiarch.plan.builder import ensure_builder
from multiarch.plan.cache.choose import cache_base, has_no_default_branch
from multiarch.plan.cache.move import cache_tags
from multiarch.plan.facts import Facts, image_name
from multiarch.plan.labels import describe
from multiarch.plan.secrets import secret_warnings
from multiarch.plan.steps import (
    UNVERIFIED_TAG,
    Assemble,
    Build,
    EnsureBuilder,
    FindRepository,
    Login,
    Plan,
    RemoveBuilder,
    Replace,
    RetryPolicy,
    Reuse,
    ShowVersions,
    Step,
    Tag,
    Unpack,
    Verify,
    WriteDeployFiles,
)
from multiarch.settings.image import ImageSettings
from multiarch.settings.model import Settings
from multiarch.source import Commit, Source


def make_plan(settings: Settings, facts: Facts) -> Plan:
    """Decide everything.

    Raises:
        ConfigurationError: there is no repository to push to.
    """
    run, image = settings.run, settings.image
    commit = facts.source.commit
    names = decide_tags(
        image.commit_tag,
        image.tags,
        parse_flavor(image.flavor),
        TagContext(source=facts.source, now=facts.now),
    )
    platforms = tuple(Platform.parse(each) for each in image.platforms)
    repository = _repository(image, facts)
    layout = None if repository else f"{run.dist.rstrip('/') or '/'}/{image_name(image, facts)}"
    pinned = (names.commit_tag, *names.pinned)
    tags = (*pinned, *(name.tag for name in names.floating)) if repository else (names.commit_tag,)
    builder = ensure_builder(run)
    description = describe(image, facts.source, name=image_name(image, facts), version=names.version)
    local_name = f"{image_name(image, facts)}:{names.commit_tag}"
    build = make_build(
        image,
        facts,
        description,
        repository,
        builder,
        archive=_archive(layout),
        local_name=local_name,
        region=run.region or (repository.registry.region if repository else ""),
    )
    _check_reserved(build, builder, repository, tags)
    steps: list[Step] = [ShowVersions(command=("docker", "buildx", "version"))]
    if repository and repository.registry.is_ecr:
        steps += [Login(registry=repository.registry), *_find_repositories(image, repository, build)]
    steps.append(builder)
    if repository and not facts.source.is_dirty:
        steps.append(
            Reuse(
                repository=repository,
                tags=pinned,
                revision=commit.sha if commit else "",
                digits=tuple(tag for tag in pinned if commit and _has_digits(tag, commit)),
                platforms=platforms,
                if_exists=image.if_exists,
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
        steps += _tags(image, facts.source, names, repository)
    if not run.builder_keep and builder.create:
        steps.append(RemoveBuilder(command=("docker", "buildx", "rm", builder.name)))
    if run.deploy_files and repository:
        steps.append(
            WriteDeployFiles(
                folder=run.deploy_files,
                containers=image.containers or (_container(repository),),
                repository=repository,
                tag=names.commit_tag,
                commit=commit.name if commit else "",
            )
        )
    return Plan(
        name=image_name(image, facts),
        repository=repository,
        source=facts.source,
        commit_tag=names.commit_tag,
        tags=tags,
        platforms=platforms,
        retry=RetryPolicy(attempts=run.retry_attempts, deadline=run.retry_deadline),
        warnings=tuple(_warnings(image, facts)),
        steps=tuple(steps),
    )


def _has_digits(tag: str, commit: Commit) -> bool:
    return commit.short in tag or commit.sha.startswith(tag)


def _tags(settings: ImageSettings, source: Source, names: TagNames, repository: Repository) -> Iterator[Tag]:
    if source.is_dirty:
        yield Tag(repository=repository, tag=names.commit_tag, floating=True, commit=None)
        return
    for tag in (names.commit_tag, *names.pinned):
        yield Tag(repository=repository, tag=tag, floating=False, commit=source.commit)
    for name in names.floating:
        if settings.force_move:
            yield Tag(repository=repository, tag=name.tag, floating=True, commit=None)
        else:
            yield Tag(repository=repository, tag=name.tag, floating=True, commit=source.commit, version=name.version)


def _warnings(settings: ImageSettings, facts: Facts) -> Iterator[str]:
    yield from secret_warnings(facts.secret_arguments)
    if has_no_default_branch(settings, facts.source):
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


def _find_repositories(settings: ImageSettings, image: Repository, build: Build) -> Iterator[FindRepository]:
    yield FindRepository(repository=image, cache_tags=cache_tags(build.cache_to, image), holds_image=True)
    base = cache_base(settings, image)
    # The login is for the image's registry; whoever keeps caches in another one has one of their own.
    if base and base[0] != image and base[0].registry == image.registry:
        tags = cache_tags(build.cache_to, base[0])
        yield FindRepository(repository=base[0], cache_tags=tags, holds_image=False)


def _container(repository: Repository) -> str:
    """Return the usual name of the only container: no dot is allowed in it, see `check_container`."""
    return repository.name.rpartition("/")[2].replace(".", "-")


def _repository(settings: ImageSettings, facts: Facts) -> Repository | None:
    if not facts.registry:
        return None
    if not settings.repository:
        msg = "no repository to push to"
        raise ConfigurationError(
            msg, hint="name it: AWS_ECR_REPOSITORY_NAME under env.variables of the buildspec, or --repository NAME"
        )
    return Repository(registry=facts.registry, name=settings.repository)


def _archive(layout: str | None) -> str:
    return f"{layout}.tar" if layout else ""
