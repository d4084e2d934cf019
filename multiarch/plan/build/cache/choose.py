"""Chooses the caches that a build reads and writes, in bake's syntax. Pure.

The name of a cache has a base: a tag, an S3 name or a folder. Branch, pull request and platform add a suffix:
`cache-feature`, `cache-pr-7`, `cache-linux-arm64`. The default branch writes the base, which all other builds can read.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository, names_registry, parse_reference, parse_repository
from multiarch.settings.cache_options import OPTIONS
from multiarch.settings.image import ImageSettings
from multiarch.source import Source
from multiarch.text.csv_words import CacheEntry

_LONGEST_TAG = 128
_TAG_CHARACTERS = r"[^A-Za-z0-9._-]+"


@dataclass(frozen=True, kw_only=True)
class Place:
    """The places for caches.

    Attributes:
        repository: of the image, None for a local build.
        region: of a bucket without a region in the settings; empty if unknown.
        folder: of local caches.
        name: of the image.
    """

    repository: Repository | None
    region: str
    folder: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Caches:
    """The caches of one bake target.

    Attributes:
        read: in bake's syntax, the best cache first.
        written: in bake's syntax.
        folders: the folders of written local caches.
    """

    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def backend(settings: ImageSettings, place: Place) -> str:
    """Return the cache backend; for a local build `local` instead of `registry`."""
    return "local" if settings.cache == "registry" and not place.repository else settings.cache


def find_caches(settings: ImageSettings, source: Source, place: Place, platform: Platform | None = None) -> Caches:
    """Return the caches of a target.

    Args:
        settings: of the image.
        source: of the build.
        place: the places for caches.
        platform: the only platform of the target with --cache-per-platform; None if all platforms share the caches.

    Raises:
        ConfigurationError: a reference is invalid, or a bucket has no region.
    """
    read, written = _words(settings, source)
    if platform:
        part = str(platform).replace("/", "-")
        read, written = [_joined(each, part) for each in read], written if written is None else _joined(written, part)
    kind = backend(settings, place)
    further = tuple(str(CacheEntry.parse(each)) for each in settings.cache_from)
    if kind == "none":
        return Caches(read=further)
    if kind == "inline":
        return _inline(settings, place, further, is_written=written is not None)
    where = _Where(settings, place, kind)
    return Caches(
        read=(*(where.read(each) for each in read), *further),
        written=() if written is None else (where.written(written),),
        folders=(where.folder(written),) if kind == "local" and written is not None else (),
    )


def has_no_default_branch(settings: ImageSettings, source: Source) -> bool:
    """Return whether the default branch is unknown, so that no build writes the cache that branches fall back to."""
    return settings.cache_scope == "branch" and bool(source.branch) and not source.default_branch


def _words(settings: ImageSettings, source: Source) -> tuple[list[str], str | None]:
    """Return the suffixes of the caches to read, and the suffix of the cache to write; None to write no cache."""
    is_by_branch, own = settings.cache_scope == "branch", ""
    if is_by_branch and (source.is_pull_request or source.branch != source.default_branch):
        own = source.branch
    # A release can be an old commit, so it must not overwrite the cache of the default branch.
    is_written = not (is_by_branch and source.tag and not source.branch)
    if source.is_pull_request and settings.cache_pull_request != "write":
        is_written = settings.cache_pull_request == "own"
        own = f"pr-{source.pull_request or source.branch}" if is_written else own
    base = source.base_branch if is_by_branch and source.base_branch != source.default_branch else ""
    return list(dict.fromkeys([own, base, ""])), own if is_written else None


def _joined(*words: str) -> str:
    return "-".join(filter(None, words))


def _tag(base: str, words: str) -> str:
    """Join base and suffix to a legal tag; the end of a long suffix is replaced with its hash."""
    tag = _joined(base, re.sub(_TAG_CHARACTERS, "-", words).strip("-"))
    if len(tag) > _LONGEST_TAG:
        end = hashlib.sha256(words.encode()).hexdigest()[:8]
        tag = f"{tag[: _LONGEST_TAG - len(end) - 1]}-{end}"
    return tag


def _inline(settings: ImageSettings, place: Place, further: tuple[str, ...], *, is_written: bool) -> Caches:
    """Return an inline cache, which is part of the image; it is read from the first floating tag."""
    if not place.repository:
        msg = "--cache inline conflicts with --local: an inline cache needs an image that is pushed"
        raise ConfigurationError(msg, hint="use --cache local")
    read = (_entry("registry", {"ref": place.repository.tagged(settings.tags[0])}),) if settings.tags else ()
    return Caches(read=(*read, *further), written=(_entry("inline", {}),) if is_written else ())


class _Where:
    """Writes the caches of a backend in bake's syntax: https://docs.docker.com/build/cache/backends/."""

    def __init__(self, settings: ImageSettings, place: Place, kind: str) -> None:
        self._settings, self._place, self._kind = settings, place, kind
        given = [option.partition("=") for option in settings.cache_options]
        self._read_options = {name: value for name, _, value in given if name in OPTIONS[kind].read}
        self._written_options = {name: value for name, _, value in given if name in OPTIONS[kind].written}

    def read(self, words: str) -> str:
        place = {"src": self.folder(words)} if self._kind == "local" else self._address(words)
        return _entry(self._kind, {**place, **self._read_options})

    def written(self, words: str) -> str:
        place = {"dest": self.folder(words)} if self._kind == "local" else self._address(words)
        options: dict[str, str] = {"mode": self._settings.cache_mode}
        if self._kind == "registry":
            # Without these options, ECR returns 400: https://github.com/aws/containers-roadmap/issues/876
            options |= {"image-manifest": "true", "oci-mediatypes": "true"}
        if self._kind != "local":
            # A failed export must not fail the build; the result reports it. A failed export to a folder is an error,
            # because the user can fix the folder.
            options |= {"ignore-error": "true"}
        if self._kind != "s3":
            options |= compression_options(self._settings)
        return _entry(self._kind, {**place, **options, **self._written_options})

    def folder(self, words: str) -> str:
        return _joined(self._place.folder, re.sub(_TAG_CHARACTERS, "-", words))

    def _address(self, words: str) -> dict[str, str]:
        settings, place = self._settings, self._place
        if self._kind == "registry":
            return {"ref": _reference(settings, place, words)}
        region = settings.s3_region or place.region
        if not region:
            msg = f"bucket {settings.s3_bucket} has no region"
            raise ConfigurationError(msg, hint="add --s3-region REGION")
        prefix = {"prefix": settings.s3_prefix} if settings.s3_prefix else {}
        name = f"{place.name}/{_tag(settings.cache_ref, words)}"
        return {"region": region, "bucket": settings.s3_bucket, "name": name, **prefix}


