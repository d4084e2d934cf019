"""Folders that a run writes files to: looked at before the build, and written so that nothing is there by halves."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from multiarch.errors import ConfigurationError, OutputError


def check_folder(folder: Path, *, flag: str) -> None:
    """Check that files can be written to a folder, which need not be there yet; nothing is made.

    Args:
        folder: the folder.
        flag: the setting that names it, for the message.

    Raises:
        ConfigurationError: they cannot.
    """
    there = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)
    if not there.is_dir():
        msg = f"{folder} cannot be a folder: {there} is there, and is none"
    elif not os.access(there, os.W_OK | os.X_OK):
        msg = f"{folder} cannot be written: there is no permission to write to {there}"
    else:
        return
    raise ConfigurationError(msg, hint=f"name another folder: {flag} DIR")


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove what an earlier run wrote, so that nothing takes it for this run's, and the folder if that was all.

    An empty one would still be in the context of a build, where a COPY of all of it finds something new.

    Raises:
        ConfigurationError: a file cannot be removed.
    """
    for name in names:
        try:
            (folder / name).unlink(missing_ok=True)
        except NotADirectoryError:
            return
        except OSError as error:
            msg = f"{folder / name} is there and cannot be removed: {error.strerror}"
            raise ConfigurationError(msg, hint="remove it yourself, or name another folder") from None
    with suppress(OSError):
        folder.rmdir()


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, which is made: all of them or none, and each at once.

    Raises:
        OutputError: they cannot be written.
    """
    fresh = {folder / name: folder / f".{name}.new" for name in files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            fresh[folder / name].unlink(missing_ok=True)
            with fresh[folder / name].open("xb") as file:
                file.write(content)
        for path, temporary in fresh.items():
            temporary.replace(path)
    except BaseException as error:
        for each in (*fresh, *fresh.values()):
            with suppress(OSError):
                each.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        msg = f"{error.filename2 or error.filename or folder} cannot be written: {error.strerror}"
        raise OutputError(msg, hint="the image is published; mend the folder, and run the same again") from None
