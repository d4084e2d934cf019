"""What each command does, wired: the edges observe, the core decides. `cli` gives them their flags."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class World:
    """What a command may see of the process that it runs in.

    Attributes:
        folder: where the command runs.
    """

    environment: Mapping[str, str]
    folder: Path
