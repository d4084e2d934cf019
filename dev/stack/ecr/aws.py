"""The AWS side: moto, asked by the registry's side, and a proxy before it that gives out a lane's own passwords."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl

from aiohttp import web

from dev.stack import layout
from dev.stack.ecr import answers
from dev.stack.ecr.faults import Request
from dev.stack.ecr.lanes import USER
from dev.stack.ecr.rules import ROLE, Repository

if TYPE_CHECKING:
    import aiohttp

    from dev.stack.ecr.faults import Fault
    from dev.stack.ecr.lanes import Lane, Lanes
    from dev.stack.layout import Registry

_PREFIX: Final = "AmazonEC2ContainerRegistry_V20150921"
_JSON: Final = "application/x-amz-json-1.1"
_KEY: Final = re.compile(r"Credential=([^/]+)/")
_DROPPED: Final = {"host", "content-length", "transfer-encoding", "connection"}
_LASTS: Final = 12 * 3600
# How AWS says that a call came too often, and that it is in trouble.
_ERRORS: Final = {
    "throttle": ("ThrottlingException", "Rate exceeded"),
    "old": ("ExpiredTokenException", "The security token included in the request is expired"),
    "500": ("ServerException", "An internal error occurred"),
    "503": ("ServiceUnavailableException", "Service Unavailable"),
}


class Aws:
    def __init__(self, session: aiohttp.ClientSession, upstream: str) -> None:
        self._session = session
        self._upstream = upstream

    async def repository(self, name: str, ecr: Registry) -> Repository | None:
        """What moto knows of a repository in the registry's account and region."""
        scope = f"testing/20260101/{ecr.region}/ecr/aws4_request"
        headers = {
            "X-Amz-Target": f"{_PREFIX}.DescribeRepositories",
            "Content-Type": _JSON,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        body = json.dumps({"repositoryNames": [name]})
        async with self._session.post(self._upstream, data=body, headers=headers) as response:
            if response.status != web.HTTPOk.status_code:
                return None
            answer = json.loads(await response.read())
        data = answer["repositories"][0]
        return Repository(
            name=name,
            account=ecr.account,
            region=ecr.region,
            mutability=str(data.get("imageTagMutability", "MUTABLE")),
            excepted=tuple(str(each["filter"]) for each in data.get("imageTagMutabilityExclusionFilters") or ()),
        )


class AwsProxy:
    def __init__(self, lanes: Lanes, session: aiohttp.ClientSession, upstream: str) -> None:
        self._lanes = lanes
        self._session = session
        self._upstream = upstream

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        content = await request.read()
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        operation = operation or dict(parse_qsl(content.decode(errors="replace"))).get("Action", request.path)
        key = _KEY.search(request.headers.get("Authorization", ""))
        lane = self._lanes.of_key(key[1]) if key else None
        fault = lane.next_fault(Request(side="aws", operation=operation)) if lane else None
        if lane and fault and (answer := await self._fault(request, lane, fault, operation)):
            return answer
        if operation == "DescribeRepositoryCreationTemplates":
            # The one call of multiarch's that moto does not know; there are none.
            return web.Response(text=json.dumps({"repositoryCreationTemplates": []}), headers={"Content-Type": _JSON})
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        async with self._session.request(
            request.method, f"{self._upstream}{request.path_qs}", data=content, headers=headers
        ) as response:
            body = await response.read()
            kind = response.headers.get("Content-Type", _JSON)
            code = response.status
        if lane and operation == "GetAuthorizationToken" and code == web.HTTPOk.status_code:
            body = _with_password(body, lane)
        if fault and fault.what == "cut":
            return await answers.cut(request, code, {"Content-Type": kind}, body)
        return web.Response(status=code, body=body, headers={"Content-Type": kind})

    async def _fault(
        self, request: web.BaseRequest, lane: Lane, fault: Fault, operation: str
    ) -> web.StreamResponse | None:
        match fault.what:
            case "throttle" | "old":
                return _error(400, *_ERRORS[fault.what], dict(fault.headers))
            case "forbid":
                who = f"arn:aws:sts::{layout.PROXIED.account}:{ROLE}"
                message = f"User: {who} is not authorized to perform: ecr:{operation} on resource: *"
                reason = f"because no identity-based policy allows the ecr:{operation} action"
                return _error(400, "AccessDeniedException", f"{message} {reason}", {})
            case "status" if str(fault.status) in _ERRORS:
                return _error(fault.status, *_ERRORS[str(fault.status)], dict(fault.headers))
            case "lost":
                return answers.reset(request)
            case _:
                return await answers.instead(request, lane, fault)


def _error(code: int, name: str, message: str, headers: dict[str, str]) -> web.Response:
    body = json.dumps({"__type": name, "message": message})
    return web.Response(status=code, text=body, headers={"Content-Type": _JSON, **headers})


def _with_password(body: bytes, lane: Lane) -> bytes:
    answer = cast("dict[str, Any]", json.loads(body))
    for data in answer["authorizationData"]:
        encoded = base64.b64encode(f"{USER}:{lane.new_password()}".encode()).decode()
        lane.secrets.append(encoded)
        data["authorizationToken"] = encoded
        # moto's lies in 2015.
        data["expiresAt"] = time.time() + _LASTS
    return json.dumps(answer).encode()
