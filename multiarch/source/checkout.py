"""What git says of a checkout: its words, read. Pure."""

import re
from dataclasses import dataclass

COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """What git says of the folder.

    Attributes:
        sha: the commit that is checked out.
        changes: files that differ from it, or that it does not know; relative to the checkout's top.
        time: when it was committed, in seconds since 1970.
        branch: the one that is checked out, empty for a detached head.
        tags: the tags that name the commit.
        default_branch: what origin's HEAD was when it was cloned, empty where the clone does not have it.
        url: origin's URL, as it is configured.
    """

    sha: str
    changes: tuple[str, ...]
    time: int | None = None
    branch: str = ""
    tags: tuple[str, ...] = ()
    default_branch: str = ""
    url: str = ""


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
    return Checkout(sha=sha, changes=tuple(changes)) if COMMIT.fullmatch(sha) else None


def parse_refs(decoration: str) -> tuple[str, tuple[str, ...]]:
    """Read git's `%D`, with whole names: the branch that is checked out, and the tags of the commit."""
    branch, tags = "", []
    for name in decoration.split(", "):
        if name.startswith("HEAD -> refs/heads/"):
            branch = name.removeprefix("HEAD -> refs/heads/")
        elif name.startswith("tag: refs/tags/"):
            tags.append(name.removeprefix("tag: refs/tags/"))
    return branch, tuple(tags)