def _reference(settings: ImageSettings, place: Place, words: str) -> str:
    assert place.repository
    base = settings.cache_ref
    if ":" in base or "/" in base:
        if not words:
            return base
        name, colon, tag = base.rpartition(":")
        if not colon or "/" in tag:
            name, tag = base, "latest"
        return f"{name}:{_tag(tag, words)}"
    return cache_repository(settings, place.repository).tagged(_tag(base, words))


def cache_repository(settings: ImageSettings, image: Repository) -> Repository:
    """Return the repository of cache tags: the image's repository, or another one in any registry.

    Raises:
        ConfigurationError: the repository is invalid.
    """
    name = settings.cache_repository
    if not name:
        return image
    return parse_repository(name) if names_registry(name) else Repository(registry=image.registry, name=name)


def cache_base(settings: ImageSettings, image: Repository) -> tuple[Repository, str] | None:
    """Return repository and base tag of registry caches; None for other backends.

    Raises:
        ConfigurationError: the reference is invalid.
    """
    if settings.cache != "registry":
        return None
    base = settings.cache_ref
    return parse_reference(base) if ":" in base or "/" in base else (cache_repository(settings, image), base)


def compression_options(settings: ImageSettings) -> dict[str, str]:
    """Return the compression options, for both the image and the cache, so that each layer is compressed once."""
    options: dict[str, str] = {}
    if settings.compression != "gzip" or settings.compression_level or settings.force_compression:
        options["compression"] = settings.compression
    if settings.compression_level:
        options["compression-level"] = settings.compression_level
    if settings.force_compression:
        options["force-compression"] = "true"
    return options


def _entry(kind: str, fields: Mapping[str, str]) -> str:
    return str(CacheEntry.of({"type": kind, **fields}))
