"""Folders that a run writes files to: checked before the build, and written all at once."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from multiarch.edges.files.place import make_folder, real_place
from multiarch.errors import ConfigurationError, OutputError

_CHUNK = 1 << 20


def check_folder(folder: Path, *, flag: str) -> None:
    """Check that files can be written to a folder, which may not exist yet; nothing is made.

    Args:
        folder: the folder.
        flag: the setting that names it, for the message.

    Raises:
        ConfigurationError: they cannot.
    """
    hint = f"name another folder: {flag} DIR"
    try:
        place = real_place(folder)
    except OSError as error:
        msg = f"{folder} cannot be written: {error.filename} is {error.strerror}"
        raise ConfigurationError(msg, hint=f"remove the link, or {hint}") from None
    there = next((each for each in (place, *place.parents) if os.path.lexists(each)), place)
    if not there.is_dir():
        msg = f"{folder} cannot be a folder: {there} exists and is not a folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        msg = f"{folder} cannot be written: no permission to write to {there}"
    else:
        return
    raise ConfigurationError(msg, hint=hint)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove what an earlier run wrote, so that nothing takes it for this run's, and the folder if that was all.

    An empty one would still be in the context of a build, where a COPY of all of it finds something new.

    Raises:
        ConfigurationError: a file cannot be removed.
    """
    try:
        place = real_place(folder)
        opened = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        msg = f"{folder} cannot be used: {error.filename or folder}: {error.strerror}"
        raise ConfigurationError(msg, hint="remove it, or name another folder") from None
    try:
        for name in names:
            try:
                os.unlink(name, dir_fd=opened)
            except FileNotFoundError:
                continue
            except OSError as error:
                msg = f"{folder / name} exists and cannot be removed: {error.strerror}"
                raise ConfigurationError(msg, hint="remove it, or name another folder") from None
    finally:
        os.close(opened)
    with suppress(OSError):
        place.rmdir()


def write_files(folder: Path, files: Mapping[str, bytes | IO[bytes]]) -> None:
    """Write files into a folder, which is made: all of them or none, and each at once.

    Args:
        folder: the folder.
        files: contents by name; of an open file, all of it is copied.

    Raises:
        OutputError: they cannot be written.
    """
    name, opened = "", None
    try:
        opened = make_folder(folder)
        for name, content in files.items():
            with suppress(FileNotFoundError):
                os.unlink(_fresh(name), dir_fd=opened)
            with _create(_fresh(name), opened) as file:
                if isinstance(content, bytes):
                    file.write(content)
                else:
                    content.seek(0)
                    while chunk := content.read(_CHUNK):
                        file.write(chunk)
        for name in files:
            os.replace(_fresh(name), name, src_dir_fd=opened, dst_dir_fd=opened)
    except BaseException as error:
        if opened is not None:
            for each in files:
                for written in (each, _fresh(each)):
                    with suppress(OSError):
                        os.unlink(written, dir_fd=opened)
        if not isinstance(error, OSError):
            raise
        # Names are relative to the open folder; a path is the link that is not followed.
        where = error.filename if Path(error.filename or "").is_absolute() else folder / name
        msg = f"{where} cannot be written: {error.strerror}"
        raise OutputError(msg, hint="the image is published: fix the folder, and run the same command again") from None
    finally:
        if opened is not None:
            os.close(opened)


def _fresh(name: str) -> str:
    return f".{name}.new"


def _create(name: str, folder: int) -> IO[bytes]:
    """Create a file that does not exist, not even as a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(name, flags, 0o666, dir_fd=folder), "wb")
