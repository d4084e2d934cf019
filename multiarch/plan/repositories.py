"""The repositories that a plan pushes to and pulls from. Pure."""

from collections.abc import Iterable, Iterator

from multiarch.errors import ConfigurationError
from multiarch.image.reference import Repository, parse_reference
from multiarch.plan.steps import Build, EnsureBuilder, Plan


def pushed_repositories(plan: Plan) -> list[Repository]:
    """The repositories that the plan writes: the image's, and the cache's where that is another one."""
    caches = [each for step in plan.steps if isinstance(step, Build) for each in references(step.cache_to)]
    return list(dict.fromkeys([*([plan.repository] if plan.repository else []), *(each for each, _ in caches)]))


def pulled_repositories(plan: Plan) -> list[Repository]:
    """The repositories that the plan reads and its steps name: caches, and the builder's image."""
    found: list[Repository] = []
    for step in plan.steps:
        if isinstance(step, Build):
            found += [each for each, _ in references(step.cache_from)]
        elif isinstance(step, EnsureBuilder) and (image := builder_image(step)):
            found.append(image[0])
    return list(dict.fromkeys(found))


def references(caches: Iterable[str]) -> Iterator[tuple[Repository, str]]:
    """Yield repository and tag of each registry cache, which docker writes as `type=registry,ref=…`."""
    for cache in caches:
        fields = dict(part.partition("=")[::2] for part in cache.split(","))
        if fields.get("type") == "registry" and (found := _reference(fields.get("ref", ""))):
            yield found


def builder_image(step: EnsureBuilder) -> tuple[Repository, str] | None:
    """Return repository and tag of the image that the builder is made of, None where it is made of none."""
    image = next((option.partition("=")[2] for option in step.options if option.startswith("image=")), "")
    return _reference(image) if image and step.create else None


def _reference(text: str) -> tuple[Repository, str] | None:
    """What is no reference is docker's to refuse, in its own words."""
    try:
        return parse_reference(text)
    except ConfigurationError:
        return None


def of_ecr(repositories: Iterable[Repository]) -> list[Repository]:
    return [each for each in repositories if each.registry.is_ecr]
