"""Platform, registry host, repository and tag: parsed, checked and printed. Pure."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from multiarch.errors import ConfigurationError

# Go's list for the operating systems that BuildKit builds for: https://go.dev/doc/install/source#environment
_ARCHITECTURES = {
    "linux": ("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64", "mips64le"),
    "windows": ("amd64", "arm64", "386"),
}
# The spellings that docker itself accepts: https://github.com/containerd/platforms (database.go)
_SPELLINGS = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"}
_ARM_VARIANTS = ("v5", "v6", "v7")


@dataclass(frozen=True, kw_only=True, order=True)
class Platform:
    """An operating system and an architecture, in docker's own normal form: `linux/arm64`, `linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `os/architecture[/variant]`, or an architecture alone, which means linux.

        Raises:
            ConfigurationError: it is no platform; the nearest one is named.
        """
        parts = text.strip().lower().split("/")
        if len(parts) == 1:
            parts = ["linux", *parts]
        os, architecture, variant = (*parts, "")[:3]
        if architecture == "armhf":
            variant = variant or "v7"
        architecture = _SPELLINGS.get(architecture, architecture)
        # The variants that containerd drops: https://github.com/containerd/platforms (normalizeArch)
        if (architecture, variant) in {("arm64", "v8"), ("arm64", "8"), ("amd64", "v1")}:
            variant = ""
        if architecture == "arm":
            variant = variant if variant.startswith("v") else f"v{variant or 7}"
        known = architecture in _ARCHITECTURES.get(os, ())
        good_variant = (
            variant in _ARM_VARIANTS if architecture == "arm" else not variant or bool(re.fullmatch(r"v\d+", variant))
        )
        if len(parts) > 3 or not known or not good_variant:  # noqa: PLR2004 - os, architecture, variant
            names = [f"{name}/{each}" for name, all_of in _ARCHITECTURES.items() for each in all_of]
            msg = f"{text!r} is not a platform"
            raise ConfigurationError(msg, hint=nearest_hint("/".join(parts[:2]), names))
        return cls(os=os, architecture=architecture, variant=variant)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


def nearest_hint(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant; all of them where none is near."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


# The account, the service's name with FIPS or dual-stack forms, and the region. Which suffixes are AWS's own is not
# decided here: the host that AWS names with the token decides, see `Registry.is_answered_by`.
_ECR_HOST = re.compile(r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]{2,}(?:-[a-z]+)+-\d+)\.[a-z0-9.-]+")
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d+)?"
)
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry by host name, with its account and region where it is an ECR registry."""

    host: str
    account: str = ""
    region: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a host such as `localhost:5000` or `123456789012.dkr.ecr.eu-west-1.amazonaws.com`.

        Raises:
            ConfigurationError: it is no host name.
        """
        host = text.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
        if not _HOST.fullmatch(host):
            msg = f"{text!r} is not a registry"
            raise ConfigurationError(msg, hint="a registry is a host name: localhost:5000, ghcr.io, ACCOUNT.dkr.ecr.…")
        if host in _DOCKER_HUB:
            return cls(host="docker.io")
        match = _ECR_HOST.fullmatch(host)
        return cls(host=host, account=match["account"], region=match["region"]) if match else cls(host=host)

    @classmethod
    def of_account(cls, *, account: str, region: str, dns_suffix: str) -> Self:
        return cls(host=f"{account}.dkr.ecr.{region}.{dns_suffix}", account=account, region=region)

    @property
    def is_ecr(self) -> bool:
        return bool(self.account)

    def is_answered_by(self, host: str, aws_suffixes: Iterable[str]) -> bool:
        """Whether a token that AWS gave out for `host` may be shown to this registry.

        The same host, or the FIPS or dual-stack form of the same account and region under a suffix of AWS's own;
        otherwise a look-alike host in a setting would be handed the token.
        """
        other = Registry.parse(host)
        if other.host == self.host:
            return True
        same = (other.account, other.region) == (self.account, self.region)
        return same and self.host.partition(f".{self.region}.")[2] in aws_suffixes

    def __str__(self) -> str:
        return self.host


# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_CONTAINER = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LONGEST_REPOSITORY = 255


def check_repository(name: str) -> str:
    """Return the name if it is a legal repository name.

    Raises:
        ConfigurationError: it is not; the hint shows a legal form of it where there is one.
    """
    if _REPOSITORY.fullmatch(name) and len(name) <= _LONGEST_REPOSITORY:
        return name
    legal = legal_repository(name)
    tip = f", for example {legal}" if legal else ""
    msg = f"{name!r} is not a repository name"
    raise ConfigurationError(
        msg, hint=f"lower-case letters and digits, joined by . _ - or /, {_LONGEST_REPOSITORY} at most{tip}"
    )


def legal_repository(name: str) -> str:
    """Return the nearest legal repository name, empty where there is none."""
    legal = re.sub(r"[^a-z0-9._/-]+", "-", name.lower()).strip("-._/")
    return legal if _REPOSITORY.fullmatch(legal) and len(legal) <= _LONGEST_REPOSITORY else ""


def check_tag(tag: str) -> str:
    """Return the tag if it is legal.

    Raises:
        ConfigurationError: it is not.
    """
    if _TAG.fullmatch(tag):
        return tag
    msg = f"{tag!r} is not a tag"
    raise ConfigurationError(msg, hint="letters, digits, _ . and -, not starting with . or -, 128 at most")


def check_container(name: str) -> str:
    """Return a container's name in an ECS task definition if it is legal.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html

    Raises:
        ConfigurationError: it is not.
    """
    if _CONTAINER.fullmatch(name):
        return name
    msg = f"{name!r} is not a container's name"
    raise ConfigurationError(msg, hint="letters, digits, _ and -, 255 at most, as in the ECS task definition")


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository in a registry: what docker calls an image's name."""

    registry: Registry
    name: str

    def tagged(self, tag: str) -> str:
        return f"{self}:{tag}"

    def at(self, digest: str) -> str:
        return f"{self}@{digest}"

    def __str__(self) -> str:
        return f"{self.registry}/{self.name}"


