"""Finds the source of a build from the settings, the CI's variables and git. Pure."""

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
    """Return the source of a build.

    The first origin with a value wins: settings, variables of the CI, git. For the commit, git comes before the
    variables, because the build uses the checkout.

    In a CI, uncommitted changes are ignored: files that earlier phases write (a lock file, a version) are part of
    building that commit.

    Args:
        passed: the values of the settings.
        checkout: None without git.
        environment: all variables.
        payload: of GitHub's event, see `read_github`.

    Raises:
        ConfigurationError: the settings conflict with the checkout.
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
    # In a runner that CodeBuild hosts, CodeBuild's variables are about the runner, not about the job.
    if in_github(environment):
        values = read_github(environment, payload)
        batch = read_codebuild(environment, checkout).batch if in_codebuild(environment) else values.batch
        return replace(values, batch=batch)
    if in_codebuild(environment):
        return read_codebuild(environment, checkout)
    return SourceValues()


def _read_git(checkout: Checkout | None, *, with_ref: bool) -> SourceValues:
    if not checkout:
        return SourceValues()
    # With several tags, the tag of the build is unknown.
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
            msg = f"{origin} is {sha}, but the checkout is at {checkout.sha}"
            raise ConfigurationError(msg, hint=f"remove {origin}, or check out that commit")
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
    """Return the error for an unknown commit."""
    where = (
        "there is no .git here and CODEBUILD_RESOLVED_SOURCE_VERSION is not a commit"
        if in_codebuild(environment)
        else "this is not a git checkout with a commit"
    )
    return ConfigurationError(
        f"no commit to name the image after: {where}",
        hint="set --commit-tag TAG, or GIT_TAG=TAG in the environment",
    )
