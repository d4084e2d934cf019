"""The first cache misses, and the steps that ran because of them. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from multiarch.record.model import CacheAccess, Record
from multiarch.record.steps import BuildStep
from multiarch.report.breakdown.model import CacheMiss

_MOST = 3
_REASONS = {
    "COPY": "the copied files changed, or the line is new",
    "ADD": "the added files changed, or the line is new",
    "RUN": "the command, its arguments or its base image changed",
}
_OTHERS = "the line or its base image changed"


@dataclass(frozen=True, kw_only=True)
class Root:
    """A step that ran although no step before it did, and the steps that ran after it."""

    step: BuildStep
    after: tuple[BuildStep, ...]


def cache_in_words(record: Record) -> str:
    """Return why no step came from the cache; empty if the cache was read, or the builder's own cache had steps."""
    imports = [each for each in record.caches if each.direction == "import"]
    failed = next((each for each in imports if each.status == "failed"), None)
    if failed:
        return f"could not read {_name(failed)}: {failed.error}"
    if any(each.status == "read" for each in imports) or any(step.cached for step in record.steps if step.is_work):
        return ""
    if not any(step.is_work for step in record.steps):
        return ""
    return "not found" if imports else "none configured"


def _name(access: CacheAccess) -> str:
    return access.reference or "the cache"


def roots(record: Record) -> Sequence[Root]:
    """Return the first cache misses in order of time; none if there was no cache."""
    if cache_in_words(record):
        return []
    ran = {step.digest: step for step in record.steps if step.is_work and step.intervals and not step.cached}
    followers = _followers(record.steps)
    after = {digest: _reachable(digest, followers) for digest in ran}
    later = {each for found in after.values() for each in found}
    first = sorted((step for digest, step in ran.items() if digest not in later), key=lambda step: step.started or 0.0)
    return [Root(step=step, after=tuple(ran[each] for each in after[step.digest] if each in ran)) for step in first]


def _followers(steps: Sequence[BuildStep]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        for digest in step.inputs:
            found[digest].append(step.digest)
    return found


def _reachable(digest: str, followers: dict[str, list[str]]) -> list[str]:
    seen: dict[str, None] = {}
    waiting = list(followers.get(digest, ()))
    while waiting:
        each = waiting.pop()
        if each not in seen and each != digest:
            seen[each] = None
            waiting += followers.get(each, ())
    return list(seen)


def misses(found: Sequence[Root]) -> tuple[CacheMiss, ...]:
    """Return the most expensive misses; a step that missed on several platforms is one miss."""
    by_place: dict[str, list[CacheMiss]] = {}
    for root in found:
        miss = _miss(root)
        by_place.setdefault(miss.step, []).append(miss)
    merged = [_merged(each) for each in by_place.values()]
    return tuple(sorted(merged, key=lambda miss: -miss.seconds)[:_MOST])


def _miss(root: Root) -> CacheMiss:
    step = root.step
    keyword = step.instruction.partition(" ")[0]
    return CacheMiss(
        step=replace(step, platform="", runs_on="").title,
        line=step.line,
        platforms=(step.platform,) if step.platform else (),
        reason=_REASONS.get(keyword, _OTHERS),
        after=len(root.after),
        seconds=round(sum(each.seconds for each in (step, *root.after)), 2),
    )


def _merged(same: Sequence[CacheMiss]) -> CacheMiss:
    return replace(
        same[0],
        platforms=tuple(dict.fromkeys(platform for miss in same for platform in miss.platforms)),
        after=sum(miss.after for miss in same),
        seconds=round(sum(miss.seconds for miss in same), 2),
    )


def copies_before_work(found: Sequence[Root]) -> Iterator[tuple[BuildStep, BuildStep]]:
    """Yield each COPY of a whole folder that missed, with the slowest RUN that ran because of it."""
    for root in found:
        words = [word for word in root.step.instruction.split() if not word.startswith("--")]
        is_whole = words[:1] in (["COPY"], ["ADD"]) and words[1:2] in (["."], ["./"]) and "--from" not in root.step.name
        runs = [step for step in root.after if step.instruction.startswith("RUN ")]
        if is_whole and runs:
            yield root.step, max(runs, key=lambda step: step.seconds)
