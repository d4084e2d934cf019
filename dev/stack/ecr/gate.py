"""What stands on ECR's port: it hands connections on to the proxy, or does to one what no HTTP server can."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from dev.stack.ecr import answers
from dev.stack.ecr.faults import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from dev.stack.ecr.faults import Fault
    from dev.stack.ecr.lanes import Lanes

_CHUNK: Final = 1 << 16
_PLAIN: Final = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Gate:
    def __init__(self, lanes: Lanes, *, good: int, untrusted: int) -> None:
        self._lanes = lanes
        self._good = good
        self._untrusted = untrusted
        self._open: set[asyncio.StreamWriter] = set()

    def close_all(self) -> None:
        """Close what clients keep open: a lane's connection faults are for new connections."""
        for writer in tuple(self._open):
            writer.transport.abort()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            fault = self._fault()
            match fault.what if fault else "":
                case "reset":
                    answers.linger(writer.get_extra_info("socket"))
                    writer.transport.abort()
                case "stall" if fault:
                    await asyncio.sleep(fault.seconds)
                    writer.transport.abort()
                case "plain":
                    await reader.read(_CHUNK)
                    writer.write(_PLAIN)
                    await writer.drain()
                    writer.close()
                case "untrusted":
                    await self._relay(reader, writer, self._untrusted)
                case _:
                    await self._relay(reader, writer, self._good)
        finally:
            self._open.discard(writer)

    def _fault(self) -> Fault | None:
        for lane in self._lanes:
            if fault := lane.schedule.next(Request(side="connection")):
                return fault
        return None

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            _copy(reader, back, at_end=lambda _: back.close()),
            # A reset behind is a reset in front.
            _copy(there, writer, at_end=lambda broken: _end(writer, broken=broken)),
        )


def _end(writer: asyncio.StreamWriter, *, broken: bool) -> None:
    if broken:
        answers.linger(writer.get_extra_info("socket"))
        writer.transport.abort()
    else:
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at_end: Callable[[bool], object]) -> None:
    broken = False
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        broken = True
    with suppress(ConnectionError):
        at_end(broken)
