"""The settings of an image: its name and tags, how it is built, and its caches. Pure."""

from dataclasses import dataclass
from typing import Literal

from multiarch.settings.declare import FromFile, setting
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
        "",
        "Repository to push to.",
        group="Image",
        environment=["AWS_ECR_REPOSITORY_NAME"],
        metavar="NAME",
        common=True,
    )
    commit_tag: TagRuleText = setting(
        "",
        "Tag of this commit, or a rule for it. A changed tree adds -dirty.",
        group="Image",
        environment=["GIT_TAG"],
        metavar="TAG|RULE",
        derived="first 7 digits",
        common=True,
    )
    tags: TagRules = setting(
        ("latest",),
        "Further tag, or a rule in docker/metadata-action syntax. A changed tree gets no further tag.",
        group="Image",
        flags=["-t"],
        metavar="TAG|RULE",
        common=True,
    )
    flavor: FlavorEntries = setting(
        (),
        "Options for all tags, in docker/metadata-action syntax: latest=auto|true|false, "
        "prefix=TEXT[,onlatest=true], suffix=TEXT[,onlatest=true].",
        group="Image",
        metavar="WORD=VALUE",
        separator="\n",
    )
    annotations: Labels = setting(
        {},
        "Annotation of the image; LEVEL is one or more levels in docker syntax (index,manifest). "
        "An empty value removes an annotation.",
        group="Image",
        metavar="[LEVEL:]NAME=VALUE",
        separator="\n",
        derived="index and manifests",
    )
    oci_labels: bool = setting(
        True,
        "Add the labels and annotations of the OCI specification: org.opencontainers.image.source, revision, version.",
        group="Image",
    )
    force_move: bool = setting(False, "Move tags even if they already point to a newer commit.", group="Image")
    if_exists: Literal["skip", "rebuild", "fail"] = setting(
        "skip",
        "Action for an image that the registry already has: skip the build, rebuild the image, or fail.",
        group="Image",
        common=True,
    )

    platforms: Platforms = setting(
        ("linux/amd64", "linux/arm64"), "Platform to build for.", group="Build", metavar="OS/ARCH", common=True
    )
    context: NeededPath = setting(
        ".", "Build context: a folder or a URL.", group="Build", metavar="PATH", from_file=FromFile.INSIDE
    )
    dockerfile: Path = setting(
        "",
        "Dockerfile to build.",
        group="Build",
        flags=["--file", "-f"],
        metavar="PATH",
        derived="Dockerfile in the context",
        from_file=FromFile.INSIDE,
        common=True,
    )
    target: Stage = setting(
        "",
        "Stage of the Dockerfile to build.",
        group="Build",
        metavar="STAGE",
        derived="the last stage",
        common=True,
    )
    build_args: BuildArguments = setting(
        {},
        "Build argument; without =VALUE, from the environment. Use --secret for a secret.",
        group="Build",
        metavar="NAME[=VALUE]",
        separator="\n",
        common=True,
    )
    labels: Labels = setting(
        {},
        "Label of the image; org.opencontainers.image labels become annotations too. An empty value removes a label.",
        group="Build",
        metavar="NAME=VALUE",
        separator="\n",
    )
    secrets: Secrets = setting(
        (),
        "Secret for RUN --mount=type=secret.",
        group="Build",
        metavar="id=ID[,src=FILE|,env=NAME]",
        separator="\n",
        from_file=FromFile.NEVER,
        common=True,
    )
    ssh: SshAgents = setting(
        (),
        "SSH agent or key for RUN --mount=type=ssh.",
        group="Build",
        metavar="ID[=SOCKET|KEY]",
        separator="\n",
        from_file=FromFile.NEVER,
    )
    pull: bool = setting(False, "Pull newer base images.", group="Build")
    no_cache: bool = setting(False, "Run every step, without the cache.", group="Build", common=True)
    provenance: Attestation = setting(
        "false",
        "Provenance attestation: false, true, or options in docker syntax (mode=max).",
        group="Build",
        metavar="true|false|NAME=VALUE",
    )
    sbom: Attestation = setting(
        "false",
        "SBOM attestation: false, true, or options in docker syntax (generator=IMAGE).",
        group="Build",
        metavar="true|false|NAME=VALUE",
    )

    for_: Literal["anything", "lambda", "ecs", "eks"] = setting(
        "anything",
        "Deployment target; settings that the target does not support are rejected up front.",
        group="Build",
    )
    reproducible: bool = setting(
        False, "Give one commit one digest: all times in the image are the commit's time.", group="Build"
    )
    compression: Literal["gzip", "zstd", "estargz", "uncompressed"] = setting(
        "gzip", "Compression of new layers, in the image and in the cache.", group="Build"
    )
    compression_level: Level = setting(
        "",
        "Compression level: 0-9, or up to 22 for zstd.",
        group="Build",
        metavar="LEVEL",
        derived="BuildKit's default",
    )
    force_compression: bool = setting(False, "Recompress base image layers.", group="Build")

    cache: Literal["registry", "s3", "local", "inline", "none"] = setting(
        "registry", "Where to keep the build cache; a --local build keeps a local one.", group="Cache", common=True
    )
    cache_ref: CacheRef = setting(
        "cache",
        "Cache image: a tag in the repository, or a whole reference. With --cache s3, the last part of the key.",
        group="Cache",
        metavar="TAG|REFERENCE",
        from_file=FromFile.REGISTRY,
    )
    cache_repository: CacheRepository = setting(
        "",
        "Repository of the cache, in the image's registry or with another host.",
        group="Cache",
        metavar="NAME",
        derived="the image's repository",
        from_file=FromFile.REGISTRY,
    )
    cache_scope: Literal["shared", "branch"] = setting(
        "shared",
        "One cache for all builds, or one for each branch with the default branch's cache as fallback.",
        group="Cache",
    )
    cache_pull_request: Literal["write", "read", "own"] = setting(
        "write",
        "What a pull request's build does: write the common cache, only read it, or write a separate cache.",
        group="Cache",
    )
    cache_per_platform: bool = setting(
        False,
        "Keep a cache for each platform; required if the builder has several nodes.",
        group="Cache",
    )
    cache_mode: Literal["max", "min"] = setting(
        "max", "Steps to cache: those of all stages (max), or of the image alone (min).", group="Cache"
    )
    cache_from: CacheEntries = setting(
        (),
        "Further cache to read: a reference, or options in docker syntax.",
        group="Cache",
        metavar="REFERENCE",
        separator="\n",
        from_file=FromFile.REGISTRY,
    )
    cache_options: CacheOptions = setting(
        (),
        "Further option of the cache backend, in BuildKit syntax.",
        group="Cache",
        metavar="NAME=VALUE",
        separator="\n",
        from_file=FromFile.NEVER,
    )
    s3_bucket: Bucket = setting("", "Bucket for --cache s3.", group="Cache", metavar="NAME", from_file=FromFile.NEVER)
    s3_region: Region = setting(
        "",
        "Region of the bucket.",
        group="Cache",
        metavar="NAME",
        derived="the registry's region",
        from_file=FromFile.NEVER,
    )
    s3_prefix: Prefix = setting("", "Key prefix in the bucket.", group="Cache", metavar="PREFIX")
    local_cache: Path = setting(
        "",
        "Folder of the local cache.",
        group="Cache",
        metavar="DIR",
        derived="multiarch/REPOSITORY in the user's cache folder",
        from_file=FromFile.INSIDE,
    )

    containers: Containers = setting(
        (),
        "Container of the ECS task definition that runs the image.",
        group="Deploy files",
        metavar="NAME",
        derived="the last part of the repository name",
    )
