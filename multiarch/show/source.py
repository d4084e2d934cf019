"""What is built, for people and for programs: each value with what said it, or how to pass it. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from multiarch.source.model import Source

SOURCE_VERSION = 1

_WIDTH = 14
# How to pass what cannot be known; what CodePipeline's source action can tell stands in its own words.
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
_WORTH = ("commit", "commit_time", "branch", "default_branch", "repository_url")


def unknown(source: Source) -> Mapping[str, str]:
    """Return what is not known and would be of use, with the variable to pass it in."""
    missing = [name for name in _WORTH if not _value(source, name)]
    # A tag or a pull request is no branch's build, and what is built from no git has no branch.
    has_ref = bool(source.tag or source.pull_request is not None)
    return {name: _how(name) for name in missing if not (name == "branch" and has_ref)}


def source_as_json(source: Source, tags: Mapping[str, Sequence[str]]) -> str:
    """Return the identity as versioned JSON; what is not known is null.

    Args:
        source: what is built.
        tags: the tags that it comes to, `fixed` and `moving`.
    """
    commit = source.commit
    values = {
        "commit": commit.sha if commit else None,
        "commit_time": _time(source) or None,
        "dirty": source.is_dirty,
        **{name: getattr(source, name) or None for name in _NAMES},
    }
    fields = {**values, "event": str(source.event), "origins": dict(source.origins), "unknown": unknown(source)}
    fields["tags"] = {name: list(each) for name, each in tags.items()}
    return json.dumps({"version": SOURCE_VERSION, "kind": "source", **fields}, indent=2)


def source_as_text(source: Source, tags: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield a line for each value, with what said it; then what is not known, with the variable to pass."""
    for name in ("commit", "commit_time", *_NAMES):
        if value := _value(source, name):
            said_by = source.origins.get(name, "")
            yield f"{_title(name):<{_WIDTH}}  {value}{f'  ({said_by})' if said_by else ''}"
    if commit := source.commit:
        for path in commit.changes[:3]:
            yield f"{'changed':<{_WIDTH}}  {path}"
    for kind, names in tags.items():
        if names:
            yield f"{f'{kind} tags':<{_WIDTH}}  {', '.join(names)}"
    for name, how in unknown(source).items():
        yield f"{_title(name):<{_WIDTH}}  not known: {how}"


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
    return f"pass {variable}{f'; in CodePipeline, {of_pipeline}' if of_pipeline else ''}"
