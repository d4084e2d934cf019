"""What a run is about, as far as it is known before it begins. Pure."""

from collections.abc import Sequence
from datetime import datetime

from multiarch import __version__
from multiarch.plan.model import Plan, Target
from multiarch.record.dockerfile import read_instructions
from multiarch.record.model import ImageInfo, PartInfo, RunInfo, Setting


def run_of(
    plan: Plan, *, settings: Sequence[tuple[str, str, str]], begin: datetime, dockerfile: str, text: str
) -> RunInfo:
    """Describe a run.

    Args:
        plan: what it will do.
        settings: name, value and origin of each setting.
        begin: the time of day.
        dockerfile: its path, as the settings have it.
        text: what it says; empty where it could not be read.
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
