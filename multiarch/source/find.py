"""Puts together what was passed, what the CI says and what git says. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from multiarch.errors import ConfigurationError
from multiarch.source.checkout import Checkout
from multiarch.source.codebuild import in_codebuild, read_codebuild
from multiarch.source.github import in_github, read_github
from multiarch.source.model import Commit, Event, Identity
from multiarch.source.ref import Ref, Said

_GIT = "git"


def find_identity(
    passed: Said,
    checkout: Checkout | None,
    environment: Mapping[str, str],
    payload: Mapping[str, object] | None = None,
) -> Identity:
    """Say what is being built.

    The first that tells wins: what was passed, the CI's variables, git. For the commit, git comes before the variables:
    what is checked out is what is built.

    In a CI a changed tree is not dirty: what earlier phases write (a lock file, a version) belongs to building that
    commit.

    Args:
        passed: the settings' values, for what cannot be known.
        checkout: None where there is no git.
        environment: all variables.
        payload: GitHub's, see `read_github`.

    Raises:
        ConfigurationError: what was passed contradicts the checkout.
    """
    ci = _read_ci(environment, checkout, payload or {})
    git = _read_git(checkout, with_ref=not ci.ref.is_known)
    found: dict[str, tuple[object, str]] = {}
    for name, value, source in chain(passed.fields(), ci.fields(), git.fields()):
        if value and name not in found:
            found[name] = (value, source)
    commit = _commit(passed, ci, checkout, is_ci=_is_ci(environment))
    event, event_source = _event(passed, ci)
    return Identity(
        commit=commit,
        event=event,
        sources={
            **({"commit": commit.source} if commit else {}),
            **(
                {"commit_time": passed.time[1] if passed.time[0] else _GIT}
                if commit and commit.time is not None
                else {}
            ),
            "event": event_source,
            **{name: source for name, (_, source) in found.items()},
        },
        **{name: value for name, (value, _) in found.items()},  # type: ignore[arg-type]  # a field each
    )


def _is_ci(environment: Mapping[str, str]) -> bool:
    return in_codebuild(environment) or in_github(environment)


def _read_ci(environment: Mapping[str, str], checkout: Checkout | None, payload: Mapping[str, object]) -> Said:
    # In a runner that CodeBuild hosts, CodeBuild's own variables tell of the runner, and not of the job.
    if in_github(environment):
        said = read_github(environment, payload)
        batch = read_codebuild(environment, checkout).batch if in_codebuild(environment) else said.batch
        return replace(said, batch=batch)
    if in_codebuild(environment):
        return read_codebuild(environment, checkout)
    return Said()


def _read_git(checkout: Checkout | None, *, with_ref: bool) -> Said:
    if not checkout:
        return Said()
    # Of several tags none is known to be the one that is meant.
    tag = checkout.tags[0] if len(checkout.tags) == 1 else ""
    return Said(
        ref=Ref(branch=checkout.branch, tag=tag) if with_ref else Ref(),
        ref_source=_GIT,
        default_branch=(checkout.default_branch, _GIT),
        repository_url=(checkout.url, _GIT),
    )


def _commit(passed: Said, ci: Said, checkout: Checkout | None, *, is_ci: bool) -> Commit | None:
    sha, source = passed.sha
    time = passed.time[0] or None
    if checkout:
        if sha and sha != checkout.sha:
            msg = f"{source} is {sha}, and the checkout is at {checkout.sha}"
            raise ConfigurationError(msg, hint="leave it out: what is checked out is what is built")
        changes = () if is_ci else checkout.changes
        return Commit(sha=checkout.sha, dirty=bool(changes), source=_GIT, time=time or checkout.time, changes=changes)
    sha, source = passed.sha if sha else ci.sha
    return Commit(sha=sha, dirty=False, source=source, time=time) if sha else None


def _event(passed: Said, ci: Said) -> tuple[Event, str]:
    for event, source in (passed.event, (Event.PULL_REQUEST if passed.pull_request[0] else "", passed.pull_request[1])):
        if event:
            return event, source
    return ci.event[0] or Event.LOCAL, ci.event[1]


def no_commit(environment: Mapping[str, str]) -> ConfigurationError:
    """Explain that no commit was found, and how to pass one."""
    where = (
        "there is no .git here and CODEBUILD_RESOLVED_SOURCE_VERSION is not a commit"
        if in_codebuild(environment)
        else "this is not a git checkout with a commit"
    )
    return ConfigurationError(
        f"no commit to name the image after: {where}",
        hint="pass the tag yourself: --commit-tag TAG, or GIT_TAG=TAG in the environment",
    )
