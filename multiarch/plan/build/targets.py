"""Plans the build: bake targets, caches, output and the bake command. Pure."""

from collections.abc import Mapping

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.plan.build.bake import TARGET, BakeTarget, bake_definition, hidden_arguments, outside_paths, target_name
from multiarch.plan.build.cache.choose import Caches, Place, compression_options, find_caches
from multiarch.plan.build.labels import Description
from multiarch.plan.facts import Facts, image_name
from multiarch.plan.steps import METADATA_FILE, UNVERIFIED_TAG, Build, EnsureBuilder, Part, TargetBuild
from multiarch.settings.image import ImageSettings
from multiarch.source import Commit
from multiarch.text.csv_words import CsvWords


def make_build(
    settings: ImageSettings,
    facts: Facts,
    description: Description,
    repository: Repository | None,
    builder: EnsureBuilder,
    *,
    archive: str,
    local_name: str,
    region: str,
) -> tuple[Build, TargetBuild, tuple[Part, ...]]:
    """Return the bake of an image's parts, the image's share of it, and the parts."""
    caches = _caches(settings, facts, repository, region)
    targets = [
        BakeTarget(name=name, platforms=platforms, cache_from=each.read, cache_to=each.written)
        for name, (platforms, each) in caches.items()
    ]
    definition = bake_definition(
        settings,
        targets,
        output=_output(settings, repository, builder, archive, local_name),
        description=description,
        epoch=_epoch(settings, facts.source.commit),
    )
    folders = [folder for _, each in caches.values() for folder in each.folders]
    command = (
        *("docker", "buildx", "bake", "--builder", builder.name, "--file", "-"),
        *("--metadata-file", METADATA_FILE, "--progress", "auto" if facts.interactive else "rawjson"),
        *outside_paths(settings, written=[*folders, *filter(None, [archive])]),
        TARGET,
    )
    build = Build(
        definition=definition,
        command=command,
        names=(TARGET,),
        variables=tuple(hidden_arguments(settings).values()),
        builder=builder.name,
    )
    share = TargetBuild(
        name=TARGET,
        cache_from=tuple(dict.fromkeys(cache for _, each in caches.values() for cache in each.read)),
        cache_to=tuple(dict.fromkeys(cache for _, each in caches.values() for cache in each.written)),
        is_shared=not settings.cache_per_platform,
        archive=archive,
    )
    parts = tuple(
        Part(name=name, platforms=tuple(map(Platform.parse, platforms))) for name, (platforms, _) in caches.items()
    )
    return build, share, parts


def _caches(
    settings: ImageSettings, facts: Facts, repository: Repository | None, region: str
) -> Mapping[str, tuple[tuple[str, ...], Caches]]:
    """Return platforms and caches by bake target; a local build writes one archive, so it has one target."""
    name = image_name(settings, facts)
    place = Place(
        repository=repository,
        region=region,
        folder=settings.local_cache or f"{facts.cache_folder}/multiarch/{name}",
        name=name,
    )
    if not (settings.cache_per_platform and repository):
        return {TARGET: (settings.platforms, find_caches(settings, facts.source, place))}
    if len(settings.platforms) == 1:
        only = Platform.parse(settings.platforms[0])
        return {TARGET: (settings.platforms, find_caches(settings, facts.source, place, only))}
    return {
        target_name(each): ((each,), find_caches(settings, facts.source, place, Platform.parse(each)))
        for each in settings.platforms
    }


def _epoch(settings: ImageSettings, commit: Commit | None) -> int | None:
    if not settings.reproducible:
        return None
    if commit and commit.time is not None:
        return commit.time
    msg = "--reproducible needs the commit time, which is unknown"
    hint = "build from a git checkout (CodePipeline: output artifact format CODEBUILD_CLONE_REF), or pass --commit-time"
    raise ConfigurationError(msg, hint=hint)


def _output(
    settings: ImageSettings, repository: Repository | None, builder: EnsureBuilder, archive: str, local_name: str
) -> str:
    options = compression_options(settings)
    if options and settings.compression != "gzip":
        options["oci-mediatypes"] = "true"  # docker's media types support only gzip
    if settings.reproducible:
        options["rewrite-timestamp"] = "true"
    if not repository:
        return str(CsvWords.of({"type": "oci", "dest": archive, "name": local_name, **options}))
    if builder.driver == "docker":
        # "push-by-digest is currently not implemented for docker driver": buildx, build/opt.go
        return str(CsvWords.of({"type": "image", "name": repository.tagged(UNVERIFIED_TAG), "push": "true", **options}))
    # Without "store": false, a builder with an image store (containerd's) would fetch and unpack all cached layers.
    by_digest = {"push-by-digest": "true", "name-canonical": "true", "store": "false", "push": "true"}
    return str(CsvWords.of({"type": "image", "name": str(repository), **by_digest, **options}))
