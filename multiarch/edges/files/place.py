"""Places that a run may write to. A symbolic link in the checkout is never followed: its author may not be the team."""

import errno
import os
from pathlib import Path


def checkout_of(folder: Path) -> Path:
    """Return the root of the checkout that a folder is in, without links; the folder itself where it is in none."""
    folder = folder.resolve()
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), folder)


def real_place(path: Path) -> Path:
    """Return a path without links; what does not exist yet is taken as it is.

    Links outside of the checkout of the current folder are followed: they are the host's.

    Raises:
        OSError: the path leads through a link that is in the checkout, or to nothing; its file name is the link.
    """
    root = checkout_of(Path.cwd())
    path = Path(os.path.normpath(Path.cwd() / path))
    place = Path(path.anchor)
    for part in path.parts[1:]:
        here = place / part
        if not here.is_symlink():
            place = here
        elif place.is_relative_to(root):
            raise OSError(errno.ELOOP, "a symbolic link in the checkout, which is not followed", str(here))
        elif not here.exists():
            raise OSError(errno.ENOENT, "a symbolic link to nothing", str(here))
        else:
            place = here.resolve()
    return place


def make_folder(folder: Path) -> int:
    """Make a folder with those above it, and return a file descriptor of it.

    Raises:
        OSError: it cannot be made, or leads through a link in the checkout.
    """
    place = real_place(folder)
    place.mkdir(parents=True, exist_ok=True)
    return os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)


def clear_file(path: Path) -> None:
    """Make the folders above a file that another program writes, and remove what stands in its place: a link, too.

    Raises:
        OSError: a folder cannot be made, leads through a link in the checkout, or the file cannot be removed.
    """
    folder = make_folder(path.parent)
    try:
        os.unlink(path.name, dir_fd=folder)
    except FileNotFoundError:
        pass
    finally:
        os.close(folder)
