"""Which registry the image goes to, found without asking anybody."""

from __future__ import annotations

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.registry import Registry
from multiarch.plan.destination import Destination, find_destination
from tests.unit.fakes import PARTITIONS, load


def arn(partition: str, region: str, account: str = "123456789012") -> str:
    return f"arn:{partition}:codebuild:{region}:{account}:build/shop:3f2a1b6c-0d9e-4c8b-9f7a-5e6d7c8b9a01"


def found(**environment: str) -> Destination:
    return find_destination(load(environment=environment), environment, PARTITIONS)


ARN = "CODEBUILD_BUILD_ARN"
FOUND = {
    "the build's ARN": (
        {ARN: arn("aws", "eu-west-1")}, "123456789012.dkr.ecr.eu-west-1.amazonaws.com", ARN),
    "in China": ({ARN: arn("aws-cn", "cn-north-1")}, "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", ARN),
    "in GovCloud": (
        {ARN: arn("aws-us-gov", "us-gov-west-1")}, "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", ARN),
    "in an isolated partition": (
        {ARN: arn("aws-iso", "us-iso-east-1")}, "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", ARN),
    "in a region that is newer than botocore": (
        {ARN: arn("aws", "eu-north-9")}, "123456789012.dkr.ecr.eu-north-9.amazonaws.com", ARN),
    "another region by AWS_DEFAULT_REGION": (
        {ARN: arn("aws", "eu-west-1"), "AWS_DEFAULT_REGION": "us-east-1"},
        "123456789012.dkr.ecr.us-east-1.amazonaws.com", f"{ARN} and AWS_DEFAULT_REGION"),
    "another account": (
        {ARN: arn("aws", "eu-west-1"), "AWS_ACCOUNT_ID": "210987654321"},
        "210987654321.dkr.ecr.eu-west-1.amazonaws.com", f"AWS_ACCOUNT_ID and {ARN}"),
    "account and region, without CodeBuild": (
        {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "cn-north-1"},
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "AWS_ACCOUNT_ID and AWS_REGION"),
    "a registry that was named counts before all": (
        {ARN: arn("aws", "eu-west-1"), "AWS_REGISTRY_NAME": "localhost:5000", "AWS_REGION": "nowhere"},
        "localhost:5000", "AWS_REGISTRY_NAME"),
}  # fmt: skip


@pytest.mark.parametrize(("environment", "host", "origin"), FOUND.values(), ids=FOUND)
def test_find_destination_returns_registry_and_origin(environment: dict[str, str], host: str, origin: str) -> None:
    destination = found(**environment)
    assert (destination.registry, destination.origin) == (Registry.parse(host), origin)
    assert destination.shown() == destination.registry


PLACEHOLDERS = {
    "nothing is known": ({}, "<AWS_ACCOUNT_ID>.dkr.ecr.<AWS_DEFAULT_REGION>.amazonaws.com", "AWS"),
    "the region is": (
        {"AWS_REGION": "cn-north-1"}, "<AWS_ACCOUNT_ID>.dkr.ecr.cn-north-1.amazonaws.com.cn", "AWS_REGION"),
    "the account is": (
        {"AWS_ACCOUNT_ID": "123456789012"}, "123456789012.dkr.ecr.<AWS_DEFAULT_REGION>.amazonaws.com",
        "AWS_ACCOUNT_ID"),
    "an ARN of another service": (
        {ARN: "arn:aws:iam::123456789012:role/x"}, "<AWS_ACCOUNT_ID>.dkr.ecr.<AWS_DEFAULT_REGION>.amazonaws.com",
        "AWS"),
    "an ARN that is none": (
        {ARN: "arn:aws:codebuild:eu-west-1:1234:build/x"},
        "<AWS_ACCOUNT_ID>.dkr.ecr.<AWS_DEFAULT_REGION>.amazonaws.com",
        "AWS"),
}  # fmt: skip


@pytest.mark.parametrize(("environment", "host", "origin"), PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_shown_of_unknown_account_has_placeholders(environment: dict[str, str], host: str, origin: str) -> None:
    destination = found(**environment)
    assert destination.registry is None
    assert (destination.shown().host, destination.origin) == (host, origin)
    assert destination.shown().is_ecr


REFUSED = {
    "an unknown region": ({"AWS_REGION": "eu-wets-1"}, "unknown AWS region 'eu-wets-1'"),
    "an ARN of a partition and a region that nobody knows": (
        {ARN: arn("aws-moon", "moon-1")}, "unknown AWS region 'moon-1'"),
    "a registry that is none": ({"AWS_REGISTRY_NAME": "a b"}, "AWS_REGISTRY_NAME: 'a b' is not a registry"),
}  # fmt: skip


@pytest.mark.parametrize(("environment", "message"), REFUSED.values(), ids=REFUSED)
def test_find_destination_invalid_value_raises_configuration_error(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        found(**environment)
    assert caught.value.message == message
