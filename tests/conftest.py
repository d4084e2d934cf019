"""What all tests need."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Take SIGINT, which a shell ignores for what it runs in the background: our children would ignore it, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
