"""The facts that a plan is made from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from multiarch.image.registry import Registry
from multiarch.settings.image import ImageSettings
from multiarch.source import Source


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts observed before planning.

    Attributes:
        source: the commit, branch and tag of the build.
        registry: the registry of the image, with placeholders in a dry run; None for a local build.
        interactive: buildx can draw its progress on a terminal.
        cache_folder: the user's cache folder.
        folder_name: the name of the context folder, which names a local image without a repository.
        secret_arguments: build arguments that look like secrets, and the reason for each.
        arguments: the values of the build arguments, those from the environment among them.
        now: when the build began.
    """

    source: Source
    registry: Registry | None
    interactive: bool
    cache_folder: str
    folder_name: str
    now: datetime
    secret_arguments: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)


def image_name(settings: ImageSettings, facts: Facts) -> str:
    """Return the image's name without a registry: its repository, or else the context folder."""
    return settings.repository or facts.folder_name or "image"
