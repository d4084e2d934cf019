"""Which of two images is newer, by version, by history or by time."""

from multiarch.image.manifest import Manifest
from multiarch.image.tags import is_later_version
from multiarch.plan.steps import Tag
from multiarch.run.runtime import Runtime


def is_newer(runtime: Runtime, there: Manifest, step: Tag) -> bool | None:
    """Whether the image that a tag names is newer than the one that the step is for; None where nothing tells.

    By version, else by history, else by time.
    """
    is_later = is_later_version(there.version, step.version)
    if is_later is not None and there.version != step.version:
        return is_later
    commit = step.commit
    if not commit or not there.revision or there.revision == commit.sha:
        return None
    is_ahead = runtime.is_ancestor(commit.sha, there.revision)
    if is_ahead is None:
        theirs, ours = there.commit_time, commit.time
        return None if theirs is None or ours is None else _compared(theirs.timestamp(), ours)
    # Branches that went apart: neither is the other's successor.
    return is_ahead or (False if runtime.is_ancestor(there.revision, commit.sha) else None)


def describe_newer(step: Tag, there: Manifest) -> str:
    """`a later version, 1.3.0`, or `a newer commit, 0123...`."""
    is_version = is_later_version(there.version, step.version)
    return f"a later version, {there.version}" if is_version else f"a newer commit, {there.revision}"


def _compared(theirs: float, ours: float) -> bool | None:
    return None if theirs == ours else theirs > ours
