"""Compares two images by version, by commit history or by commit time."""

from multiarch.image.manifest import Manifest
from multiarch.image.tags import is_later_version
from multiarch.plan.steps import Tag
from multiarch.run.runtime import Runtime


def is_newer(runtime: Runtime, existing: Manifest, step: Tag) -> bool | None:
    """Return whether the image that a tag points to is newer than the step's image; None if unknown.

    The version decides, else the commit history, else the commit time.
    """
    is_later = is_later_version(existing.version, step.version)
    if is_later is not None and existing.version != step.version:
        return is_later
    commit = step.commit
    if not commit or not existing.revision or existing.revision == commit.sha:
        return None
    is_ahead = runtime.is_ancestor(commit.sha, existing.revision)
    if is_ahead is None:
        theirs, ours = existing.commit_time, commit.time
        return None if theirs is None or ours is None else _is_greater(theirs.timestamp(), ours)
    # Diverged branches: neither commit is an ancestor of the other.
    return is_ahead or (False if runtime.is_ancestor(existing.revision, commit.sha) else None)


def describe_newer(step: Tag, existing: Manifest) -> str:
    """Return `a later version, 1.3.0` or `a newer commit, 0123456789ab`."""
    is_version = is_later_version(existing.version, step.version)
    return f"a later version, {existing.version}" if is_version else f"a newer commit, {existing.revision[:12]}"


def _is_greater(theirs: float, ours: float) -> bool | None:
    return None if theirs == ours else theirs > ours
