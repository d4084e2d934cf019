"""Every setting, declared once: those of the run, and those of an image. Pure."""

from dataclasses import dataclass, field

from multiarch.settings.image import ImageSettings
from multiarch.settings.run import RunSettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. `load_settings` checks them one by one, and `check_together` those that depend on each other.

    A function takes the group that it needs.
    """

    run: RunSettings = field(default_factory=RunSettings)
    image: ImageSettings = field(default_factory=ImageSettings)
