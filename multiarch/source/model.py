"""The commit and all else that says what is being built. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# Fixed, so that a shallow and a full clone of one commit give one tag; `git rev-parse --short` grows with the clone.
_SHORT = 7


class TriggerEvent(StrEnum):
    """What started the build; `rule` is one of EventBridge, which may follow a clock or a push."""

    PUSH = "push"
    TAG = "tag"
    PULL_REQUEST = "pull-request"
    RELEASE = "release"
    SCHEDULE = "schedule"
    PIPELINE = "pipeline"
    RULE = "rule"
    MANUAL = "manual"
    LOCAL = "local"


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
    origin: str
    time: int | None = None
    changes: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        return self.sha[:_SHORT]

    @property
    def name(self) -> str:
        """The whole object name, with -dirty for a changed tree."""
        return f"{self.sha}-dirty" if self.dirty else self.sha

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is being built. A text is empty where nothing tells; nothing is guessed.

    Attributes:
        commit: None where nothing tells.
        branch: the branch without `refs/heads/`; of a pull request the one that it comes from.
        tag: the git tag without `refs/tags/`.
        pull_request: its number.
        base_branch: the branch that a pull request, or a release, is for.
        default_branch: the repository's own.
        repository_url: as a browser opens it where the host is known, without credentials.
        event: what started the build.
        initiator: who or what did, in CodeBuild's or GitHub's own words.
        batch: this build's identifier in a batch build.
        sources: what said each of these, by field; nothing for what is not known.
    """

    commit: Commit | None = None
    branch: str = ""
    tag: str = ""
    pull_request: int | None = None
    base_branch: str = ""
    default_branch: str = ""
    repository_url: str = ""
    event: TriggerEvent = TriggerEvent.LOCAL
    initiator: str = ""
    batch: str = ""
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_pull_request(self) -> bool:
        """Whether a pull request's code is built, whatever started the build."""
        return self.event is TriggerEvent.PULL_REQUEST or self.pull_request is not None

    @property
    def is_dirty(self) -> bool:
        return bool(self.commit and self.commit.dirty)

    @property
    def is_default_branch(self) -> bool | None:
        """Whether the default branch itself is built; None where that cannot be told."""
        if self.is_pull_request or (self.tag and not self.branch):
            return False
        if not self.branch or not self.default_branch:
            return None
        return self.branch == self.default_branch
