"""How a fault is done to a connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dev.stack.ecr.faults import Fault
    from dev.stack.ecr.lanes import Lane

# What the registries' front ends say with these statuses: mostly a page, or nothing.
_BODIES: Final = {
    429: json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "Rate exceeded"}]}),
    500: json.dumps({"errors": [{"code": "INTERNAL_ERROR", "message": "An internal server error occurred"}]}),
    502: "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>",
    503: "<html><body><h1>503 Service Unavailable</h1></body></html>",
    504: "<html><body><h1>504 Gateway Time-out</h1></body></html>",
}
_PAGE: Final = "<!doctype html><title>Sign in</title><p>Please sign in to the network."


async def instead(request: web.BaseRequest, lane: Lane, fault: Fault) -> web.StreamResponse | None:
    """Answer as a fault wants it; None where the registry is still to be asked."""
    match fault.what:
        case "status":
            await request.read()
            return status(fault)
        case "reset":
            return reset(request)
        case "stall":
            return await stall(request, fault.seconds)
        case "garbage":
            return page()
        case "expire":
            lane.expire()
            return None
        case _:
            return None


def status(fault: Fault) -> web.Response:
    body = _BODIES.get(fault.status, "")
    kind = "application/json" if body.startswith("{") else "text/html"
    return web.Response(status=fault.status, text=body, content_type=kind, headers=dict(fault.headers))


def page() -> web.Response:
    return web.Response(text=_PAGE, content_type="text/html")


def reset(request: web.BaseRequest) -> web.Response:
    """End the connection with a TCP reset."""
    transport = request.transport
    if transport:
        linger(transport.get_extra_info("socket"))
        transport.abort()
    return web.Response()


def linger(tcp: socket.socket | None) -> None:
    """Make the coming end of a connection a reset."""
    if tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def stall(request: web.BaseRequest, seconds: float) -> web.Response:
    await asyncio.sleep(seconds)
    return reset(request)


async def cut(request: web.BaseRequest, code: int, headers: Mapping[str, str], body: bytes) -> web.StreamResponse:
    """Promise the whole answer, send half of it, and close."""
    response = web.StreamResponse(status=code, headers=dict(headers))
    response.content_length = max(len(body), 2)
    await response.prepare(request)
    await response.write((body or b"  ")[: max(len(body), 2) // 2])
    if request.transport:
        request.transport.close()
    return response
