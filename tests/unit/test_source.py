"""What is built: for every way that CodeBuild starts a build, what its variables and git come to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from multiarch.commands.request import passed_values
from multiarch.errors import ConfigurationError
from multiarch.show.source import source_as_json, source_as_text
from multiarch.source import Checkout, Commit, Source, TriggerEvent, find_source, no_commit
from multiarch.source.url import public_url
from tests.unit.fakes import NEWER, SHA, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multiarch.source.ref import SourceValues

SHA256 = SHA + "0123456789abcdef01234567"
CODEBUILD = {"CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:123456789012:build/shop:1"}
URL = "https://github.com/acme/shop"
GITHUB = {
    **CODEBUILD,
    "CODEBUILD_INITIATOR": "GitHub-Hookshot/0a1b2c3",
    "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA,
    "CODEBUILD_SOURCE_REPO_URL": f"{URL}.git",
}
MANUAL = {**GITHUB, "CODEBUILD_INITIATOR": "ada"}
PIPELINE = {
    **CODEBUILD,
    "CODEBUILD_INITIATOR": "codepipeline/shop",
    "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA,
    "CODEBUILD_SOURCE_VERSION": "arn:aws:s3:::codepipeline-eu-west-1-1/shop/App/XYZ.zip",
    "CODEBUILD_SOURCE_REPO_URL": "",
}
RUNNER = {
    **CODEBUILD,
    "CODEBUILD_INITIATOR": "GitHub-Hookshot/0a1b2c3",
    "CODEBUILD_WEBHOOK_EVENT": "WORKFLOW_JOB_QUEUED",
    "CODEBUILD_RUNNER_OWNER": "acme",
    "CODEBUILD_RUNNER_REPO": "shop",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SHA": SHA,
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_ACTOR": "ada",
}
PAYLOAD: Mapping[str, object] = {"number": 12, "repository": {"default_branch": "main"}}

# CodeBuild's clone: shallow, with a detached head.
CLONE = Checkout(sha=SHA, changes=("package-lock.json",), time=7)
TAGGED = Checkout(sha=SHA, changes=(), time=7, tags=("v1.0",))
LAPTOP = Checkout(sha=SHA, changes=(), time=7, branch="main", default_branch="main", url="git@github.com:acme/shop.git")


def passed(*layers: Mapping[str, object], **named: Mapping[str, str]) -> SourceValues:
    return passed_values(load(*layers, **named))  # type: ignore[arg-type]  # as `load` takes them


def hook(trigger: str, event: str, head: str, base: str = "", **more: str) -> dict[str, str]:
    """The variables of a webhook's build."""
    return {
        **GITHUB,
        "CODEBUILD_WEBHOOK_TRIGGER": trigger,
        "CODEBUILD_WEBHOOK_EVENT": event,
        "CODEBUILD_WEBHOOK_HEAD_REF": head,
        **({"CODEBUILD_WEBHOOK_BASE_REF": base} if base else {}),
        **more,
    }


def asked(version: str) -> dict[str, str]:
    """The variables of a build that somebody started with this source version."""
    return {**MANUAL, "CODEBUILD_SOURCE_VERSION": version}


PUSH = hook("branch/feature/a", "PUSH", "refs/heads/feature/a", CODEBUILD_SOURCE_VERSION=SHA)
PULL_REQUEST = hook(
    "pr/12", "PULL_REQUEST_UPDATED", "refs/heads/topic", "refs/heads/main", CODEBUILD_SOURCE_VERSION="pr/12"
)
TOPIC: dict[str, object] = {
    "pull_request": 12, "branch": "topic", "base_branch": "main",
    "event": TriggerEvent.PULL_REQUEST, "repository_url": URL,
}  # fmt: skip
PUSHED: dict[str, object] = {"branch": "main", "event": TriggerEvent.MANUAL, "repository_url": URL}

