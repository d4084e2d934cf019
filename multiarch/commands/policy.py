"""The command `policy`, wired: what a plan needs to be allowed in AWS."""

from collections.abc import Mapping

from multiarch.commands import World
from multiarch.commands.request import read_request
from multiarch.destination import BUILD_ARN
from multiarch.plan import Plan, make_plan
from multiarch.policy import policy_as_json, pushed_repositories
from multiarch.settings import LoadedSettings


def policy(world: World, loaded: LoadedSettings, *, optional: bool) -> tuple[str, str]:
    """Return the IAM policy of a plan as JSON, and what has to be said beside it.

    Raises:
        ConfigurationError: there is no repository, or no such region.
    """
    request = read_request(loaded, world, local=False)
    assert request.destination
    plan = make_plan(request.named().settings, request.facts(request.destination.shown()))
    return policy_as_json(plan, request.partitions, optional=optional), _note(plan, world.environment)


def _note(plan: Plan, environment: Mapping[str, str]) -> str:
    repositories = [each for each in pushed_repositories(plan) if each.registry.is_ecr]
    if not repositories:
        return "nothing of this plan is in Amazon ECR, so it needs no permission of AWS"
    fields = environment.get(BUILD_ARN, "").split(":")
    own = fields[4] if len(fields) > 5 else ""  # noqa: PLR2004 - arn:partition:service:region:account:resource
    foreign = [
        each for each in repositories if own and each.registry.account.isdigit() and each.registry.account != own
    ]
    names = ", ".join(each.name for each in foreign)
    return f"{names} is another account's: its repository policy has to allow the same actions" if names else ""
