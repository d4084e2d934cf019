"""Answers from outside: bounded in time, bytes and headers, and parsed into a declared type or one error.

Whoever answers may be hostile or broken. http.client bounds the length of a line and the number of headers; a socket's
time-out bounds one read. Nothing of them bounds a whole answer: one byte a second, or headers without end.
"""

import http.client
import io
import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from multiarch.deadline import Deadline
from multiarch.errors import OperationFailedError
from multiarch.futures import start

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

KIB = 1024
MIB = 1024 * KIB

# Seconds of a whole exchange: redirects, and every page of an answer of AWS.
WHOLE = 60.0
# Seconds that an exchange has even where the run's own time is over: after a long build, the image is still published.
LEAST = 20.0

_HEADERS = 256 * KIB
# Beside its content, a body has the sizes of its chunks.
_CHUNKED = 2
_BUFFER = 64 * KIB
_LONGEST_LINE = 1_000
_LONGEST_WAIT = 6  # digits

_Value = TypeVar("_Value")


class TooLargeError(OSError):
    """An answer has more bytes than it may have."""


@dataclass(kw_only=True)
class Bounds:
    """What the answers of one exchange may cost.

    Attributes:
        deadline: when the exchange is given up.
        size: the most bytes of one answer's body.
        exceeded: what was too large, empty where nothing was.
    """

    deadline: Deadline = field(default_factory=lambda: Deadline(WHOLE))
    size: int = 8 * MIB
    exceeded: str = ""


def bounds_until(deadline: Deadline | None, size: int = 8 * MIB) -> Bounds:
    """Return the bounds of an exchange in a run whose retries end at a deadline."""
    seconds = WHOLE if deadline is None else min(WHOLE, max(LEAST, deadline.left))
    return Bounds(deadline=Deadline(seconds), size=size)


_BOUNDS: ContextVar[Bounds | None] = ContextVar("_BOUNDS", default=None)


def exchange(call: Callable[[], _Value], bounds: Bounds, *, late: OperationFailedError) -> _Value:
    """Make a call that reads answers, within bounds.

    The call has a thread of its own: a name that resolves slowly, or to many addresses that do not answer, is bounded
    by nothing else.

    Args:
        call: may raise what an edge raises.
        bounds: of every answer that the call reads.
        late: is raised where the call has not ended in time.

    Raises:
        OperationFailedError: `late`, or what the call raised.
    """

    def run() -> _Value:
        _BOUNDS.set(bounds)
        return call()

    future = start(run)
    try:
        # The call itself knows better why it ends late.
        return future.result(bounds.deadline.left + 1)
    except TimeoutError:
        raise late from None


def timed_out(seconds: float) -> str:
    """Say that nobody answered, in the words of docker and BuildKit: one rule knows it whoever met it."""
    return f"net/http: request canceled (Client.Timeout of {seconds:.0f} s exceeded): i/o timeout"


class _Reader(io.RawIOBase):
    """Reads from a socket while time and bytes are left."""

    def __init__(self, sock: Any, raw: io.RawIOBase, bounds: Bounds) -> None:  # noqa: ANN401 - a socket of any library
        self._sock = sock
        self._raw = raw
        self._bounds = bounds
        self._patience = sock.gettimeout()
        self.left = _HEADERS
        self.what = too_large(_HEADERS, "the response headers are")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        left = self._bounds.deadline.left
        if left <= 0:
            msg = "timed out"
            raise TimeoutError(msg)
        self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        count = self._raw.readinto(buffer)
        self.left -= count or 0
        if self.left < 0:
            self._bounds.exceeded = self.what
            raise TooLargeError(self.what)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """An answer that ends: give it to a connection as its `response_class`."""

    def __init__(self, sock: Any, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as http.client gives them
        super().__init__(sock, *args, **options)
        self._bounds = _BOUNDS.get() or Bounds()
        self._reader = _Reader(sock, self.fp.detach(), self._bounds)
        self.fp = io.BufferedReader(self._reader, _BUFFER)

    def begin(self) -> None:
        super().begin()
        self._reader.left = _CHUNKED * self._bounds.size + _HEADERS
        self._reader.what = too_large(self._bounds.size)


def too_large(size: int, what: str = "the response is") -> str:
    """Return the error for more bytes than a limit."""
    return f"{what} larger than {f'{size // MIB} MiB' if size >= MIB else f'{size // KIB} KiB'}"


def parse(content: bytes, kind: type[_Value]) -> _Value:
    """Parse JSON into a declared type.

    Raises:
        ValueError: it is no JSON, or not of that type, or nested too deeply.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None


def one_line(text: str) -> str:
    """Return what somebody else wrote as one line of bounded length, without control characters."""
    line = "".join(each if each.isprintable() else " " for each in text[: 2 * _LONGEST_LINE])
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"


def seconds_to_wait(header: str | None) -> float | None:
    """Read a Retry-After header in seconds; None for a date, and for what is no number of seconds."""
    return float(header) if header and re.fullmatch(rf"[0-9]{{1,{_LONGEST_WAIT}}}", header, re.ASCII) else None
