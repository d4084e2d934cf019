"""Makes the least IAM policy that a plan needs. Pure.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_service-with-iam.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from multiarch.image.ecr import PULL_ACTIONS, PUSH_ACTIONS
from multiarch.image.reference import Repository
from multiarch.image.registry import Partitions, Registry
from multiarch.plan.model import Plan
from multiarch.plan.repositories import of_ecr, pulled_repositories, pushed_repositories
from multiarch.text.csv_words import CacheEntry

_Statement = Mapping[str, object]

_VERSION = "2012-10-17"

# Without the actions for code coverage, because a build has none.
_REPORT_ACTIONS = (
    "codebuild:BatchPutTestCases",
    "codebuild:CreateReport",
    "codebuild:CreateReportGroup",
    "codebuild:UpdateReport",
)

_LOG_ACTIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, kw_only=True)
class Project:
    """The CodeBuild project of a build."""

    name: str
    region: str
    account: str


def policy_as_json(plan: Plan, partitions: Partitions, *, optional: bool = True, project: Project | None = None) -> str:
    """Return the policy of a plan as JSON, with placeholders for an unknown account or region.

    Args:
        plan: the plan of the build.
        partitions: the partition of each region.
        optional: add the read actions that `doctor` and the diagnosis of a failed build use.
        project: add the actions that CodeBuild does with the role.
    """
    statements = [*policy(plan, partitions), *(_of_project(project, partitions) if project else ())]
    if not optional:
        statements = [each for each in statements if not str(each["Sid"]).startswith("Optional")]
    return json.dumps({"Version": _VERSION, "Statement": statements}, indent=2)


def policy(plan: Plan, partitions: Partitions) -> Iterator[_Statement]:
    """Yield the statements; none for a plan without ECR and S3.

    The plan does not know base images. A base image in ECR needs the actions of the statement `Pull` on its repository.
    """
    yield from _buckets(plan, partitions)
    pushed = of_ecr(pushed_repositories(plan))
    pulled = [each for each in of_ecr(pulled_repositories(plan)) if each not in pushed]
    if not pushed and not pulled:
        return
    # The action has no resource, so IAM accepts only "*".
    yield _statement("Login", ["ecr:GetAuthorizationToken"], "*")
    if pushed:
        yield _statement("PushAndCache", PUSH_ACTIONS, [arn(each, partitions) for each in pushed])
    if pulled:
        yield _statement("Pull", PULL_ACTIONS, [arn(each, partitions) for each in pulled])
    if pushed:
        actions = ["ecr:DescribeRepositories", "ecr:ListImages"]
        yield _statement("OptionalChecks", actions, [arn(each, partitions) for each in pushed])
        yield _statement("OptionalCreateOnPush", ["ecr:DescribeRepositoryCreationTemplates"], "*")


def _of_project(project: Project, partitions: Partitions) -> Iterator[_Statement]:
    """Yield the statements for the log and for the reports of the buildspec; CodeBuild prefixes their groups.

    https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html
    """
    partition = partitions.partition_of_region.get(project.region, "aws")
    where = f"{project.region}:{project.account}"
    log = f"arn:{partition}:logs:{where}:log-group:/aws/codebuild/{project.name}"
    yield _statement("Log", _LOG_ACTIONS, [log, f"{log}:*"])
    yield _statement("Reports", _REPORT_ACTIONS, [f"arn:{partition}:codebuild:{where}:report-group/{project.name}-*"])


def _buckets(plan: Plan, partitions: Partitions) -> Iterator[_Statement]:
    """Yield the statements for a cache in S3; without s3:ListBucket, HEAD of a missing object returns 403.

    https://github.com/moby/buildkit/blob/master/cache/remotecache/s3/s3.go
    """
    caches = [cache for target in plan.targets for cache in (*target.cache_from, *target.cache_to)]
    for cache in map(CacheEntry.parse, caches):
        if cache.type == "s3" and (bucket := cache.get("bucket")):
            partition = partitions.partition_of_region.get(cache.get("region"), "aws")
            name = f"arn:{partition}:s3:::{bucket}"
            yield _statement("CacheBucket", ["s3:ListBucket"], [name])
            yield _statement("CacheObjects", ["s3:GetObject", "s3:PutObject"], [f"{name}/{cache.get('prefix')}*"])
            return


def arn(repository: Repository, partitions: Partitions) -> str:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html."""
    registry = repository.registry
    partition = partition_of(registry, partitions)
    return f"arn:{partition}:ecr:{registry.region}:{registry.account}:repository/{repository.name}"


def partition_of(registry: Registry, partitions: Partitions) -> str:
    """Return the partition of a registry's region; for an unknown region, by the suffix of its host name."""
    if known := partitions.partition_of_region.get(registry.region):
        return known
    matching = [each for each, suffix in partitions.suffix_of_partition.items() if registry.host.endswith(f".{suffix}")]
    return matching[0] if matching else "aws"


def _statement(sid: str, actions: Sequence[str], resource: str | list[str]) -> _Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
