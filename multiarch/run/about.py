"""Describes a run before it begins: its plan, settings and Dockerfile. Pure."""

from collections.abc import Sequence
from datetime import datetime

from multiarch import __version__
from multiarch.plan.model import Plan, Target
from multiarch.record.dockerfile import read_instructions
from multiarch.record.model import ImageInfo, PartInfo, RunInfo, Setting


def run_of(
    plan: Plan, *, settings: Sequence[tuple[str, str, str]], begin: datetime, dockerfile: str, text: str
) -> RunInfo:
    """Return the head of a run's record.

    Args:
        plan: the plan of the run.
        settings: name, value and origin of each setting.
        begin: when the run began.
        dockerfile: its path, as in the settings.
        text: the text of the Dockerfile; empty if it cannot be read.
    """
    builder = plan.prepare.builder
    return RunInfo(
        version=__version__,
        images=tuple(map(_image, plan.targets)),
        commit=plan.commit.name if plan.commit else "",
        builder=builder.name if builder else "",
        driver=builder.driver if builder else "",
        begin=begin,
        settings=tuple(Setting(name=name, value=value, origin=origin) for name, value, origin in settings),
        dockerfile=dockerfile,
        instructions=read_instructions(text),
    )


def _image(target: Target) -> ImageInfo:
    parts = target.parts if target.build else ()
    return ImageInfo(
        name=target.name,
        repository=str(target.repository or ""),
        tags=target.tags,
        platforms=tuple(map(str, target.platforms)),
        parts=tuple(PartInfo(name=part.name, platforms=tuple(map(str, part.platforms))) for part in parts),
        cache_from=target.cache_from,
        cache_to=target.cache_to,
    )
