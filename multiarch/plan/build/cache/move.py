"""What becomes of a cache whose tag may not be overwritten: it moves, or is not written. Pure."""

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
    """What becomes of a cache tag that may not be overwritten.

    Attributes:
        repository: where it is.
        tag: the tag that the plan names.
        to: one that may be overwritten; empty where there is none, and the cache is not written.
    """

    repository: Repository
    tag: str
    to: str


def move_cache(repository: Repository, tag: str, facts: RepositoryFacts, taken: Sequence[str]) -> Move | None:
    """Say what becomes of a cache tag in a repository; None where it can stay.

    A tag that is immutable can be made once, and every later export fails. One of another name may be excluded from
    that: what an exclusion filter lets move and calls a cache comes first, then any wildcard. A filter without a
    wildcard names a tag that is somebody's.

    Args:
        repository: where the tag is.
        tag: the cache's.
        facts: what ECR keeps of the repository.
        taken: the tags that name images.
    """
    if not facts.is_immutable(tag):
        return None
    filters = facts.exclusions if facts.mutability.startswith("IMMUTABLE") else ()
    ordered = sorted(filters, key=lambda each: "cache" not in each)
    made = [_fitting(each, tag) for each in ordered if "*" in each or "cache" in each]
    # Where filters say what is immutable, another word in front may be enough.
    made += [f"build{tag}", f"_{tag}"]
    to = next((each for each in made if each not in taken and _is_tag(each) and not facts.is_immutable(each)), "")
    return Move(repository=repository, tag=tag, to=to)


def _fitting(wildcard: str, tag: str) -> str:
    """Put a tag where a wildcard has room for it; that it is a cache is not said twice."""
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
    """Return a cache in bake's words after it moved; None where it is not written any more."""
    cache = CacheEntry.parse(entry)
    for move in moves:
        if cache.reference == move.repository.tagged(move.tag):
            if not move.to:
                return None if is_written else entry
            return str(cache.having("ref", move.repository.tagged(move.to)))
    return entry


def move_all(definition: Mapping[str, object], moves: Sequence[Move]) -> Mapping[str, object]:
    """Return a bake definition whose caches moved."""
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
    """Return caches in bake's words after they moved, those that are not written any more left out."""
    after = (_moved(entry, moves, is_written=is_written) for entry in entries)
    return [entry for entry in after if entry is not None]


def move_warnings(moves: Sequence[Move], command: str) -> list[str]:
    """Say what became of caches whose tags are immutable.

    Args:
        moves: of one repository.
        command: what lets those of them move that have nowhere to go.
    """
    said = [
        f"the cache is kept as {move.to}: {move.tag} is immutable in {move.repository.name}, and {move.to} is not"
        for move in moves
        if move.to
    ]
    if lost := [move for move in moves if not move.to]:
        tags = ", ".join(move.tag for move in lost)
        said.append(f"no cache is written: {tags} is immutable in {lost[0].repository.name}; let it move: {command}")
    return said


def cache_tags(caches: Iterable[str], repository: Repository) -> tuple[str, ...]:
    """Return the tags that registry caches, in bake's words, have in a repository."""
    start = f"{repository}:"
    found = (CacheEntry.parse(cache).reference for cache in caches)
    return tuple(dict.fromkeys(each.removeprefix(start) for each in found if each.startswith(start)))
