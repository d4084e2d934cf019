"""Signals, sent to a process of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.signals import finish, interruptible
from multiarch.errors import InterruptedRunError

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys, time
from pathlib import Path
from multiarch.edges.signals import interruptible
from multiarch.errors import InterruptedRunError

folder = Path(sys.argv[1])
try:
    with interruptible((folder / "removed").touch):
        try:
            print("ready", flush=True)
            time.sleep(20)
        finally:
            print("cleaning", flush=True)
            if "slow" in sys.argv:
                time.sleep(20)
            print("clean", flush=True)
except InterruptedRunError as error:
    print(error.message, flush=True)
    sys.exit(error.exit_code)
"""


def start(*words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
def test_the_first_signal_ends_the_run_after_it_was_cleaned_up(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = start(str(tmp_path))
    process.send_signal(number)
    output, _ = process.communicate(timeout=10)
    assert output.splitlines() == ["cleaning", "clean", f"interrupted by {number.name}"]
    assert process.returncode == code
    assert not (tmp_path / "removed").exists()


def test_the_second_signal_ends_it_at_once_and_the_login_is_removed_all_the_same(tmp_path: Path) -> None:
    process = start(str(tmp_path), "slow")
    process.send_signal(signal.SIGINT)
    assert process.stdout
    assert process.stdout.readline() == "cleaning\n"
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)
    assert (output, process.returncode) == ("", 143)
    assert (tmp_path / "removed").exists()


def test_a_signal_in_the_middle_of_cleaning_up_does_not_end_it_half_way() -> None:
    done: list[str] = []

    def clean_up() -> None:
        done.append("begun")
        if len(done) == 1:
            signal.raise_signal(signal.SIGHUP)
        done.append("ended")

    with pytest.raises(InterruptedRunError) as caught, interruptible(lambda: None):
        finish(clean_up)
    assert caught.value.exit_code == 129
    assert done == ["begun", "begun", "ended"]


def test_the_handlers_are_put_back() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with interruptible(lambda: None):
        assert signal.getsignal(signal.SIGTERM) not in before
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
