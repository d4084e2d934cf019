"""Faults as data: where in a run, what, and how often. Pure.

The places are those of a run of multiarch, told apart by method, path and program: its own requests are urllib3's.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Side = Literal["registry", "aws", "connection"]
What = Literal[
    "status",  # an answer with this status, without asking the registry
    "lost",  # the registry does what was asked, and the connection is reset instead of the answer
    "reset",  # the connection is reset at once
    "cut",  # the answer ends half-way
    "stall",  # no answer for some seconds, then a reset
    "garbage",  # an answer that is not what it says: a proxy's page, or another blob's bytes
    "expire",  # all tokens given out so far are expired from now on
    "throttle",  # AWS's own way of saying 429
    "forbid",  # AWS: the role may not do it
    "old",  # AWS: the credentials have expired
    "untrusted",  # connection: a certificate that nobody trusts
    "plain",  # connection: plain HTTP where TLS was to be
]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a proxy knows of a request; `operation` is that of an AWS API call."""

    side: Side
    method: str = ""
    path: str = ""
    agent: str = ""
    operation: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A kind of request. `skip`: those of the same kind that come before the ones that are meant."""

    side: Side = "registry"
    method: str = ""
    path: str = ""
    agent: str = ""
    operation: str = ""
    skip: int = 0

    def holds(self, request: Request) -> bool:
        return request.side == self.side and all(
            re.search(pattern, text)
            for pattern, text in (
                (self.method, request.method),
                (self.path, request.path),
                (self.agent, request.agent),
                (self.operation, request.operation),
            )
        )


_OURS: Final = "^python-urllib3"
_BUILDKIT: Final = "^(?!python-urllib3)"
_TAG: Final = r"/manifests/(?!sha256:|cache$)"

PLACES: Final[dict[str, Place]] = {
    "login": Place(side="aws", operation="GetAuthorizationToken"),
    "find repository": Place(side="aws", operation="DescribeRepositories"),
    "look-up": Place(method="GET", path=_TAG, agent=_OURS),
    "base resolve": Place(method="HEAD|GET", path="/base/manifests/", agent=_BUILDKIT),
    "base pull": Place(method="GET", path="/base/blobs/", agent=_BUILDKIT),
    "cache import": Place(method="HEAD|GET", path="/manifests/cache$", agent=_BUILDKIT),
    "blob check": Place(method="HEAD", path="(?<!/base)/blobs/sha256", agent=_BUILDKIT),
    "blob start": Place(method="POST", path="/blobs/uploads/", agent=_BUILDKIT),
    "blob upload": Place(method="PUT|PATCH", path="/blobs/uploads/", agent=_BUILDKIT),
    "manifest push": Place(method="PUT", path="/manifests/sha256:", agent=_BUILDKIT),
    "cache export": Place(method="PUT", path="/manifests/cache$", agent=_BUILDKIT),
    "read-back": Place(method="GET", path="/manifests/sha256:", agent=_OURS),
    "read-back config": Place(method="GET", path="/blobs/sha256:", agent=_OURS),
    "tag look-up": Place(method="GET", path=_TAG, agent=_OURS, skip=1),
    "tag": Place(method="PUT", path=r"/manifests/(?!sha256:|cache$|latest$)", agent=_OURS),
    "tag latest": Place(method="PUT", path="/manifests/latest$", agent=_OURS),
    "connection": Place(side="connection"),
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One line of a schedule.

    Attributes:
        where: a key of PLACES.
        times: how many requests it hits, one after the other.
        skip: how many of that place pass before, beyond those that the place itself leaves out.
        status: of the answer, for `status`.
        headers: of the answer: Retry-After.
        seconds: how long, for `stall`.
        lasts: an outage: every request of the place for so many seconds after the first, however many they are.
    """

    where: str
    what: What
    times: int = 1
    skip: int = 0
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 60.0
    lasts: float = 0.0

    def __str__(self) -> str:
        what = str(self.status) if self.what == "status" else self.what
        after = dict(self.headers).get("Retry-After")
        often = f"for {self.lasts:g} s" if self.lasts else _often(self.times)
        return f"{self.where}: {what}{f' with Retry-After {after}' if after else ''}, {often}"


def _often(times: int) -> str:
    return "always" if times >= ALWAYS else "once" if times == 1 else f"{times} times"


ALWAYS: Final = 10_000


class Schedule:
    """The faults of one lane, used up as requests come."""

    def __init__(self, faults: tuple[Fault, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self._faults = faults
        self._clock = clock
        self._began: dict[int, float] = {}
        self._left = [each.times for each in faults]
        self._skips = [each.skip + PLACES[each.where].skip for each in faults]
        self.fired: list[str] = []

    def next(self, request: Request) -> Fault | None:
        """The fault that this request meets; each fault's own count says whether its turn has come."""
        for index, fault in enumerate(self._faults):
            if not self._left[index] or not PLACES[fault.where].holds(request):
                continue
            if self._skips[index]:
                self._skips[index] -= 1
                continue
            if fault.lasts and self._clock() - self._began.setdefault(index, self._clock()) > fault.lasts:
                self._left[index] = 0
                continue
            self._left[index] -= 0 if fault.lasts else 1
            self.fired.append(str(fault))
            return fault
        return None
