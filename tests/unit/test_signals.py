"""Signals, sent to a process of their own."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import multiarch
from dev.project import coverage_variables
from multiarch.edges import signals
from multiarch.edges.signals import Interruption
from multiarch.errors import InterruptedRunError

if TYPE_CHECKING:
    from tests.unit.conftest import MakeScript

ROOT = Path(multiarch.__file__).parent.parent

HEAD = """
import sys, time, subprocess
from pathlib import Path
from multiarch.edges.signals import attend
from multiarch.errors import InterruptedRunError

folder = Path(sys.argv[1])

def say(text):
    print(text, flush=True)

def guarded(interruption, body, clean_up=lambda: say("cleaned")):
    try:
        with interruption.cleaning_up((folder / "removed").touch):
            try:
                body()
            finally:
                clean_up()
    except InterruptedRunError as error:
        say(error.message)
        return error.exit_code
    return 0

def hang():
    say("ready")
    time.sleep(60)
"""
WAITING = """
def work(interruption):
    return guarded(interruption, lambda: interruption.call(hang))
"""
SLEEPING = """
def work(interruption):
    def wait():
        say("ready")
        interruption.sleep(60)
    return guarded(interruption, wait)
"""
SLOW_TO_CLEAN = """
def work(interruption):
    def clean_up():
        say("cleaning")
        time.sleep(60)
    return guarded(interruption, lambda: interruption.call(hang), clean_up)
"""
NOTHING_TO_CLEAN = """
def work(interruption):
    hang()
    return 0
"""
DONE_BEFORE_IT_LOOKS = """
def work(interruption):
    def finish():
        say("ready")
        time.sleep(0.5)
    return guarded(interruption, finish)
"""
BROKEN = """
def work(interruption):
    say("ready")
    raise ValueError("a bug")
"""
WITH_CHILDREN = """
CHILD = "trap '' INT TERM HUP; echo $$; sleep 61 & echo $!; while :; do sleep 0.1; done"

def work(interruption):
    def start():
        process = subprocess.Popen(["sh", "-c", CHILD], stdout=subprocess.PIPE, text=True, process_group=0)
        say(process.stdout.readline().strip() + " " + process.stdout.readline().strip())
        hang()
    return guarded(interruption, lambda: interruption.call(start), lambda: time.sleep(60))
