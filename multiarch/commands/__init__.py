"""What each command does, wired: the edges observe, the core decides. `cli` gives them their flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from multiarch.edges.signals import Interruption


@dataclass(frozen=True, kw_only=True)
class World:
    """What a command may see of the process that it runs in.

    Attributes:
        folder: where the command runs.
        interruption: the signal that ends it.
    """

    environment: Mapping[str, str]
    folder: Path
    interruption: Interruption = field(default_factory=Interruption)
