"""What CodeBuild's variables say of the source, for each way that it starts a build. Pure.

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

# refs/heads/main^{commit}: a branch as it was when the build was asked for
_AT = re.compile(r"(?P<ref>.+)\^\{(?P<sha>[0-9a-f]+)\}")


def in_codebuild(environment: Mapping[str, str]) -> bool:
    return bool(environment.get(_ARN))


def read_codebuild(environment: Mapping[str, str], checkout: Checkout | None) -> SourceValues:
    """Return what the variables say, and nothing that they only suggest.

    Args:
        environment: all variables.
        checkout: tells a tag from a branch where a build was started with a bare name.
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
    """Return the branch, tag or pull request; a webhook's own words before those that a build was started with."""
    head = parse_ref(environment.get(_HEAD, ""))
    kind, _, name = environment.get(_TRIGGER, "").partition("/")
    match kind:
        case "pr" if name.isdigit():
            return Ref(pull_request=int(name), branch=head.branch), _TRIGGER
        case "branch" if name:
            return Ref(branch=name), _TRIGGER
        case "tag" if name:
            return Ref(tag=name), _TRIGGER
    version = environment.get(_VERSION, "")
    at = _AT.fullmatch(version)
    version = at["ref"] if at else version
    asked = parse_ref(version)
    if environment.get(_EVENT, "").startswith("PULL_REQUEST"):
        return Ref(pull_request=asked.pull_request, branch=head.branch), _VERSION if asked.pull_request else _HEAD
    if head.is_known:
        return head, _HEAD
    if asked.is_known:
        return asked, _VERSION
    # A bare name; what CodePipeline and S3 write there is an object, and no name at all.
    if not is_git or not version or version.startswith("arn:") or COMMIT.fullmatch(version):
        return Ref(), ""
    is_tag = "RELEASED" in environment.get(_EVENT, "") or bool(checkout and version in checkout.tags)
    return (Ref(tag=version) if is_tag else Ref(branch=version)), _VERSION


def _event(environment: Mapping[str, str], ref: Ref) -> tuple[TriggerEvent, str]:
    said = environment.get(_EVENT, "")
    if said.startswith("PULL_REQUEST") or environment.get(_TRIGGER, "").startswith("pr/"):
        return TriggerEvent.PULL_REQUEST, _EVENT if said else _TRIGGER
    if said in ("RELEASED", "PRERELEASED"):
        return TriggerEvent.RELEASE, _EVENT
    if said or environment.get(_TRIGGER):
        return TriggerEvent.TAG if ref.tag else TriggerEvent.PUSH, _EVENT if said else _TRIGGER
    if environment.get(_INITIATOR, "").startswith("codepipeline/"):
        return TriggerEvent.PIPELINE, _INITIATOR
    if environment.get(_INITIATOR, "").startswith("rule/"):
        return TriggerEvent.RULE, _INITIATOR
    return TriggerEvent.MANUAL, _INITIATOR if environment.get(_INITIATOR) else _ARN
