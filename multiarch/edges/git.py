"""The only caller of git."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from multiarch.errors import ConfigurationError
from multiarch.source.checkout import Checkout, parse_refs, parse_status

_ORIGIN = "refs/remotes/origin/"
# Git stores any number. The end of the year 9999 is the last time that `datetime` has.
_LATEST_TIME = 253_402_300_799


def read_checkout(
    folder: Path, environment: Mapping[str, str], *, leave_out: Sequence[Path] = (), trusted: bool = False
) -> Checkout | None:
    """Return the checked-out commit and its changes; None without git, checkout or commit.

    Args:
        folder: any folder of the checkout.
        environment: the environment variables of git.
        leave_out: files and folders that do not count as changes: the output of a run.
        trusted: read a checkout of another user, and ignore changes. Git then reads only the commit, which runs no
            program that the checkout configures.

    Raises:
        ConfigurationError: another user owns the checkout, and `trusted` is False.
    """
    trust = _trust(folder) if trusted else []
    # At the same time, because starting git is slow.
    shown = _start(folder, environment, *trust, "show", "--no-patch", "--decorate=full", "--format=%H %ct %D", "HEAD")
    url = _start(folder, environment, *trust, "config", "--get", "remote.origin.url")
    default = _start(folder, environment, *trust, "symbolic-ref", "--quiet", f"{_ORIGIN}HEAD")
    status = None if trusted else _status(folder, environment, leave_out)
    answers = [_answer(each) for each in (shown, url, default)]
    if status and "safe.directory" in status.stderr:
        msg = f"git refuses to read {folder}, because another user owns the folder"
        raise ConfigurationError(msg, hint=f"if you trust its owner: git config --global --add safe.directory {folder}")
    sha, time, decoration = (*answers[0].rstrip("\n").split(" ", 2), "", "", "")[:3]
    if not re.fullmatch(r"[0-9]{1,20}", time):
        return None
    branch, tags = parse_refs(decoration)
    found = parse_status(status.stdout) if status and status.returncode == 0 else None
    if not trusted and not found:
        return None
    return Checkout(
        sha=sha,
        changes=found.changes if found else (),
        time=min(int(time), _LATEST_TIME),
        branch=branch,
        tags=tags,
        default_branch=answers[2].strip().removeprefix(_ORIGIN),
        url=answers[1].strip(),
    )


def _status(
    folder: Path, environment: Mapping[str, str], leave_out: Sequence[Path]
) -> subprocess.CompletedProcess[str] | None:
    words = ("status", "--porcelain=v2", "--branch", "-z")
    excluded = [f":(exclude,literal){os.path.relpath(each, folder)}" for each in leave_out]
    pathspec = ["--", ":/", *excluded] if excluded else []
    status = _git(folder, environment, *words, *pathspec)
    if status and status.returncode != 0 and leave_out:
        status = _git(folder, environment, *words)  # git rejects a pathspec outside of the checkout
    return status


def is_ancestor(folder: Path, environment: Mapping[str, str], older: str, newer: str) -> bool | None:
    """Return whether a commit is an ancestor of another; None if this clone does not have the history."""
    answer = _git(folder, environment, *_trust(folder), "merge-base", "--is-ancestor", older, newer)
    return {0: True, 1: False}.get(answer.returncode) if answer else None


def tracked(folder: Path, environment: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the files of a folder that git tracks; empty without the folder or a checkout."""
    answer = _git(
        folder, environment, *_trust(folder), "ls-files", "-z", "--", *(f":(literal){name}" for name in names)
    )
    return tuple(answer.stdout.rstrip("\0").split("\0")) if answer and answer.stdout else ()


def _git(folder: Path, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str] | None:
    process = _start(folder, environment, *words)
    if not process:
        return None
    stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def _answer(process: subprocess.Popen[str] | None) -> str:
    if not process:
        return ""
    stdout, _ = process.communicate()
    return stdout if process.returncode == 0 else ""


def _start(folder: Path, environment: Mapping[str, str], *words: str) -> subprocess.Popen[str] | None:
    try:
        return subprocess.Popen(
            ["git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", *words],
            cwd=folder,
            # Do not write the index, which another program can lock: https://git-scm.com/docs/git-status
            env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except (OSError, ValueError):  # ValueError: a zero byte, in the commit that an image records
        return None


def _trust(folder: Path) -> list[str]:
    """Let git read a checkout that another user owns, as in CodeBuild and in containers.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
    """
    return [flag for each in (folder, *folder.parents) for flag in ("-c", f"safe.directory={each}")]
