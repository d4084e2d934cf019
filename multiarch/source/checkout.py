"""Parses git's output about a checkout. Pure."""

import re
from dataclasses import dataclass

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The state of a checkout.

    Attributes:
        sha: the checked-out commit.
        changes: changed and untracked files, relative to the top of the checkout.
        time: the commit time, in seconds since 1970.
        branch: the checked-out branch; empty for a detached HEAD.
        tags: the tags of the commit.
        default_branch: the HEAD of origin at the time of the clone; empty if unknown.
        url: the configured URL of origin.
    """

    sha: str
    changes: tuple[str, ...]
    time: int | None = None
    branch: str = ""
    tags: tuple[str, ...] = ()
    default_branch: str = ""
    url: str = ""


def parse_status(text: str) -> Checkout | None:
    """Parse `git status --porcelain=v2 --branch -z`; None before the first commit.

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
                next(fields, None)  # the old name of a renamed file
            case "u ":
                changes.append(field.split(" ", 10)[10])
            case "? ":
                changes.append(field[2:])
    return Checkout(sha=sha, changes=tuple(changes)) if COMMIT.fullmatch(sha) else None


def parse_refs(decoration: str) -> tuple[str, tuple[str, ...]]:
    """Parse git's `%D` with full names; return the checked-out branch and the tags of the commit."""
    branch, tags = "", []
    for name in decoration.split(", "):
        if name.startswith("HEAD -> refs/heads/"):
            branch = name.removeprefix("HEAD -> refs/heads/")
        elif name.startswith("tag: refs/tags/"):
            tags.append(name.removeprefix("tag: refs/tags/"))
    return branch, tuple(tags)
