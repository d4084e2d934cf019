"""The private folder of a run, and what runs that were killed leave."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from multiarch.edges.files import private
from multiarch.edges.files.private import PrivateFolder, remove_left_folders
from multiarch.errors import RunEndedError

HOLD = """
import sys, time
from multiarch.edges.files.private import PrivateFolder
folder = PrivateFolder()
(folder.path / "config.json").write_text("a login")
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def hold() -> tuple[subprocess.Popen[str], Path]:
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_private_folder_only_its_owner_may_read(temporary: Path) -> None:
    folder = PrivateFolder()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert folder.path.parent == temporary
    folder.close()
    folder.close()
    assert list(temporary.iterdir()) == []
    with pytest.raises(RunEndedError):
        _ = folder.path


def test_private_folder_nobody_used_is_not_made(temporary: Path) -> None:
    PrivateFolder().close()
    assert list(temporary.iterdir()) == []


def test_left_folder_of_a_killed_run_is_removed_and_of_a_living_one_is_not(temporary: Path) -> None:
    own = PrivateFolder()
    assert own.path.is_dir()
    living, theirs = hold()
    killed, left = hold()
    kill(killed)
    assert (left / "config.json").exists()
    remove_left_folders()
    assert sorted(temporary.iterdir()) == sorted([own.path, theirs])
    kill(living)
    remove_left_folders()
    assert list(temporary.iterdir()) == [own.path]
    own.close()


def test_left_folder_links_in_it_are_not_followed(temporary: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    left = temporary / f"{private._PREFIX}x"
    left.mkdir(mode=0o700)
    (left / "link").symlink_to(kept)
    (temporary / f"{private._PREFIX}y").symlink_to(kept)
    remove_left_folders()
    assert (kept / "file").exists()
    assert [each.name for each in temporary.iterdir()] == [f"{private._PREFIX}y"]


OTHERS = {
    "another name": ("multiarch-ru-x", 0o700, False),
    "a folder that others may read": (f"{private._PREFIX}x", 0o755, False),
    "a file": (f"{private._PREFIX}x", 0o600, False),
    "another user's": (f"{private._PREFIX}x", 0o700, True),
}


@pytest.mark.parametrize(("name", "mode", "is_foreign"), OTHERS.values(), ids=OTHERS)
def test_left_folder_of_somebody_else_stays(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, name: str, mode: int, *, is_foreign: bool
) -> None:
    if mode == 0o600:
        (temporary / name).touch()
    else:
        (temporary / name).mkdir()
    (temporary / name).chmod(mode)
    if is_foreign:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    remove_left_folders()
    assert [each.name for each in temporary.iterdir()] == [name]


def test_private_folder_removed_by_another_run_before_it_is_locked_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tempfile.mkdtemp
    made: list[str] = []

    def mkdtemp(prefix: str) -> str:
        made.append(real(prefix=prefix))
        if len(made) == 1:
            Path(made[0]).rmdir()
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    folder = PrivateFolder()
    assert [folder.path] == list(temporary.iterdir())
    assert len(made) == 2
    folder.close()


def test_close_a_thread_that_hangs_in_the_making_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = threading.Event(), threading.Event()

    def mkdtemp(prefix: str) -> str:
        begun.set()
        go.wait(10)
        raise OSError(prefix)

    monkeypatch.setattr(private, "_CHANGE_SECONDS", 0.1)
    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    folder = PrivateFolder()

    def make() -> None:
        with pytest.raises(OSError, match="run"):
            _ = folder.path

    thread = threading.Thread(target=make)
    thread.start()
    assert begun.wait(5)
    folder.close()
    go.set()
    thread.join(5)
