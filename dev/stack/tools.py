"""Programs that the stack alone uses: taken out of Debian's packages into the state folder, not installed.

So no service of theirs starts, no user is made, and taking them back is removing a folder.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dev.stack import apt, layout
from dev.stack.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path

NATIVE: Final = apt.architecture()
FOREIGN: Final = {"amd64": "arm64", "arm64": "amd64"}[NATIVE]
_QEMU: Final = {"amd64": "x86_64", "arm64": "aarch64"}[FOREIGN]


@dataclass(frozen=True, kw_only=True)
class Tool:
    name: str
    # More than one where releases of Debian differ.
    packages: tuple[str, ...]
    members: tuple[str, ...]
    architecture: str = NATIVE

    @property
    def file(self) -> Path:
        return layout.TOOLS / self.name


def busybox(architecture: str) -> Tool:
    return Tool(
        name=f"busybox-{architecture}",
        packages=("busybox-static",),
        members=("bin/busybox", "usr/bin/busybox"),
        architecture=architecture,
    )


REGISTRY: Final = Tool(name="docker-registry", packages=("docker-registry",), members=("usr/bin/docker-registry",))
# The end of the name tells Debian's qemu that the kernel passes argv[0] on.
QEMU: Final = Tool(
    name=f"{_QEMU}-binfmt-P",
    packages=("qemu-user-static", "qemu-user"),
    members=(f"usr/bin/qemu-{_QEMU}-static", f"usr/bin/qemu-{_QEMU}"),
)
ALL: Final = (REGISTRY, busybox(FOREIGN), busybox(NATIVE), QEMU)


def ready() -> bool:
    return all(tool.file.exists() for tool in ALL)


def fetch(indexes: dict[str, apt.Index]) -> None:
    missing = [tool for tool in ALL if not tool.file.exists()]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda tool: _fetch(tool, indexes[tool.architecture]), missing))


def _fetch(tool: Tool, index: apt.Index) -> None:
    if not any(index.unpack(package, tool.members, tool.file) for package in tool.packages):
        msg = f"none of Debian's packages {', '.join(tool.packages)} holds {' or '.join(tool.members)}"
        raise StackError(msg)
