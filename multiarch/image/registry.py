"""Registries and AWS partitions. Pure."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from multiarch.errors import ConfigurationError
from multiarch.text.shown import shown

# The account, the service with its FIPS and dual-stack forms, and the region. The suffix is not checked here:
# `Registry.is_answered_by` compares the host with the one that AWS returns with a token.
_ECR_HOST = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z]{2,}(?:-[a-z]+)+-[0-9]+)\.[a-z0-9.-]+"
)

_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?"
)

# A DNS name, a colon and a port.
_LONGEST_HOST = 253 + 6

DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")


@dataclass(frozen=True, kw_only=True)
class Registry:
    """A registry by host name; an ECR registry also has an account and a region."""

    host: str
    account: str = ""
    region: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a host such as `localhost:5000` or `123456789012.dkr.ecr.eu-west-1.amazonaws.com`.

        Raises:
            ConfigurationError: the text is not a host name.
        """
        host = text.strip().removeprefix("https://").removeprefix("http://").rstrip("/")
        if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
            msg = f"{shown(text)} is not a registry"
            raise ConfigurationError(
                msg, hint="write a host name alone: ghcr.io, localhost:5000, ACCOUNT.dkr.ecr.REGION.…"
            )
        if host in DOCKER_HUB:
            return cls(host="docker.io")
        match = _ECR_HOST.fullmatch(host)
        return cls(host=host, account=match["account"], region=match["region"]) if match else cls(host=host)

    @classmethod
    def of_account(cls, *, account: str, region: str, dns_suffix: str) -> Self:
        return cls(host=f"{account}.dkr.ecr.{region}.{dns_suffix}", account=account, region=region)

    @property
    def is_ecr(self) -> bool:
        return bool(self.account)

    def is_answered_by(self, host: str, aws_suffixes: Iterable[Collection[str]]) -> bool:
        """Return whether a token of AWS for `host` can be sent to this registry.

        It can be sent to the same host, and to the FIPS or dual-stack form of the same account and region with a suffix
        of the same partition. A similar host in a setting must not get the token.

        Args:
            host: the host that AWS returned with the token.
            aws_suffixes: the suffixes of AWS's host names, by partition.
        """
        other = Registry.parse(host)
        if other.host == self.host:
            return True
        if (other.account, other.region) != (self.account, self.region):
            return False
        both = {each.host.partition(f".{each.region}.")[2] for each in (self, other)}
        return any(both <= set(suffixes) for suffixes in aws_suffixes)

    def __str__(self) -> str:
        return self.host


@dataclass(frozen=True, kw_only=True)
class Partitions:
    """AWS's partitions and the DNS suffixes of their regions, from the data of botocore."""

    suffix_of_partition: Mapping[str, str]
    partition_of_region: Mapping[str, str]
    dual_stack_suffix_of_partition: Mapping[str, str]

    def suffix_of_region(self, region: str) -> str:
        """Return the DNS suffix of a region's default endpoints: `amazonaws.com` for `eu-west-1`.

        Raises:
            ConfigurationError: no partition has the region.
        """
        partition = self.partition_of_region.get(region)
        if partition is None:
            msg = f"unknown AWS region {shown(region)}"
            near = difflib.get_close_matches(region, self.partition_of_region, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ConfigurationError(
                msg, hint=f"{hint}A region newer than the installed botocore works with --registry HOST"
            )
        return self.suffix_of_partition[partition]

    @property
    def suffixes(self) -> tuple[frozenset[str], ...]:
        """The suffixes of AWS's host names, by partition."""
        duals = self.dual_stack_suffix_of_partition
        return tuple(frozenset({suffix, duals.get(name, suffix)}) for name, suffix in self.suffix_of_partition.items())
