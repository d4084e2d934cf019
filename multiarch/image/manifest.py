"""Parses manifests, indexes and image configurations of a registry, and makes indexes. Pure.

https://github.com/opencontainers/image-spec/blob/main/image-index.md
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from multiarch.errors import ConfigurationError, RegistryError
from multiarch.image.platform import Platform

OCI = "org.opencontainers.image."
REVISION = f"{OCI}revision"
CREATED = f"{OCI}created"
VERSION = f"{OCI}version"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MEDIA_TYPES = (
    INDEX_TYPE,
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

# A revision or version, which is passed to git and printed.
_WORD = re.compile(r"\w[\w.!+/-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# Larger sizes are invalid: a layer in ECR has at most 52 GB.
_LARGEST = 1 << 50

# https://github.com/moby/buildkit/blob/master/exporter/containerimage/writer.go (normalizeLayersAndHistory)
_ADDED = "buildkit.exporter.image.v0"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def short_digest(digest: str) -> str:
    """Return a digest with 12 digits, for people: `sha256:0123456789ab`. JSON has whole digests."""
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm}:{digits[:12]}"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A manifest or an index, with the bytes that its digest is of."""

    content: bytes
    media_type: str

    @cached_property
    def digest(self) -> str:
        return digest_of(self.content)

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """The JSON object.

        Raises:
            RegistryError: the content is not a JSON object.
        """
        try:
            value = json.loads(self.content.decode())
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            msg = f"manifest {short_digest(self.digest)} is not a JSON object"
            raise RegistryError(msg, hint="check whether a proxy changes the registry's answers")
        return cast("Mapping[str, Any]", value)

    @property
    def is_index(self) -> bool:
        return "manifests" in self.fields

    @property
    def _annotations(self) -> Mapping[str, Any]:
        found = self.fields.get("annotations")
        return found if isinstance(found, dict) else {}

    @property
    def revision(self) -> str:
        """The recorded commit; empty if there is none, or if the annotation is not one word."""
        return self._word(REVISION)

    @property
    def version(self) -> str:
        """The recorded version; empty if there is none, or if the annotation is not one word."""
        return self._word(VERSION)

    def _word(self, key: str) -> str:
        found = self._annotations.get(key)
        return found if isinstance(found, str) and _WORD.fullmatch(found) else ""

    def annotation(self, key: str) -> str:
        """Return the value of an annotation, or an empty text."""
        found = self._annotations.get(key)
        return found if isinstance(found, str) else ""

    @property
    def commit_time(self) -> datetime | None:
        """The recorded commit time, None if there is none."""
        text = str(self._annotations.get(CREATED, ""))
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return None
        return time if time.tzinfo else None

    def platforms(self) -> Mapping[Platform, str]:
        """Return the digest of the manifest of each platform in an index, without attestations.

        Raises:
            RegistryError: an entry is malformed, or a platform has two entries.
        """
        found: dict[Platform, str] = {}
        for entry in self._descriptors("manifests"):
            platform = _platform(entry.get("platform"))
            if not platform:
                continue
            if platform in found:
                why = f"the index lists {platform} twice"
                raise self._malformed(why)
            found[platform] = entry["digest"]
        return found

    @property
    def entries(self) -> Sequence[Mapping[str, Any]]:
        """The descriptors of an index.

        Raises:
            RegistryError: an entry is malformed.
        """
        return self._descriptors("manifests")

    @property
    def config(self) -> str:
        """The digest of the configuration of a manifest.

        Raises:
            RegistryError: the manifest has no configuration.
        """
        return str(self._descriptor(self.fields.get("config"))["digest"])

    def layers(self, config: bytes) -> tuple["Layer", ...]:
        """Return the layers of a manifest, with the instruction of each layer from the history in the configuration.

        Raises:
            RegistryError: an entry is malformed, or has no size.
        """
        found = self._descriptors("layers")
        made_by = _made_by(config)
        # A history with another number of entries, as of a squashed image, is ignored.
        made_by = made_by if len(made_by) == len(found) else [""] * len(found)
        return tuple(
            Layer(digest=each["digest"], size=self._size(each), made_by=text)
            for each, text in zip(found, made_by, strict=True)
        )

    @property
    def size(self) -> int:
        """Bytes of configuration and layers, compressed: the size of a pull.

        Raises:
            RegistryError: an entry is malformed.
        """
        return sum(map(self._size, (self._descriptor(self.fields.get("config")), *self._descriptors("layers"))))

    def _size(self, descriptor: Mapping[str, Any]) -> int:
        size = descriptor.get("size")
        if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST:
            raise self._malformed("a descriptor has no size")
        return size

    def _descriptors(self, key: str) -> Sequence[Mapping[str, Any]]:
        found = self.fields.get(key)
        if not isinstance(found, list):
            why = f"{key} is not a list"
            raise self._malformed(why)
        return [self._descriptor(each) for each in found]

    def _descriptor(self, value: object) -> Mapping[str, Any]:
        """https://github.com/opencontainers/image-spec/blob/main/descriptor.md."""
        digest = value.get("digest") if isinstance(value, dict) else None
        # Only SHA-256 digests are compared with the content, so other digests are rejected.
        if isinstance(digest, str) and _DIGEST.fullmatch(digest):
            return cast("Mapping[str, Any]", value)
        raise self._malformed("a descriptor has no SHA-256 digest")

    def _malformed(self, why: str) -> RegistryError:
        msg = f"manifest {short_digest(self.digest)} is malformed: {why}"
        return RegistryError(msg, hint="check whether a proxy changes the registry's answers, then build again")


