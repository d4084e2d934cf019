"""Which commit is being built: from git where there is a checkout, else from CodeBuild's variables. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from multiarch.errors import ConfigurationError

# Fixed, so that a shallow and a full clone of one commit give one tag; `git rev-parse --short` grows with the clone.
_SHORT = 7
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True)
class Commit:
    """A commit, and where it was learnt.

    Attributes:
        sha: the whole object name: 40 hexadecimal digits, or 64 in a SHA-256 repository.
        dirty: the files on disk are not the commit's.
        time: when it was committed, in seconds since 1970; None where there is no history to tell.
        source: what said so, for people.
        changes: what makes it dirty, by path.
    """

    sha: str
    dirty: bool
    source: str
    time: int | None = None
    changes: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        return self.sha[:_SHORT]


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What git says of the folder.

    Attributes:
        sha: the commit that is checked out.
        changes: files that differ from it, or that it does not know; relative to the checkout's top.
        time: when it was committed, in seconds since 1970.
    """

    sha: str
    changes: tuple[str, ...]
    time: int | None = None


def parse_status(text: str) -> Checkout | None:
    """Read `git status --porcelain=v2 --branch -z`; None before the first commit.

    https://git-scm.com/docs/git-status#_porcelain_format_version_2
    """
    sha = ""
    changes = []
    fields = iter(text.split("\0"))
    for field in fields:
        match field[:2]:
            case "# ":
                if field.startswith("# branch.oid "):
                    sha = field.removeprefix("# branch.oid ")
            case "1 ":
                changes.append(field.split(" ", 8)[8])
            case "2 ":
                changes.append(field.split(" ", 9)[9])
                next(fields, None)  # the name before it was renamed
            case "u ":
                changes.append(field.split(" ", 10)[10])
            case "? ":
                changes.append(field[2:])
    return Checkout(sha=sha, changes=tuple(changes)) if _COMMIT.fullmatch(sha) else None


def in_codebuild(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("CODEBUILD_BUILD_ARN"))


def find_commit(checkout: Checkout | None, environment: Mapping[str, str]) -> Commit | None:
    """Say which commit this is, or None where nothing tells.

    In CodeBuild a changed tree is not dirty: what earlier phases of a buildspec write (a lock file, a version) belongs
    to building that commit.
    """
    if checkout:
        changes = () if in_codebuild(environment) else checkout.changes
        return Commit(sha=checkout.sha, dirty=bool(changes), source="git", time=checkout.time, changes=changes)
    resolved = environment.get("CODEBUILD_RESOLVED_SOURCE_VERSION", "")
    if _COMMIT.fullmatch(resolved):
        return Commit(sha=resolved, dirty=False, source="CODEBUILD_RESOLVED_SOURCE_VERSION")
    return None


def no_commit(environment: Mapping[str, str]) -> ConfigurationError:
    """Explain that no commit was found, and how to pass one."""
    where = (
        "there is no .git here and CODEBUILD_RESOLVED_SOURCE_VERSION is not a commit"
        if in_codebuild(environment)
        else "this is not a git checkout with a commit"
    )
    return ConfigurationError(
        f"no commit to name the image after: {where}",
        hint="pass the tag yourself: --commit-tag TAG, or GIT_TAG=TAG in the environment",
    )
