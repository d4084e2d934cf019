"""What was observed before planning. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from multiarch.image.registry import Registry
from multiarch.settings.image import ImageSettings
from multiarch.source import Source


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What was observed before planning.

    Attributes:
        identity: what is being built.
        registry: where the image goes, with placeholders in a dry run; None for a local build.
        interactive: buildx may draw on a terminal.
        cache_folder: the user's own cache folder.
        folder_name: the name of the context's folder: what a local image is called without a repository.
        secret_arguments: the build arguments that look like secrets, and why.
        now: when the build began.
    """

    source: Source
    registry: Registry | None
    interactive: bool
    cache_folder: str
    folder_name: str
    now: datetime
    secret_arguments: Mapping[str, str] = field(default_factory=dict)


def image_name(settings: ImageSettings, facts: Facts) -> str:
    """What the image is called without a registry: its repository, or the folder that it is made from."""
    return settings.repository or facts.folder_name or "image"
