"""A git reference, and what one source of variables says as a whole. Pure."""

import re
from dataclasses import dataclass, field

from multiarch.source.model import Event

# GitHub's and Bitbucket's pull requests, GitLab's merge requests, and CodeBuild's short form of all of them.
_PULL_REQUEST = re.compile(r"(?:refs/pull|refs/pull-requests|refs/merge-requests|pr)/(\d+)(?:/.+)?")

Word = tuple[str, str]
"""A value, and what said it."""


@dataclass(frozen=True, kw_only=True)
class Ref:
    """A branch, a tag, or a pull request with the branch that it comes from."""

    branch: str = ""
    tag: str = ""
    pull_request: int | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.branch or self.tag or self.pull_request)


def parse_ref(text: str) -> Ref:
    """Read a whole reference, or `pr/12`; a bare name may be a branch or a tag, and is neither here."""
    if match := _PULL_REQUEST.fullmatch(text):
        return Ref(pull_request=int(match[1]))
    if text.startswith("refs/heads/"):
        return Ref(branch=text.removeprefix("refs/heads/"))
    if text.startswith("refs/tags/"):
        return Ref(tag=text.removeprefix("refs/tags/"))
    return Ref()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the variables of a CI say: each value with the variable that it stood in."""

    sha: Word = ("", "")
    ref: Ref = field(default_factory=Ref)
    ref_source: str = ""
    base_branch: Word = ("", "")
    default_branch: Word = ("", "")
    repository_url: Word = ("", "")
    event: tuple[Event, str] = (Event.LOCAL, "")
    initiator: Word = ("", "")
    batch: Word = ("", "")
