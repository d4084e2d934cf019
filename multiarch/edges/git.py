"""The only caller of git."""

import dataclasses
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from multiarch.errors import ConfigurationError
from multiarch.source import Checkout, parse_status


def read_checkout(
    folder: Path, environment: Mapping[str, str], *, leave_out: Path | None = None, trusted: bool = False
) -> Checkout | None:
    """Ask git what is checked out; None where there is no git, no checkout or no commit.

    Args:
        folder: any folder of the checkout.
        environment: the variables that git runs with.
        leave_out: a folder whose files do not count as changes: our own output.
        trusted: the machine is there for this checkout, whoever owns its files, and what differs from the commit does
            not matter. Git then reads the commit alone, which runs nothing that the checkout configures.

    Raises:
        ConfigurationError: another user owns the checkout, and git does not read it unasked.
    """
    if trusted:
        shown = _git(folder, environment, *_trust(folder), "show", "--no-patch", "--format=%H %ct", "HEAD")
        sha, _, time = (shown.stdout if shown and shown.returncode == 0 else "").strip().partition(" ")
        return Checkout(sha=sha, changes=(), time=int(time)) if time.isdigit() else None
    words = ("status", "--porcelain=v2", "--branch", "-z")
    pathspec = ["--", ":/", f":(exclude,literal){os.path.relpath(leave_out, folder)}"] if leave_out else []
    status = _git(folder, environment, *words, *pathspec)
    if status and status.returncode != 0 and leave_out:
        status = _git(folder, environment, *words)  # git refuses to leave out what is outside of the checkout
    if status and "safe.directory" in status.stderr:
        msg = f"git does not read {folder}: another user owns it"
        raise ConfigurationError(msg, hint=f"if you trust it: git config --global --add safe.directory {folder}")
    checkout = parse_status(status.stdout) if status and status.returncode == 0 else None
    if not checkout:
        return None
    shown = _git(folder, environment, "show", "--no-patch", "--format=%ct", checkout.sha)
    time = shown.stdout.strip() if shown else ""
    return dataclasses.replace(checkout, time=int(time) if time.isdigit() else None)


def is_ancestor(folder: Path, environment: Mapping[str, str], older: str, newer: str) -> bool | None:
    """Whether one commit is in the other's history; None where this clone cannot tell: a shallow one."""
    answer = _git(folder, environment, *_trust(folder), "merge-base", "--is-ancestor", older, newer)
    return {0: True, 1: False}.get(answer.returncode) if answer else None


def _git(folder: Path, environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", *words],
            cwd=folder,
            # Another program's lock on the index is none of our business: https://git-scm.com/docs/git-status
            env={**environment, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"},
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except (OSError, ValueError):  # a ValueError is a zero byte, in a commit that an image names
        return None


def _trust(folder: Path) -> list[str]:
    """Let git read a checkout that another user owns, as in CodeBuild and in containers.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
    """
    return [flag for each in (folder, *folder.parents) for flag in ("-c", f"safe.directory={each}")]
