"""Take back what `up` recorded, last things first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import assert_never

from dev.stack import apt, emulation, engine, hosts, layout, process, state, undo
from dev.stack.errors import StackError


def down() -> None:
    start = time.monotonic()
    if not state.State().exists:
        print("multiarch's test stack is not up")
        return
    if os.geteuid() != 0:
        msg = "only root can remove the test stack\n  fix: run `make down` as root"
        raise StackError(msg)
    with state.only_one():
        known = state.State()
        known.learn(**{state.READY: ""})
        failed = [entry for entry in reversed(known.entries) if not _done(known, entry)]
        if failed:
            msg = f"the parts above could not be removed; {layout.STATE} still lists them\n  fix: run `make down` again"
            raise StackError(msg)
        _remove(layout.STATE)
    layout.RUN.with_suffix(".lock").unlink(missing_ok=True)
    print(f"removed multiarch's test stack ({time.monotonic() - start:.1f} s)")


def _done(known: state.State, entry: undo.Undo) -> bool:
    """Take one thing back, and go on with the others if it fails."""
    try:
        said = _take_back(entry)
    except (StackError, OSError, subprocess.CalledProcessError) as error:
        print(f"  {error}", file=sys.stderr, flush=True)
        return False
    known.undone(entry)
    if said:
        print(f"  {said}", flush=True)
    return True


def _take_back(entry: undo.Undo) -> str:  # noqa: PLR0911 - one line for each kind of undo
    match entry:
        case undo.StopProcess(name=name):
            return f"stopped {name}" if process.stop(name) else ""
        case undo.PurgePackages(names=names):
            apt.purge(names)
            return f"removed the packages {' '.join(names)}"
        case undo.RemoveGroup(name=name):
            subprocess.run(["groupdel", name], capture_output=True, check=False)
            return ""
        case undo.RemovePath(path=path):
            return _remove(Path(path))
        case undo.RemoveEmptyFolder(path=path):
            folder = Path(path)
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
            return ""
        case undo.RemoveHosts():
            hosts.remove()
            return f"took the stack's lines out of {hosts.FILE}"
        case undo.Unregister(name=name):
            emulation.unregister(name)
            return f"took {name} out of binfmt_misc"
        case undo.Unmount(path=path):
            emulation.unmount(path)
            return f"unmounted {path}"
        case undo.RemoveNetworkLink(name=name):
            engine.remove_link(name)
            return f"removed the network link {name}"
        case undo.RemoveImage(reference=reference):
            return _remove_image(reference)
        case _:
            assert_never(entry)


def _remove(path: Path) -> str:
    if not (path.exists() or path.is_symlink()):
        return ""
    if path.is_dir() and not path.is_symlink():
        _unmount_below(path)
        shutil.rmtree(path)
    else:
        path.unlink()
    return f"removed {path}"


def _unmount_below(folder: Path) -> None:
    """A daemon that was killed leaves the mounts of its containers."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if folder in Path(mount).parents:
            subprocess.run(["umount", "--lazy", mount], capture_output=True, check=False)


def _remove_image(reference: str) -> str:
    """Remove an image with the builders that run it; in our own engine, all goes with the data folder."""
    if process.find("dockerd") or not engine.works():
        return ""
    for container in engine.docker("ps", "--all", "--quiet", "--filter", f"ancestor={reference}").split():
        name = engine.docker("inspect", "--format", "{{.Name}}", container).lstrip("/")
        engine.docker("rm", "--force", container)
        # buildx names a builder's volume after its container.
        engine.docker("volume", "rm", "--force", f"{name}_state")
    hosts_of_ours = tuple(f"{registry.host}/" for registry in layout.REGISTRIES)
    # What the stand-in pushed stays in docker's store.
    listed = (line.split() for line in engine.docker("images", "--format", "{{.Repository}} {{.ID}}").splitlines())
    pushed = [image for repository, image in listed if repository.startswith(hosts_of_ours)]
    engine.docker("rmi", "--force", reference, *pushed)
    return f"removed the image {reference}"