"""
FOOT = "\nsys.exit(attend(work))\n"


def start(folder: Path, program: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HEAD + program + FOOT, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if program != WITH_CHILDREN:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    return process


NUMBERS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.mark.parametrize(("number", "code"), NUMBERS, ids=["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("program", [WAITING, SLEEPING, DONE_BEFORE_IT_LOOKS], ids=["call", "sleep", "its own work"])
def test_attend_first_signal_ends_the_program_once_it_has_cleaned_up(
    tmp_path: Path, program: str, number: signal.Signals, code: int
) -> None:
    process = start(tmp_path, program)
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (output.splitlines(), errors) == (["cleaned", f"interrupted by {number.name}"], "")
    assert process.returncode == code
    assert not (tmp_path / "removed").exists()


@pytest.mark.parametrize(("number", "code"), NUMBERS, ids=["SIGINT", "SIGTERM", "SIGHUP"])
def test_attend_nothing_to_clean_up_ends_at_once(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = start(tmp_path, NOTHING_TO_CLEAN)
    begin = time.monotonic()
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert time.monotonic() - begin < 2
    assert (output, errors, process.returncode) == ("", f"error: interrupted by {number.name}\n", code)


def test_attend_second_signal_ends_at_once_and_abandons(tmp_path: Path) -> None:
    process = start(tmp_path, SLOW_TO_CLEAN)
    process.send_signal(signal.SIGINT)
    assert process.stdout
    assert process.stdout.readline() == "cleaning\n"
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=5)
    assert (output, errors, process.returncode) == ("", "", 143)
    assert (tmp_path / "removed").exists()


def test_attend_clean_up_without_an_end_is_ended_within_ten_seconds(tmp_path: Path) -> None:
    assert signals._CLEAN_UP_SECONDS <= 9
    process = start(tmp_path, "import multiarch.edges.signals as s; s._CLEAN_UP_SECONDS = 0.5\n" + SLOW_TO_CLEAN)
    begin = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=15)
    assert 0.5 < time.monotonic() - begin < 5
    assert process.returncode == 143
    assert (tmp_path / "removed").exists()


def test_attend_second_signal_leaves_no_child_and_no_grandchild(tmp_path: Path) -> None:
    process = start(tmp_path, WITH_CHILDREN)
    assert process.stdout
    children = list(map(int, process.stdout.readline().split()))
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=5)
    assert process.returncode == 143
    assert [each for each in children if is_running(each)] == []


def is_running(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_attend_bug_ends_with_a_traceback_and_code_1(tmp_path: Path) -> None:
    process = start(tmp_path, BROKEN)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "ValueError: a bug" in errors


def test_attend_nohup_leaves_hangups_ignored(tmp_path: Path) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    process = start(tmp_path, ignoring + DONE_BEFORE_IT_LOOKS)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=10)
    assert process.returncode == 0


# What works


def test_call_returns_what_the_function_returns_or_raises() -> None:
    interruption = Interruption()
    assert interruption.call(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        interruption.call(lambda: 1 / 0)


def test_call_signal_leaves_a_function_alone_that_does_not_return() -> None:
    interruption, never = Interruption(), threading.Event()
    threading.Timer(0.05, interruption.note, [signal.SIGTERM]).start()
    begin = time.monotonic()
    with pytest.raises(InterruptedRunError) as caught:
        interruption.call(never.wait)
    assert caught.value.exit_code == 143
    assert time.monotonic() - begin < 2
    never.set()


def test_call_signal_stops_a_function_and_waits_for_its_end() -> None:
    interruption, stopped, ended = Interruption(), threading.Event(), threading.Event()

    def function() -> None:
        stopped.wait(5)
        time.sleep(0.1)
        ended.set()

    threading.Timer(0.05, interruption.note, [signal.SIGTERM]).start()
    with pytest.raises(InterruptedRunError):
        interruption.call(function, stop=stopped.set)
    assert ended.is_set()


def test_call_after_a_signal_starts_nothing() -> None:
    interruption = Interruption()
    interruption.note(signal.SIGINT)
    called: list[int] = []
    with pytest.raises(InterruptedRunError):
        interruption.call(lambda: called.append(1))
    with pytest.raises(InterruptedRunError):
        interruption.sleep(0)
    with pytest.raises(InterruptedRunError), interruption.cleaning_up(lambda: None):
        called.append(1)
    assert called == []


def test_note_the_first_signal_counts() -> None:
    interruption = Interruption()
    assert not interruption.note(signal.SIGINT)
    interruption.note(signal.SIGTERM)
    assert interruption.number == signal.SIGINT


def test_sleep_without_a_signal_takes_its_time() -> None:
    begin = time.monotonic()
    Interruption().sleep(0.1)
    assert time.monotonic() - begin >= 0.1


# The program itself, from its first line on

# Tells when the program has taken over the signals, and what was imported by then.
RUN = """
import os, runpy, signal, sys

take = signal.signal

def tell(number, handler):
    before = take(number, handler)
    if number == signal.SIGTERM and signal.signal is tell:
        signal.signal = take
        os.write(2, (" ".join(sorted(sys.modules)) + chr(10)).encode())
    return before

signal.signal = tell
sys.argv[:] = ["multiarch", *sys.argv[1:]]
runpy.run_module("multiarch", run_name="__main__", alter_sys=True)
"""


def run_program(folder: Path, words: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Start the program; return it once it has taken over the signals, with the modules that it had then imported."""
    (folder / "Dockerfile").touch()
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *words.split()],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "AWS_ECR_REPOSITORY_NAME": "shop", "GIT_TAG": "v1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    modules = process.stderr.readline().split()
    assert "signal" in modules, modules
    return process, modules


def assert_ended(words: str, folder: Path, number: signal.Signals, seconds: float) -> None:
    process, _ = run_program(folder, words)
    time.sleep(seconds)
    process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    said = f"{words}, {number.name} after {seconds:.3f} s: {process.returncode}: {errors}"
    # 0: it had ended before.
    assert process.returncode in (128 + number, 0), said
    assert errors in ("", f"error: interrupted by {number.name}\n"), said


COMMANDS = ("--version", "build --dry-run")


def test_program_takes_over_the_signals_before_it_imports_anything(tmp_path: Path) -> None:
    process, modules = run_program(tmp_path, "--version")
    process.communicate(timeout=15)
    assert process.returncode == 0
    assert {each for each in modules if each.startswith("multiarch")} == {"multiarch"}
    assert {"click", "threading", "msgspec", "logging"}.isdisjoint(modules)


