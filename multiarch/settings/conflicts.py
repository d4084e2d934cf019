"""Settings that conflict with each other, and what a deployment target of `--for` runs. Pure.

Each conflict is one message that names both sides, before anything is built.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from multiarch.errors import ConfigurationError
from multiarch.image.tags import parse_flavor
from multiarch.settings.cache_options import OPTIONS
from multiarch.settings.image import ImageSettings
from multiarch.settings.model import Settings
from multiarch.text.csv_words import CacheEntry
from multiarch.text.hints import nearest_hint

_SECRET_OPTIONS = {"access_key_id", "secret_access_key", "session_token", "token"}
_MOST = {"gzip": 9, "estargz": 9, "zstd": 22}
# What a cache option is called here where it has a separate flag.
_SETTING_OF = {
    "mode": "--cache-mode", "ref": "--cache-ref", "src": "--local-cache", "dest": "--local-cache",
    "bucket": "--s3-bucket", "region": "--s3-region", "prefix": "--s3-prefix", "name": "--cache-ref",
    "compression": "--compression", "compression-level": "--compression-level",
    "force-compression": "--force-compression",
}  # fmt: skip


def check_contents(settings: Settings, chosen: Collection[str]) -> None:
    """Check what is built, for whom, and which cache it has.

    Args:
        settings: what the user wants.
        chosen: the names of the settings that are not at their default.

    Raises:
        ConfigurationError: two settings conflict with each other.
    """
    groups = (_target, _compression, _reproducible, _cache_place, _cache_names, _cache_options, _credentials)
    of_image = chain.from_iterable(group(settings.image) for group in groups)
    for rule in chain(of_image, _s3(settings.image, settings.run.builder_driver)):
        if rule.is_broken and (not rule.needs or rule.needs in chosen):
            raise ConfigurationError(rule.what, hint=rule.hint)


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """Something that may be wrong.

    Attributes:
        what: the message, which names both sides.
        hint: what to do.
        needs: the setting that has to be chosen for it, and not be at its default.
    """

    is_broken: bool
    what: str
    hint: str
    needs: str = ""


@dataclass(frozen=True, kw_only=True)
class _Runs:
    """What a target can run.

    Attributes:
        name: what it is called.
        platforms: those that it has machines for.
        is_single: an image of one platform, with no index: so no attestation either.
        compressions: of layers.
    """

    name: str
    platforms: tuple[str, ...]
    is_single: bool = False
    compressions: tuple[str, ...] = ("gzip", "zstd", "estargz", "uncompressed")


# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RuntimePlatform.html
# https://docs.aws.amazon.com/eks/latest/userguide/eks-compute.html
_TARGETS = {
    "lambda": _Runs(
        name="Lambda", platforms=("linux/amd64", "linux/arm64"), is_single=True, compressions=("gzip",)
    ),
    "ecs": _Runs(name="ECS", platforms=("linux/amd64", "linux/arm64", "windows/amd64")),
    "eks": _Runs(name="EKS", platforms=("linux/amd64", "linux/arm64", "windows/amd64")),
}  # fmt: skip


def defaults_for(target: str) -> Mapping[str, object]:
    """Return the defaults that a target of `--for` has instead of the ordinary ones."""
    runs = _TARGETS.get(target)
    # A function's architecture is x86_64 where nothing else is said.
    return {"platforms": (runs.platforms[0],)} if runs and runs.is_single else {}


def _target(settings: ImageSettings) -> Iterator[_Rule]:
    runs = _TARGETS.get(settings.for_)
    if not runs:
        return
    wanted, platforms = f"--for {settings.for_}", f"--platform {','.join(settings.platforms)}"
    yield _Rule(
        is_broken=runs.is_single and len(settings.platforms) > 1,
        what=f"{wanted} conflicts with {platforms}: {runs.name} runs images of a single platform",
        hint=f"run a build for each platform: {wanted} --platform {settings.platforms[0]}",
    )
    unknown = [each for each in settings.platforms if each not in runs.platforms]
    yield _Rule(
        is_broken=bool(unknown),
        what=f"{wanted} conflicts with {platforms}: {runs.name} runs {', '.join(runs.platforms)}",
        hint=f"remove {', '.join(unknown)}",
    )
    for name, words in (("provenance", settings.provenance), ("sbom", settings.sbom)):
        yield _Rule(
            is_broken=runs.is_single and words != "false",
            what=f"{wanted} conflicts with --{name} {words}: an attestation needs an index, which {runs.name} rejects",
            hint=f"use --{name} false",
        )
    yield _Rule(
        is_broken=settings.compression not in runs.compressions,
        what=f"{wanted} conflicts with --compression {settings.compression}: {runs.name} reads "
        f"{', '.join(runs.compressions)} layers",
        hint=f"--compression {runs.compressions[0]}",
    )


def _compression(settings: ImageSettings) -> Iterator[_Rule]:
    level, kind = settings.compression_level, settings.compression
    most = _MOST.get(kind, -1)
    sides = f"--compression-level {level} conflicts with --compression {kind}"
    yield _Rule(is_broken=bool(level) and most < 0, what=f"{sides}, which has no levels", hint="remove one of them")
    yield _Rule(
        is_broken=bool(level) and int(level or 0) > most,
        what=f"{sides}, which has the levels 0 to {most}",
        hint="use --compression zstd for levels up to 22",
    )


def _reproducible(settings: ImageSettings) -> Iterator[_Rule]:
    yield _Rule(
        is_broken=settings.reproducible and "SOURCE_DATE_EPOCH" in settings.build_args,
        what="--reproducible conflicts with --build-arg SOURCE_DATE_EPOCH: both set the same build argument",
        hint="remove one of them",
    )
    for name, words in (("provenance", settings.provenance), ("sbom", settings.sbom)):
        yield _Rule(
            is_broken=settings.reproducible and words != "false",
            what=f"--reproducible conflicts with --{name} {words}: an attestation contains the build time",
            hint="remove one of them",
        )


def _cache_place(settings: ImageSettings) -> Iterator[_Rule]:
    cache, repository = f"--cache {settings.cache}", f"--cache-repository {settings.cache_repository}"
    yield _Rule(
        is_broken=bool(settings.cache_repository) and settings.cache != "registry",
        what=f"{repository} conflicts with {cache}: only a registry cache has a repository",
        hint="remove one of them",
    )
    yield _Rule(
        is_broken=bool(settings.cache_repository) and _is_reference(settings.cache_ref),
        what=f"{repository} conflicts with --cache-ref {settings.cache_ref}: the reference already names a repository",
        hint="use --cache-ref TAG",
    )
    yield _Rule(
        is_broken=bool(settings.local_cache) and settings.cache == "s3",
        what=f"--local-cache conflicts with {cache}: one is a folder, the other a bucket",
        hint="remove one of them",
    )
    yield _Rule(
        is_broken=settings.cache == "inline" and settings.cache_mode == "max",
        what=f"{cache} conflicts with --cache-mode max: an inline cache contains only the steps of the final image",
        hint="remove --cache-mode, or use --cache registry",
        needs="cache_mode",
    )


def _cache_names(settings: ImageSettings) -> Iterator[_Rule]:
    """A cache without a name cannot have several names."""
    has_names = settings.cache in ("registry", "s3", "local")
    wishes = {
        "--cache-scope branch": settings.cache_scope == "branch",
        "--cache-per-platform": settings.cache_per_platform,
        "--cache-pull-request own": settings.cache_pull_request == "own",
    }
    for flag, is_wished in wishes.items():
        yield _Rule(
            is_broken=is_wished and not has_names,
            what=f"{flag} conflicts with --cache {settings.cache}: this cache has no name, so it cannot have several",
            hint="use --cache registry, s3 or local",
        )


def _s3(settings: ImageSettings, driver: str) -> Iterator[_Rule]:
    is_s3 = settings.cache == "s3"
    yield _Rule(
        is_broken=is_s3 and not settings.s3_bucket, what="--cache s3 needs a bucket", hint="add --s3-bucket NAME"
    )
    yield _Rule(
        is_broken=is_s3 and driver == "docker",
        what="--cache s3 conflicts with --driver docker: BuildKit in docker has no S3 cache",
        hint="use --driver docker-container",
    )
    yield _Rule(
        is_broken=is_s3 and _is_reference(settings.cache_ref),
        what=f"--cache s3 conflicts with --cache-ref {settings.cache_ref}: a key in a bucket is not a reference",
        hint="use a name: --cache-ref cache",
    )
    given = {"bucket": settings.s3_bucket, "region": settings.s3_region, "prefix": settings.s3_prefix}
    for name, value in given.items():
        yield _Rule(
            is_broken=bool(value) and not is_s3,
            what=f"--s3-{name} conflicts with --cache {settings.cache}: only --cache s3 has a bucket",
            hint=f"add --cache s3, or remove --s3-{name}",
        )


def _cache_options(settings: ImageSettings) -> Iterator[_Rule]:
    names = sorted(OPTIONS[settings.cache].read | OPTIONS[settings.cache].written)
    for option in settings.cache_options:
        name = option.partition("=")[0]
        yield _Rule(
            is_broken=name in _SETTING_OF,
            what=f"--cache-option {name} has a separate flag",
            hint=f"use {_SETTING_OF.get(name)}",
        )
        yield _Rule(
            is_broken=name not in (*names, *_SECRET_OPTIONS),
            what=f"--cache {settings.cache} has no option {name!r}",
            hint=nearest_hint(name, names) if names else "this cache has no further options",
        )


def _credentials(settings: ImageSettings) -> Iterator[_Rule]:
    own = {option.partition("=")[0] for option in settings.cache_options}
    further = {name for entry in settings.cache_from for name in CacheEntry.parse(entry).names}
    for flag, names in (("--cache-option", own), ("--cache-from", further)):
        for name in sorted(names & _SECRET_OPTIONS):
            yield _Rule(
                is_broken=True,
                what=f"{flag} {name}=… would write a secret to the plan and the log",
                hint="set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: buildx reads these variables",
            )


def _is_reference(cache: str) -> bool:
    return ":" in cache or "/" in cache


def check_together(settings: Settings) -> None:
    """Check settings that depend on each other.

    Raises:
        ConfigurationError: two settings conflict with each other.
    """
    if not settings.image.platforms:
        msg = "no platform to build for"
        raise ConfigurationError(msg, hint="add a platform: --platform linux/amd64")
    if settings.run.builder_driver == "remote" and not settings.run.builder_endpoint:
        msg = "the remote driver needs an endpoint"
        raise ConfigurationError(msg, hint="add --builder-endpoint tcp://host:1234")
    if "latest" in settings.image.tags and parse_flavor(settings.image.flavor).latest == "false":
        msg = "--tag latest conflicts with --flavor latest=false"
        raise ConfigurationError(msg, hint="remove one of them")
