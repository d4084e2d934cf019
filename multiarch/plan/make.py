"""Makes the plan of a run. Pure.

`make_plan` turns settings and observed facts into a frozen plan. `--dry-run` shows the plan, and `build` runs it. Four
decisions are left to the run: whether the commit's image already exists, whether a floating tag already points to a
newer commit, whether a cache tag is immutable, and how to recover from a failure.

    prepare   Login, EnsureBuilder  at the same time, because login and boot are slow; ShowVersions beside them
              FindRepository        a missing repository fails the run now, not after a long build
    build     Reuse           if the registry has this commit's image, nothing is built
              Build           one bake, pushed by digest: a failed or repeated build changes no tag
              Assemble        an image of several parts: one index of them
              Unpack          a local build: unpack the archive into an OCI layout beside the existing one
    verify    Verify          read the image back from the registry, and check every platform
    publish   Tag             the commit tag first, floating tags last, all at the verified digest
              Replace         a local build: replace the existing folder with the verified one
    finish    RemoveBuilder   if the builder is not kept
              WriteDeployFiles  last, so the next stage finds the files only after a successful run

Parts can come from elsewhere: then the plan has no build, and starts with Assemble.

The price: a run that ends between build and publish leaves an untagged image in the registry, which a lifecycle rule
removes. And the docker driver, which cannot push by digest, pushes to a tag before verification (`UNVERIFIED_TAG`).
"""

from collections.abc import Iterator, Sequence

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.tags import TagContext, TagNames, decide_tags, parse_flavor
from multiarch.plan.build.builder import ensure_builder
from multiarch.plan.build.cache.choose import cache_base, has_no_default_branch
from multiarch.plan.build.cache.move import cache_tags
from multiarch.plan.build.fingerprint import ANNOTATION, Fingerprint, fingerprint, fingerprint_text
from multiarch.plan.build.labels import Annotation, Description, describe
from multiarch.plan.build.secrets import secret_warnings
from multiarch.plan.build.targets import make_build
from multiarch.plan.facts import Facts, image_name
from multiarch.plan.model import Finish, Plan, Prepare, RetryPolicy, Target
from multiarch.plan.steps import (
    UNVERIFIED_TAG,
    Assemble,
    DeployedImage,
    EnsureBuilder,
    FindRepository,
    Login,
    Part,
    RemoveBuilder,
    Replace,
    Reuse,
    ShowVersions,
    Tag,
    Unpack,
    Verify,
    WriteDeployFiles,
)
from multiarch.settings.image import ImageSettings
from multiarch.settings.model import Settings
from multiarch.source import Commit, Source


def make_plan(settings: Settings, facts: Facts, *, parts: Sequence[Part] = ()) -> Plan:
    """Return the plan of a run.

    Args:
        settings: of the run and of the image.
        facts: observed before planning.
        parts: parts that were built elsewhere; the plan then only publishes them.

    Raises:
        ConfigurationError: the repository is missing, or the parts do not match the platforms.
    """
    run, image = settings.run, settings.image
    names = decide_tags(
        image.commit_tag,
        image.tags,
        parse_flavor(image.flavor),
        TagContext(source=facts.source, now=facts.now),
    )
    repository = _repository(image, facts)
    platforms = tuple(Platform.parse(each) for each in image.platforms)
    pinned = (names.commit_tag, *names.pinned)
    tags = (*pinned, *(name.tag for name in names.floating)) if repository else (names.commit_tag,)
    builder = ensure_builder(run)
    layout = None if repository else f"{run.dist.rstrip('/') or '/'}/{image_name(image, facts)}"
    commit = facts.source.commit
    made_of = fingerprint(
        image,
        salt=f"{image_name(image, facts)}@{commit.sha if commit else ''}",
        arguments=facts.arguments,
        secret=facts.secret_arguments,
    )
    note = Annotation(name=ANNOTATION, value=fingerprint_text(made_of))
    description = describe(image, facts.source, name=image_name(image, facts), version=names.version).with_note(note)
    build, share, own_parts = make_build(
        image,
        facts,
        description,
        repository,
        builder,
        archive=_archive(layout),
        local_name=f"{image_name(image, facts)}:{names.commit_tag}",
        region=run.region or (repository.registry.region if repository else ""),
    )
    if parts:
        _check_parts(parts, platforms, repository)
    fresh = f"{layout}.new" if layout else None
    target = Target(
        name=image_name(image, facts),
        repository=repository,
        commit_tag=names.commit_tag,
        tags=tags,
        platforms=platforms,
        parts=tuple(parts) or own_parts,
        reuse=_reuse(image, facts, repository, pinned, platforms, made_of=made_of),
        build=None if parts else share,
        assemble=_assemble(repository, tuple(parts) or own_parts, platforms, description),
        unpack=Unpack(archive=_archive(layout), layout=fresh) if fresh else None,
        verify=Verify(repository=repository, layout=fresh, platforms=platforms),
        publish=tuple(_tags(image, facts.source, names, repository)) if repository else (),
        replace=Replace(fresh=fresh, layout=layout) if layout and fresh else None,
    )
    _check_reserved(target, builder)
    is_removed = not run.builder_keep and builder.create and not parts
    return Plan(
        source=facts.source,
        retry=RetryPolicy(attempts=run.retry_attempts, deadline=run.retry_deadline),
        warnings=tuple(_warnings(image, facts)),
        prepare=Prepare(
            versions=ShowVersions(command=("docker", "buildx", "version")),
            logins=tuple(_logins([target])),
            repositories=tuple(_find_repositories(image, target)),
            builder=None if parts else builder,
        ),
        build=None if parts else build,
        targets=(target,),
        finish=Finish(
            remove_builder=RemoveBuilder(command=("docker", "buildx", "rm", builder.name)) if is_removed else None,
            deploy_files=_deploy_files(settings, facts, [target]),
        ),
    )


