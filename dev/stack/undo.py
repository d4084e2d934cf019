"""What `up` changed on the machine, as values: each says how `down` takes it back.

They are written before the change is made, so an `up` that is killed half-way can be undone; taking back what was never
done is therefore harmless for each of them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class PurgePackages:
    """Debian packages that were not on the machine before."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RemoveGroup:
    """A system group that a package made and that purging it leaves behind."""

    name: str


@dataclass(frozen=True, kw_only=True)
class RemovePath:
    """A file, a link or a whole folder that is the stack's own."""

    path: str


@dataclass(frozen=True, kw_only=True)
class RemoveEmptyFolder:
    """A folder that others may have started to use since."""

    path: str


@dataclass(frozen=True, kw_only=True)
class RemoveHosts:
    """The stack's lines in /etc/hosts."""


@dataclass(frozen=True, kw_only=True)
class Unregister:
    """An entry of binfmt_misc."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Unmount:
    path: str


@dataclass(frozen=True, kw_only=True)
class StopProcess:
    name: str


@dataclass(frozen=True, kw_only=True)
class RemoveNetworkLink:
    name: str


@dataclass(frozen=True, kw_only=True)
class RemoveImage:
    """An image, and the containers made from it, in a docker that was there before."""

    reference: str


Undo = (
    PurgePackages
    | RemoveGroup
    | RemovePath
    | RemoveEmptyFolder
    | RemoveHosts
    | Unregister
    | Unmount
    | StopProcess
    | RemoveNetworkLink
    | RemoveImage
)

_KINDS: Final[dict[str, type[Undo]]] = {
    "purge-packages": PurgePackages,
    "remove-group": RemoveGroup,
    "remove-path": RemovePath,
    "remove-empty-folder": RemoveEmptyFolder,
    "remove-hosts": RemoveHosts,
    "unregister": Unregister,
    "unmount": Unmount,
    "stop-process": StopProcess,
    "remove-network-link": RemoveNetworkLink,
    "remove-image": RemoveImage,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


def to_json(undo: Undo) -> dict[str, Any]:
    return {"do": _NAMES[type(undo)], **asdict(undo)}


def from_json(data: dict[str, Any]) -> Undo:
    fields: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in data.items() if key != "do"
    }
    return _KINDS[data["do"]](**fields)
