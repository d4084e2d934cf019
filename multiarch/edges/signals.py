"""Signals. The main thread waits for them and does nothing else; the program runs in a thread of its own.

No signal handler runs code of ours, so no signal ends an import, holds a lock or splits a write. Whoever waits for the
network or for a child waits in `Interruption.call`, which a signal ends: it raises InterruptedRunError there.
"""

import os
import select
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from multiarch.errors import InterruptedRunError

# SIGHUP too: a terminal that is closed must not leave a login behind.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Seconds from the first signal to the end of a run that cleans up; with what killing takes, it ends within 10.
_CLEAN_UP_SECONDS = 9.0
# Seconds that a call gets to return once it was stopped.
_STOP_SECONDS = 1.0
_DONE = 0

_Value = TypeVar("_Value")


class Interruption:
    """Whether a signal has come, for the threads that work.

    Attributes:
        number: the first signal's, 0 while none has come.
    """

    def __init__(self) -> None:
        self.number = 0
        self._changed = threading.Condition()
        self._abandon: Callable[[], object] | None = None

    def note(self, number: int) -> bool:
        """Note a signal and wake whoever waits; return whether the program has something to clean up."""
        with self._changed:
            self.number = self.number or number
            self._changed.notify_all()
            return self._abandon is not None

    def check(self) -> None:
        """Raise InterruptedRunError if a signal has come."""
        if self.number:
            raise InterruptedRunError(self.number)

    def sleep(self, seconds: float) -> None:
        """Wait; raise InterruptedRunError at a signal."""
        with self._changed:
            self._changed.wait_for(lambda: self.number, timeout=seconds)
        self.check()

    def call(self, function: Callable[[], _Value], *, stop: Callable[[], object] | None = None) -> _Value:
        """Return what a function returns or raise what it raises; raise InterruptedRunError at a signal.

        The function runs in a daemon thread, which is left alone after a signal: nobody waits for the network.

        Args:
            function: what waits for something outside of this program.
            stop: makes the function return soon: it is called at a signal, and the function's end waited for.
        """
        from multiarch.futures import start

        self.check()
        future = start(function)
        future.add_done_callback(lambda _: self._wake())
        with self._changed:
            self._changed.wait_for(lambda: future.done() or self.number)
        if self.number and stop:
            stop()
            with self._changed:
                self._changed.wait_for(future.done, timeout=_STOP_SECONDS)
        self.check()
        return future.result()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    @contextmanager
    def cleaning_up(self, abandon: Callable[[], object]) -> Iterator[None]:
        """Let the block clean up after a signal, which otherwise ends the program at once.

        Args:
            abandon: removes what must not stay; called at the second signal, or when the time is over.
        """
        with self._changed:
            self.check()
            self._abandon = abandon
        try:
            yield
        finally:
            with self._changed:
                self._abandon = None
            self.check()

    def abandon(self) -> None:
        """Remove what must not stay, without waiting for whoever works."""
        abandon = self._abandon
        if abandon:
            with suppress(Exception):
                abandon()


def attend(work: Callable[[Interruption], int]) -> int:
    """Run the program in a thread, and return its exit code; a signal's is 128 and its number.

    A signal ends the process at once, unless the program is in `cleaning_up`: then at the second signal, or when the
    time to clean up is over.
    """
    interruption, codes = Interruption(), [1]
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    # Python's own handler writes the signal's number, in C: https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    for each in SIGNALS:
        # A program that nohup started outlives its terminal.
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:
            signal.signal(each, _leave_to_wakeup)

    def run() -> None:
        try:
            codes[0] = work(interruption)
        except BaseException:  # noqa: BLE001 - as Python does: a traceback, and exit code 1
            traceback.print_exc()
        os.write(writer, bytes([_DONE]))

    threading.Thread(target=run, name="multiarch", daemon=True).start()
    first = os.read(reader, 1)[0]
    if first == _DONE:
        return codes[0]
    if not interruption.note(first):
        _say(f"error: {InterruptedRunError(first).message}\n")
        _end(first)
    ready, _, _ = select.select([reader], [], [], _CLEAN_UP_SECONDS)
    second = os.read(reader, 1)[0] if ready else first
    if second != _DONE:
        interruption.abandon()
        _end(second)
    _kill_children()
    return 128 + first


def _leave_to_wakeup(_number: int, _frame: object) -> None:
    """Do nothing: the main thread reads the signal's number from the wakeup file descriptor."""


def _say(text: str) -> None:
    """Write to the standard error, unless nobody reads it: a full pipe would hold us up."""
    with suppress(OSError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, text.encode())


def _end(number: int) -> None:
    _kill_children()
    os._exit(128 + number)


def _kill_children() -> None:
    """Kill every process that this one has started and that still runs, with the children of those."""
    for _ in range(3):  # a child may start another one in the meantime
        left = _descendants(os.getpid())
        for each in left:
            with suppress(OSError):
                os.kill(each, signal.SIGKILL)
        if not left:
            return
        time.sleep(0.01)


def _descendants(process: int) -> set[int]:
    """Return the numbers of a process's children and theirs; none where there is no /proc.

    https://docs.kernel.org/filesystems/proc.html, table 1-4: the parent is the field after the state.
    """
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            # The name stands in parentheses, and may hold some.
            state, parent = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append(int(path.parent.name))
    found, waiting = set[int](), [process]
    while waiting:
        new = children.get(waiting.pop(), [])
        found.update(new)
        waiting += new
    return found
