"""Reads the source from the variables of a GitHub Actions job, which a CodeBuild-hosted runner can run. Pure.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from collections.abc import Mapping

from multiarch.source.model import TriggerEvent
from multiarch.source.ref import Ref, SourceValues, parse_ref

_EVENTS = {
    "pull_request": TriggerEvent.PULL_REQUEST,
    "pull_request_target": TriggerEvent.PULL_REQUEST,
    "release": TriggerEvent.RELEASE,
    "schedule": TriggerEvent.SCHEDULE,
}
_PAYLOAD = "GITHUB_EVENT_PATH"


def in_github(environment: Mapping[str, str]) -> bool:
    return environment.get("GITHUB_ACTIONS") == "true"


def read_github(environment: Mapping[str, str], payload: Mapping[str, object]) -> SourceValues:
    """Return the values in the variables and in the payload of the event.

    Args:
        environment: all variables.
        payload: the JSON object in the file GITHUB_EVENT_PATH; empty if it cannot be read.
    """
    name = environment.get("GITHUB_EVENT_NAME", "")
    ref, origin = parse_ref(environment.get("GITHUB_REF", "")), "GITHUB_REF"
    event = _EVENTS.get(name, TriggerEvent.MANUAL)
    if name == "push":
        event = TriggerEvent.TAG if ref.tag else TriggerEvent.PUSH
    if event is TriggerEvent.PULL_REQUEST:
        number = payload.get("number")
        # For pull_request_target, the reference is the base branch.
        if not ref.pull_request and isinstance(number, int):
            ref, origin = Ref(pull_request=number), _PAYLOAD
        ref = Ref(pull_request=ref.pull_request, branch=environment.get("GITHUB_HEAD_REF", ""))
    repository = payload.get("repository")
    default = str(repository.get("default_branch") or "") if isinstance(repository, Mapping) else ""
    server, path = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    return SourceValues(
        sha=(environment.get("GITHUB_SHA", ""), "GITHUB_SHA"),
        ref=ref,
        ref_origin=origin,
        base_branch=(environment.get("GITHUB_BASE_REF", ""), "GITHUB_BASE_REF"),
        default_branch=(default, _PAYLOAD),
        repository_url=(f"{server}/{path}" if server and path else "", "GITHUB_REPOSITORY"),
        event=(event, "GITHUB_EVENT_NAME"),
        initiator=(environment.get("GITHUB_ACTOR", ""), "GITHUB_ACTOR"),
    )
