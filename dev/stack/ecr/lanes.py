"""Lanes: who uses the proxies, under which rules, with which faults; and what came of it."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from dev.stack.ecr.faults import Fault, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dev.stack.ecr.faults import Request

USER: Final = "AWS"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds in a lane beyond what AWS knows of its repository: missing rights, and a repository that is full."""

    denied: tuple[str, ...] = ()
    full: bool = False


@dataclass(kw_only=True)
class Lane:
    """Its name is its repository, its key is what its AWS calls are signed with."""

    name: str
    key: str
    rules: Rules = Rules()
    schedule: Schedule = field(default_factory=lambda: Schedule(()))
    # Everything that must never be printed: passwords, and the signatures of presigned addresses.
    secrets: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _valid: set[str] = field(default_factory=set)

    def new_password(self) -> str:
        """A password as ECR's are: long, and good until `expire`."""
        password = base64.b64encode(secrets.token_bytes(120)).decode()
        self.secrets.append(password)
        self._valid.add(password)
        return password

    def new_signature(self) -> str:
        signature = secrets.token_hex(32)
        self.secrets.append(signature)
        return signature

    def is_expired(self, password: str) -> bool:
        return password in self.secrets and password not in self._valid

    def is_valid(self, password: str) -> bool:
        return password in self._valid

    def expire(self) -> None:
        self._valid.clear()

    def next_fault(self, request: Request) -> Fault | None:
        fault = self.schedule.next(request)
        what = request.operation or f"{request.method} {request.path}"
        self.requests.append(f"{what}{f'  <- {fault}' if fault else ''}")
        return fault


class Lanes:
    """All lanes, and the faults of connections, which belong to none."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    def open(self, data: Mapping[str, Any]) -> Lane:
        """Make a lane of what came over the control port."""
        faults = tuple(fault_of(each) for each in data.get("faults", ()))
        rules = data.get("rules", {})
        before = self._lanes.get(str(data["name"]))
        lane = Lane(
            name=str(data["name"]),
            key=str(data["key"]),
            rules=Rules(denied=tuple(rules.get("denied", ())), full=bool(rules.get("full"))),
            schedule=Schedule(faults),
            secrets=before.secrets if before else [],
        )
        self._lanes[lane.name] = lane
        return lane

    def close(self, name: str) -> None:
        self._lanes.pop(name, None)

    def of_repository(self, repository: str) -> Lane | None:
        return self._lanes.get(repository.partition("/")[0])

    def of_key(self, key: str) -> Lane | None:
        return next((lane for lane in self._lanes.values() if lane.key == key), None)

    def __iter__(self) -> Iterator[Lane]:
        return iter(tuple(self._lanes.values()))


def fault_of(data: Mapping[str, Any]) -> Fault:
    """Read a fault that came as JSON, where a tuple is a list."""
    fields = dict(data)
    fields["headers"] = tuple((str(name), str(value)) for name, value in cast("Any", fields.get("headers", ())))
    return Fault(**fields)
