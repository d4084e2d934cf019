"""Wires each command: edges observe, the pure layers decide. `cli` passes the flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from multiarch.edges.signals import Interruption


@dataclass(frozen=True, kw_only=True)
class World:
    """The environment of a command.

    Attributes:
        folder: the current folder.
        interruption: the signal that ends the command.
    """

    environment: Mapping[str, str]
    folder: Path
    interruption: Interruption = field(default_factory=Interruption)
