"""Prints the source of a build as text and JSON: each value with its origin, or how to set it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from multiarch.source.model import Source, TriggerEvent
from multiarch.text.plain import as_json, fields_of

_WIDTH = 14
# How to set an unknown value: the variable, and the value in CodePipeline if its source action has one.
_PASS: Mapping[str, tuple[str, str]] = {
    "commit": ("MULTIARCH_COMMIT", "#{SourceVariables.CommitId}"),
    "commit_time": ("MULTIARCH_COMMIT_TIME", "#{SourceVariables.AuthorDate}"),
    "branch": ("MULTIARCH_BRANCH", "#{SourceVariables.BranchName}"),
    "tag": ("MULTIARCH_GIT_TAG", ""),
    "pull_request": ("MULTIARCH_PULL_REQUEST", ""),
    "base_branch": ("MULTIARCH_BASE_BRANCH", ""),
    "default_branch": ("MULTIARCH_DEFAULT_BRANCH", ""),
    "repository_url": ("MULTIARCH_REPOSITORY_URL", ""),
}
_NAMES = (
    "branch",
    "tag",
    "pull_request",
    "base_branch",
    "default_branch",
    "repository_url",
    "event",
    "initiator",
    "batch",
)
_USEFUL = ("commit", "commit_time", "branch", "default_branch", "repository_url")


def unknown(source: Source) -> Mapping[str, str]:
    """Return the unknown values that a build can use, with the variable that sets each."""
    missing = [name for name in _USEFUL if not _value(source, name)]
    # A build of a tag or a pull request needs no branch.
    has_ref = bool(source.tag or source.pull_request is not None)
    return {name: _how(name) for name in missing if not (name == "branch" and has_ref)}


@dataclass(frozen=True, kw_only=True)
class SourceInfo:
    """The source of a build. A value that is unknown is None.

    Attributes:
        commit: the whole object name, with -dirty for a changed tree.
        commit_time: in UTC, as ISO 8601.
        dirty: the tree has changes that are not in the commit.
        changes: the changed files.
        branch: without `refs/heads/`; of a pull request, its own branch.
        tag: without `refs/tags/`.
        pull_request: its number.
        base_branch: the branch that a pull request, or a release, is for.
        default_branch: of the repository.
        repository_url: without credentials.
        event: the event that started the build.
        initiator: who or what started the build, in CodeBuild's or GitHub's words.
        batch: the identifier of this build in a batch build.
        origins: where each known value comes from.
    """

    commit: str | None
    commit_time: str | None
    dirty: bool
    changes: tuple[str, ...]
    branch: str | None
    tag: str | None
    pull_request: int | None
    base_branch: str | None
    default_branch: str | None
    repository_url: str | None
    event: TriggerEvent
    initiator: str | None
    batch: str | None
    origins: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class SourceReport(SourceInfo):
    """The source of a build, and the tags that follow from it.

    Attributes:
        unknown: how to pass each value that is unknown and would be of use.
        tags: the tags of the image, `pinned` and `floating`.
    """

    unknown: Mapping[str, str]
    tags: Mapping[str, tuple[str, ...]]


def source_info(source: Source) -> SourceInfo:
    commit = source.commit
    return SourceInfo(
        commit=commit.name if commit else None,
        commit_time=_time(source) or None,
        dirty=source.is_dirty,
        changes=commit.changes if commit else (),
        branch=source.branch or None,
        tag=source.tag or None,
        pull_request=source.pull_request,
        base_branch=source.base_branch or None,
        default_branch=source.default_branch or None,
        repository_url=source.repository_url or None,
        event=source.event,
        initiator=source.initiator or None,
        batch=source.batch or None,
        origins=source.origins,
    )


def source_as_json(source: Source, tags: Mapping[str, Sequence[str]]) -> str:
    """Return the source as JSON.

    Args:
        source: of the build.
        tags: `pinned` and `floating`.
    """
    return as_json("source", {**fields_of(source_info(source)), "unknown": unknown(source), "tags": tags})


def source_as_text(source: Source, tags: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each value with its origin, then for each unknown value with the variable that sets it."""
    for name in ("commit", "commit_time", *_NAMES):
        if value := _value(source, name):
            origin = source.origins.get(name, "")
            yield f"{_title(name):<{_WIDTH}}  {value}{f'  ({origin})' if origin else ''}"
    if commit := source.commit:
        for path in commit.changes[:3]:
            yield f"{'changed':<{_WIDTH}}  {path}"
    for kind, names in tags.items():
        if names:
            yield f"{f'{kind} tags':<{_WIDTH}}  {', '.join(names)}"
    for name, how in unknown(source).items():
        yield f"{_title(name):<{_WIDTH}}  unknown: {how}"


def _title(name: str) -> str:
    return name.replace("_", " ")


def _value(source: Source, name: str) -> str:
    match name:
        case "commit":
            return f"{source.commit.name}" if source.commit else ""
        case "commit_time":
            return _time(source)
        case _:
            value = getattr(source, name)
            return "" if value is None else str(value)


def _time(source: Source) -> str:
    time = source.commit.time if source.commit else None
    return "" if time is None else datetime.fromtimestamp(time, UTC).isoformat()


def _how(name: str) -> str:
    variable, of_pipeline = _PASS[name]
    return f"set {variable}{f'; in CodePipeline, {of_pipeline}' if of_pipeline else ''}"