def make_index(images: Mapping[Platform, Manifest], annotations: Mapping[str, str]) -> Manifest:
    """Make one index of several images; of an image with attestations, the entries of its index.

    https://github.com/opencontainers/image-spec/blob/main/image-index.md

    Raises:
        RegistryError: an entry is malformed.
    """
    entries: list[Mapping[str, Any]] = []
    for platform, image in images.items():
        if image.is_index:
            entries += image.entries
            continue
        fields = {"os": platform.os, "architecture": platform.architecture, "variant": platform.variant}
        entries.append(
            {
                "mediaType": image.media_type,
                "digest": image.digest,
                "size": len(image.content),
                "platform": {name: value for name, value in fields.items() if value},
            }
        )
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}
    content = json.dumps({**index, **({"annotations": dict(annotations)} if annotations else {})}, indent=2)
    return Manifest(content=content.encode(), media_type=INDEX_TYPE)


def platform_of(config: bytes) -> Platform | None:
    """Return the platform in an image configuration, None if there is none."""
    try:
        return _platform(json.loads(config))
    except (ValueError, RecursionError):
        return None


def _platform(fields: object) -> Platform | None:
    """Parse a platform; None if it is unsupported, as `unknown` of an attestation."""
    if not isinstance(fields, dict):
        return None
    parts = (fields.get("os"), fields.get("architecture"), fields.get("variant"))
    try:
        return Platform.parse("/".join(str(part) for part in parts if part))
    except ConfigurationError:
        return None


def _made_by(config: bytes) -> Sequence[str]:
    """Return the instruction of each layer.

    https://github.com/opencontainers/image-spec/blob/main/config.md (history)
    """
    try:
        fields = json.loads(config)
    except (ValueError, RecursionError):
        return []
    history = fields.get("history") if isinstance(fields, dict) else None
    entries = [each for each in history if isinstance(each, dict)] if isinstance(history, list) else []
    layers = [each for each in entries if not each.get("empty_layer")]
    # For a base image without history, BuildKit adds entries at the end, which do not belong to the last layers.
    if len({each.get("comment") == _ADDED for each in layers}) > 1:
        return []
    return [_instruction(str(each.get("created_by", ""))) for each in layers]


def _instruction(created_by: str) -> str:
    """Return an instruction as in the Dockerfile, without the shell, build arguments and name that BuildKit adds."""
    # JSON can contain a lone surrogate, which cannot be written to a file or a terminal.
    text = " ".join(created_by.encode(errors="replace").decode().split()).removesuffix(" # buildkit")
    return re.sub(r"^RUN (?:\|\d+ .*? )?/bin/sh -c ", "RUN ", text)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer of an image.

    Attributes:
        size: compressed bytes.
        made_by: the instruction that created the layer, from the image's configuration; empty if unknown.
    """

    digest: str
    size: int
    made_by: str = ""


@dataclass(frozen=True, kw_only=True)
class PlatformImage:
    """One platform of a verified image; size in compressed bytes."""

    platform: Platform
    digest: str
    size: int
    layers: tuple[Layer, ...]
