"""The command `lifecycle`: prints the lifecycle policy of a plan's repository."""

from collections.abc import Sequence
from typing import Literal

from multiarch.commands import World
from multiarch.commands.request import read_request
from multiarch.image.reference import Repository
from multiarch.plan.build.cache.choose import cache_base
from multiarch.plan.make import make_plan
from multiarch.provision.lifecycle import Days, lifecycle_as_json, repository_of
from multiarch.settings.load import LoadedSettings


def lifecycle(
    world: World, loaded: LoadedSettings, *, holds: Literal["image", "cache"], days: Days
) -> tuple[str, Sequence[str]]:
    """Return the lifecycle policy of a plan's repository as JSON, and notes about it.

    Raises:
        ConfigurationError: the plan has no such repository, or a rule would expire a tag of the image.
    """
    request = read_request(loaded, world, local=False)
    assert request.destination
    settings = request.named().settings
    plan = make_plan(settings, request.facts(request.destination.shown()))
    repository = repository_of(plan, settings.image, holds=holds)
    base = cache_base(settings.image, repository_of(plan, settings.image, holds="image"))
    notes = [f"for {repository}: aws ecr put-lifecycle-policy {_where(repository)} --lifecycle-policy-text file://FILE"]
    if base and base[0] != repository:
        notes.append(f"caches are in repository {base[0]}, which needs another policy: --of cache")
    if settings.image.cache == "s3":
        notes.append(f"caches are in bucket {settings.image.s3_bucket}; BuildKit renews the objects that are in use")
    return lifecycle_as_json(plan, settings.image, repository, days), notes


def _where(repository: Repository) -> str:
    return f"--region {repository.registry.region or 'REGION'} --repository-name {repository.name}"
