"""Logins: what docker's configuration holds, and what a credential helper answers.

https://github.com/docker/docker-credential-helpers#development
"""

import base64
import os
import re
import select
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from multiarch.deadline import Deadline
from multiarch.errors import OperationFailedError

# Seconds; a helper may ask the network, or a person.
_HELPER_SECONDS = 60.0
_HELPER_SIZE = 64 * 1024
_HELPER = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_NO_LOGIN = b"credentials not found"
# What a helper names in place of a user: https://docs.docker.com/reference/cli/docker/login/#credential-stores
_IDENTITY_TOKEN = "<token>"  # noqa: S105 - no secret


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What a registry is shown; a token instead of a password has no user name.

    Attributes:
        identity_token: an OAuth refresh token: https://distribution.github.io/distribution/spec/auth/oauth/.
    """

    username: str
    password: str
    identity_token: bool = False

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, password=<redacted>)"


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str
    secret: str


class _Entry(msgspec.Struct, frozen=True):
    auth: str = ""
    identitytoken: str = ""


def parse_entry(entry: object) -> Credentials | None:
    """Return the login of an entry of `auths`, None where it holds none.

    Raises:
        ValueError: it is not in docker's form.
    """
    try:
        found = msgspec.convert(entry, _Entry)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None
    if found.identitytoken:
        return Credentials(username="", password=found.identitytoken, identity_token=True)
    if not found.auth:
        return None
    username, _, password = base64.b64decode(found.auth).decode().rstrip("\0").partition(":")
    return Credentials(username=username, password=password)


def encode(credentials: Credentials) -> str:
    """Return a login as docker's configuration and HTTP's Basic have it."""
    return base64.b64encode(f"{credentials.username}:{credentials.password}".encode()).decode()


def ask_helper(
    helper: str, key: str, environment: Mapping[str, str], *, seconds: float = _HELPER_SECONDS
) -> Credentials | None:
    """Ask a credential helper for a login; None where it has none.

    Args:
        helper: its name in docker's configuration.
        key: the registry.
        environment: of the helper.
        seconds: after which it is killed.

    Raises:
        OperationFailedError: it cannot be started, fails, or gives no login in time. The error shows no output.
    """
    if not _HELPER.fullmatch(helper):
        raise OperationFailedError("login", ["docker's configuration names an invalid credential helper"])
    command = f"docker-credential-{helper}"
    try:
        code, output = _run((command, "get"), key.encode(), environment, seconds)
    except TimeoutError:
        raise OperationFailedError("login", [f"{command} get did not respond within {seconds:.0f} s"]) from None
    except OSError as error:
        raise OperationFailedError("login", [f"{command}: {error.strerror}"]) from None
    if code != 0 and _NO_LOGIN in output:
        return None
    try:
        answer = msgspec.json.decode(output if code == 0 else b"", type=_Answer)
    except (msgspec.MsgspecError, RecursionError):
        raise OperationFailedError("login", [f"{command} get failed for {key}"]) from None
    if answer.username == _IDENTITY_TOKEN:
        return Credentials(username="", password=answer.secret, identity_token=True)
    return Credentials(username=answer.username, password=answer.secret)


def _run(command: tuple[str, ...], words: bytes, environment: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    """Return a program's exit code and the first part of its output; it is killed when its time is over.

    Raises:
        TimeoutError: it did not end in time.
        OSError: it cannot be started.
    """
    deadline, output = Deadline(seconds), b""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=dict(environment),
        bufsize=0,
        start_new_session=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(words)
            process.stdin.close()
            while len(output) <= _HELPER_SIZE:
                if not select.select([process.stdout], [], [], deadline.left)[0]:
                    raise TimeoutError
                chunk = process.stdout.read(_HELPER_SIZE)
                if not chunk:
                    break
                output += chunk
            else:
                return 1, b""
            return process.wait(deadline.left), output
        except subprocess.TimeoutExpired:
            raise TimeoutError from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
