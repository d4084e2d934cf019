"""Git references, and the values that one origin has. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from multiarch.source.model import TriggerEvent
from multiarch.source.url import public_url

# GitHub's and Bitbucket's pull requests, GitLab's merge requests, and CodeBuild's short form of all of them.
_PULL_REQUEST = re.compile(r"(?:refs/pull|refs/pull-requests|refs/merge-requests|pr)/([0-9]{1,10})(?:/.+)?")

Word = tuple[str, str]
"""A value and its origin."""


@dataclass(frozen=True, kw_only=True)
class Ref:
    """A branch, a tag, or a pull request with its head branch."""

    branch: str = ""
    tag: str = ""
    pull_request: int | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.branch or self.tag or self.pull_request)


def parse_ref(text: str) -> Ref:
    """Parse a full reference or `pr/12`; a bare name is unknown, because it can be a branch or a tag."""
    if match := _PULL_REQUEST.fullmatch(text):
        return Ref(pull_request=int(match[1]))
    if text.startswith("refs/heads/"):
        return Ref(branch=text.removeprefix("refs/heads/"))
    if text.startswith("refs/tags/"):
        return Ref(tag=text.removeprefix("refs/tags/"))
    return Ref()


@dataclass(frozen=True, kw_only=True)
class SourceValues:
    """The values of one origin (settings, CI or git), each with its flag or variable.

    Attributes:
        ref: branch, tag or pull request if one value is for all three; the single fields come first.
        time: the commit time, in seconds since 1970; 0 if unknown.
        event: empty if unknown.
    """

    sha: Word = ("", "")
    time: tuple[int, str] = (0, "")
    branch: Word = ("", "")
    tag: Word = ("", "")
    pull_request: tuple[int, str] = (0, "")
    ref: Ref = field(default_factory=Ref)
    ref_origin: str = ""
    base_branch: Word = ("", "")
    default_branch: Word = ("", "")
    repository_url: Word = ("", "")
    event: tuple[TriggerEvent | Literal[""], str] = ("", "")
    initiator: Word = ("", "")
    batch: Word = ("", "")

    def fields(self) -> Iterator[tuple[str, object, str]]:
        """Yield name, value and origin for each field of `Source`."""
        yield "branch", *self.branch
        yield "branch", self.ref.branch, self.ref_origin
        yield "tag", *self.tag
        yield "tag", self.ref.tag, self.ref_origin
        yield "pull_request", *self.pull_request
        yield "pull_request", self.ref.pull_request, self.ref_origin
        yield "base_branch", *self.base_branch
        yield "default_branch", *self.default_branch
        yield "repository_url", public_url(self.repository_url[0]), self.repository_url[1]
        yield "initiator", *self.initiator
        yield "batch", *self.batch
