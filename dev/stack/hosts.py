"""The lines in /etc/hosts that put ECR's host names on the loopback interface."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import layout
from dev.stack.undo import RemoveHosts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dev.stack.state import State

FILE: Final = Path("/etc/hosts")
_MARK: Final = "# multiarch test stack"


def added(text: str, registries: Iterable[layout.Registry]) -> str:
    """The file with the stack's lines last, each once."""
    kept = removed(text)
    if kept and not kept.endswith("\n"):
        kept += "\n"
    return kept + "".join(f"{registry.address} {registry.host} {_MARK}\n" for registry in registries)


def removed(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.rstrip().endswith(_MARK))


def ready() -> bool:
    text = FILE.read_text()
    return added(text, _ecr()) == text


def write(state: State) -> None:
    state.will(RemoveHosts())
    # In place: in a container the file is a mount, which can't be replaced by another file.
    FILE.write_text(added(FILE.read_text(), _ecr()))


def remove() -> None:
    FILE.write_text(removed(FILE.read_text()))


def _ecr() -> tuple[layout.Registry, ...]:
    return layout.ECRS
