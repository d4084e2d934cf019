"""Reads the source from CodeBuild's variables, for every way that CodeBuild starts a build. Pure.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
"""

import re
from collections.abc import Mapping

from multiarch.source.checkout import COMMIT, Checkout
from multiarch.source.model import TriggerEvent
from multiarch.source.ref import Ref, SourceValues, parse_ref

_ARN = "CODEBUILD_BUILD_ARN"
_RESOLVED = "CODEBUILD_RESOLVED_SOURCE_VERSION"
_VERSION = "CODEBUILD_SOURCE_VERSION"
_TRIGGER = "CODEBUILD_WEBHOOK_TRIGGER"
_EVENT = "CODEBUILD_WEBHOOK_EVENT"
_HEAD = "CODEBUILD_WEBHOOK_HEAD_REF"
_BASE = "CODEBUILD_WEBHOOK_BASE_REF"
_URL = "CODEBUILD_SOURCE_REPO_URL"
_INITIATOR = "CODEBUILD_INITIATOR"
_BATCH = "CODEBUILD_BATCH_BUILD_IDENTIFIER"

# refs/heads/main^{commit}: a branch at the time of the request for the build
_AT = re.compile(r"(?P<ref>.+)\^\{(?P<sha>[0-9a-f]+)\}")


def in_codebuild(environment: Mapping[str, str]) -> bool:
    return bool(environment.get(_ARN))


def read_codebuild(environment: Mapping[str, str], checkout: Checkout | None) -> SourceValues:
    """Return the values in the variables; nothing is guessed.

    Args:
        environment: all variables.
        checkout: its tags show whether a bare name is a tag or a branch.
    """
    sha, sha_origin = _commit(environment)
    ref, ref_origin = _ref(environment, checkout, is_git=bool(checkout or sha))
    base = environment.get(_BASE, "")
    event, event_origin = _event(environment, ref)
    return SourceValues(
        sha=(sha, sha_origin),
        ref=ref,
        ref_origin=ref_origin,
        base_branch=(base.removeprefix("refs/heads/"), _BASE),
        repository_url=(environment.get(_URL, ""), _URL),
        event=(event, event_origin),
        initiator=(environment.get(_INITIATOR, ""), _INITIATOR),
        batch=(environment.get(_BATCH, ""), _BATCH),
    )


def _commit(environment: Mapping[str, str]) -> tuple[str, str]:
    resolved = environment.get(_RESOLVED, "")
    if COMMIT.fullmatch(resolved):
        return resolved, _RESOLVED
    at = _AT.fullmatch(environment.get(_VERSION, ""))
    return (at["sha"], _VERSION) if at and COMMIT.fullmatch(at["sha"]) else ("", "")


def _ref(environment: Mapping[str, str], checkout: Checkout | None, *, is_git: bool) -> tuple[Ref, str]:
    """Return branch, tag or pull request; the webhook's variables come before CODEBUILD_SOURCE_VERSION."""
    head = parse_ref(environment.get(_HEAD, ""))
    kind, _, name = environment.get(_TRIGGER, "").partition("/")
    match kind:
        case "pr" if number := parse_ref(f"pr/{name}").pull_request:
            return Ref(pull_request=number, branch=head.branch), _TRIGGER
        case "branch" if name:
            return Ref(branch=name), _TRIGGER
        case "tag" if name:
            return Ref(tag=name), _TRIGGER
    version = environment.get(_VERSION, "")
    at = _AT.fullmatch(version)
    version = at["ref"] if at else version
    requested = parse_ref(version)
    if environment.get(_EVENT, "").startswith("PULL_REQUEST"):
        number = requested.pull_request
        return Ref(pull_request=number, branch=head.branch), _VERSION if number else _HEAD
    if head.is_known:
        return head, _HEAD
    if requested.is_known:
        return requested, _VERSION
    # A bare name of a branch or tag. From CodePipeline and S3, the variable names an object instead.
    if not is_git or not version or version.startswith("arn:") or COMMIT.fullmatch(version):
        return Ref(), ""
    is_tag = "RELEASED" in environment.get(_EVENT, "") or bool(checkout and version in checkout.tags)
    return (Ref(tag=version) if is_tag else Ref(branch=version)), _VERSION


def _event(environment: Mapping[str, str], ref: Ref) -> tuple[TriggerEvent, str]:
    webhook = environment.get(_EVENT, "")
    if webhook.startswith("PULL_REQUEST") or environment.get(_TRIGGER, "").startswith("pr/"):
        return TriggerEvent.PULL_REQUEST, _EVENT if webhook else _TRIGGER
    if webhook in ("RELEASED", "PRERELEASED"):
        return TriggerEvent.RELEASE, _EVENT
    if webhook or environment.get(_TRIGGER):
        return TriggerEvent.TAG if ref.tag else TriggerEvent.PUSH, _EVENT if webhook else _TRIGGER
    if environment.get(_INITIATOR, "").startswith("codepipeline/"):
        return TriggerEvent.PIPELINE, _INITIATOR
    if environment.get(_INITIATOR, "").startswith("rule/"):
        return TriggerEvent.RULE, _INITIATOR
    return TriggerEvent.MANUAL, _INITIATOR if environment.get(_INITIATOR) else _ARN
