"""Puts together what was passed, what the CI says and what git says. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from multiarch.errors import ConfigurationError
from multiarch.source.checkout import Checkout
from multiarch.source.codebuild import in_codebuild, read_codebuild
from multiarch.source.github import in_github, read_github
from multiarch.source.model import Commit, Event, Identity
from multiarch.source.ref import Ref, Said
from multiarch.source.url import public_url

if TYPE_CHECKING:
    from multiarch.settings.load import LoadedSettings

_GIT = "git"


def find_identity(
    loaded: "LoadedSettings",
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
        loaded: the settings, some of which say what cannot be known.
        checkout: None where there is no git.
        environment: all variables.
        payload: GitHub's, see `read_github`.

    Raises:
        ConfigurationError: what was passed contradicts the checkout.
    """
    said = _said(environment, checkout, payload or {})
    values = _values(loaded, said, checkout)
    found = {name: (value, source) for name, value, source in values if value}
    commit = _commit(loaded, said, checkout, is_ci=_is_ci(environment))
    event, event_source = _event(loaded, said)
    return Identity(
        commit=commit,
        event=event,
        sources={
            **({"commit": commit.source} if commit else {}),
            **({"commit_time": _time_source(loaded)} if commit and commit.time is not None else {}),
            "event": event_source,
            **{name: source for name, (_, source) in found.items()},
        },
        **{name: value for name, (value, _) in found.items()},  # type: ignore[arg-type]  # a field each
    )


def _is_ci(environment: Mapping[str, str]) -> bool:
    return in_codebuild(environment) or in_github(environment)


def _said(environment: Mapping[str, str], checkout: Checkout | None, payload: Mapping[str, object]) -> Said:
    # In a runner that CodeBuild hosts, CodeBuild's own variables tell of the runner, and not of the job.
    if in_github(environment):
        said = read_github(environment, payload)
        batch = read_codebuild(environment, checkout).batch if in_codebuild(environment) else said.batch
        return replace(said, batch=batch)
    if in_codebuild(environment):
        return read_codebuild(environment, checkout)
    return Said()


def _values(loaded: "LoadedSettings", said: Said, checkout: Checkout | None) -> Iterator[tuple[str, object, str]]:
    """Yield field, value and source; of a field that comes twice, the caller takes none but the first that tells."""
    settings, sources = loaded.settings, loaded.sources
    ref, ref_source = _ref(said, checkout)
    candidates: list[tuple[str, object, str]] = [
        ("branch", settings.branch, sources["branch"]),
        ("branch", ref.branch, ref_source),
        ("tag", settings.ref_tag, sources["ref_tag"]),
        ("tag", ref.tag, ref_source),
        ("pull_request", settings.pull_request, sources["pull_request"]),
        ("pull_request", ref.pull_request, ref_source),
        ("base_branch", settings.base_branch, sources["base_branch"]),
        ("base_branch", *said.base_branch),
        ("default_branch", settings.default_branch, sources["default_branch"]),
        ("default_branch", *said.default_branch),
        ("default_branch", checkout.default_branch if checkout else "", _GIT),
        ("repository_url", public_url(settings.repository_url), sources["repository_url"]),
        ("repository_url", public_url(said.repository_url[0]), said.repository_url[1]),
        ("repository_url", public_url(checkout.url) if checkout else "", _GIT),
        ("initiator", *said.initiator),
        ("batch", *said.batch),
    ]
    seen = set()
    for name, value, source in candidates:
        if value and name not in seen:
            seen.add(name)
            yield name, value, source


def _ref(said: Said, checkout: Checkout | None) -> tuple[Ref, str]:
    if said.ref.is_known or not checkout:
        return said.ref, said.ref_source
    # Of several tags none is known to be the one that is meant.
    tag = checkout.tags[0] if len(checkout.tags) == 1 else ""
    return Ref(branch=checkout.branch, tag=tag), _GIT


def _commit(loaded: "LoadedSettings", said: Said, checkout: Checkout | None, *, is_ci: bool) -> Commit | None:
    passed, source = loaded.settings.commit, loaded.sources["commit"]
    time = loaded.settings.commit_time or None
    if checkout:
        if passed and passed != checkout.sha:
            msg = f"{source} is {passed}, and the checkout is at {checkout.sha}"
            raise ConfigurationError(msg, hint="leave it out: what is checked out is what is built")
        changes = () if is_ci else checkout.changes
        return Commit(sha=checkout.sha, dirty=bool(changes), source=_GIT, time=time or checkout.time, changes=changes)
    sha, source = (passed, source) if passed else said.sha
    return Commit(sha=sha, dirty=False, source=source, time=time) if sha else None


def _time_source(loaded: "LoadedSettings") -> str:
    return loaded.sources["commit_time"] if loaded.settings.commit_time else _GIT


def _event(loaded: "LoadedSettings", said: Said) -> tuple[Event, str]:
    if loaded.settings.event != "auto":
        return Event(loaded.settings.event), loaded.sources["event"]
    if loaded.settings.pull_request:
        return Event.PULL_REQUEST, loaded.sources["pull_request"]
    return said.event


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
