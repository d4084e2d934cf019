"""`python -m multiarch`; the only place that reads the environment."""

import gc
import os
import sys
from contextlib import suppress

# `python -m` looks for every module in the current folder first: there lies the user's project, and a types.py or a
# click.py of its own is not ours. Where this package itself is run from its checkout, the folder stays.
if __name__ == "__main__" and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):  # noqa: PTH120, PTH100
    del sys.path[0]

# A run leaves little garbage, and each collection walks all that was imported: a tenth of a second in a short run.
gc.set_threshold(100_000)

from multiarch.cli import main as _main  # noqa: E402 - after what makes its import faster


def _open_streams() -> None:
    """Give a stream that was closed for us to nobody: else the next file that is opened is taken for it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we run


def main() -> None:
    """Run, and end at once: taking the interpreter apart takes time, and everything is cleaned up by then."""
    _open_streams()
    code = _main(sys.argv[1:], dict(os.environ))
    for stream in (sys.stdout, sys.stderr):
        if stream:
            with suppress(OSError):
                stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
