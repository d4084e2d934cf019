"""Calls in other threads."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from multiarch.futures import map_all, start


def test_start_returns_a_future_with_the_value() -> None:
    assert start(lambda: 7).result(5) == 7


@pytest.mark.parametrize("error", [KeyError("x"), KeyboardInterrupt()], ids=["an Exception", "a BaseException"])
def test_start_of_a_call_that_raises_raises_in_result(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        start(fail).result(5)


@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_map_all_returns_values_in_the_order_of_the_items(count: int) -> None:
    def square(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return number * number

    assert map_all(square, range(count)) == [number * number for number in range(count)]


def test_map_all_runs_no_more_at_once_than_allowed() -> None:
    lock, now, most = threading.Lock(), 0, 0

    def count(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1

    map_all(count, range(12), at_once=3)
    assert most == 3


def test_map_all_raises_the_first_items_error_and_skips_items_that_wait() -> None:
    seen: list[int] = []

    def fail(number: int) -> None:
        seen.append(number)
        time.sleep(0.05)
        raise KeyError(number)

    with pytest.raises(KeyError) as caught:
        map_all(fail, range(20), at_once=2)
    assert caught.value.args == (0,)
    assert len(seen) <= 4


def test_interpreter_ends_while_threads_still_wait() -> None:
    program = (
        "import threading; from multiarch.futures import map_all, start\n"
        "never = threading.Event(); start(never.wait)\n"
        "start(lambda: map_all(lambda _: never.wait(), range(9)))"
    )
    begin = time.monotonic()
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0
    assert time.monotonic() - begin < 20
