"""The model of a build's source. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# Fixed, so that every clone of a commit gives the same tag; the length of `git rev-parse --short` depends on the clone.
_SHORT = 7


class TriggerEvent(StrEnum):
    """The event that started the build; `rule` is a rule of EventBridge, for a schedule or another event."""

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
    """A commit and its origin.

    Attributes:
        sha: the full object name: 40 hexadecimal digits, or 64 in a SHA-256 repository.
        dirty: the checkout has uncommitted changes.
        time: the commit time, in seconds since 1970; None if unknown.
        origin: where the commit came from, for people.
        changes: the changed files.
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
        """The full object name, with -dirty for uncommitted changes."""
        return f"{self.sha}-dirty" if self.dirty else self.sha

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, kw_only=True)
class Source:
    """The source of a build. An unknown text is empty; nothing is guessed.

    Attributes:
        commit: None if unknown.
        branch: the branch without `refs/heads/`; of a pull request, its head branch.
        tag: the git tag without `refs/tags/`.
        pull_request: the number of the pull request.
        base_branch: the base branch of a pull request, or the target branch of a release.
        default_branch: the default branch of the repository.
        repository_url: the web address of the repository, without credentials.
        event: the event that started the build.
        initiator: who or what started the build, as CodeBuild or GitHub names it.
        batch: the identifier of this build in a batch build.
        origins: by field, where each known value came from.
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
        """Return whether the code of a pull request is built."""
        return self.event is TriggerEvent.PULL_REQUEST or self.pull_request is not None

    @property
    def is_dirty(self) -> bool:
        return bool(self.commit and self.commit.dirty)

    @property
    def is_default_branch(self) -> bool | None:
        """Return whether the default branch is built; None if unknown."""
        if self.is_pull_request or (self.tag and not self.branch):
            return False
        if not self.branch or not self.default_branch:
            return None
        return self.branch == self.default_branch
