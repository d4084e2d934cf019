"""A terminal for a child that draws on ours: what it draws is shown as it comes, and its end is kept."""

import fcntl
import os
import pty
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_CHUNK = 1 << 16
_KEPT = 1 << 17


@contextmanager
def terminal_copy() -> Iterator[tuple[int, Callable[[], bytes]]]:
    """Yield a terminal of the size of ours, and what copies it to ours until it is closed, and returns its end."""
    ours, theirs = pty.openpty()
    with suppress(OSError):
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, fcntl.ioctl(sys.stderr.fileno(), termios.TIOCGWINSZ, bytes(8)))

    def copy() -> bytes:
        kept = b""
        while chunk := _read(ours):
            sys.stderr.buffer.write(chunk)
            sys.stderr.buffer.flush()
            kept = (kept + chunk)[-_KEPT:]
        return kept

    try:
        yield theirs, copy
    finally:
        os.close(ours)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, _CHUNK)
    except OSError:
        return b""  # Linux answers EIO once the child has closed its side
