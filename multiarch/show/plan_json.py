"""A plan as JSON. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.plan.model import Plan, RetryPolicy, Target
from multiarch.plan.steps import Part, Step, TargetBuild
from multiarch.show.source import SourceInfo, source_info
from multiarch.text.plain import as_json, fields_of

STEP_NAMES: Final[Mapping[type, str]] = {
    kind: re.sub(r"(?<=.)([A-Z])", r"-\1", kind.__name__).lower() for kind in get_args(Step)
}
"""The value of `step` by type of step, such as `ensure-builder`."""


@dataclass(frozen=True, kw_only=True)
class PlannedImage:
    """One image of a plan.

    Attributes:
        name: the name of the repository, or of the context folder if there is no repository.
        repository: registry and name; None with --local.
        commit_tag: the tag that names this commit.
        tags: the commit tag, then the others in the order of their writes.
        parts: the platforms that are built and pushed together.
        build: the share of this image in the build.
    """

    name: str
    repository: Repository | None
    commit_tag: str
    tags: tuple[str, ...]
    platforms: tuple[Platform, ...]
    parts: tuple[Part, ...]
    build: TargetBuild | None


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """The plan of a run, as JSON shows it.

    Attributes:
        warnings: settings that are valid but probably a mistake.
        steps: in the order of the run; the steps before the build run at the same time.
    """

    source: SourceInfo
    images: tuple[PlannedImage, ...]
    retry: RetryPolicy
    warnings: tuple[str, ...]
    steps: tuple[Step, ...]


def plan_as_json(plan: Plan) -> str:
    """Return the plan as versioned JSON, with placeholders for values that only AWS or the run knows."""
    run = PlannedRun(
        source=source_info(plan.source),
        images=tuple(map(_image, plan.targets)),
        retry=plan.retry,
        warnings=plan.warnings,
        steps=plan.steps,
    )
    steps = [{"step": STEP_NAMES[type(step)], **fields_of(step)} for step in plan.steps]
    return as_json("plan", {**fields_of(run), "steps": steps})


def _image(target: Target) -> PlannedImage:
    return PlannedImage(
        name=target.name,
        repository=target.repository,
        commit_tag=target.commit_tag,
        tags=target.tags,
        platforms=target.platforms,
        parts=target.parts,
        build=target.build,
    )
