"""The IAM policy that a plan needs, and no more. Pure.

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

_Statement = Mapping[str, object]

_VERSION = "2012-10-17"

# Those that write coverage are left out: a build has none.
_REPORT_ACTIONS = (
    "codebuild:BatchPutTestCases",
    "codebuild:CreateReport",
    "codebuild:CreateReportGroup",
    "codebuild:UpdateReport",
)

_LOG_ACTIONS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, kw_only=True)
class Project:
    """A CodeBuild project, which a build runs in."""

    name: str
    region: str
    account: str


def policy_as_json(plan: Plan, partitions: Partitions, *, optional: bool = True, project: Project | None = None) -> str:
    """Return the policy of a plan as JSON; the plan's placeholders stand for an account or a region not known.

    Args:
        plan: what will be done.
        partitions: which partition a region is in.
        optional: also the read actions with which `doctor`, and a failed build, say more.
        project: also what CodeBuild itself does in the role's name.
    """
    statements = [*policy(plan, partitions), *(_of_project(project, partitions) if project else ())]
    if not optional:
        statements = [each for each in statements if not str(each["Sid"]).startswith("Optional")]
    return json.dumps({"Version": _VERSION, "Statement": statements}, indent=2)


def policy(plan: Plan, partitions: Partitions) -> Iterator[_Statement]:
    """Yield the statements; none for a plan that asks nothing of ECR.

    A base image that lies in ECR is the Dockerfile's to name, and not part of the plan: its repository needs the
    actions of the statement `Pull`.
    """
    yield from _buckets(plan, partitions)
    pushed = of_ecr(pushed_repositories(plan))
    pulled = [each for each in of_ecr(pulled_repositories(plan)) if each not in pushed]
    if not pushed and not pulled:
        return
    # The call names no repository, so IAM knows no other resource for it.
    yield _statement("Login", ["ecr:GetAuthorizationToken"], "*")
    if pushed:
        yield _statement("PushAndCache", PUSH_ACTIONS, [arn(each, partitions) for each in pushed])
    if pulled:
        yield _statement("Pull", PULL_ACTIONS, [arn(each, partitions) for each in pulled])
    if pushed:
        actions = ["ecr:DescribeRepositories", "ecr:ListImages"]
        yield _statement("OptionalExamination", actions, [arn(each, partitions) for each in pushed])
        yield _statement("OptionalCreateOnPush", ["ecr:DescribeRepositoryCreationTemplates"], "*")


def _of_project(project: Project, partitions: Partitions) -> Iterator[_Statement]:
    """Yield what CodeBuild does: the log, and the reports of the buildspec, whose groups have the project's name first.

    https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html
    """
    partition = partitions.partition_of_region.get(project.region, "aws")
    where = f"{project.region}:{project.account}"
    log = f"arn:{partition}:logs:{where}:log-group:/aws/codebuild/{project.name}"
    yield _statement("Log", _LOG_ACTIONS, [log, f"{log}:*"])
    yield _statement("Reports", _REPORT_ACTIONS, [f"arn:{partition}:codebuild:{where}:report-group/{project.name}-*"])


def _buckets(plan: Plan, partitions: Partitions) -> Iterator[_Statement]:
    """What BuildKit does in a cache's bucket; without the list, a HEAD of what is not there is refused.

    https://github.com/moby/buildkit/blob/master/cache/remotecache/s3/s3.go
    """
    caches = [cache for target in plan.targets for cache in (*target.cache_from, *target.cache_to)]
    for cache in caches:
        fields = dict(part.partition("=")[::2] for part in cache.split(","))
        if fields.get("type") == "s3" and (bucket := fields.get("bucket")):
            partition = partitions.partition_of_region.get(fields.get("region", ""), "aws")
            name = f"arn:{partition}:s3:::{bucket}"
            yield _statement("CacheBucket", ["s3:ListBucket"], [name])
            yield _statement("CacheObjects", ["s3:GetObject", "s3:PutObject"], [f"{name}/{fields.get('prefix', '')}*"])
            return


def arn(repository: Repository, partitions: Partitions) -> str:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html."""
    registry = repository.registry
    partition = partition_of(registry, partitions)
    return f"arn:{partition}:ecr:{registry.region}:{registry.account}:repository/{repository.name}"


def partition_of(registry: Registry, partitions: Partitions) -> str:
    """Return the partition of a registry's region; where that is not known, the one whose hosts are called so."""
    if known := partitions.partition_of_region.get(registry.region):
        return known
    fitting = [each for each, suffix in partitions.suffix_of_partition.items() if registry.host.endswith(f".{suffix}")]
    return fitting[0] if fitting else "aws"


def _statement(sid: str, actions: Sequence[str], resource: str | list[str]) -> _Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": resource}
