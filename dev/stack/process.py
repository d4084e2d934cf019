"""Background programs: started in their own session, found again by a mark in their environment.

A pid alone proves nothing: after a reboot, or in a CI that kills all processes, another program may have it. So each
program carries its name in an environment variable, which /proc shows for as long as it lives.
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import layout
from dev.stack.errors import StepFailedError
from dev.stack.undo import StopProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dev.stack.state import State

_MARK: Final = "MULTIARCH_STACK_PROCESS"
_POLL: Final = 0.02
# Those of this very process: it alone can take note of their end.
_children: dict[str, subprocess.Popen[bytes]] = {}


def start(
    state: State,
    name: str,
    command: Sequence[str],
    *,
    ready: Callable[[], bool],
    seconds: float = 30,
    made_of: Sequence[Path] = (),
) -> None:
    """Start the program unless it runs, and return once it is of use.

    Args:
        state: takes note of it.
        name: what it is called here.
        command: the program.
        ready: whether it is of use.
        seconds: how long that may take.
        made_of: the files whose content `is_made_of` compares.
    """
    log = log_of(name)
    if find(name) is not None and ready():
        return
    stop(name)
    log.parent.mkdir(parents=True, exist_ok=True)
    state.will(StopProcess(name=name))
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, _MARK: name},
            start_new_session=True,
            cwd="/",
        )
    _children[name] = process
    _pid_file(name).parent.mkdir(parents=True, exist_ok=True)
    _pid_file(name).write_text(f"{process.pid}\n")
    _digest_file(name).write_text(_digest(made_of))
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            msg = f"{name} exited at start, exit code {process.returncode}"
            raise StepFailedError.from_log(msg, log)
        if time.monotonic() > deadline:
            msg = f"{name} was not ready after {seconds:.0f} s"
            raise StepFailedError.from_log(msg, log)
        time.sleep(_POLL)


def find(name: str) -> int | None:
    """The pid of the running program, if it is ours."""
    try:
        pid = int(_pid_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _marked(pid) == name else None


def is_newer(name: str, *files: Path) -> bool:
    """Whether the program was started after these files were written."""
    try:
        started = _pid_file(name).stat().st_mtime
        return all(file.stat().st_mtime <= started for file in files)
    except FileNotFoundError:
        return False


def is_made_of(name: str, files: Sequence[Path]) -> bool:
    """Whether the program was started from files of this content, whichever checkout they were in."""
    try:
        return _digest_file(name).read_text() == _digest(files)
    except FileNotFoundError:
        return False


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()


def stop(name: str, seconds: float = 20) -> bool:
    """Stop the program and what it started; say whether anything ran."""
    pid = find(name)
    if pid is not None:
        _signal(pid, signal.SIGTERM)
        _wait_until_gone([pid], seconds)
    left = [pid for pid in _all() if _marked(pid) == name]
    for other in left:
        _signal(other, signal.SIGKILL)
    _wait_until_gone(left, seconds)
    if child := _children.pop(name, None):
        child.wait(seconds)
    _pid_file(name).unlink(missing_ok=True)
    _digest_file(name).unlink(missing_ok=True)
    return pid is not None or bool(left)


def log_of(name: str) -> Path:
    return layout.LOGS / f"{name}.log"


def _pid_file(name: str) -> Path:
    return layout.STATE / "pid" / name


def _digest_file(name: str) -> Path:
    return layout.STATE / "pid" / f"{name}.sha256"


def _all() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _marked(pid: int) -> str | None:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return None
    prefix = f"{_MARK}=".encode()
    return next((v.removeprefix(prefix).decode() for v in environment.split(b"\0") if v.startswith(prefix)), None)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_until_gone(pids: list[int], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while any(_marked(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(_POLL)