def parse_reference(text: str) -> tuple[Repository, str]:
    """Parse an image's name as docker does: its repository, and its digest, its tag or `latest`.

    Raises:
        ConfigurationError: it is no image's name.
    """
    name, _, digest = text.strip().partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not (set(host) & set(".:") or host == "localhost"):
        host, rest = _DOCKER_HUB[0], name
    path, _, tag = rest.partition(":")
    registry = Registry.parse(host)
    if registry.host == _DOCKER_HUB[0] and "/" not in path:
        path = f"library/{path}"
    return Repository(registry=registry, name=check_repository(path)), digest or check_tag(tag or "latest")


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """AWS's partitions, as botocore ships them: which DNS suffix belongs to which region. No list of our own."""

    suffix_of_partition: Mapping[str, str]
    partition_of_region: Mapping[str, str]
    dual_stack_suffixes: Sequence[str]

    def suffix_of_region(self, region: str) -> str:
        """Return the DNS suffix of a region's ordinary endpoints, `amazonaws.com` for `eu-west-1`.

        Raises:
            ConfigurationError: no partition has that region.
        """
        partition = self.partition_of_region.get(region)
        if partition is None:
            msg = f"unknown AWS region {region!r}"
            near = difflib.get_close_matches(region, self.partition_of_region, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ConfigurationError(
                msg, hint=f"{hint}A region newer than the installed botocore works with --registry HOST"
            )
        return self.suffix_of_partition[partition]

    @property
    def suffixes(self) -> tuple[str, ...]:
        return (*dict.fromkeys(self.suffix_of_partition.values()), *self.dual_stack_suffixes)
