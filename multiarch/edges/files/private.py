"""The private folder of a run, which holds its login. What a killed run leaves of it is removed by a later one.

A run locks its folder as long as it lives, and the kernel releases the lock of a process that was killed. A lock also
works across containers that share /tmp, where process numbers mean nothing: https://man7.org/linux/man-pages/man2/flock.2.html
"""

import fcntl
import os
import shutil
import stat
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

from multiarch.errors import RunEndedError

_PREFIX = "multiarch-run-"
_CHANGE_SECONDS = 1.0


class PrivateFolder:
    """A folder that only this user may read, made on first use."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._opened: int | None = None
        self._changing = threading.Lock()
        self._is_closed = False

    @property
    def path(self) -> Path:
        """The folder.

        Raises:
            RunEndedError: it was removed already.
        """
        with self._changing:
            while not self._path:
                if self._is_closed:
                    raise RunEndedError
                path = Path(tempfile.mkdtemp(prefix=_PREFIX))  # mkdtemp makes it 0700
                # Between these two lines, another run may take it for one that was left.
                with suppress(OSError):
                    self._opened = _locked(path)
                    self._path = path if self._opened is not None else None
            return self._path

    def close(self) -> None:
        """Remove the folder, if there is one, for good; a thread that makes it is waited for, but not for long."""
        is_held = self._changing.acquire(timeout=_CHANGE_SECONDS)
        self._is_closed = True
        path, opened = self._path, self._opened
        self._path = self._opened = None
        if path:
            shutil.rmtree(path, ignore_errors=True)
        if opened is not None:
            os.close(opened)
        if is_held:
            self._changing.release()


def remove_left_folders() -> None:
    """Remove the private folders of runs that were killed: this user's own, and of no run that lives."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX):
                with suppress(OSError):
                    _remove(Path(entry.path))


def _remove(path: Path) -> None:
    lock = _locked(path)
    if lock is not None:
        try:
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(lock)


def _locked(path: Path) -> int | None:
    """Lock a folder, and return its file descriptor; None if another run holds it, or it is not this user's own.

    Raises:
        OSError: there is no such folder, or the path is a link.
    """
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    with suppress(OSError):
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        found = os.fstat(opened)
        is_private = found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
        if is_private and os.path.samestat(found, path.lstat()):
            return opened
    os.close(opened)
    return None
