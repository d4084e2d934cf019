"""The command `policy`: prints the IAM policy that a plan needs."""

from collections.abc import Mapping

from multiarch.commands import World
from multiarch.commands.request import read_request
from multiarch.plan.destination import ACCOUNT_PLACEHOLDER, REGION_PLACEHOLDER, home_of_build
from multiarch.plan.make import make_plan
from multiarch.plan.model import Plan
from multiarch.plan.repositories import pushed_repositories
from multiarch.provision.policy import Project, policy_as_json
from multiarch.settings.load import LoadedSettings


def policy(world: World, loaded: LoadedSettings, *, optional: bool, project: str) -> tuple[str, str]:
    """Return the IAM policy of a plan as JSON, and a note about it, which can be empty.

    Args:
        world: the environment of the command.
        loaded: the settings.
        optional: add permissions that a build works without.
        project: the CodeBuild project whose permissions to add; empty for none.

    Raises:
        ConfigurationError: the repository is missing, or the region is unknown.
    """
    request = read_request(loaded, world, local=False)
    assert request.destination
    registry = request.destination.shown()
    plan = make_plan(request.named().settings, request.facts(registry))
    region, account = home_of_build(world.environment) or (registry.region, registry.account)
    home = Project(name=project, region=region or REGION_PLACEHOLDER, account=account or ACCOUNT_PLACEHOLDER)
    text = policy_as_json(plan, request.partitions, optional=optional, project=home if project else None)
    return text, _note(plan, world.environment)


def _note(plan: Plan, environment: Mapping[str, str]) -> str:
    repositories = [each for each in pushed_repositories(plan) if each.registry.is_ecr]
    if not repositories:
        return "this plan uses no repository in Amazon ECR, so it needs no permission there"
    home = home_of_build(environment)
    foreign = [
        each for each in repositories if home and each.registry.account.isdigit() and each.registry.account != home[1]
    ]
    names = ", ".join(each.name for each in foreign)
    return f"another account owns {names}; its repository policy must allow the same actions" if names else ""
