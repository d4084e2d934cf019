"""Puts together what was passed, what the CI says and what git says. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain

from multiarch.errors import ConfigurationError
from multiarch.source.checkout import Checkout
from multiarch.source.codebuild import in_codebuild, read_codebuild
from multiarch.source.github import in_github, read_github
from multiarch.source.model import Commit, Source, TriggerEvent
from multiarch.source.ref import Ref, SourceValues

_GIT = "git"


def find_source(
    passed: SourceValues,
    checkout: Checkout | None,
    environment: Mapping[str, str],
    payload: Mapping[str, object] | None = None,
) -> Source:
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
        ConfigurationError: what was passed conflicts with the checkout.
    """
    ci = _read_ci(environment, checkout, payload or {})
    git = _read_git(checkout, with_ref=not ci.ref.is_known)
    found: dict[str, tuple[object, str]] = {}
    for name, value, origin in chain(passed.fields(), ci.fields(), git.fields()):
        if value and name not in found:
            found[name] = (value, origin)
    commit = _commit(passed, ci, checkout, is_ci=_is_ci(environment))
    event, event_origin = _event(passed, ci)
    return Source(
        commit=commit,
        event=event,
        origins={
            **({"commit": commit.origin} if commit else {}),
            **(
                {"commit_time": passed.time[1] if passed.time[0] else _GIT}
                if commit and commit.time is not None
                else {}
            ),
            "event": event_origin,
            **{name: origin for name, (_, origin) in found.items()},
        },
        **{name: value for name, (value, _) in found.items()},  # type: ignore[arg-type]  # a field each
    )


def _is_ci(environment: Mapping[str, str]) -> bool:
    return in_codebuild(environment) or in_github(environment)


def _read_ci(environment: Mapping[str, str], checkout: Checkout | None, payload: Mapping[str, object]) -> SourceValues:
    # In a runner that CodeBuild hosts, CodeBuild's own variables tell of the runner, and not of the job.
    if in_github(environment):
        said = read_github(environment, payload)
        batch = read_codebuild(environment, checkout).batch if in_codebuild(environment) else said.batch
        return replace(said, batch=batch)
    if in_codebuild(environment):
        return read_codebuild(environment, checkout)
    return SourceValues()


def _read_git(checkout: Checkout | None, *, with_ref: bool) -> SourceValues:
    if not checkout:
        return SourceValues()
    # Of several tags none is known to be the one that is meant.
    tag = checkout.tags[0] if len(checkout.tags) == 1 else ""
    return SourceValues(
        ref=Ref(branch=checkout.branch, tag=tag) if with_ref else Ref(),
        ref_origin=_GIT,
        default_branch=(checkout.default_branch, _GIT),
        repository_url=(checkout.url, _GIT),
    )


def _commit(passed: SourceValues, ci: SourceValues, checkout: Checkout | None, *, is_ci: bool) -> Commit | None:
    sha, origin = passed.sha
    time = passed.time[0] or None
    if checkout:
        if sha and sha != checkout.sha:
            msg = f"{origin} is {sha}, and the checkout is at {checkout.sha}"
            raise ConfigurationError(msg, hint="leave it out: what is checked out is what is built")
        changes = () if is_ci else checkout.changes
        return Commit(sha=checkout.sha, dirty=bool(changes), origin=_GIT, time=time or checkout.time, changes=changes)
    sha, origin = passed.sha if sha else ci.sha
    return Commit(sha=sha, dirty=False, origin=origin, time=time) if sha else None


def _event(passed: SourceValues, ci: SourceValues) -> tuple[TriggerEvent, str]:
    for event, origin in (
        passed.event,
        (TriggerEvent.PULL_REQUEST if passed.pull_request[0] else "", passed.pull_request[1]),
    ):
        if event:
            return event, origin
    return ci.event[0] or TriggerEvent.LOCAL, ci.event[1]


def no_commit(environment: Mapping[str, str]) -> ConfigurationError:
    """Explain that no commit was found, and how to pass one."""
    where = (
        "there is no .git here and CODEBUILD_RESOLVED_SOURCE_VERSION is not a commit"
        if in_codebuild(environment)
        else "this is not a git checkout with a commit"
    )
    return ConfigurationError(
        f"no commit to name the image after: {where}",
        hint="set --commit-tag TAG, or GIT_TAG=TAG in the environment",
    )
