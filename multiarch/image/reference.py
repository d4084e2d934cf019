"""Parses, checks and prints repositories, tags and references. Pure."""

import re
from dataclasses import dataclass

from multiarch.errors import ConfigurationError
from multiarch.image.registry import DOCKER_HUB, Registry
from multiarch.text.shown import shown

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")

# https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")

_CONTAINER = re.compile(r"[A-Za-z0-9_-]{1,255}")

_LONGEST_REPOSITORY = 255

_AWS_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws")


def check_repository(name: str) -> str:
    """Return the name if it is a legal repository name.

    Raises:
        ConfigurationError: the name is illegal; the hint suggests a legal one.
    """
    if _REPOSITORY.fullmatch(name) and len(name) <= _LONGEST_REPOSITORY:
        host, _, rest = name.partition("/")
        if not host.endswith(_AWS_SUFFIXES):
            return name
        # It would be pushed to HOST/HOST/NAME.
        msg = f"{shown(name)} names a registry"
        raise ConfigurationError(msg, hint=f"use the name alone, {rest or 'shop'}, and --registry for {host}")
    legal = legal_repository(name)
    tip = f", for example {legal}" if legal else ""
    msg = f"{shown(name)} is not a repository name"
    raise ConfigurationError(
        msg, hint=f"use lower-case letters and digits with . _ - or / between them, at most {_LONGEST_REPOSITORY}{tip}"
    )


def legal_repository(name: str) -> str:
    """Return a similar legal repository name, or an empty text."""
    legal = re.sub(r"[^a-z0-9._/-]+", "-", name.lower()).strip("-._/")
    return legal if _REPOSITORY.fullmatch(legal) and len(legal) <= _LONGEST_REPOSITORY else ""


def check_tag(tag: str) -> str:
    """Return the tag if it is legal.

    Raises:
        ConfigurationError: it is not.
    """
    if _TAG.fullmatch(tag):
        return tag
    msg = f"{shown(tag)} is not a tag"
    raise ConfigurationError(msg, hint="use letters, digits, _ . and -, at most 128, and do not start with . or -")


def check_container(name: str) -> str:
    """Return the name of a container in an ECS task definition if it is legal.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html

    Raises:
        ConfigurationError: it is not.
    """
    if _CONTAINER.fullmatch(name):
        return name
    msg = f"{shown(name)} is not a container's name"
    raise ConfigurationError(msg, hint="use at most 255 letters, digits, _ and -, as in the ECS task definition")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository in a registry; in docker's docs, the name of an image."""

    registry: Registry
    name: str

    def tagged(self, tag: str) -> str:
        return f"{self}:{tag}"

    def at(self, digest: str) -> str:
        return f"{self}@{digest}"

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"


def names_registry(name: str) -> bool:
    """Return whether an image name begins with a registry host, by docker's rule: a dot, a colon or localhost."""
    host, slash, _ = name.partition("/")
    return bool(slash) and (bool(set(host) & set(".:")) or host == "localhost")


def parse_repository(text: str) -> Repository:
    """Parse a repository with its registry: `ghcr.io/team/shop`.

    Raises:
        ConfigurationError: the text is not a repository, or has a tag or a digest.
    """
    repository, _ = parse_reference(text)
    if text.strip().endswith(f"/{repository.name}"):
        return repository
    msg = f"{shown(text)} is not a repository"
    raise ConfigurationError(msg, hint=f"remove the tag or the digest: {repository}")


def parse_reference(text: str) -> tuple[Repository, str]:
    """Parse an image name as docker does; return the repository, and the digest, the tag or `latest`.

    Raises:
        ConfigurationError: the text is not an image name.
    """
    name, at, digest = text.strip().partition("@")
    if at and not _DIGEST.fullmatch(digest):
        msg = f"{shown(text)} has a bad digest"
        raise ConfigurationError(msg, hint="write sha256: and 64 hexadecimal digits after the @")
    host, _, rest = name.partition("/")
    if not names_registry(name):
        host, rest = DOCKER_HUB[0], name
    path, _, tag = rest.partition(":")
    registry = Registry.parse(host)
    if registry.host == DOCKER_HUB[0] and "/" not in path:
        path = f"library/{path}"
    return Repository(registry=registry, name=check_repository(path)), digest or check_tag(tag or "latest")
