"""Finds the registry of the image: as set, or from account and region. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from multiarch.image.registry import Partitions, Registry
from multiarch.settings.load import DEFAULT_ORIGIN, LoadedSettings

# Placeholders of a dry run for values that only AWS knows; the shell script turns them into variables.
ACCOUNT_PLACEHOLDER = "<AWS_ACCOUNT_ID>"
REGION_PLACEHOLDER = "<AWS_DEFAULT_REGION>"

BUILD_ARN = "CODEBUILD_BUILD_ARN"
_ARN = re.compile(r"arn:(?P<partition>[^:]+):codebuild:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):build/.+")


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The registry of an image, and the origin of account and region.

    Attributes:
        registry: the registry; None if account or region are unknown.
        region: the region; empty if unknown.
        account: the account; empty if unknown.
        dns_suffix: the suffix of the region's endpoints; `amazonaws.com` if the region is unknown.
        origin: where account and region came from, for people.
    """

    registry: Registry | None
    account: str = ""
    region: str = ""
    dns_suffix: str = "amazonaws.com"
    origin: str

    def shown(self) -> Registry:
        """Return the registry, with placeholders for unknown values."""
        return self.registry or Registry.of_account(
            account=self.account or ACCOUNT_PLACEHOLDER,
            region=self.region or REGION_PLACEHOLDER,
            dns_suffix=self.dns_suffix,
        )


def home_of_build(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return region and account of the running CodeBuild build; None outside CodeBuild."""
    arn = _ARN.fullmatch(environment.get(BUILD_ARN, ""))
    return (arn["region"], arn["account"]) if arn else None


def find_destination(loaded: LoadedSettings, environment: Mapping[str, str], partitions: Partitions) -> Destination:
    """Find the registry without a request.

    In CodeBuild, the ARN of the build contains partition, region and account:
    https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html

    Raises:
        ConfigurationError: the registry is not a host name, or no partition has the region.
    """
    settings, origins = loaded.settings.run, loaded.origins
    if settings.registry:
        return Destination(registry=Registry.parse(settings.registry), origin=origins["registry"])
    arn = _ARN.fullmatch(environment.get(BUILD_ARN, ""))
    account = settings.account or (arn["account"] if arn else "")
    region = settings.region or (arn["region"] if arn else "")
    if arn and region == arn["region"] and arn["partition"] in partitions.suffix_of_partition:
        suffix = partitions.suffix_of_partition[arn["partition"]]
    else:
        suffix = partitions.suffix_of_region(region) if region else "amazonaws.com"
    origin_of_parts = dict.fromkeys(
        BUILD_ARN if origin == DEFAULT_ORIGIN else origin
        for value, origin in ((account, origins["account"]), (region, origins["region"]))
        if value
    )
    registry = Registry.of_account(account=account, region=region, dns_suffix=suffix) if account and region else None
    return Destination(
        registry=registry,
        account=account,
        region=region,
        dns_suffix=suffix,
        origin=" and ".join(origin_of_parts) or "AWS",
    )
