"""A server on loopback that answers as it likes: raw bytes, drips and floods, each with an end of its own."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

# No behavior goes on for longer, or sends more, whatever the other side does.
SECONDS = 20.0
MOST = 256 * 1024 * 1024

_TLS_HANDSHAKE = 0x16


class Peer:
    """One request, and the connection that its answer goes to."""

    def __init__(self, connection: socket.socket, head: bytes, body: bytes, server: Hostile) -> None:
        self._connection = connection
        self._end = time.monotonic() + SECONDS
        self.head = head
        self.body = body
        self.server = server

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._end or self.server.is_closed

    def send(self, content: bytes) -> None:
        self._connection.sendall(content)

    def drip(self, content: bytes, pause: float = 0.05) -> None:
        """Send a byte at a time, over and over."""
        while not self.is_over:
            for number in content:
                self.send(bytes([number]))
                if self.server.wait(pause):
                    return

    def flood(self, content: bytes) -> None:
        """Send the same over and over."""
        sent = 0
        while sent < MOST and not self.is_over:
            self.send(content)
            sent += len(content)

    def be_silent(self) -> None:
        self.server.wait(SECONDS)

    def reset(self) -> None:
        """End the connection with a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()


class Hostile:
    """A server with one behavior."""

    def __init__(self, behave: Callable[[Peer], None]) -> None:
        self.requests: list[bytes] = []
        self.behave = behave
        self._closed = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def is_closed(self) -> bool:
        return self._closed.is_set()

    def wait(self, seconds: float) -> bool:
        return self._closed.wait(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self._thread.join()
        self._socket.close()

    def _accept(self) -> None:
        while not self.is_closed:
            with suppress(OSError):
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(SECONDS)
            content = b""
            while not self.is_closed:
                while b"\r\n\r\n" not in content:
                    if content[:1] == bytes([_TLS_HANDSHAKE]):
                        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
                        return
                    got = connection.recv(65536)
                    if not got:
                        return
                    content += got
                head, _, content = content.partition(b"\r\n\r\n")
                length = _length(head)
                while len(content) < length:
                    got = connection.recv(65536)
                    if not got:
                        return
                    content += got
                body, content = content[:length], content[length:]
                self.requests.append(head)
                self.behave(Peer(connection, head, body, self))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
