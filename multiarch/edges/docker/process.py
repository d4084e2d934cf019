"""The only starter of docker processes, and the only importer of python_on_whales.

python-on-whales describes what is there when something has failed. The build, and what stands on the fast path, is
started here: its log streaming is quadratic in the number of lines, and its import takes longer than a docker command.
"""

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property

from multiarch.deadline import Deadline
from multiarch.edges.docker.plugin import find_buildx
from multiarch.edges.docker.terminal import terminal_copy
from multiarch.edges.lines import read_lines
from multiarch.errors import OperationFailedError, RunEndedError

_TAIL_LINES = 200
_TAIL_BYTES = 1 << 20
_CHUNK = 1 << 16
# `docker buildx ls` of a hundred builders has some 100 kB.
LARGEST_OUTPUT = 16 << 20
# Seconds that every command has, also after the deadline: a boot pulls an image.
LEAST = 300.0

# Together with the last command, 8 s: a run that is interrupted ends within 10.
_PATIENCE = 3.0
# Starting a process takes milliseconds; whoever kills waits no longer than this for one that is being started.
_START_SECONDS = 1.0

_BUILDX = ("docker", "buildx")

_NO_DOCKER = "docker: command not found"


class Docker:
    """Runs docker commands, and stops those that still run."""

    def __init__(self, environment: Mapping[str, str], *, deadline: Deadline | None = None) -> None:
        """Prepare.

        Args:
            environment: of the commands.
            deadline: the end of the run's retries: no command that says little outlasts it by more than `LEAST`.
        """
        # Provenance in the metadata file takes time to resolve and is read by nobody here.
        self._environment = {**environment, "BUILDX_METADATA_PROVENANCE": "disabled"}
        self._running: set[subprocess.Popen[bytes]] = set()
        self._begun: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}
        # Held while a process is started, so that none is missed by whoever stops or kills all of them.
        self._lock = threading.Lock()
        self._stopped = False
        self._killed = False
        self._deadline = deadline

    @cached_property
    def _buildx(self) -> str:
        return find_buildx(self._environment)

    def use_config(self, folder: str) -> None:
        """Let all further commands run with this docker configuration folder."""
        self._environment["DOCKER_CONFIG"] = folder

    def begin(self, command: Sequence[str]) -> None:
        """Start a command that says little now; `run` with the same command waits for it and says how it ended."""
        with self._lock, suppress(OperationFailedError):
            if self._stopped:
                return
            process = self._start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self._running.add(process)
            self._begun[tuple(command)] = process

    def run(self, command: Sequence[str], *, phase: str) -> str:
        """Run a command that says little, and return its standard output.

        Raises:
            OperationFailedError: it could not be started, did not succeed, printed too much or did not end in time.
        """
        seconds = max(LEAST, self._deadline.left) if self._deadline else None
        with self._started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            output, errors = _captured(command, process, phase, seconds)
        return _output(command, process, output, errors, phase)

    def run_last(self, command: Sequence[str], *, phase: str, seconds: float) -> str:
        """Stop whatever still runs, for good; then run one more command, which is killed when its time is over.

        Raises:
            OperationFailedError: it could not be started, did not succeed or did not end in time.
            RunEndedError: everything was killed before it could be started.
        """
        self.stop()
        with self._lock:
            if self._killed:
                raise RunEndedError
            process = self._start(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self._running.add(process)
        try:
            output, errors = _captured(command, process, phase, seconds)
        finally:
            _kill_group(process)
            process.wait()
            self._forget(process)
        return _output(command, process, output, errors, phase)

    def stream(self, command: Sequence[str], *, stdin: bytes, on_line: Callable[[str], object], phase: str) -> None:
        """Run a command with much output, and pass each line of its standard error to `on_line` as it arrives.

        Args:
            command: the command.
            stdin: what it reads.
            on_line: takes a line, without its end.
            phase: what to call it if it fails.

        Raises:
            OperationFailedError: it could not be started or did not succeed; its lines are the caller's to add.
        """
        with self._started(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            _feed(process, stdin)
            assert process.stderr
            for line in read_lines(process.stderr):
                on_line(line)
            process.wait()
        if process.returncode != 0:
            raise OperationFailedError(phase, [])

    def show(self, command: Sequence[str], *, stdin: bytes, phase: str) -> None:
        """Run a command that draws on our terminal, and keep the end of what it draws in case it fails.

        Raises:
            OperationFailedError: it could not be started or did not succeed; its lines are the last that it drew.
        """
        with (
            terminal_copy() as (theirs, copy),
            self._started(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=theirs) as process,
        ):
            os.close(theirs)
            _feed(process, stdin)
            drawn = copy()
            process.wait()
        if process.returncode != 0:
            raise OperationFailedError(phase, _lines(drawn) or [_exit_line(command, process)])

    def builder_platforms(self, name: str) -> tuple[str, ...]:
        """Return the platforms that a builder says it can run; none where it does not answer."""
        from python_on_whales import DockerClient
        from python_on_whales.exceptions import DockerException

        try:
            builders = DockerClient(config=self._environment.get("DOCKER_CONFIG")).buildx.list()
        except (DockerException, OSError, ValueError):
            return ()
        nodes = (node for builder in builders if builder.name == name for node in builder.nodes or [])
        return tuple(dict.fromkeys(platform for node in nodes for platform in node.platforms or []))

    def stop(self, *, patience: float = _PATIENCE) -> None:
        """Stop whatever still runs: first as Ctrl-C does, so that the builder hears of it, then for good.

        Args:
            patience: the seconds that all of them have together.
        """
        with self._lock:
            self._stopped = True
            running = list(self._running)
        end = time.monotonic() + patience
        for process in running:
            _signal(process, signal.SIGINT)
        for process in running:
            _end(process, end)
        for process in self._begun.values():
            self._forget(process)

    def kill(self) -> None:
        """Kill whatever still runs, for good, and wait for nothing."""
        is_held = self._lock.acquire(timeout=_START_SECONDS)
        self._stopped = self._killed = True
        for process in list(self._running):
            _kill_group(process)
        if is_held:
            self._lock.release()

    @contextmanager
    def _started(
        self, command: Sequence[str], *, stdin: int = subprocess.DEVNULL, **streams: int | None
    ) -> Iterator[subprocess.Popen[bytes]]:
        with self._lock:
            if self._stopped:
                raise RunEndedError
            process = self._begun.pop(tuple(command), None) or self._start(command, stdin=stdin, **streams)
            self._running.add(process)
        is_over = False
        try:
            yield process
            is_over = process.returncode is not None and not self._stopped
        finally:
            if not is_over:
                _signal(process, signal.SIGINT)
                _end(process, time.monotonic() + _PATIENCE)
            self._forget(process)
        if self._stopped:
            raise RunEndedError

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        _close_all(process)
        with self._lock:
            self._running.discard(process)

    def _start(self, command: Sequence[str], *, stdin: int, **streams: int | None) -> subprocess.Popen[bytes]:
        if tuple(command[:2]) == _BUILDX and self._buildx:
            command = [self._buildx, *command[2:]]
        try:
            return subprocess.Popen(command, env=self._environment, stdin=stdin, process_group=0, **streams)  # type: ignore[call-overload,no-any-return]  # streams are stdout and stderr
        except FileNotFoundError:
            raise OperationFailedError("daemon", [_NO_DOCKER]) from None
        except OSError as error:
            raise OperationFailedError("daemon", [f"{command[0]}: {error.strerror}"]) from None


def _captured(
    command: Sequence[str], process: subprocess.Popen[bytes], phase: str, seconds: float | None
) -> tuple[bytes, bytes]:
    """Return a process's whole standard output, and the end of its standard error.

    Raises:
        OperationFailedError: it printed more than a docker command can have to say, or did not end in time.
    """
    assert process.stdout
    assert process.stderr
    output, errors = bytearray(), bytearray()
    end = None if seconds is None else time.monotonic() + seconds
    late = OperationFailedError(phase, [f"{_words(command)} did not end within {seconds or 0:.0f} s"])
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output)
        selector.register(process.stderr, selectors.EVENT_READ, errors)
        while selector.get_map():
            ready = selector.select(None if end is None else max(0.0, end - time.monotonic()))
            if not ready:
                raise late
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK)
                key.data.extend(chunk)
                if not chunk:
                    selector.unregister(key.fileobj)
            if len(output) > LARGEST_OUTPUT:
                size = f"{LARGEST_OUTPUT >> 20} MiB"
                raise OperationFailedError(phase, [f"{_words(command)} printed more than {size}: not a docker command"])
            del errors[:-_TAIL_BYTES]
    try:
        process.wait(None if end is None else max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise late from None
    return bytes(output), bytes(errors)


def _feed(process: subprocess.Popen[bytes], content: bytes) -> None:
    """Write a process's whole input; one that ends without reading it says why on its standard error."""
    assert process.stdin
    with suppress(BrokenPipeError):
        process.stdin.write(content)
        process.stdin.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a process and its children: docker starts buildx as one, which a kill of docker alone would leave."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children; also children that it has left behind: their group keeps its number."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], end: float) -> None:
    """Wait for a process that was signaled, for so long, and leave nothing of it."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=max(0.0, end - time.monotonic()))
    _kill_group(process)
    process.wait()


def _close_all(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream and not stream.closed:
            with suppress(BrokenPipeError):
                stream.close()


def _lines(output: bytes) -> list[str]:
    return output.decode(errors="replace").splitlines()[-_TAIL_LINES:]


def _output(command: Sequence[str], process: subprocess.Popen[bytes], output: bytes, errors: bytes, phase: str) -> str:
    if process.returncode != 0:
        lines = _lines(errors) or _lines(output) or [_exit_line(command, process)]
        raise OperationFailedError(phase, lines, exit_code=process.returncode)
    return output.decode(errors="replace")


def _exit_line(command: Sequence[str], process: subprocess.Popen[bytes]) -> str:
    return f"{_words(command)} ended with exit code {process.returncode}"


def _words(command: Sequence[str]) -> str:
    return " ".join(command[:3])
