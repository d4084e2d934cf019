"""Carry the steps out, each as soon as what it needs is there."""

from __future__ import annotations

import os
import shutil
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from dev.stack import apt, browser, engine, layout, state, tools
from dev.stack.errors import StackError
from dev.stack.steps import Step, steps

if TYPE_CHECKING:
    from collections.abc import Iterable

_BY_HAND: Final = f"""  fix: run `make up` as root on Debian. On another system, install a running docker engine
  {engine.LEAST} or newer with buildx, socat, chromium, and in {layout.TOOLS} these programs:
  {", ".join(tool.name for tool in tools.ALL)}"""


def up() -> None:
    start = time.monotonic()
    if not _is_up():
        if os.geteuid() != 0:
            msg = f"the test stack must run as root: it writes /etc/hosts and listens on port 443\n{_BY_HAND}"
            raise StackError(msg)
        with state.only_one():
            _make()
    print(f"multiarch's test stack is up ({time.monotonic() - start:.1f} s)")


def _is_up() -> bool:
    known = state.State()
    return bool(known.fact(state.READY)) and not _needed(steps(known))


def _make() -> None:
    known = state.State()
    # Asked again: another `up` may have come first.
    needed = _needed(steps(known))
    _check(needed)
    print("starting multiarch's test stack:")
    for step in needed:
        print(f"  {step.name:<12}{step.what}")
    try:
        _run(needed)
    finally:
        shutil.rmtree(apt.FOLDER, ignore_errors=True)
    known.learn(**{state.READY: "yes"})


def _needed(table: Iterable[Step]) -> tuple[Step, ...]:
    with ThreadPoolExecutor() as pool:
        asked = [(step, pool.submit(step.ready)) for step in table]
        return tuple(step for step, ready in asked if not ready.result())


def _check(needed: Iterable[Step]) -> None:
    if {"packages", "browser", "tools"} & {step.name for step in needed} and not apt.supported():
        missing = [
            *engine.missing_packages(),
            *([] if browser.find() else ["chromium"]),
            *(tool.name for tool in tools.ALL if not tool.file.exists()),
        ]
        msg = f"not installed: {', '.join(missing)}\n{_BY_HAND}"
        raise StackError(msg)


def _run(needed: tuple[Step, ...]) -> None:
    """Run the steps, each in its thread; the first failure ends those that have not started."""
    failed = threading.Event()
    futures: dict[str, Future[None]] = {}
    # A thread for each: a step that waits must not keep another from running.
    with ThreadPoolExecutor(len(needed) or 1) as pool:
        for step in needed:
            before = [futures[name] for name in step.after if name in futures]
            futures[step.name] = pool.submit(_run_one, step, before, failed)
    errors = [error for future in futures.values() if (error := future.exception())]
    if errors:
        raise next((error for error in errors if not isinstance(error, _SkippedError)), errors[0])


class _SkippedError(StackError):
    pass


def _run_one(step: Step, before: Iterable[Future[None]], failed: threading.Event) -> None:
    for future in before:
        future.exception()
    if failed.is_set():
        raise _SkippedError(step.name)
    start = time.monotonic()
    try:
        step.make()
    except BaseException:
        failed.set()
        raise
    print(f"  {step.name:<12}done in {time.monotonic() - start:.1f} s", flush=True)