def _reuse(
    settings: ImageSettings,
    facts: Facts,
    repository: Repository | None,
    pinned: tuple[str, ...],
    platforms: tuple[Platform, ...],
    *,
    made_of: Fingerprint,
) -> Reuse | None:
    commit = facts.source.commit
    if not repository or facts.source.is_dirty:
        return None
    return Reuse(
        repository=repository,
        tags=pinned,
        revision=commit.sha if commit else "",
        digits=tuple(tag for tag in pinned if commit and _has_digits(tag, commit)),
        platforms=platforms,
        if_exists=settings.if_exists,
        fingerprint=made_of,
    )


def _has_digits(tag: str, commit: Commit) -> bool:
    return commit.short in tag or commit.sha.startswith(tag)


def _assemble(
    repository: Repository | None, parts: Sequence[Part], platforms: tuple[Platform, ...], description: Description
) -> Assemble | None:
    if not repository or len(parts) == 1:
        return None
    return Assemble(repository=repository, platforms=platforms, annotations=description.of_index)


def _check_parts(parts: Sequence[Part], platforms: Sequence[Platform], repository: Repository | None) -> None:
    """Check that the parts have every platform of the image once, each with a digest."""
    found = sorted(str(platform) for part in parts for platform in part.platforms)
    if not repository or found != sorted(map(str, platforms)) or not all(part.digest for part in parts):
        expected = ", ".join(map(str, platforms))
        msg = f"the parts are for {', '.join(found) or 'no platform'}; the image is for {expected}"
        raise ConfigurationError(msg, hint="pass one part for each platform, each with its digest")


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
            "the default branch is unknown, so no branch writes the cache that other branches fall back to. "
            "To set it: --default-branch NAME"
        )


def _check_reserved(target: Target, builder: EnsureBuilder) -> None:
    reserved = cache_tags(target.cache_to, target.repository) if target.repository else ()
    reserved = (*reserved, UNVERIFIED_TAG) if builder.driver == "docker" else reserved
    for tag in target.tags:
        if tag in reserved:
            msg = f"tag {tag} is reserved: the build writes it before verification"
            raise ConfigurationError(msg, hint="use another tag for the image, or another cache tag: --cache-ref TAG")


def _logins(targets: Sequence[Target]) -> Iterator[Login]:
    registries = dict.fromkeys(target.repository.registry for target in targets if target.repository)
    yield from (Login(registry=registry) for registry in registries if registry.is_ecr)


def _find_repositories(settings: ImageSettings, target: Target) -> Iterator[FindRepository]:
    image = target.repository
    if not image or not image.registry.is_ecr:
        return
    yield FindRepository(repository=image, cache_tags=cache_tags(target.cache_to, image), holds_image=True)
    base = cache_base(settings, image)
    # The run signs in only to the image's registry; a cache in another registry needs a login of the user.
    if base and base[0] != image and base[0].registry == image.registry:
        tags = cache_tags(target.cache_to, base[0])
        yield FindRepository(repository=base[0], cache_tags=tags, holds_image=False)


def _deploy_files(settings: Settings, facts: Facts, targets: Sequence[Target]) -> WriteDeployFiles | None:
    images = tuple(
        DeployedImage(
            target=target.name,
            containers=settings.image.containers or (_container(target.repository),),
            repository=target.repository,
            tag=target.commit_tag,
        )
        for target in targets
        if target.repository
    )
    if not settings.run.deploy_files or not images:
        return None
    commit = facts.source.commit
    return WriteDeployFiles(folder=settings.run.deploy_files, images=images, commit=commit.name if commit else "")


def _container(repository: Repository) -> str:
    """Return the default name of the container; it cannot contain a dot, see `check_container`."""
    return repository.name.rpartition("/")[2].replace(".", "-")


def _repository(settings: ImageSettings, facts: Facts) -> Repository | None:
    if not facts.registry:
        return None
    if not settings.repository:
        msg = "no repository to push to"
        hint = "set AWS_ECR_REPOSITORY_NAME under env.variables of the buildspec, or pass --repository NAME"
        raise ConfigurationError(msg, hint=hint)
    return Repository(registry=facts.registry, name=settings.repository)


def _archive(layout: str | None) -> str:
    return f"{layout}.tar" if layout else ""
