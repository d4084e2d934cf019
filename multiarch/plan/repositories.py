"""Lists the repositories that a plan pushes to and pulls from. Pure."""

from collections.abc import Iterable, Iterator

from multiarch.errors import ConfigurationError
from multiarch.image.reference import Repository, parse_reference
from multiarch.plan.model import Plan
from multiarch.plan.steps import EnsureBuilder
from multiarch.text.csv_words import CacheEntry


def pushed_repositories(plan: Plan) -> list[Repository]:
    """Return the repositories that the plan pushes to: of images and of caches."""
    images = [target.repository for target in plan.targets if target.repository]
    caches = [repository for target in plan.targets for repository, _ in references(target.cache_to)]
    return list(dict.fromkeys([*images, *caches]))


def pulled_repositories(plan: Plan) -> list[Repository]:
    """Return the repositories that the plan pulls from: of caches, and of the builder's image."""
    image = builder_image(plan.prepare.builder) if plan.prepare.builder else None
    caches = [repository for target in plan.targets for repository, _ in references(target.cache_from)]
    return list(dict.fromkeys([*([image[0]] if image else []), *caches]))


def references(caches: Iterable[str]) -> Iterator[tuple[Repository, str]]:
    """Yield repository and tag of each registry cache, which docker writes as `type=registry,ref=…`."""
    for cache in map(CacheEntry.parse, caches):
        if cache.reference and (found := _reference(cache.reference)):
            yield found


def builder_image(step: EnsureBuilder) -> tuple[Repository, str] | None:
    """Return repository and tag of the builder's image; None for a driver without an image."""
    image = next((option.partition("=")[2] for option in step.options if option.startswith("image=")), "")
    return _reference(image) if image and step.create else None


def _reference(text: str) -> tuple[Repository, str] | None:
    """Parse a reference; None if it is invalid, which docker reports."""
    try:
        return parse_reference(text)
    except ConfigurationError:
        return None


def of_ecr(repositories: Iterable[Repository]) -> list[Repository]:
    return [each for each in repositories if each.registry.is_ecr]
