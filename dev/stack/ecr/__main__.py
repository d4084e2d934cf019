"""`python -m dev.stack.ecr`: the gate, both proxies and the control port, until it is stopped."""

from __future__ import annotations

import asyncio
import dataclasses
import ssl
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from dev.stack import layout, tls
from dev.stack.ecr.aws import Aws, AwsProxy
from dev.stack.ecr.gate import Gate
from dev.stack.ecr.lanes import Lanes
from dev.stack.ecr.registry import RegistryProxy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    _Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def main() -> None:
    lanes = Lanes()
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as session:
        proxy = RegistryProxy(lanes, Aws(session, layout.AWS_URL), session, layout.PROXIED, layout.BEHIND.url)
        good = await _serve(proxy.handle, 0, tls.certificate_of(layout.PROXIED), tls.key_of(layout.PROXIED))
        untrusted = await _serve(proxy.handle, 0, *tls.untrusted(layout.PROXIED))
        gate = Gate(lanes, good=good, untrusted=untrusted)
        await asyncio.start_server(gate.handle, layout.PROXIED.address, layout.PROXIED.port)
        await _serve(AwsProxy(lanes, session, layout.AWS_URL).handle, layout.AWS_PROXY_PORT)
        await _serve(_control(lanes, gate, untrusted), layout.CONTROL_PORT)
        await asyncio.Event().wait()


async def _serve(handler: _Handler, port: int, *files: Path) -> int:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    context = None
    if files:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*map(str, files))
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
    await site.start()
    return int(runner.addresses[0][1])


def _control(lanes: Lanes, gate: Gate, untrusted: int) -> _Handler:
    """POST /lanes opens one, GET /lanes/NAME tells of it, DELETE closes it."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        name = request.path.removeprefix("/lanes").strip("/")
        if request.method == "POST":
            lane = lanes.open(await request.json())
            gate.close_all()
            return web.json_response({"name": lane.name})
        if request.method == "DELETE":
            lanes.close(name)
            return web.json_response({})
        if not name:
            return web.json_response({"untrusted": untrusted})
        found = lanes.of_repository(name)
        if not found:
            return web.Response(status=404)
        told = {"fired": found.schedule.fired, "secrets": found.secrets, "requests": found.requests}
        return web.json_response({**told, "rules": dataclasses.asdict(found.rules)})

    return handle


if __name__ == "__main__":
    asyncio.run(main())
