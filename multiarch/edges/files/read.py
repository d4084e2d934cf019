"""Files of unknown content and kind, read within bounds."""

import errno
import os
import stat
from pathlib import Path

_CHUNK = 1 << 20


def read_file(path: Path, size: int) -> bytes:
    """Read a regular file, through links, of so many bytes at most.

    A device without end, or a pipe that nobody writes to, is not waited for.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger; `strerror` says which.
    """
    # A pipe without a writer would block the open itself.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        mode = os.fstat(number).st_mode
        if not stat.S_ISREG(mode):
            # An existing program of the standard library raises IsADirectoryError here.
            code = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
            text = os.strerror(code) if stat.S_ISDIR(mode) else "not a regular file"
            raise OSError(code, text, str(path))
        found = bytearray()
        while chunk := os.read(number, _CHUNK):
            found += chunk
            if len(found) > size:
                raise OSError(errno.EFBIG, f"larger than {size:,} bytes", str(path))
        return bytes(found)
    finally:
        os.close(number)
