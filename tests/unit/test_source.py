"""Which commit is built: git's status and CodeBuild's variables."""

from __future__ import annotations

import pytest

from multiarch.source import Checkout, Commit, find_commit, no_commit, parse_status
from tests.unit.fakes import NEWER, SHA

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
def test_git_status_is_read(text: str, expected: Checkout | None) -> None:
    assert parse_status(text) == expected


CODEBUILD = {"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:123456789012:build/shop:1"}
CLEAN = Checkout(sha=SHA, changes=(), time=7)
CHANGED = Checkout(sha=SHA, changes=("a", "b"), time=7)
RESOLVED = {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": NEWER}
FROM_VARIABLE = Commit(sha=NEWER, dirty=False, source="CODEBUILD_RESOLVED_SOURCE_VERSION")

COMMITS = {
    "a clean laptop": (CLEAN, {}, Commit(sha=SHA, dirty=False, source="git", time=7)),
    "a changed laptop": (CHANGED, {}, Commit(sha=SHA, dirty=True, source="git", time=7, changes=("a", "b"))),
    "CodeBuild with a checkout": (CLEAN, CODEBUILD, Commit(sha=SHA, dirty=False, source="git", time=7)),
    "CodeBuild, after a phase that wrote files": (
        CHANGED, CODEBUILD, Commit(sha=SHA, dirty=False, source="git", time=7)),
    "git before CodeBuild's variable": (CLEAN, RESOLVED, Commit(sha=SHA, dirty=False, source="git", time=7)),
    "CodePipeline: a zip without .git": (None, RESOLVED, FROM_VARIABLE),
    "a zip in S3, whose version is no commit": (
        None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": "3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"}, None),
    "a zip in S3 without versions": (None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": ""}, None),
    "a branch is no commit": (None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": "main"}, None),
    "a short commit is none": (None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA[:7]}, None),
    "what was asked for is not what was resolved": (None, {**CODEBUILD, "CODEBUILD_SOURCE_VERSION": SHA}, None),
    "nothing at all": (None, {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("checkout", "environment", "expected"), COMMITS.values(), ids=COMMITS)
def test_the_commit_is_found(checkout: Checkout | None, environment: dict[str, str], expected: Commit | None) -> None:
    assert find_commit(checkout, environment) == expected


@pytest.mark.parametrize("sha", [SHA, SHA256])
def test_the_short_name_has_seven_digits_in_every_clone(sha: str) -> None:
    assert Commit(sha=sha, dirty=True, source="git").short == "0123456"


NO_COMMIT = {
    "in CodeBuild": (
        CODEBUILD,
        "there is no .git here and CODEBUILD_RESOLVED_SOURCE_VERSION is not a commit",
    ),
    "elsewhere": ({}, "this is not a git checkout with a commit"),
}


@pytest.mark.parametrize(("environment", "message"), NO_COMMIT.values(), ids=NO_COMMIT)
def test_where_there_is_no_commit_the_way_to_pass_one_is_said(environment: dict[str, str], message: str) -> None:
    error = no_commit(environment)
    assert error.message == f"no commit to name the image after: {message}"
    assert error.hint == "pass the tag yourself: --commit-tag TAG, or GIT_TAG=TAG in the environment"
