"""The settings of a run, each with its origin, as rows and as text. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from multiarch.plan.destination import Destination
from multiarch.plan.model import Plan
from multiarch.settings.info import SETTINGS
from multiarch.settings.load import DEFAULT_ORIGIN, LoadedSettings
from multiarch.source import Commit

_SHOWN = 3


def settings_rows(
    loaded: LoadedSettings, plan: Plan, destination: Destination | None
) -> Sequence[tuple[str, str, str]]:
    """Return what was set and what follows from it: name, value, source; values that may be secret stay out."""
    commit = plan.commit
    origin = loaded.origins
    rows = [
        ("repository", ", ".join(str(each.repository or each.name) for each in plan.targets), origin["repository"]),
        (
            "registry",
            ", ".join(dict.fromkeys(each.repository.registry.host for each in plan.targets if each.repository)),
            destination.origin if destination else "",
        ),
        ("commit", f"{commit.sha}{_changes(commit)}" if commit else "not known", commit.origin if commit else ""),
        (
            "tags",
            _joined(target.tags for target in plan.targets),
            origin["commit_tag" if loaded.settings.image.commit_tag else "tags"],
        ),
        ("platforms", _joined(map(str, target.platforms) for target in plan.targets), origin["platforms"]),
        ("cache", _joined(target.cache_from for target in plan.targets) or "none", origin["cache"]),
        (
            "builder",
            f"{plan.build.builder if plan.build else 'none'}, {loaded.settings.run.builder_driver}",
            origin["builder_name"],
        ),
    ]
    told = {"repository", "registry", "account", "region", "commit_tag", "tags", "platforms", "cache", "builder_name"}
    for info in SETTINGS:
        if info.name not in told and origin[info.name] != DEFAULT_ORIGIN:
            value = info.value_in(loaded.settings)
            text = ", ".join(value) if isinstance(value, Mapping | tuple) else str(value)
            rows.append((info.key, text, origin[info.name]))
    return [row for row in rows if row[1]]


def _joined(lists: Iterable[Iterable[str]]) -> str:
    return ", ".join(dict.fromkeys(each for entries in lists for each in entries))


def settings_as_text(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the rows as lines, each with its source."""
    width = max(len(name) for name, _, _ in rows)
    yield from (f"{name:<{width}}  {text}  ({said_by})" for name, text, said_by in rows)


def _changes(commit: Commit) -> str:
    if not commit.dirty:
        return ""
    more = f" and {len(commit.changes) - _SHOWN} more" if len(commit.changes) > _SHOWN else ""
    return f", changed: {', '.join(commit.changes[:_SHOWN])}{more}"
