"""The registry's side: ECR's login and rules before a real registry, which keeps the blobs and the manifests."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from aiohttp import web
from multidict import CIMultiDict

from dev.stack.ecr import answers, rules
from dev.stack.ecr.faults import Request
from dev.stack.ecr.lanes import USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from dev.stack.ecr.aws import Aws
    from dev.stack.ecr.lanes import Lane, Lanes
    from dev.stack.layout import Registry

_PATH: Final = re.compile(r"/v2/(?P<repository>.+?)/(?P<kind>manifests|blobs|tags)/(?P<rest>.*)")
# Those of one connection, which are not the next one's: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
_HOP: Final = {"connection", "keep-alive", "transfer-encoding", "host", "content-length", "authorization", "te"}
# A lane's own `…/base` is the base image that all share, so that a fault can hit its pull.
_SHARED: Final = "base"


class RegistryProxy:
    def __init__(self, lanes: Lanes, aws: Aws, session: aiohttp.ClientSession, ecr: Registry, upstream: str) -> None:
        self._lanes = lanes
        self._aws = aws
        self._session = session
        self._ecr = ecr
        self._upstream = upstream
        self._signatures: set[str] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        parts = _PATH.fullmatch(request.path)
        lane = self._lanes.of_repository(parts["repository"]) if parts else None
        if request.query.get("X-Amz-Signature") in self._signatures:
            return await self._layer(request, lane)
        fault = lane.next_fault(_seen(request)) if lane else None
        if lane and fault and (answer := await answers.instead(request, lane, fault)):
            return answer
        if refusal := self._login(request, lane) or await self._refusal(request, lane):
            await request.read()
            return refusal
        what = fault.what if fault else ""
        if lane and parts and request.method == "GET" and parts["kind"] == "blobs" and what != "cut":
            return self._presigned(request, lane)
        found = await self._forward(request)
        if what == "cut":
            return await answers.cut(request, found.status, found.headers, found.body)
        if what == "lost":
            return answers.reset(request)
        return web.Response(status=found.status, headers=found.headers, body=found.body)

    def _login(self, request: web.BaseRequest, lane: Lane | None) -> web.Response | None:
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = password = ""
        if lane and lane.is_expired(password):
            return _refused(rules.EXPIRED)
        good = lane.is_valid(password) if lane else bool(password)
        if kind == "Basic" and user == USER and (good or password == self._ecr.password):
            return None
        challenge = f'Basic realm="{self._ecr.url}/",service="ecr.amazonaws.com"'
        return web.Response(status=401, text="Not Authorized\n", headers={"WWW-Authenticate": challenge})

    async def _refusal(self, request: web.BaseRequest, lane: Lane | None) -> web.Response | None:
        parts = _PATH.fullmatch(request.path)
        if not parts or (lane and parts["repository"].endswith(f"/{_SHARED}")):
            return None
        refusal = await self._rule(request, lane, parts["repository"], parts["kind"], parts["rest"])
        return _refused(refusal) if refusal else None

    async def _rule(
        self, request: web.BaseRequest, lane: Lane | None, name: str, kind: str, rest: str
    ) -> rules.Refusal | None:
        repository = await self._aws.repository(name, self._ecr)
        if not repository:
            return rules.missing_repository(name, self._ecr.account)
        if lane and (refusal := rules.missing_right(request.method, request.path, repository, lane.rules.denied)):
            return refusal
        if request.method != "PUT" or kind != "manifests":
            return None
        if refusal := rules.no_image(request.content_type, await request.read()):
            return refusal
        if lane and lane.rules.full:
            return rules.full(repository)
        if repository.keeps(rest) and not rest.startswith("sha256:"):
            url = f"{self._upstream}{request.path}"
            async with self._session.head(url, headers={"Accept": ", ".join(rules.TYPES)}) as there:
                return rules.immutable(repository, rest) if there.status == web.HTTPOk.status_code else None
        return None

    def _presigned(self, request: web.BaseRequest, lane: Lane) -> web.Response:
        """ECR keeps layers in S3, and sends whoever asks for one there, with a signature that is a secret."""
        signature = lane.new_signature()
        self._signatures.add(signature)
        return web.Response(status=307, headers={"Location": f"{request.path}?X-Amz-Signature={signature}"})

    async def _layer(self, request: web.BaseRequest, lane: Lane | None) -> web.StreamResponse:
        """S3's side."""
        if lane:
            lane.requests.append(f"{request.method} {request.path} (S3)")
        answer = await self._forward(request)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _forward(self, request: web.BaseRequest) -> _Answer:
        path = re.sub(rf"^/v2/[^/]+/{_SHARED}/", f"/v2/{_SHARED}/", request.path)
        # ECR mounts no layer of another repository unless the account asks for it.
        query = {key: value for key, value in request.query.items() if key not in ("mount", "from", "X-Amz-Signature")}
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        url = f"{self._upstream}{path}"
        body = await request.read()
        async with self._session.request(
            request.method, url, params=query, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            content = await response.read()
            return _Answer(response.status, self._back(response.headers, request), content)

    def _back(self, headers: Mapping[str, str], request: web.BaseRequest) -> CIMultiDict[str]:
        """What the registry says of itself becomes what ECR would say of itself."""
        kept = CIMultiDict((key, value) for key, value in headers.items() if key.lower() not in _HOP)
        if "Location" in kept:
            kept["Location"] = kept["Location"].replace(self._upstream, self._ecr.url)
        if request.method == "HEAD" and "Content-Length" in headers:
            kept["Content-Length"] = headers["Content-Length"]
        return kept


class _Answer:
    def __init__(self, status: int, headers: CIMultiDict[str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def _seen(request: web.BaseRequest) -> Request:
    return Request(
        side="registry", method=request.method, path=request.path, agent=request.headers.get("User-Agent", "")
    )


def _refused(refusal: rules.Refusal) -> web.Response:
    return web.Response(status=refusal.status, body=refusal.body, content_type="application/json", charset="utf-8")
