"""What git says of a checkout, read from its own words."""

from __future__ import annotations

import pytest

from multiarch.source import Checkout, parse_refs, parse_status
from tests.unit.fakes import SHA

SHA256 = SHA + "0123456789abcdef01234567"
OID = f"# branch.oid {SHA}\0# branch.head main\0"
MODES = "N... 100644 100644 100644"

STATUS = {
    "nothing changed": (OID, Checkout(sha=SHA, changes=())),
    "a detached head": (f"# branch.oid {SHA}\0# branch.head (detached)\0", Checkout(sha=SHA, changes=())),
    "an upstream": (f"{OID}# branch.upstream origin/main\0# branch.ab +1 -2\0", Checkout(sha=SHA, changes=())),
    "a SHA-256 repository": (f"# branch.oid {SHA256}\0", Checkout(sha=SHA256, changes=())),
    "changed": (f"{OID}1 .M {MODES} {SHA} {SHA} a file.txt\0", Checkout(sha=SHA, changes=("a file.txt",))),
    "a name with a line end": (f"{OID}1 .M {MODES} {SHA} {SHA} a\nb\0", Checkout(sha=SHA, changes=("a\nb",))),
    "renamed, with the name it had": (
        f"{OID}2 R. {MODES} {SHA} {SHA} R100 new name\0old name\0? other\0",
        Checkout(sha=SHA, changes=("new name", "other")),
    ),
    "renamed from a name that looks like an entry": (
        f"{OID}2 R. {MODES} {SHA} {SHA} R100 new\0? old\0", Checkout(sha=SHA, changes=("new",))),
    "unmerged": (
        f"{OID}u UU N... 100644 100644 100644 100644 {SHA} {SHA} {SHA} a file\0",
        Checkout(sha=SHA, changes=("a file",)),
    ),
    "untracked": (f"{OID}? a file\0? folder/\0", Checkout(sha=SHA, changes=("a file", "folder/"))),
    "ignored files are no changes": (f"{OID}! build/\0", Checkout(sha=SHA, changes=())),
    "no commit yet": ("# branch.oid (initial)\0# branch.head main\0? a\0", None),
    "nothing": ("", None),
    "a short name": ("# branch.oid 0123456\0", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), STATUS.values(), ids=STATUS)
def test_parse_status_returns_commit_and_changes(text: str, expected: Checkout | None) -> None:
    assert parse_status(text) == expected


DECORATIONS = {
    "a branch": ("HEAD -> refs/heads/main, refs/remotes/origin/main", ("main", ())),
    "a branch with a slash": ("HEAD -> refs/heads/feature/a", ("feature/a", ())),
    "a detached head": ("HEAD, refs/remotes/origin/main", ("", ())),
    "tags": ("HEAD, tag: refs/tags/v1.0, tag: refs/tags/stable, refs/heads/main", ("", ("v1.0", "stable"))),
    "nothing": ("", ("", ())),
}


@pytest.mark.parametrize(("text", "expected"), DECORATIONS.values(), ids=DECORATIONS)
def test_parse_refs_returns_branch_and_tags(text: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert parse_refs(text) == expected
