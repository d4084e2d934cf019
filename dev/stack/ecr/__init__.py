"""An ECR that behaves like ECR and like AWS: a proxy before a registry and before moto, with faults on a schedule.

Each user of it has a lane: a repository, an access key, the rules that hold there and the faults that are to come. So
several users do not disturb each other, save by faults of the connection itself, which no lane can be seen in.
"""

from __future__ import annotations

import http.client
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import aws, layout, process, tls
from dev.stack.turns import turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dev.stack.state import State

_NAME: Final = "ecr"
_CHECKOUT: Final = Path(__file__).parents[3]


def ready() -> bool:
    """Whether it runs, with the code and the certificate that are there now."""
    return tls.ready() and process.find(_NAME) is not None and process.is_made_of(_NAME, _files()) and _answers()


def start(state: State) -> None:
    command = ["env", f"PYTHONPATH={_CHECKOUT}", sys.executable, "-m", "dev.stack.ecr"]
    # Tests of another checkout may be using the one that runs.
    with turn("ecr", alone=True):
        process.stop(_NAME)
        process.start(state, _NAME, command, ready=_answers, made_of=_files())
    for name in layout.REPOSITORIES:
        aws.create_repository(name, layout.PROXIED, aws.TESTING)


def _files() -> Sequence[Path]:
    return (tls.AUTHORITY, *sorted(Path(__file__).parent.glob("*.py")))


def _answers() -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", layout.CONTROL_PORT, timeout=2)
    try:
        connection.request("GET", "/lanes")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
