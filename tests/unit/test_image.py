"""Names: platforms, registries, repositories and tags, their normal forms and near misses."""

from __future__ import annotations

import pytest

from multiarch.edges.aws import load_partitions
from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository, check_repository, check_tag, legal_repository
from multiarch.image.registry import Registry
from multiarch.text.hints import nearest_hint
from multiarch.text.shown import shown
from tests.unit.fakes import ECR_HOST, PARTITIONS

PLATFORMS = {
    "linux/amd64": "linux/amd64",
    "linux/arm64": "linux/arm64",
    "linux/386": "linux/386",
    "linux/ppc64le": "linux/ppc64le",
    "linux/s390x": "linux/s390x",
    "linux/riscv64": "linux/riscv64",
    "windows/amd64": "windows/amd64",
    # an architecture alone is linux
    "arm64": "linux/arm64",
    "amd64": "linux/amd64",
    # docker's other spellings
    "linux/x86_64": "linux/amd64",
    "x86-64": "linux/amd64",
    "linux/aarch64": "linux/arm64",
    "linux/i386": "linux/386",
    "linux/armhf": "linux/arm/v7",
    # variants
    "linux/arm64/v8": "linux/arm64",
    "linux/arm64/8": "linux/arm64",
    "linux/aarch64/v8": "linux/arm64",
    "linux/arm64/v9": "linux/arm64/v9",
    "linux/amd64/v1": "linux/amd64",
    "linux/amd64/v3": "linux/amd64/v3",
    "linux/arm": "linux/arm/v7",
    "linux/arm/7": "linux/arm/v7",
    "linux/arm/v6": "linux/arm/v6",
    "linux/arm/5": "linux/arm/v5",
    # as people type
    " Linux/ARM64\n": "linux/arm64",
}


@pytest.mark.parametrize(("text", "printed"), PLATFORMS.items(), ids=PLATFORMS)
def test_platform_parse_prints_the_normalized_form(text: str, printed: str) -> None:
    platform = Platform.parse(text)
    assert str(platform) == printed
    assert Platform.parse(printed) == platform


NO_PLATFORMS = {
    "linux/arm46": "did you mean linux/arm64?",
    "linux/amd46": "did you mean linux/amd64?",
    "linux/amd": "did you mean linux/amd64?",
    "lunix/amd64": "did you mean linux/amd64?",
    "linux/arm/v9": "did you mean linux/arm?",
    "linux/arm64/8a": "did you mean linux/arm64?",
    "linux/arm64/v8/x": "did you mean linux/arm64?",
    "linux/": "did you mean linux/arm?",
    "windows/arm": "did you mean windows/arm64?",
    "linux/amd64,linux/arm64": "did you mean linux/amd64?",
    "": "did you mean linux/arm?",
}


