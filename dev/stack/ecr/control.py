"""What tests ask of the ECR that behaves like ECR: lanes, and what happened in them."""

from __future__ import annotations

import dataclasses
import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dev.stack import aws, layout
from dev.stack.ecr.lanes import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dev.stack.ecr.faults import Fault


@dataclass(frozen=True, kw_only=True)
class Told:
    """What happened in a lane: the faults that were met, all requests, and all that must never be printed."""

    fired: tuple[str, ...]
    requests: tuple[str, ...]
    secrets: tuple[str, ...]


def open_lane(name: str, faults: Iterable[Fault] = (), *, rules: Rules | None = None) -> None:
    """Make a lane, or replace its faults and rules. The repository is another matter: `create_repository`."""
    data = {
        "name": name,
        "key": access_key(name),
        "faults": [dataclasses.asdict(fault) for fault in faults],
        "rules": dataclasses.asdict(rules or Rules()),
    }
    _ask("POST", "/lanes", json.dumps(data))


def create_repository(name: str, *, mutability: aws.Mutability = "MUTABLE", exclusions: Sequence[str] = ()) -> None:
    aws.create_repository(name, layout.PROXIED, aws.TESTING, mutability=mutability, exclusions=exclusions)


def access_key(lane: str) -> str:
    """The access key id that a lane's AWS calls are known by; moto takes any."""
    return f"AKIA{lane.upper().replace('-', '')}"


def told(name: str) -> Told:
    data = _ask("GET", f"/lanes/{name}")
    return Told(**{field: tuple(data[field]) for field in ("fired", "requests", "secrets")})


def close_lane(name: str) -> None:
    _ask("DELETE", f"/lanes/{name}")


def untrusted_port() -> int:
    """Where the same ECR listens with a certificate that nobody trusts."""
    return int(_ask("GET", "/lanes")["untrusted"])


def _ask(method: str, path: str, body: str | None = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", layout.CONTROL_PORT, timeout=10)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            msg = f"{method} {path}: {answer.status}"
            raise RuntimeError(msg)
        return json.loads(content)  # type: ignore[no-any-return]  # the control port answers with an object
    finally:
        connection.close()
