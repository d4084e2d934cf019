"""The settings of a run, each with its origin, as rows and as text. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from multiarch.plan.destination import Destination
from multiarch.plan.steps import Build, Plan
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
    build = next(step for step in plan.steps if isinstance(step, Build))
    rows = [
        ("repository", str(plan.repository or plan.name), origin["repository"]),
        (
            "registry",
            plan.repository.registry.host if plan.repository else "",
            destination.origin if destination else "",
        ),
        ("commit", f"{commit.sha}{_changes(commit)}" if commit else "not known", commit.origin if commit else ""),
        ("tags", ", ".join(plan.tags), origin["commit_tag" if loaded.settings.image.commit_tag else "tags"]),
        ("platforms", ", ".join(map(str, plan.platforms)), origin["platforms"]),
        ("cache", ", ".join(build.cache_from) or "none", origin["cache"]),
        ("builder", f"{build.builder}, {loaded.settings.run.builder_driver}", origin["builder_name"]),
    ]
    told = {"repository", "registry", "account", "region", "commit_tag", "tags", "platforms", "cache", "builder_name"}
    for info in SETTINGS:
        if info.name not in told and origin[info.name] != DEFAULT_ORIGIN:
            value = info.value_in(loaded.settings)
            text = ", ".join(value) if isinstance(value, Mapping | tuple) else str(value)
            rows.append((info.key, text, origin[info.name]))
    return [row for row in rows if row[1]]


def settings_as_text(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield the rows as lines, each with its source."""
    width = max(len(name) for name, _, _ in rows)
    yield from (f"{name:<{width}}  {text}  ({said_by})" for name, text, said_by in rows)


def _changes(commit: Commit) -> str:
    if not commit.dirty:
        return ""
    more = f" and {len(commit.changes) - _SHOWN} more" if len(commit.changes) > _SHOWN else ""
    return f", changed: {', '.join(commit.changes[:_SHOWN])}{more}"
