"""What a run is about, as far as it is known before it begins. Pure."""

from collections.abc import Sequence
from datetime import datetime

from multiarch import __version__
from multiarch.plan.model import Plan
from multiarch.record.dockerfile import read_instructions
from multiarch.record.model import RunInfo, Setting


def run_of(
    plan: Plan, *, settings: Sequence[tuple[str, str, str]], begin: datetime, dockerfile: str, text: str
) -> RunInfo:
    """Describe a run.

    Args:
        plan: what it will do.
        settings: name, value and source of what was set.
        begin: the time of day.
        dockerfile: its path, as the settings have it.
        text: what it says; empty where it could not be read.
    """
    builder = plan.prepare.builder
    [target] = plan.targets
    return RunInfo(
        version=__version__,
        name=plan.name,
        repository=str(target.repository or ""),
        commit=plan.commit.name if plan.commit else "",
        tags=target.tags,
        platforms=tuple(map(str, target.platforms)),
        builder=builder.name if builder else "",
        driver=builder.driver if builder else "",
        cache_from=target.cache_from,
        cache_to=target.cache_to,
        begin=begin,
        settings=tuple(Setting(name=name, value=value, origin=origin) for name, value, origin in settings),
        dockerfile=dockerfile,
        instructions=read_instructions(text),
    )
