"""`python -m multiarch`; the only place that reads the environment."""

import gc
import os
import signal
import sys
from contextlib import suppress

# `python -m` looks for every module in the current folder first: there lies the user's project, and a types.py or a
# click.py of its own is not ours. Where this package itself is run from its checkout, the folder stays.
if __name__ == "__main__" and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):  # noqa: PTH120, PTH100
    del sys.path[0]


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
    from multiarch.edges.signals import Interruption, attend  # noqa: PLC0415 - once a signal ends us as it should

    def work(interruption: Interruption) -> int:
        from multiarch.cli import main  # noqa: PLC0415 - in the thread that no signal interrupts

        code = main(sys.argv[1:], dict(os.environ), interruption)
        for stream in (sys.stdout, sys.stderr):
            if stream:
                with suppress(OSError):
                    stream.flush()
        return code

    os._exit(attend(work))


if __name__ == "__main__":
    main()