@pytest.mark.parametrize("words", COMMANDS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_program_early_signal_ends_it_as_the_shell_says(tmp_path: Path, number: signal.Signals, words: str) -> None:
    for step in range(5):
        assert_ended(words, tmp_path, number, step * 0.03)


@pytest.mark.chaos
def test_program_two_hundred_signals_in_the_first_half_second(tmp_path: Path) -> None:
    draw = random.Random(20260101)  # noqa: S311 - moments, not secrets
    for _ in range(200):
        number = draw.choice([signal.SIGTERM, signal.SIGINT])
        assert_ended(draw.choice(COMMANDS), tmp_path, number, draw.uniform(0.0, 0.5))


MEDIA_TYPE = "application/vnd.oci.image.index.v1+json"
INDEX = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": f"sha256:{digit * 64}",
                "size": 1000,
                "platform": {"os": "linux", "architecture": architecture},
            }
            for digit, architecture in (("a", "amd64"), ("b", "arm64"))
        ],
    }
).encode()
DIGEST = f"sha256:{hashlib.sha256(INDEX).hexdigest()}"
DOCKER = """
case "$*" in
  *"buildx bake"*) while [ "$1" != --metadata-file ]; do shift; done
    cat > /dev/null; echo '{"image": {"containerimage.digest": "DIGEST"}}' > "$2" ;;
  *) echo ok ;;
esac
"""


class SilentRegistry:
    """Answers what is asked of tags and of the index, and never what is asked of the platforms' images."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.asked = threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while request := connection.recv(1 << 16):
                if DIGEST.encode() in request:
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(INDEX)}\r\n\r\n"
                    connection.sendall(head.encode() + INDEX)
                elif b"sha256:" in request:
                    self.asked.set()
                    return
                else:
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        for each in (self._socket, *self._open):
            each.close()


def start_build(folder: Path, registry: SilentRegistry, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "multiarch", "build", "--registry", f"127.0.0.1:{registry.port}", "--repository=shop"],
        cwd=folder,
        env={
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "GIT_TAG": "v1",
            **coverage_variables(),
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(("number", "code"), NUMBERS[:2], ids=["SIGINT", "SIGTERM"])
def test_program_signal_while_a_registry_is_silent_ends_it_soon(
    tmp_path: Path, make_script: MakeScript, number: signal.Signals, code: int
) -> None:
    make_script("docker", DOCKER.replace("DIGEST", DIGEST))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    registry = SilentRegistry()
    process = start_build(tmp_path, registry)
    assert registry.asked.wait(15)
    begin = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=15)
    registry.close()
    assert time.monotonic() - begin < 5
    assert process.returncode == code, errors
    assert errors.endswith(f"error: interrupted by {number.name}\n")


# Hears no signal, and neither does its child; what it makes takes a moment.
DEAF_DOCKER = (
    """
trap '' INT TERM HUP
sleep 0.4 &
wait
"""
    + DOCKER
)


@pytest.mark.chaos
def test_program_sixty_signals_at_random_points_of_a_build(tmp_path: Path, make_script: MakeScript) -> None:
    """One signal or two: the program ends in time, with the signal's code, without children and private folders."""
    make_script("docker", DEAF_DOCKER.replace("DIGEST", DIGEST))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "tmp").mkdir()
    registry, draw = SilentRegistry(), random.Random(20260102)  # noqa: S311 - moments, not secrets
    for _ in range(60):
        moments = sorted(draw.uniform(0.1, 2.5) for _ in range(draw.choice([1, 2])))
        process = start_build(tmp_path, registry, TMPDIR=str(tmp_path / "tmp"))
        begin = time.monotonic()
        for moment in moments:
            time.sleep(max(0.0, begin + moment - time.monotonic()))
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=15)
        said = f"{moments}: {process.returncode}: {errors}"
        assert time.monotonic() - begin < moments[0] + 10, said
        assert process.returncode in (143, -signal.SIGTERM), said
        assert "Traceback" not in errors, said
        assert running_in(tmp_path) == [], said
        assert list((tmp_path / "tmp").iterdir()) == [], said
    registry.close()


def running_in(home: Path) -> list[str]:
    """The processes that have this home folder, as the program and all its children do."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"HOME={home}\0".encode() in path.read_bytes() and is_running(int(path.parent.name)):
                found.append((path.parent / "cmdline").read_text())
    return found
