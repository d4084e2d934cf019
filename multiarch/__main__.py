"""`python -m multiarch`; the only place that reads the environment."""

import os
import sys


def _leave_folder() -> None:
    """Import no module from the current folder, the user's project: a click.py of its own is not ours.

    `python -m` puts the folder first, before our first line, and an empty entry of PYTHONPATH is the folder, too.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    try:
        folder = os.getcwd()  # noqa: PTH109
    except OSError:
        return  # there is no such folder any more
    if folder == root:
        return  # the package's own checkout
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
    """Give a stream that was closed for us to nobody: else the next file that is opened is taken for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we run


def main() -> None:
    """Run, and end at once: taking the interpreter apart takes time, and everything is cleaned up by then."""
    for each in (signal.SIGINT, signal.SIGTERM):
        # Nothing is to be cleaned up yet; `attend` takes over.
        signal.signal(each, lambda number, _: os._exit(128 + number))
    _open_streams()
    # A run leaves little garbage, and each collection walks all that was imported: a tenth of a second in a short run.
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
