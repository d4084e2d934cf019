"""Settings that contradict each other, and what a target of `--for` can run. Pure.

Each is refused with one message that names both sides, before anything is asked or built.
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
# What a cache option is called here where it has a setting of its own.
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
        ConfigurationError: two settings contradict each other.
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
        what=f"{wanted} contradicts {platforms}: {runs.name} runs images of one platform alone",
        hint=f"a build for each: {wanted} --platform {settings.platforms[0]}",
    )
    unknown = [each for each in settings.platforms if each not in runs.platforms]
    yield _Rule(
        is_broken=bool(unknown),
        what=f"{wanted} contradicts {platforms}: {runs.name} runs {', '.join(runs.platforms)}",
        hint=f"leave {', '.join(unknown)} out",
    )
    for name, words in (("provenance", settings.provenance), ("sbom", settings.sbom)):
        yield _Rule(
            is_broken=runs.is_single and words != "false",
            what=f"{wanted} contradicts --{name} {words}: an attestation needs an index, which {runs.name} refuses",
            hint=f"leave one of them out, or --{name} false",
        )
    yield _Rule(
        is_broken=settings.compression not in runs.compressions,
        what=f"{wanted} contradicts --compression {settings.compression}: {runs.name} reads layers in "
        f"{', '.join(runs.compressions)}",
        hint=f"--compression {runs.compressions[0]}",
    )


def _compression(settings: ImageSettings) -> Iterator[_Rule]:
    level, kind = settings.compression_level, settings.compression
    most = _MOST.get(kind, -1)
    sides = f"--compression-level {level} contradicts --compression {kind}"
    yield _Rule(is_broken=bool(level) and most < 0, what=f"{sides}: it has no levels", hint="leave one of them out")
    yield _Rule(
        is_broken=bool(level) and int(level or 0) > most,
        what=f"{sides}: its levels are 0 to {most}",
        hint="choose one of them, or --compression zstd with 0 to 22",
    )


def _reproducible(settings: ImageSettings) -> Iterator[_Rule]:
    yield _Rule(
        is_broken=settings.reproducible and "SOURCE_DATE_EPOCH" in settings.build_args,
        what="--reproducible contradicts --build-arg SOURCE_DATE_EPOCH: it passes the commit's time under that name",
        hint="leave one of them out",
    )
    for name, words in (("provenance", settings.provenance), ("sbom", settings.sbom)):
        yield _Rule(
            is_broken=settings.reproducible and words != "false",
            what=f"--reproducible contradicts --{name} {words}: it says when it was made, so no two builds "
            "have one digest",
            hint="leave one of them out",
        )


def _cache_place(settings: ImageSettings) -> Iterator[_Rule]:
    cache, repository = f"--cache {settings.cache}", f"--cache-repository {settings.cache_repository}"
    yield _Rule(
        is_broken=bool(settings.cache_repository) and settings.cache != "registry",
        what=f"{repository} contradicts {cache}: only a registry's cache is in a repository",
        hint="leave one of them out",
    )
    yield _Rule(
        is_broken=bool(settings.cache_repository) and _is_reference(settings.cache_ref),
        what=f"{repository} contradicts --cache-ref {settings.cache_ref}: the reference names its own repository",
        hint="give --cache-ref a tag alone",
    )
    yield _Rule(
        is_broken=bool(settings.local_cache) and settings.cache == "s3",
        what=f"--local-cache contradicts {cache}: the one is a folder, the other a bucket",
        hint="leave one of them out",
    )
    yield _Rule(
        is_broken=settings.cache == "inline" and settings.cache_mode == "max",
        what=f"{cache} contradicts --cache-mode max: it holds the image's own steps alone",
        hint="leave --cache-mode out, or use --cache registry",
        needs="cache_mode",
    )


def _cache_names(settings: ImageSettings) -> Iterator[_Rule]:
    """What has no name cannot have several."""
    has_names = settings.cache in ("registry", "s3", "local")
    wishes = {
        "--cache-scope branch": settings.cache_scope == "branch",
        "--cache-per-platform": settings.cache_per_platform,
        "--cache-pull-request own": settings.cache_pull_request == "own",
    }
    for flag, is_wished in wishes.items():
        yield _Rule(
            is_broken=is_wished and not has_names,
            what=f"{flag} contradicts --cache {settings.cache}: it has no name, so there cannot be several",
            hint="use --cache registry, s3 or local",
        )


def _s3(settings: ImageSettings, driver: str) -> Iterator[_Rule]:
    is_s3 = settings.cache == "s3"
    yield _Rule(
        is_broken=is_s3 and not settings.s3_bucket, what="--cache s3 needs a bucket", hint="name it: --s3-bucket NAME"
    )
    yield _Rule(
        is_broken=is_s3 and driver == "docker",
        what="--cache s3 contradicts --driver docker: docker's own BuildKit has no S3 cache",
        hint="use --driver docker-container",
    )
    yield _Rule(
        is_broken=is_s3 and _is_reference(settings.cache_ref),
        what=f"--cache s3 contradicts --cache-ref {settings.cache_ref}: a name in a bucket is no reference",
        hint="name it by a word: --cache-ref cache",
    )
    given = {"bucket": settings.s3_bucket, "region": settings.s3_region, "prefix": settings.s3_prefix}
    for name, value in given.items():
        yield _Rule(
            is_broken=bool(value) and not is_s3,
            what=f"--s3-{name} contradicts --cache {settings.cache}: only --cache s3 has a bucket",
            hint=f"add --cache s3, or leave --s3-{name} out",
        )


def _cache_options(settings: ImageSettings) -> Iterator[_Rule]:
    names = sorted(OPTIONS[settings.cache].read | OPTIONS[settings.cache].written)
    for option in settings.cache_options:
        name = option.partition("=")[0]
        yield _Rule(
            is_broken=name in _SETTING_OF,
            what=f"--cache-option {name} has a setting of its own",
            hint=f"use {_SETTING_OF.get(name)}",
        )
        yield _Rule(
            is_broken=name not in (*names, *_SECRET_OPTIONS),
            what=f"--cache {settings.cache} has no option {name!r}",
            hint=nearest_hint(name, names) if names else "it has no further options at all",
        )


def _credentials(settings: ImageSettings) -> Iterator[_Rule]:
    own = {option.partition("=")[0] for option in settings.cache_options}
    further = {name for entry in settings.cache_from for name in CacheEntry.parse(entry).names}
    for flag, names in (("--cache-option", own), ("--cache-from", further)):
        for name in sorted(names & _SECRET_OPTIONS):
            yield _Rule(
                is_broken=True,
                what=f"{flag} {name}=… would put a secret into the plan and the log",
                hint="buildx takes AWS's credentials from their own variables: AWS_ACCESS_KEY_ID and so on",
            )


def _is_reference(cache: str) -> bool:
    return ":" in cache or "/" in cache


def check_together(settings: Settings) -> None:
    """Check what no single setting can say.

    Raises:
        ConfigurationError: two settings contradict each other.
    """
    if not settings.image.platforms:
        msg = "no platform to build for"
        raise ConfigurationError(msg, hint="name at least one: --platform linux/amd64")
    if settings.run.builder_driver == "remote" and not settings.run.builder_endpoint:
        msg = "the remote driver needs to know where BuildKit listens"
        raise ConfigurationError(msg, hint="name it: --builder-endpoint tcp://host:1234")
    if "latest" in settings.image.tags and parse_flavor(settings.image.flavor).latest == "false":
        msg = "the tags name latest, and the flavor says latest=false"
        raise ConfigurationError(msg, hint="leave one of them out")
