"""Finds another tag for a cache whose tag is immutable, or disables its export. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from multiarch.errors import ConfigurationError
from multiarch.image.ecr import RepositoryFacts
from multiarch.image.reference import Repository, check_tag
from multiarch.text.csv_words import CacheEntry

_SEPARATORS = "-._"


@dataclass(frozen=True, kw_only=True)
class Move:
    """Another tag for an immutable cache tag.

    Attributes:
        repository: the repository of both tags.
        tag: the immutable tag of the plan.
        to: a tag that can be overwritten; empty if there is none, which disables the export.
    """

    repository: Repository
    tag: str
    to: str


def move_cache(repository: Repository, tag: str, facts: RepositoryFacts, image_tags: Sequence[str]) -> Move | None:
    """Return another tag for an immutable cache tag; None if the tag can be overwritten.

    A push can create an immutable tag, but every later export to it fails. The exclusion filters of the repository
    allow other tags: filters with "cache" come first, then filters with a wildcard. A filter without both is not used,
    because it names one tag of another use.

    Args:
        repository: the repository of the tag.
        tag: the cache tag.
        facts: the settings of the repository.
        image_tags: tags of images, which a cache must not use.
    """
    if not facts.is_immutable(tag):
        return None
    filters = facts.exclusions if facts.mutability.startswith("IMMUTABLE") else ()
    ordered = sorted(filters, key=lambda each: "cache" not in each)
    candidates = [_matching(each, tag) for each in ordered if "*" in each or "cache" in each]
    # If the filters list immutable tags, another prefix can be enough.
    candidates += [f"build{tag}", f"_{tag}"]
    usable = (each for each in candidates if each not in image_tags and _is_tag(each) and not facts.is_immutable(each))
    return Move(repository=repository, tag=tag, to=next(usable, ""))


def _matching(wildcard: str, tag: str) -> str:
    """Return a tag that matches a wildcard, with the cache tag in place of the star and without a second "cache"."""
    before, star, after = wildcard.partition("*")
    after = after.replace("*", "")
    if not star:
        return before
    rest = tag.removeprefix("cache") if "cache" in wildcard else tag
    if not before or before[-1] in _SEPARATORS:
        rest = rest.lstrip(_SEPARATORS) or "build"
    return f"{before}{rest}{after}"


def _is_tag(text: str) -> bool:
    try:
        check_tag(text)
    except ConfigurationError:
        return False
    return True


def _moved(entry: str, moves: Sequence[Move], *, is_written: bool) -> str | None:
    """Return a cache, in bake's syntax, with its new tag; None if its export is disabled."""
    cache = CacheEntry.parse(entry)
    for move in moves:
        if cache.reference == move.repository.tagged(move.tag):
            if not move.to:
                return None if is_written else entry
            return str(cache.having("ref", move.repository.tagged(move.to)))
    return entry


def move_all(definition: Mapping[str, object], moves: Sequence[Move]) -> Mapping[str, object]:
    """Return a bake definition with the new tags of the caches."""
    targets = cast("Mapping[str, Mapping[str, object]]", definition["target"])
    return {**definition, "target": {name: _target_moved(target, moves) for name, target in targets.items()}}


def _target_moved(target: Mapping[str, object], moves: Sequence[Move]) -> Mapping[str, object]:
    caches = {
        key: move_entries(cast("Sequence[str]", target[key]), moves, is_written=key == "cache-to")
        for key in ("cache-from", "cache-to")
        if key in target
    }
    return {key: value for key, value in {**target, **caches}.items() if value or key not in caches}


def move_entries(entries: Iterable[str], moves: Sequence[Move], *, is_written: bool) -> list[str]:
    """Return caches, in bake's syntax, with their new tags, without disabled exports."""
    after = (_moved(entry, moves, is_written=is_written) for entry in entries)
    return [entry for entry in after if entry is not None]


def move_warnings(moves: Sequence[Move], command: str) -> list[str]:
    """Return a warning for each immutable cache tag.

    Args:
        moves: of one repository.
        command: the command that makes the tags without another tag mutable.
    """
    warnings = [
        f"writing the cache to tag {move.to}, because {move.tag} is immutable in {move.repository.name}"
        for move in moves
        if move.to
    ]
    if disabled := [move for move in moves if not move.to]:
        tags = f"tag{'s' if len(disabled) > 1 else ''} {', '.join(move.tag for move in disabled)}"
        verb = "are" if len(disabled) > 1 else "is"
        place = disabled[0].repository.name
        warnings.append(f"cache export disabled: {tags} {verb} immutable in {place}. To allow it: {command}")
    return warnings


def cache_tags(caches: Iterable[str], repository: Repository) -> tuple[str, ...]:
    """Return the tags of registry caches, in bake's syntax, in a repository."""
    start = f"{repository}:"
    found = (CacheEntry.parse(cache).reference for cache in caches)
    return tuple(dict.fromkeys(each.removeprefix(start) for each in found if each.startswith(start)))