# Environment, checkout, and what is known: all fields that are not named are empty.
ROWS: dict[str, tuple[Mapping[str, str], Checkout | None, dict[str, object]]] = {
    "GitHub: a push": (PUSH, CLONE, {"branch": "feature/a", "event": TriggerEvent.PUSH, "repository_url": URL}),
    "GitHub: a push of a commit that a tag names too": (
        PUSH, TAGGED, {"branch": "feature/a", "event": TriggerEvent.PUSH, "repository_url": URL}),
    "GitHub: a tag": (
        hook("tag/v1.0", "PUSH", "refs/tags/v1.0"), CLONE, {"tag": "v1.0",
        "event": TriggerEvent.TAG, "repository_url": URL}),
    "GitHub: a pull request": (PULL_REQUEST, CLONE, TOPIC),
    "GitHub: a pull request that was merged": (
        {**PULL_REQUEST, "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_MERGED"}, CLONE, TOPIC),
    "GitHub: a pull request, without the trigger": (
        {**PULL_REQUEST, "CODEBUILD_WEBHOOK_TRIGGER": ""}, CLONE, TOPIC),
    "GitHub: a release": (
        hook("", "RELEASED", "refs/tags/v1.0", CODEBUILD_SOURCE_VERSION="v1.0"),
        CLONE, {"tag": "v1.0", "event": TriggerEvent.RELEASE, "repository_url": URL}),
    "GitHub: a pre-release, told by the source version alone": (
        hook("", "PRERELEASED", "", CODEBUILD_SOURCE_VERSION="v1.0-rc.1"),
        CLONE, {"tag": "v1.0-rc.1", "event": TriggerEvent.RELEASE, "repository_url": URL}),
    "GitLab: a push": (
        {**hook("branch/main", "PUSH", "refs/heads/main"),
         "CODEBUILD_SOURCE_REPO_URL": "https://gitlab.com/acme/team/shop.git"},
        CLONE, {"branch": "main", "event": TriggerEvent.PUSH, "repository_url": "https://gitlab.com/acme/team/shop"}),
    "GitLab: a merge request": (
        hook("pr/12", "PULL_REQUEST_CREATED", "refs/heads/topic", "refs/heads/main"), CLONE, TOPIC),
    "GitLab: a tag": (
        hook("tag/v1.0", "PUSH", "refs/tags/v1.0"), CLONE, {"tag": "v1.0",
        "event": TriggerEvent.TAG, "repository_url": URL}),
    "Bitbucket: a push, with the user in the URL": (
        {**hook("branch/main", "PUSH", "refs/heads/main"),
         "CODEBUILD_SOURCE_REPO_URL": "https://ada:secret@bitbucket.org/acme/shop.git"},
        CLONE, {"branch": "main", "event": TriggerEvent.PUSH, "repository_url": "https://bitbucket.org/acme/shop"}),
    "Bitbucket: a pull request": (
        hook("pr/12", "PULL_REQUEST_CREATED", "refs/heads/topic", "refs/heads/main"), CLONE, TOPIC),
    "by hand: a branch": (asked("main"), CLONE, PUSHED),
    "by hand: a branch, whole": (asked("refs/heads/main"), CLONE, PUSHED),
    "by hand: a branch at a commit": (asked(f"refs/heads/main^{{{SHA}}}"), CLONE, PUSHED),
    "by hand: a tag": (
        asked("v1.0"), TAGGED, {"tag": "v1.0", "event": TriggerEvent.MANUAL, "repository_url": URL}),
    "by hand: a tag, whole": (
        asked("refs/tags/v1.0"), CLONE, {"tag": "v1.0", "event": TriggerEvent.MANUAL, "repository_url": URL}),
    "by hand: a commit": (asked(SHA), CLONE, {"event": TriggerEvent.MANUAL, "repository_url": URL}),
    "by hand: a commit that one tag names": (
        asked(SHA), TAGGED, {"tag": "v1.0", "event": TriggerEvent.MANUAL, "repository_url": URL}),
    "by hand: a pull request": (
        asked("refs/pull/12/head"), CLONE, {"pull_request": 12, "event": TriggerEvent.MANUAL, "repository_url": URL}),
    "by hand: a pull request, CodeBuild's form": (
        asked("pr/12"), CLONE, {"pull_request": 12, "event": TriggerEvent.MANUAL, "repository_url": URL}),
    "by hand: nothing, so the default branch's commit": (
        MANUAL, CLONE, {"event": TriggerEvent.MANUAL, "repository_url": URL}),
    "a rule of EventBridge": (
        {**asked("main"), "CODEBUILD_INITIATOR": "rule/nightly"}, CLONE, {**PUSHED, "event": TriggerEvent.RULE}),
    "CodeCommit": (
        {**asked("main"), "CODEBUILD_INITIATOR": "rule/shop",
         "CODEBUILD_SOURCE_REPO_URL": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop"},
        CLONE,
        {"branch": "main", "event": TriggerEvent.RULE,
         "repository_url": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop"}),
    "CodePipeline: a zip": (PIPELINE, None, {"event": TriggerEvent.PIPELINE}),
    "CodePipeline: a full clone": (PIPELINE, CLONE, {"event": TriggerEvent.PIPELINE}),
    "CodePipeline: a full clone of a branch": (
        PIPELINE, LAPTOP, {"branch": "main", "default_branch": "main",
        "event": TriggerEvent.PIPELINE, "repository_url": URL}),
    "a batch's build": (
        {**PUSH, "CODEBUILD_BATCH_BUILD_IDENTIFIER": "arm64"},
        CLONE, {"branch": "feature/a", "event": TriggerEvent.PUSH, "repository_url": URL, "batch": "arm64"}),
    "a runner: a push": (
        {**RUNNER, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"},
        CLONE, {"branch": "main", "default_branch": "main", "event": TriggerEvent.PUSH, "repository_url": URL}),
    "a runner: a tag": (
        {**RUNNER, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/v1.0"},
        CLONE, {"tag": "v1.0", "default_branch": "main", "event": TriggerEvent.TAG, "repository_url": URL}),
    "a runner: a pull request": (
        {**RUNNER, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/12/merge",
         "GITHUB_HEAD_REF": "topic", "GITHUB_BASE_REF": "main"},
        CLONE, {**TOPIC, "default_branch": "main"}),
    "a runner: a pull request's target": (
        {**RUNNER, "GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main",
         "GITHUB_HEAD_REF": "topic", "GITHUB_BASE_REF": "main"},
        CLONE, {**TOPIC, "default_branch": "main"}),
    "a runner: a release": (
        {**RUNNER, "GITHUB_EVENT_NAME": "release", "GITHUB_REF": "refs/tags/v1.0"},
        CLONE, {"tag": "v1.0", "default_branch": "main", "event": TriggerEvent.RELEASE, "repository_url": URL}),
    "a runner: a schedule": (
        {**RUNNER, "GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main"},
        CLONE, {"branch": "main", "default_branch": "main", "event": TriggerEvent.SCHEDULE, "repository_url": URL}),
    "a runner: by hand": (
        {**RUNNER, "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF": "refs/heads/main"},
        CLONE, {"branch": "main", "default_branch": "main", "event": TriggerEvent.MANUAL, "repository_url": URL}),
    "a laptop": (
        {}, LAPTOP, {"branch": "main", "default_branch": "main", "event": TriggerEvent.LOCAL, "repository_url": URL}),
    "a laptop at a tag": ({}, TAGGED, {"tag": "v1.0", "event": TriggerEvent.LOCAL}),
    "two tags name the commit": (
        {}, Checkout(sha=SHA, changes=(), time=7, tags=("v1.0", "stable")), {"event": TriggerEvent.LOCAL}),
}  # fmt: skip

INITIATORS = {
    "GitHub-Hookshot/0a1b2c3": ("GitHub", "GitLab", "Bitbucket", "a batch"),
    "ada": ("by hand", "a runner"),
    "codepipeline/shop": ("CodePipeline",),
}


@pytest.mark.parametrize(("environment", "checkout", "expected"), ROWS.values(), ids=ROWS)
def test_find_source_of_each_start_returns_the_source(
    environment: Mapping[str, str], checkout: Checkout | None, expected: dict[str, Any]
) -> None:
    found = find_source(passed(), checkout, environment, PAYLOAD if "GITHUB_ACTIONS" in environment else {})
    fields = ("branch", "tag", "pull_request", "base_branch", "default_branch", "repository_url", "event", "batch")
    blank = Source()
    assert {name: getattr(found, name) for name in fields} == {
        name: expected.get(name, getattr(blank, name)) for name in fields
    }
    assert found.commit
    assert (found.commit.sha, found.commit.dirty) == (SHA, False)
    known = {name for name in (*fields, "commit", "initiator") if getattr(found, name) not in ("", None)}
    known |= {"commit_time"} if found.commit.time else set()
    if environment:
        assert set(found.origins) == known
    assert all(found.origins[name] for name in known - {"event"})


@pytest.mark.parametrize("name", ROWS)
def test_find_source_returns_the_initiator(name: str) -> None:
    environment, checkout, _ = ROWS[name]
    expected = [who for who, rows in INITIATORS.items() if name.startswith(rows)]
    if expected:
        assert find_source(passed(), checkout, environment).initiator == expected[0]


RESOLVED = {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": NEWER}
FROM_VARIABLE = Commit(sha=NEWER, dirty=False, origin="CODEBUILD_RESOLVED_SOURCE_VERSION")
CLEAN = Checkout(sha=SHA, changes=(), time=7)
CHANGED = Checkout(sha=SHA, changes=("a", "b"), time=7)

COMMITS = {
    "a clean laptop": (CLEAN, {}, Commit(sha=SHA, dirty=False, origin="git", time=7)),
    "a changed laptop": (CHANGED, {}, Commit(sha=SHA, dirty=True, origin="git", time=7, changes=("a", "b"))),
    "CodeBuild with a checkout": (CLEAN, CODEBUILD, Commit(sha=SHA, dirty=False, origin="git", time=7)),
    "CodeBuild, after a phase that wrote files": (
        CHANGED, CODEBUILD, Commit(sha=SHA, dirty=False, origin="git", time=7)),
    "git before CodeBuild's variable": (CLEAN, RESOLVED, Commit(sha=SHA, dirty=False, origin="git", time=7)),
    "CodePipeline: a zip without .git": (None, RESOLVED, FROM_VARIABLE),
    "a branch at a commit, without .git": (
        None, {**CODEBUILD, "CODEBUILD_SOURCE_VERSION": f"refs/heads/main^{{{SHA}}}"},
        Commit(sha=SHA, dirty=False, origin="CODEBUILD_SOURCE_VERSION")),
    "a zip in S3, whose version is no commit": (
        None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": "3HL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY"}, None),
    "a zip in S3 without versions": (None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": ""}, None),
    "a branch is no commit": (None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": "main"}, None),
    "a short commit is none": (None, {**CODEBUILD, "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA[:7]}, None),
    "what was asked for is not what was resolved": (None, {**CODEBUILD, "CODEBUILD_SOURCE_VERSION": SHA}, None),
    "a runner without a checkout": (None, RUNNER, Commit(sha=SHA, dirty=False, origin="GITHUB_SHA")),
    "nothing at all": (None, {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("checkout", "environment", "expected"), COMMITS.values(), ids=COMMITS)
def test_find_source_returns_the_commit(
    checkout: Checkout | None, environment: dict[str, str], expected: Commit | None
) -> None:
    assert find_source(passed(), checkout, environment).commit == expected


def test_find_source_of_s3_has_no_commit_and_no_branch() -> None:
    variables = {
        **CODEBUILD,
        "CODEBUILD_SOURCE_VERSION": "3HL4kqtJlcpXroDTDmJ",
        "CODEBUILD_SOURCE_REPO_URL": "acme-sources/shop.zip",
        "CODEBUILD_INITIATOR": "ada",
    }
    found = find_source(passed(), None, variables)
    assert found == Source(
        event=TriggerEvent.MANUAL,
        initiator="ada",
        origins={"event": "CODEBUILD_INITIATOR", "initiator": "CODEBUILD_INITIATOR"},
    )


PASSED = {
    "MULTIARCH_COMMIT": NEWER,
    "MULTIARCH_COMMIT_TIME": "2023-11-14T22:13:20Z",
    "MULTIARCH_BRANCH": "refs/heads/main",
    "MULTIARCH_GIT_TAG": "v2.0",
    "MULTIARCH_PULL_REQUEST": "7",
    "MULTIARCH_BASE_BRANCH": "release",
    "MULTIARCH_DEFAULT_BRANCH": "main",
    "MULTIARCH_REPOSITORY_URL": "https://token@example.com/acme/shop.git",
    "MULTIARCH_EVENT": "schedule",
}


def test_find_source_prefers_passed_values() -> None:
    found = find_source(passed(environment=PASSED), None, PULL_REQUEST)
    assert found.commit == Commit(sha=NEWER, dirty=False, origin="MULTIARCH_COMMIT", time=1_700_000_000)
    assert (found.branch, found.tag, found.pull_request, found.base_branch) == ("main", "v2.0", 7, "release")
    assert (found.default_branch, found.repository_url) == ("main", "https://example.com/acme/shop")
    assert found.event is TriggerEvent.SCHEDULE
    assert {name for name, origin in found.origins.items() if origin.startswith("MULTIARCH_")} == {
        "commit", "commit_time", "branch", "tag", "pull_request", "base_branch", "default_branch", "repository_url",
        "event",
    }  # fmt: skip


def test_find_source_other_commit_than_checkout_raises_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find_source(passed({"commit": NEWER}), CLEAN, {})
    assert caught.value.message == f"--commit is {NEWER}, but the checkout is at {SHA}"


def test_source_as_text_shows_origins_and_unknown_values() -> None:
    found = find_source(passed(), None, PIPELINE)
    tags = {"pinned": (SHA[:7],), "floating": ("latest",)}
    assert list(source_as_text(found, tags)) == [
        f"commit          {SHA}  (CODEBUILD_RESOLVED_SOURCE_VERSION)",
        "event           pipeline  (CODEBUILD_INITIATOR)",
        "initiator       codepipeline/shop  (CODEBUILD_INITIATOR)",
        "pinned tags     0123456",
        "floating tags   latest",
        "commit time     unknown: set MULTIARCH_COMMIT_TIME; in CodePipeline, #{SourceVariables.AuthorDate}",
        "branch          unknown: set MULTIARCH_BRANCH; in CodePipeline, #{SourceVariables.BranchName}",
        "default branch  unknown: set MULTIARCH_DEFAULT_BRANCH",
        "repository url  unknown: set MULTIARCH_REPOSITORY_URL",
    ]


def test_source_as_text_shows_changed_files() -> None:
    lines = list(source_as_text(find_source(passed(), CHANGED, {}), {}))
    assert lines[0] == f"commit          {SHA}-dirty  (git)"
    assert [line for line in lines if line.startswith("changed")] == ["changed         a", "changed         b"]


def test_source_as_json_has_all_fields() -> None:
    found = find_source(passed(), CLONE, PULL_REQUEST)
    made = json.loads(source_as_json(found, {"pinned": ("a",), "floating": ()}))
    assert made == {
        "version": 2,
        "kind": "source",
        "commit": SHA,
        "commit_time": "1970-01-01T00:00:07+00:00",
        "dirty": False,
        "changes": [],
        "branch": "topic",
        "tag": None,
        "pull_request": 12,
        "base_branch": "main",
        "default_branch": None,
        "repository_url": URL,
        "event": "pull-request",
        "initiator": "GitHub-Hookshot/0a1b2c3",
        "batch": None,
        "origins": {
            "commit": "git",
            "commit_time": "git",
            "event": "CODEBUILD_WEBHOOK_EVENT",
            "branch": "CODEBUILD_WEBHOOK_TRIGGER",
            "pull_request": "CODEBUILD_WEBHOOK_TRIGGER",
            "base_branch": "CODEBUILD_WEBHOOK_BASE_REF",
            "repository_url": "CODEBUILD_SOURCE_REPO_URL",
            "initiator": "CODEBUILD_INITIATOR",
        },
        "unknown": {"default_branch": "set MULTIARCH_DEFAULT_BRANCH"},
        "tags": {"pinned": ["a"], "floating": []},
    }


DEFAULT_BRANCH = {
    "the default branch": (Source(branch="main", default_branch="main"), True),
    "another": (Source(branch="topic", default_branch="main"), False),
    "a pull request": (Source(branch="main", default_branch="main", event=TriggerEvent.PULL_REQUEST), False),
    "a tag": (Source(tag="v1", default_branch="main"), False),
    "no branch": (Source(default_branch="main"), None),
    "no default branch": (Source(branch="main"), None),
}


@pytest.mark.parametrize(("source", "expected"), DEFAULT_BRANCH.values(), ids=DEFAULT_BRANCH)
def test_is_default_branch_of_source_returns_true_false_or_none(source: Source, expected: bool | None) -> None:  # noqa: FBT001
    assert source.is_default_branch is expected


@pytest.mark.parametrize("sha", [SHA, SHA256])
def test_short_of_commit_has_seven_digits(sha: str) -> None:
    assert Commit(sha=sha, dirty=True, origin="git").short == "0123456"


URLS = {
    "https://github.com/acme/shop.git": URL,
    "https://github.com/acme/shop/": URL,
    "https://x-access-token:ghs_secret@github.com/acme/shop.git": URL,
    "https://github.com/acme/shop.git?token=secret#frag": URL,
    "git@github.com:acme/shop.git": URL,
    "github.com:acme/shop": URL,
    "ssh://git@github.com:22/acme/shop.git": URL,
    "git://github.com/acme/shop": URL,
    "https://git.example.com:8443/acme/shop": "https://git.example.com:8443/acme/shop",
    "http://git.example.com/shop": "http://git.example.com/shop",
    "codecommit::eu-west-1://shop": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop",
    "codecommit::eu-west-1://profile@shop": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop",
    "/home/ada/shop": "",
    "../shop": "",
    "file:///home/ada/shop": "",
    "acme-sources/shop.zip": "",
    "https://[::1": "",
    "https://host:port/x": "",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), URLS.items())
def test_public_url_removes_credentials(text: str, expected: str) -> None:
    assert public_url(text) == expected


NO_COMMIT = {
    "in CodeBuild": (
        CODEBUILD,
        "there is no .git here and CODEBUILD_RESOLVED_SOURCE_VERSION is not a commit",
    ),
    "elsewhere": ({}, "this is not a git checkout with a commit"),
}


@pytest.mark.parametrize(("environment", "message"), NO_COMMIT.values(), ids=NO_COMMIT)
def test_no_commit_error_names_the_fix(environment: dict[str, str], message: str) -> None:
    error = no_commit(environment)
    assert error.message == f"no commit to name the image after: {message}"
    assert error.hint == "set --commit-tag TAG, or GIT_TAG=TAG in the environment"


ODD_TRIGGERS = ["pr/²", "pr/٣", f"pr/{'9' * 5000}", "pr/", "pr/-1", "pr/x", "\x00", "pr/1\x1b[31m\n"]


@pytest.mark.parametrize("trigger", ODD_TRIGGERS, ids=ascii)
@pytest.mark.parametrize("variable", ["CODEBUILD_WEBHOOK_TRIGGER", "CODEBUILD_SOURCE_VERSION"])
def test_find_source_odd_pull_request_has_no_number(variable: str, trigger: str) -> None:
    source = find_source(passed(), None, {**MANUAL, variable: trigger})
    assert source.pull_request is None