@pytest.mark.parametrize(("text", "hint"), NO_PLATFORMS.items(), ids=NO_PLATFORMS)
def test_platform_parse_typo_suggests_the_nearest(text: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Platform.parse(text)
    assert (caught.value.message, caught.value.hint) == (f"{text!r} is not a platform", hint)


def test_platform_parse_unknown_platform_lists_all() -> None:
    assert nearest_hint("zzz", ["max", "min"]) == "known: max, min"


REGISTRIES = {
    # text: host, account, region
    ECR_HOST: (ECR_HOST, "123456789012", "eu-west-1"),
    f"https://{ECR_HOST}/": (ECR_HOST, "123456789012", "eu-west-1"),
    f" {ECR_HOST}\n": (ECR_HOST, "123456789012", "eu-west-1"),
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn": (
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "123456789012", "cn-north-1"),
    "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com": (
        "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "123456789012", "us-gov-west-1"),
    "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov": (
        "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "123456789012", "us-iso-east-1"),
    "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com": (
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "123456789012", "us-east-1"),
    "123456789012.dkr-ecr.eu-west-1.on.aws": ("123456789012.dkr-ecr.eu-west-1.on.aws", "123456789012", "eu-west-1"),
    "123456789012.dkr-ecr-fips.us-east-1.on.aws": (
        "123456789012.dkr-ecr-fips.us-east-1.on.aws", "123456789012", "us-east-1"),
    "localhost:5000": ("localhost:5000", "", ""),
    "http://localhost:5000": ("localhost:5000", "", ""),
    "ghcr.io": ("ghcr.io", "", ""),
    "registry.example.com:443": ("registry.example.com:443", "", ""),
    "docker.io": ("docker.io", "", ""),
    "index.docker.io": ("docker.io", "", ""),
    "registry-1.docker.io": ("docker.io", "", ""),
    # near misses: registries, but not ECR's
    "12345678901.dkr.ecr.eu-west-1.amazonaws.com": ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", "", ""),
    "1234567890123.dkr.ecr.eu-west-1.amazonaws.com": ("1234567890123.dkr.ecr.eu-west-1.amazonaws.com", "", ""),
    "123456789012.dkr.ecr.eu-west.amazonaws.com": ("123456789012.dkr.ecr.eu-west.amazonaws.com", "", ""),
    "123456789012.ecr.eu-west-1.amazonaws.com": ("123456789012.ecr.eu-west-1.amazonaws.com", "", ""),
    "x.123456789012.dkr.ecr.eu-west-1.amazonaws.com": ("x.123456789012.dkr.ecr.eu-west-1.amazonaws.com", "", ""),
    "public.ecr.aws": ("public.ecr.aws", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REGISTRIES.items(), ids=REGISTRIES)
def test_registry_parse_returns_account_region_and_suffix(text: str, expected: tuple[str, str, str]) -> None:
    registry = Registry.parse(text)
    assert (registry.host, registry.account, registry.region) == expected
    assert registry.is_ecr is bool(expected[1])
    assert str(registry) == expected[0]


NO_REGISTRIES = ["", " ", "-x.example.com", "a b", "example.com/team", "host:port", "user@host", "https://", "a..b"]


@pytest.mark.parametrize("text", NO_REGISTRIES)
def test_registry_parse_invalid_host_raises_error(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Registry.parse(text)
    assert caught.value.message == f"{text!r} is not a registry"
    assert caught.value.hint == "write a host name alone: ghcr.io, localhost:5000, ACCOUNT.dkr.ecr.REGION.…"


def test_registry_of_account_returns_its_host() -> None:
    made = Registry.of_account(account="123456789012", region="cn-north-1", dns_suffix="amazonaws.com.cn")
    assert made == Registry.parse("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")


SUFFIXES = (("amazonaws.com", "on.aws"), ("amazonaws.com.cn", "on.amazonwebservices.com.cn"))
CHINA = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn"
ANSWERED = {
    "the very host": (ECR_HOST, ECR_HOST, True),
    "the very host, with its scheme": (ECR_HOST, f"https://{ECR_HOST}", True),
    "FIPS": ("123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com", ECR_HOST, True),
    "dual-stack": ("123456789012.dkr-ecr.eu-west-1.on.aws", ECR_HOST, True),
    "a host of the test stack, under its own name": ("localhost:5000", "localhost:5000", True),
    "China's dual-stack": ("123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", CHINA, True),
    "China's suffix for a region of another partition": (
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn", ECR_HOST, False),
    "China's dual-stack suffix for a region of another partition": (
        "123456789012.dkr-ecr.eu-west-1.on.amazonwebservices.com.cn", ECR_HOST, False),
    "another partition's suffix for a region of China": (
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com", CHINA, False),
    "a token that AWS gave out for a host that is not AWS's": (
        ECR_HOST, "123456789012.dkr.ecr.eu-west-1.evil.example", False),
    "another account": ("210987654321.dkr.ecr.eu-west-1.amazonaws.com", ECR_HOST, False),
    "another region": ("123456789012.dkr.ecr.eu-west-2.amazonaws.com", ECR_HOST, False),
    "a suffix of somebody else's": ("123456789012.dkr.ecr.eu-west-1.evil.example", ECR_HOST, False),
    "ours at the front": ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", ECR_HOST, False),
    "ours at the end of a longer word": ("123456789012.dkr.ecr.eu-west-1.notamazonaws.com", ECR_HOST, False),
    "a host of somebody's under AWS's suffix": (
        "123456789012.dkr.ecr.eu-west-1.bucket.s3.eu-west-1.amazonaws.com", ECR_HOST, False),
    "no ECR registry at all": ("localhost:5000", ECR_HOST, False),
    "two that are none": ("ghcr.io", "evil.example", False),
}  # fmt: skip


@pytest.mark.parametrize(("registry", "host", "expected"), ANSWERED.values(), ids=ANSWERED)
def test_is_answered_by_returns_true_only_for_hosts_of_the_registry(
    registry: str,
    host: str,
    expected: bool,  # noqa: FBT001
) -> None:
    assert Registry.parse(registry).is_answered_by(host, SUFFIXES) is expected


GOOD_REPOSITORIES = ["shop", "team/shop", "a.b_c-d", "a__b", "a--b", "team/sub/shop", "0", "a" * 255]


@pytest.mark.parametrize("name", GOOD_REPOSITORIES)
def test_check_repository_legal_name_is_returned(name: str) -> None:
    assert check_repository(name) == name


RULE = "use lower-case letters and digits with . _ - or / between them, at most 255"
BAD_REPOSITORIES = {
    "Shop": f"{RULE}, for example shop",
    "my shop": f"{RULE}, for example my-shop",
    "shop:v1": f"{RULE}, for example shop-v1",
    "-shop-": f"{RULE}, for example shop",
    "a..b": RULE,
    "a___b": RULE,
    "/shop": f"{RULE}, for example shop",
    "team//shop": RULE,
    "": RULE,
    "ü": RULE,
    "a" * 256: RULE,
}


@pytest.mark.parametrize(("name", "hint"), BAD_REPOSITORIES.items(), ids=[each[:20] for each in BAD_REPOSITORIES])
def test_check_repository_illegal_name_suggests_a_legal_one(name: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_repository(name)
    assert (caught.value.message, caught.value.hint) == (f"{shown(name)} is not a repository name", hint)


LEGAL = {"My Project": "my-project", "shop": "shop", "": "", "---": "", "Größe": "gr-e", ".hidden": "hidden"}


@pytest.mark.parametrize(("name", "expected"), LEGAL.items(), ids=LEGAL)
def test_legal_repository_of_folder_name_is_legal(name: str, expected: str) -> None:
    assert legal_repository(name) == expected


@pytest.mark.parametrize("tag", ["v1", "1.2.3", "_x", "A-b.c_d", "0123456", "a" * 128])
def test_check_tag_legal_tag_is_returned(tag: str) -> None:
    assert check_tag(tag) == tag


@pytest.mark.parametrize("tag", ["", ".x", "-x", "a b", "a/b", "a:b", "v1\n", "v1+build", "ü", "a" * 129])
def test_check_tag_illegal_tag_raises_error(tag: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_tag(tag)
    assert caught.value.message == f"{shown(tag)} is not a tag"
    assert caught.value.hint == "use letters, digits, _ . and -, at most 128, and do not start with . or -"


def test_repository_prints_its_references() -> None:
    shop = Repository(registry=Registry.parse("localhost:5000"), name="team/shop")
    assert (str(shop), shop.tagged("v1"), shop.at("sha256:1")) == (
        "localhost:5000/team/shop",
        "localhost:5000/team/shop:v1",
        "localhost:5000/team/shop@sha256:1",
    )


REGIONS = {
    "eu-west-1": "amazonaws.com",
    "us-gov-west-1": "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
    "us-iso-east-1": "c2s.ic.gov",
}


@pytest.mark.parametrize(("region", "suffix"), REGIONS.items(), ids=REGIONS)
def test_load_partitions_region_has_its_suffix(region: str, suffix: str) -> None:
    assert load_partitions().suffix_of_region(region) == suffix
    assert PARTITIONS.suffix_of_region(region) == suffix


def test_suffixes_of_partitions_are_grouped() -> None:
    suffixes = load_partitions().suffixes
    assert {"amazonaws.com", "on.aws"} in suffixes
    assert {"amazonaws.com.cn", "on.amazonwebservices.com.cn"} in suffixes
    assert all("." in each for group in suffixes for each in group)


UNKNOWN_REGIONS = {
    "eu-wets-1": "did you mean eu-west-1? A region newer than the installed botocore works with --registry HOST",
    "mars": "A region newer than the installed botocore works with --registry HOST",
}


@pytest.mark.parametrize(("region", "hint"), UNKNOWN_REGIONS.items(), ids=UNKNOWN_REGIONS)
def test_suffix_of_unknown_region_raises_error_with_hint(region: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        PARTITIONS.suffix_of_region(region)
    assert (caught.value.message, caught.value.hint) == (f"unknown AWS region {region!r}", hint)
