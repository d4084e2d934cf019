"""What is called every so often, while something else waits."""

from __future__ import annotations

import threading

import pytest

from multiarch.edges.heartbeat import every


def test_it_is_called_until_the_block_ends() -> None:
    called = threading.Semaphore(0)
    before = threading.active_count()
    with every(0.001, called.release):
        for _ in range(3):
            assert called.acquire(timeout=10)
    assert threading.active_count() == before


def test_it_ends_where_the_block_fails() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), every(0.001, lambda: None):
        raise KeyError
    assert threading.active_count() == before
