"""The settings of a run, each with its origin, as rows and as text. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from multiarch.plan.destination import Destination
from multiarch.plan.model import Plan
from multiarch.settings.info import SETTINGS
from multiarch.settings.load import DEFAULT_ORIGIN, LoadedSettings
from multiarch.source import Commit

# Changed files to show.
_MAX_CHANGES = 3


def settings_rows(
    loaded: LoadedSettings, plan: Plan, destination: Destination | None
) -> Sequence[tuple[str, str, str]]:
    """Return name, value and origin of each setting and of what follows from it; without values that can be secret."""
    commit = plan.commit
    origin = loaded.origins
    rows = [
        ("repository", ", ".join(str(each.repository or each.name) for each in plan.targets), origin["repository"]),
        (
            "registry",
            ", ".join(dict.fromkeys(each.repository.registry.host for each in plan.targets if each.repository)),
            destination.origin if destination else "",
        ),
        ("commit", f"{commit.sha}{_changes(commit)}" if commit else "unknown", commit.origin if commit else ""),
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
    shown = {"repository", "registry", "account", "region", "commit_tag", "tags", "platforms", "cache", "builder_name"}
    for info in SETTINGS:
        if info.name not in shown and origin[info.name] != DEFAULT_ORIGIN:
            value = info.value_in(loaded.settings)
            text = ", ".join(value) if isinstance(value, Mapping | tuple) else str(value)
            rows.append((info.key, text, origin[info.name]))
    return [row for row in rows if row[1]]


def _joined(lists: Iterable[Iterable[str]]) -> str:
    return ", ".join(dict.fromkeys(each for entries in lists for each in entries))


def settings_as_text(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the rows as lines, each with its origin."""
    width = max(len(name) for name, _, _ in rows)
    yield from (f"{name:<{width}}  {text}  ({origin})" for name, text, origin in rows)


def _changes(commit: Commit) -> str:
    if not commit.dirty:
        return ""
    more = f" and {len(commit.changes) - _MAX_CHANGES} more" if len(commit.changes) > _MAX_CHANGES else ""
    return f", uncommitted changes: {', '.join(commit.changes[:_MAX_CHANGES])}{more}"
