from __future__ import annotations

import json
from typing import Any

import pytest

from multiarch.image.ecr import PULL_ACTIONS, PUSH_ACTIONS
from multiarch.image.reference import parse_reference
from multiarch.image.registry import Registry
from multiarch.plan.destination import ACCOUNT_PLACEHOLDER, REGION_PLACEHOLDER
from multiarch.plan.repositories import references
from multiarch.provision.policy import Project, policy_as_json
from tests.unit.fakes import PARTITIONS, facts, plan_of

OTHER = "210987654321.dkr.ecr.us-east-1.amazonaws.com"


def statements(
    *,
    registry: Registry | None = None,
    optional: bool = True,
    project: Project | None = None,
    **flags: Any,  # noqa: ANN401 - a setting each
) -> dict[str, dict[str, Any]]:
    """The statements of a plan's policy, by Sid."""
    plan = plan_of(facts(registry=registry) if registry else None, **flags)
    text = policy_as_json(plan, PARTITIONS, optional=optional, project=project)
    policy = json.loads(text)
    assert policy["Version"] == "2012-10-17"
    assert all(each["Effect"] == "Allow" for each in policy["Statement"])
    return {each["Sid"]: each for each in policy["Statement"]}


def test_policy_of_push_has_only_its_actions_and_repository() -> None:
    found = statements()
    assert found["Login"]["Action"] == ["ecr:GetAuthorizationToken"]
    assert found["Login"]["Resource"] == "*"
    assert found["PushAndCache"]["Action"] == list(PUSH_ACTIONS)
    assert found["PushAndCache"]["Resource"] == ["arn:aws:ecr:eu-west-1:123456789012:repository/shop"]
    assert "Pull" not in found


def test_policy_optional_actions_are_separate_statements() -> None:
    assert statements()["OptionalChecks"]["Action"] == ["ecr:DescribeRepositories", "ecr:ListImages"]
    assert set(statements(optional=False)) == {"Login", "PushAndCache"}


@pytest.mark.parametrize(
    ("flags", "pushed"),
    [
        ({}, ["shop"]),
        ({"cache": "none"}, ["shop"]),
        ({"cache_ref": "other-tag"}, ["shop"]),
        ({"cache_ref": f"{OTHER}/shop-cache:main"}, ["shop", "shop-cache"]),
        ({"cache_ref": "ghcr.io/ada/cache:main"}, ["shop"]),
    ],
    ids=["cache beside the image", "no cache", "another tag", "cache in another repository", "cache outside of AWS"],
)
def test_policy_cache_repository_is_pushed_to(flags: dict[str, Any], pushed: list[str]) -> None:
    resources = statements(**flags)["PushAndCache"]["Resource"]
    assert [each.rpartition("/")[2] for each in resources] == pushed


def test_policy_read_repositories_have_only_pull_actions() -> None:
    found = statements(cache_from=(f"{OTHER}/base:cache",), builder_image=f"{OTHER}/docker-hub/moby/buildkit:v0.32.2")
    assert found["Pull"]["Action"] == list(PULL_ACTIONS)
    assert found["Pull"]["Resource"] == [
        "arn:aws:ecr:us-east-1:210987654321:repository/docker-hub/moby/buildkit",
        "arn:aws:ecr:us-east-1:210987654321:repository/base",
    ]


@pytest.mark.parametrize(
    ("host", "arn"),
    [
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "arn:aws-cn:ecr:cn-north-1:123456789012"),
        ("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com", "arn:aws-us-gov:ecr:us-gov-west-1:123456789012"),
        ("123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "arn:aws-iso:ecr:us-iso-east-1:123456789012"),
        # A region that is newer than the list: the host's suffix tells.
        ("123456789012.dkr.ecr.cn-west-9.amazonaws.com.cn", "arn:aws-cn:ecr:cn-west-9:123456789012"),
        ("123456789012.dkr.ecr.ap-middle-7.amazonaws.com", "arn:aws:ecr:ap-middle-7:123456789012"),
    ],
)
def test_policy_arn_has_the_partition_of_the_region(host: str, arn: str) -> None:
    assert statements(registry=Registry.parse(host))["PushAndCache"]["Resource"] == [f"{arn}:repository/shop"]


def test_policy_unknown_account_is_a_placeholder() -> None:
    registry = Registry.of_account(account=ACCOUNT_PLACEHOLDER, region=REGION_PLACEHOLDER, dns_suffix="amazonaws.com")
    resources = statements(registry=registry)["PushAndCache"]["Resource"]
    assert resources == ["arn:aws:ecr:<AWS_DEFAULT_REGION>:<AWS_ACCOUNT_ID>:repository/shop"]


def test_policy_without_ecr_has_no_statement() -> None:
    assert statements(registry=Registry.parse("localhost:5000")) == {}


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), (REGION_PLACEHOLDER, "aws")]
)
def test_policy_of_project_has_its_log_and_reports(region: str, partition: str) -> None:
    project = Project(name="shop-build", region=region, account="123456789012")
    found = statements(project=project, optional=False)
    assert list(found) == ["Login", "PushAndCache", "Log", "Reports"]
    log = f"arn:{partition}:logs:{region}:123456789012:log-group:/aws/codebuild/shop-build"
    assert found["Log"]["Resource"] == [log, f"{log}:*"]
    assert found["Log"]["Action"] == ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    group = f"arn:{partition}:codebuild:{region}:123456789012:report-group/shop-build-*"
    assert found["Reports"]["Resource"] == [group]
    assert all(action.startswith("codebuild:") for action in found["Reports"]["Action"])


@pytest.mark.parametrize(
    ("text", "repository", "reference"),
    [
        ("busybox", "docker.io/library/busybox", "latest"),
        ("moby/buildkit:v0.32.2", "docker.io/moby/buildkit", "v0.32.2"),
        ("index.docker.io/moby/buildkit", "docker.io/moby/buildkit", "latest"),
        ("localhost/shop:1", "localhost/shop", "1"),
        ("localhost:5000/team/shop:1", "localhost:5000/team/shop", "1"),
        (f"ghcr.io/ada/shop:1@sha256:{'a' * 64}", "ghcr.io/ada/shop", f"sha256:{'a' * 64}"),
    ],
)
def test_parse_reference_follows_docker(text: str, repository: str, reference: str) -> None:
    found = parse_reference(text)
    assert (str(found[0]), found[1]) == (repository, reference)


def test_references_returns_only_registry_caches() -> None:
    caches = ["type=local,dest=/x", "type=registry,ref=ghcr.io/a/b:c,mode=max", "type=registry,ref=NO GOOD", "type=gha"]
    assert [(str(repository), tag) for repository, tag in references(caches)] == [("ghcr.io/a/b", "c")]


def test_policy_s3_cache_has_bucket_actions() -> None:
    found = statements(cache="s3", s3_bucket="b", s3_region="cn-north-1", s3_prefix="ci/")
    assert found["CacheBucket"]["Action"] == ["s3:ListBucket"]
    assert found["CacheBucket"]["Resource"] == ["arn:aws-cn:s3:::b"]
    assert found["CacheObjects"]["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert found["CacheObjects"]["Resource"] == ["arn:aws-cn:s3:::b/ci/*"]
    assert "CacheBucket" not in statements()
