"""The settings of an image: its name and tags, how it is built, and its caches. Pure."""

from dataclasses import dataclass
from typing import Literal

from multiarch.settings.declare import setting
from multiarch.settings.forms import (
    Attestation,
    Bucket,
    BuildArguments,
    CacheEntries,
    CacheOptions,
    CacheRef,
    CacheRepository,
    Containers,
    FlavorEntries,
    Labels,
    Level,
    NeededPath,
    Path,
    Platforms,
    Prefix,
    Region,
    RepositoryName,
    Secrets,
    SshAgents,
    Stage,
    TagRules,
    TagRuleText,
)


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """What each image has of its own."""

    repository: RepositoryName = setting(
        "", "Repository to push to.", group="Image", environment=["AWS_ECR_REPOSITORY_NAME"], metavar="NAME"
    )
    commit_tag: TagRuleText = setting(
        "",
        "The tag, or the rule, that names this commit. Default: its first 7 digits, with -dirty for a changed tree.",
        group="Image",
        environment=["GIT_TAG"],
        metavar="TAG|RULE",
    )
    tags: TagRules = setting(
        ("latest",),
        "Further tags: names, which move to this image once the commit's tag stands, or rules in the words of "
        "docker/metadata-action (type=semver,pattern={{version}}). A changed tree gets none of them.",
        group="Image",
        flags=["-t"],
        metavar="TAG|RULE",
    )
    flavor: FlavorEntries = setting(
        (),
        "What holds for all tags, in the words of docker/metadata-action: latest=auto|true|false, "
        "prefix=TEXT[,onlatest=true], suffix=TEXT[,onlatest=true].",
        group="Image",
        metavar="WORD=VALUE",
        separator="\n",
    )
    annotations: Labels = setting(
        {},
        "Annotation of the image, before its name the levels that it is for, as in docker: index,manifest:NAME=VALUE. "
        "Default: both. An empty value leaves out one that would be there.",
        group="Image",
        metavar="[LEVEL:]NAME=VALUE",
        separator="\n",
    )
    oci_labels: bool = setting(
        True,
        "Let labels and annotations say what the image is: org.opencontainers.image.source, version and so on.",
        group="Image",
    )
    force_move: bool = setting(False, "Move tags also to an older commit than the one that they name.", group="Image")
    if_exists: Literal["skip", "rebuild", "fail"] = setting(
        "skip",
        "What to do when the registry has this commit's image: skip the build, rebuild and replace it, or fail.",
        group="Image",
    )

    platforms: Platforms = setting(
        ("linux/amd64", "linux/arm64"), "Platforms to build for.", group="Build", metavar="OS/ARCH"
    )
    context: NeededPath = setting(".", "Folder, or URL, that the build is made from.", group="Build", metavar="PATH")
    dockerfile: Path = setting(
        "",
        "Dockerfile to build. Default: Dockerfile in the context.",
        group="Build",
        flags=["--file", "-f"],
        metavar="PATH",
    )
    target: Stage = setting("", "Stage of the Dockerfile to build. Default: the last.", group="Build", metavar="STAGE")
    build_args: BuildArguments = setting(
        {},
        "Build argument; without =VALUE, the environment's value. For secrets there is --secret.",
        group="Build",
        metavar="NAME[=VALUE]",
        separator="\n",
    )
    labels: Labels = setting(
        {},
        "Label of the image; those of org.opencontainers.image are annotations too. An empty value leaves one out.",
        group="Build",
        metavar="NAME=VALUE",
        separator="\n",
    )
    secrets: Secrets = setting(
        (), "Secret for RUN --mount=type=secret.", group="Build", metavar="id=ID[,src=FILE|,env=NAME]", separator="\n"
    )
    ssh: SshAgents = setting(
        (), "SSH agent or key for RUN --mount=type=ssh.", group="Build", metavar="ID[=SOCKET|KEY]", separator="\n"
    )
    pull: bool = setting(False, "Ask the registry for newer base images.", group="Build")
    no_cache: bool = setting(False, "Run every step, whatever the cache holds.", group="Build")
    provenance: Attestation = setting(
        "false",
        "Provenance attestation: false, true, or docker's own words (mode=max).",
        group="Build",
        metavar="WORDS",
    )
    sbom: Attestation = setting(
        "false",
        "SBOM attestation: false, true, or docker's own words (generator=IMAGE).",
        group="Build",
        metavar="WORDS",
    )
    for_: Literal["anything", "lambda", "ecs", "eks"] = setting(
        "anything", "Where the image is to run: what that cannot run is refused before the build.", group="Build"
    )
    reproducible: bool = setting(
        False, "The same digest for the same commit: all times in the image are the commit's.", group="Build"
    )
    compression: Literal["gzip", "zstd", "estargz", "uncompressed"] = setting(
        "gzip", "Compression of the layers that are built, in the image and in its cache.", group="Build"
    )
    compression_level: Level = setting(
        "", "Its level: 0 to 9, of zstd to 22. Default: BuildKit's own.", group="Build", metavar="LEVEL"
    )
    force_compression: bool = setting(False, "Compress the base image's layers anew, too.", group="Build")

    cache: Literal["registry", "s3", "local", "inline", "none"] = setting(
        "registry", "Where the build cache is kept between builds; with --local: local.", group="Cache"
    )
    cache_ref: CacheRef = setting(
        "cache",
        "Cache image: a tag in the repository, or a whole reference; in a bucket, the last part of its name.",
        group="Cache",
        metavar="TAG|REFERENCE",
    )
    cache_repository: CacheRepository = setting(
        "",
        "Repository of the cache, in the image's registry or with another host. Default: the image's.",
        group="Cache",
        metavar="NAME",
    )
    cache_scope: Literal["shared", "branch"] = setting(
        "shared",
        "One cache for all builds, or one for each branch, which falls back to the default branch's.",
        group="Cache",
    )
    cache_pull_request: Literal["write", "read", "own"] = setting(
        "write",
        "What a pull request's build does with the cache: as any other build, only read it, or write one of its own.",
        group="Cache",
    )
    cache_per_platform: bool = setting(
        False,
        "A cache for each platform, built as a target each: needed where the builder has several nodes.",
        group="Cache",
    )
    cache_mode: Literal["max", "min"] = setting(
        "max", "Which steps the cache holds: those of all stages (max) or of the image alone (min).", group="Cache"
    )
    cache_from: CacheEntries = setting(
        (),
        "Further cache to read, in docker's own words or as a reference.",
        group="Cache",
        metavar="REFERENCE",
        separator="\n",
    )
    cache_options: CacheOptions = setting(
        (),
        "Further option of the cache's backend, in BuildKit's words.",
        group="Cache",
        metavar="NAME=VALUE",
        separator="\n",
    )
    s3_bucket: Bucket = setting("", "Bucket of --cache s3.", group="Cache", metavar="NAME")
    s3_region: Region = setting("", "Region of the bucket. Default: the registry's.", group="Cache", metavar="NAME")
    s3_prefix: Prefix = setting("", "What all names in the bucket begin with.", group="Cache", metavar="PREFIX")
    local_cache: Path = setting(
        "",
        "Folder of the local cache. Default: multiarch/REPOSITORY in the user's cache folder.",
        group="Cache",
        metavar="DIR",
    )

    containers: Containers = setting(
        (),
        "Container of the ECS task definition that runs the image. Default: the last part of the repository's name.",
        group="Deploy files",
        metavar="NAME",
    )
