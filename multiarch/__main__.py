"""`python -m multiarch`; the only place that reads the environment."""

import os
import sys


def _leave_folder() -> None:
    """Prevent imports from the current folder, the user's project, which can contain a click.py.

    `python -m` puts the folder first in sys.path, and an empty entry of PYTHONPATH is the folder, too.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    try:
        folder = os.getcwd()  # noqa: PTH109
    except OSError:
        return  # the folder was removed
    if folder == root:
        return  # the checkout of this package
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != folder]  # noqa: PTH100
    modules = [each for name, each in list(sys.modules.items()) if name != "__main__"]
    files = [getattr(each, "__file__", None) or "" for each in modules]
    if foreign := [each for each in files if os.path.dirname(each.removesuffix("/__init__.py")) == folder]:  # noqa: PTH120
        text = f"error: Python imported {foreign[0]} from the current folder before multiarch could start\n"
        try:
            os.write(2, f"{text}  fix: set PYTHONSAFEPATH=1, or run python -P -m multiarch\n".encode())
        finally:
            os._exit(2)


# Before anything else is imported; os and sys are part of Python's own start.
_leave_folder()

import gc  # noqa: E402
import signal  # noqa: E402
from contextlib import suppress  # noqa: E402


def _open_streams() -> None:
    """Open the null device for a closed standard stream; else the next opened file gets its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def main() -> None:
    """Run, and exit without the interpreter's cleanup, which takes time; the run has cleaned up by then."""
    for each in (signal.SIGINT, signal.SIGTERM):
        # There is nothing to clean up yet; `attend` replaces this handler.
        signal.signal(each, lambda number, _: os._exit(128 + number))
    _open_streams()
    # Each garbage collection walks all imported objects, which takes a tenth of a second in a short run.
    gc.set_threshold(100_000)
    from multiarch.edges.signals import Interruption, attend

    def work(interruption: Interruption) -> int:
        from multiarch.cli import main

        code = main(sys.argv[1:], dict(os.environ), interruption)
        for stream in (sys.stdout, sys.stderr):
            if stream:
                with suppress(OSError):
                    stream.flush()
        return code

    os._exit(attend(work))


if __name__ == "__main__":
    main()
