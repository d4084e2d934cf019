"""git, asked about real checkouts."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.git import is_ancestor, read_checkout, tracked
from multiarch.errors import ConfigurationError
from multiarch.source import Checkout

if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
    "GIT_COMMITTER_DATE": "1700000000 +0200",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=ENVIRONMENT, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout.strip()


def commit(folder: Path, name: str = "file") -> str:
    (folder / name).write_text(name, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", name)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder)
    return folder


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize(("time", "expected"), [("253402300799", 253_402_300_799), ("999999999999", 253_402_300_799)])
def test_read_checkout_commit_after_the_year_9999_has_the_last_time(checkout: Path, time: str, expected: int) -> None:
    text = git(checkout, "cat-file", "commit", "HEAD").replace("1700000000", time) + "\n"
    words = ("hash-object", "-w", "-t", "commit", "--literally", "--stdin")
    made = subprocess.run(
        ["git", *words], cwd=checkout, env=ENVIRONMENT, input=text, check=True, capture_output=True, encoding="utf-8"
    )
    git(checkout, "reset", "--quiet", "--hard", made.stdout.strip())
    found = read_checkout(checkout, ENVIRONMENT)
    assert found
    assert found.time == expected


def test_read_checkout_clean_has_no_changes(checkout: Path) -> None:
    assert read_checkout(checkout, ENVIRONMENT) == Checkout(
        sha=head(checkout), changes=(), time=1_700_000_000, branch="main"
    )


def test_read_checkout_changes_have_paths_from_the_top(checkout: Path) -> None:
    commit(checkout, "moved")
    commit(checkout, "removed")
    (checkout / "file").write_text("changed", encoding="utf-8")
    git(checkout, "mv", "moved", "to here")
    git(checkout, "rm", "--quiet", "removed")
    (checkout / "new\nfile").touch()
    found = read_checkout(checkout, ENVIRONMENT)
    assert found
    assert sorted(found.changes) == ["file", "new\nfile", "removed", "to here"]


def test_read_checkout_ignored_files_are_not_changes(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("build/\n", encoding="utf-8")
    commit(checkout)
    (checkout / "build").mkdir()
    (checkout / "build" / "x").touch()
    found = read_checkout(checkout, ENVIRONMENT)
    assert found
    assert found.changes == ()


def test_read_checkout_invalid_utf_8_name_is_a_change(checkout: Path) -> None:
    with open(os.fsencode(checkout) + b"/caf\xe9", "w", encoding="utf-8"):  # noqa: PTH123 - a Path cannot be bytes
        pass
    found = read_checkout(checkout, ENVIRONMENT)
    assert found
    assert [os.fsencode(each) for each in found.changes] == [b"caf\xe9"]


def test_read_checkout_of_a_subfolder_reads_the_whole_checkout(checkout: Path) -> None:
    (checkout / "app").mkdir()
    (checkout / "other").touch()
    found = read_checkout(checkout / "app", ENVIRONMENT, leave_out=[checkout / "app" / "dist"])
    assert found == Checkout(sha=head(checkout), changes=("other",), time=1_700_000_000, branch="main")


LEFT_OUT = {
    "our own output": "dist",
    "in a folder that is not there": "out/dist",
    "with a name full of patterns": "d[i]st*",
    "outside the checkout": "../dist",
}


@pytest.mark.parametrize("dist", LEFT_OUT.values(), ids=LEFT_OUT)
def test_read_checkout_left_out_files_are_not_changes(checkout: Path, dist: str) -> None:
    output = (checkout / dist).resolve()
    output.mkdir(parents=True)
    (output / "image.tar").touch()
    (checkout / "distant").touch()
    found = read_checkout(checkout, ENVIRONMENT, leave_out=[checkout / "none", output])
    assert found == Checkout(sha=head(checkout), changes=("distant",), time=1_700_000_000, branch="main")


def test_read_checkout_of_a_worktree(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "topic")
    sha = commit(tmp_path / "tree", "more")
    found = read_checkout(tmp_path / "tree", ENVIRONMENT)
    assert found
    assert (found.sha, found.changes) == (sha, ())


def test_read_checkout_of_a_shallow_detached_clone(checkout: Path, tmp_path: Path) -> None:
    sha = commit(checkout, "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", checkout.as_uri(), "clone")
    git(tmp_path / "clone", "checkout", "--quiet", "--detach")
    for trusted in (False, True):
        assert read_checkout(tmp_path / "clone", ENVIRONMENT, trusted=trusted) == Checkout(
            sha=sha, changes=(), time=1_700_000_000, default_branch="main", url=checkout.as_uri()
        )


def test_read_checkout_returns_branch_tags_and_origin(checkout: Path) -> None:
    git(checkout, "tag", "v1.0")
    git(checkout, "tag", "--annotate", "--message", "stable", "stable")
    git(checkout, "remote", "add", "origin", "https://ada:secret@example.com/shop.git")
    git(checkout, "update-ref", "refs/remotes/origin/trunk", "HEAD")
    git(checkout, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    git(checkout, "checkout", "--quiet", "-b", "feature/a")
    found = read_checkout(checkout, ENVIRONMENT)
    assert found
    assert (found.branch, set(found.tags), found.default_branch) == ("feature/a", {"v1.0", "stable"}, "trunk")
    assert found.url == "https://ada:secret@example.com/shop.git"


def test_read_checkout_of_a_sha_256_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256")
    sha = commit(tmp_path)
    found = read_checkout(tmp_path, ENVIRONMENT)
    assert found
    assert (found.sha, len(found.sha)) == (sha, 64)


def test_read_checkout_without_commit_returns_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert read_checkout(tmp_path, ENVIRONMENT) is None


def test_read_checkout_of_another_folder_returns_none(tmp_path: Path) -> None:
    assert read_checkout(tmp_path, {**ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}) is None


def test_read_checkout_without_git_returns_none(checkout: Path, tmp_path: Path) -> None:
    assert read_checkout(checkout, {"PATH": str(tmp_path)}) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_read_checkout_of_another_owner_trusted_returns_it(checkout: Path) -> None:
    (checkout / "app").mkdir()
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 12345, 12345)
    refused = subprocess.run(
        ["git", "status"], cwd=checkout, env=ENVIRONMENT, check=False, capture_output=True, encoding="utf-8"
    )
    assert "dubious ownership" in refused.stderr
    found = read_checkout(checkout / "app", ENVIRONMENT, trusted=True)
    assert found
    assert found.changes == ()
    assert found.sha == git(checkout, "-c", f"safe.directory={checkout}", "rev-parse", "HEAD")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("trusted", [False, True])
def test_read_checkout_of_another_owner_runs_no_program(checkout: Path, tmp_path: Path, *, trusted: bool) -> None:
    """A filter is a command of whoever owns the folder: git refuses, and in CodeBuild the commit alone is read."""
    (checkout / ".gitattributes").write_text("* filter=x\n")
    git(checkout, "config", "filter.x.clean", f"sh -c 'touch {tmp_path}/run; cat'")
    (checkout / "new").write_text("changed\n")
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 12345, 12345)
    if trusted:
        assert read_checkout(checkout, ENVIRONMENT, trusted=True)
    else:
        with pytest.raises(ConfigurationError, match="another user owns the folder"):
            read_checkout(checkout, ENVIRONMENT)
    assert not (tmp_path / "run").exists()


def test_read_checkout_runs_no_configured_program(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "config", "core.fsmonitor", f"touch {tmp_path}/run; false")
    read_checkout(checkout, ENVIRONMENT)
    assert not (tmp_path / "run").exists()


def test_read_checkout_writes_nothing(checkout: Path) -> None:
    index = checkout / ".git" / "index"
    (checkout / "file").touch()
    before = index.stat().st_mtime_ns
    read_checkout(checkout, ENVIRONMENT)
    assert index.stat().st_mtime_ns == before


def test_is_ancestor_with_history_returns_true_or_false(checkout: Path) -> None:
    first, second = head(checkout), commit(checkout, "second")
    assert is_ancestor(checkout, ENVIRONMENT, first, second) is True
    assert is_ancestor(checkout, ENVIRONMENT, second, first) is False
    assert is_ancestor(checkout, ENVIRONMENT, first, first) is True


def test_is_ancestor_without_history_returns_none(checkout: Path, tmp_path: Path) -> None:
    first, second = head(checkout), commit(checkout, "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", checkout.as_uri(), "clone")
    assert is_ancestor(tmp_path / "clone", ENVIRONMENT, first, second) is None
    assert is_ancestor(checkout, ENVIRONMENT, first, "f" * 40) is None
    assert is_ancestor(checkout, {"PATH": str(tmp_path)}, first, second) is None


@pytest.mark.parametrize("words", ["--help", "no-commit", "", "a\0b"])
def test_is_ancestor_of_invalid_commit_returns_none(checkout: Path, words: str) -> None:
    assert is_ancestor(checkout, ENVIRONMENT, head(checkout), words) is None


def test_tracked_returns_the_tracked_files(checkout: Path) -> None:
    (checkout / "docs").mkdir()
    commit(checkout, "docs/summary.md")
    (checkout / "docs" / "trace.json").write_text("not added", encoding="utf-8")
    names = ("summary.md", "trace.json", "*.md")
    assert tracked(checkout / "docs", ENVIRONMENT, names) == ("summary.md",)
    assert tracked(checkout, ENVIRONMENT, names) == ()
    assert tracked(checkout / "nothing", ENVIRONMENT, names) == ()
    assert tracked(checkout.parent, ENVIRONMENT, names) == ()
