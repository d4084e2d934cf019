"""Runs calls in other threads, as futures.

All threads are daemon threads, so that neither a caller nor the end of the interpreter waits for the network. The
executors of concurrent.futures join their threads before the interpreter ends:
https://docs.python.org/3/library/concurrent.futures.html#threadpoolexecutor
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar

_Item = TypeVar("_Item")
_Value = TypeVar("_Value")

_AT_ONCE = 8


def start(call: Callable[[], _Value], future: Future[_Value] | None = None) -> Future[_Value]:
    """Run a call in another thread.

    Args:
        call: the function to run; the future gets its value or its exception.
        future: the future to use; a new one by default.
    """
    future = Future() if future is None else future
    threading.Thread(target=_run, args=(future, call), daemon=True).start()
    return future


def completed(value: _Value) -> Future[_Value]:
    """Return a future that has its value."""
    future: Future[_Value] = Future()
    future.set_result(value)
    return future


def map_all(call: Callable[[_Item], _Value], items: Iterable[_Item], *, at_once: int = _AT_ONCE) -> list[_Value]:
    """Apply a call to each item, to at most `at_once` at the same time; return the values in the order of the items.

    Raises:
        BaseException: the exception of the first item that failed; waiting items are skipped.
    """
    work: SimpleQueue[tuple[Future[_Value], _Item]] = SimpleQueue()
    futures: list[Future[_Value]] = []
    for item in items:
        futures.append(Future())
        work.put((futures[-1], item))

    def run() -> None:
        while True:
            try:
                future, item = work.get_nowait()
            except Empty:
                return
            _run(future, partial(call, item))

    for _ in range(min(at_once, len(futures))):
        start(run)
    try:
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()


def _run(future: Future[_Value], call: Callable[[], _Value]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        value = call()
    except BaseException as error:  # noqa: BLE001 - the future's result raises it again
        future.set_exception(error)
    else:
        future.set_result(value)
