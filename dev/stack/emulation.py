"""The other architecture's programs, run through qemu by the kernel's binfmt_misc."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import tools
from dev.stack.errors import StackError
from dev.stack.undo import Unmount, Unregister

if TYPE_CHECKING:
    from dev.stack.state import State

_BINFMT: Final = Path("/proc/sys/fs/binfmt_misc")
# The first 20 bytes of an ELF file for that machine, and which of their bits count; as in qemu's own
# scripts/qemu-binfmt-conf.sh.
_HEADERS: Final = {
    "arm64": (
        r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00",
        r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff",
    ),
    "amd64": (
        r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00",
        r"\xff\xff\xff\xff\xff\xfe\xfe\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff",
    ),
}
_NAME: Final = tools.QEMU.name.removesuffix("-binfmt-P")
# Whoever registered it: systemd and qemu's packages say qemu-aarch64, Docker Desktop and tonistiigi/binfmt too.
_ENTRY: Final = f"qemu-{_NAME}"


def ready() -> bool:
    try:
        return (_BINFMT / _ENTRY).read_text().startswith("enabled")
    except FileNotFoundError:
        return False


def register(state: State) -> None:
    if not (_BINFMT / "register").exists():
        state.will(Unmount(path=str(_BINFMT)))
        mounted = subprocess.run(
            ["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], capture_output=True, check=False
        )
        if mounted.returncode:
            msg = f"the kernel lends no binfmt_misc, so nothing of linux/{tools.FOREIGN} can run: "
            raise StackError(msg + mounted.stderr.decode(errors="replace").strip())
    if ready():
        return
    magic, mask = _HEADERS[tools.FOREIGN]
    state.will(Unregister(name=_ENTRY))
    # O and F: the kernel opens the program and qemu here and now, so containers need neither; P: argv[0] is kept.
    (_BINFMT / "register").write_text(f":{_ENTRY}:M::{magic}:{mask}:{tools.QEMU.file}:OPF")


def unregister(name: str) -> None:
    entry = _BINFMT / name
    if entry.exists():
        entry.write_text("-1")


def unmount(path: str) -> None:
    if Path(path).is_mount():
        subprocess.run(["umount", path], check=True, capture_output=True)
