"""A heartbeat beside something else."""

from __future__ import annotations

import threading

import pytest

from multiarch.edges.heartbeat import every


def test_heartbeat_calls_until_the_block_ends() -> None:
    called = threading.Semaphore(0)
    before = threading.active_count()
    with every(0.001, called.release):
        for _ in range(3):
            assert called.acquire(timeout=10)
    assert threading.active_count() == before


def test_heartbeat_ends_when_the_block_fails() -> None:
    before = threading.active_count()
    with pytest.raises(KeyError), every(0.001, lambda: None):
        raise KeyError
    assert threading.active_count() == before
