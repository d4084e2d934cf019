"""The docker configuration: the user's own, read; and a private one for this run, which holds the login.

https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
"""

import base64
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from multiarch.edges.files.private import PrivateFolder
from multiarch.errors import ConfigurationError, OperationFailedError, RunEndedError

_CONFIG = "config.json"
# Docker Hub's key in every docker configuration.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_ECR_HELPER = "ecr-login"
# Writing the login takes milliseconds; whoever removes it waits no longer than this for a thread that writes it.
_WRITE_SECONDS = 1.0


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


class DockerConfig:
    """The user's docker configuration folder, and this run's private stand-in for it."""

    def __init__(self, environment: Mapping[str, str], private: PrivateFolder | None = None) -> None:
        """Read the user's configuration.

        Args:
            environment: all variables.
            private: where the stand-in goes; a folder of its own by default.

        Raises:
            ConfigurationError: the user's configuration cannot be read.
        """
        home = environment.get("HOME") or str(Path.home())
        self.folder = Path(environment.get("DOCKER_CONFIG") or Path(home, ".docker"))
        if self.folder.exists() and not self.folder.is_dir():
            msg = f"docker's configuration is to be a folder, and {self.folder} is none"
            raise ConfigurationError(msg, hint="DOCKER_CONFIG names the folder that config.json is in")
        self._environment = environment
        self._private: Path | None = None
        self._config = self._read()
        self._login: dict[str, Credentials] = {}
        self._root = private or PrivateFolder()
        self._lock = threading.Lock()
        self._closed = False

    def has_helper(self, host: str) -> bool:
        """Whether a credential helper that knows ECR already answers for this registry."""
        helpers = self._map("credHelpers")
        return bool(helpers.get(host)) or (host not in helpers and self._config.get("credsStore") == _ECR_HELPER)

    def log_in(self, host: str, credentials: Credentials) -> Path:
        """Write the login into the private folder, which is made on first use; return the folder.

        Everything else in it is the user's: other logins, credential helpers, contexts, plugins and builders.
        """
        with self._lock:
            if self._closed:
                raise RunEndedError
            return self._write_login(host, credentials)

    def _write_login(self, host: str, credentials: Credentials) -> Path:
        folder = self._private or self._make_private()
        self._login[host] = credentials
        config = dict(self._config)
        # With a credential store, docker looks for every login there and nowhere else, unless the registry has a
        # helper of its own; an empty one means the file: cli/config/configfile/file.go, GetCredentialsStore.
        config["credHelpers"] = {**self._map("credHelpers"), **dict.fromkeys(self._login, "")}
        auths = {name: {"auth": _basic(each)} for name, each in self._login.items()}
        config["auths"] = {**self._map("auths"), **auths}
        _write(folder / _CONFIG, json.dumps(config))
        return folder

    def credentials(self, host: str) -> Credentials | None:
        """Return what docker would show this registry, None where it has no login.

        Raises:
            OperationFailedError: a credential helper failed.
        """
        if host in self._login:
            return self._login[host]
        key = _DOCKER_HUB_KEY if host == "docker.io" else host
        helper = self._map("credHelpers").get(key, self._config.get("credsStore", ""))
        if helper:
            return self._ask_helper(helper, key)
        entry = self._map("auths").get(key) or self._map("auths").get(f"https://{key}") or {}
        if token := entry.get("identitytoken"):
            return Credentials(username="", password=token, identity_token=True)
        if auth := entry.get("auth"):
            try:
                username, _, password = base64.b64decode(auth).decode().rstrip("\0").partition(":")
            except ValueError:
                line = f"{self.folder / _CONFIG}: the login for {key} cannot be read"
                raise OperationFailedError("login", [line]) from None
            return Credentials(username=username, password=password)
        return None

    def _map(self, key: str) -> Mapping[str, Any]:
        return self._config.get(key) or {}

    def close(self) -> None:
        """Remove the private folder, and the login with it; a login that is still under way makes none after it."""
        is_held = self._lock.acquire(timeout=_WRITE_SECONDS)
        self._closed = True
        self._login.clear()
        self._private = None
        self._root.close()
        if is_held:
            self._lock.release()

    def _read(self) -> dict[str, Any]:
        path = self.folder / _CONFIG
        try:
            config = json.loads(path.read_bytes() or b"{}")
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            msg = f"{path} cannot be read: {error}"
            raise ConfigurationError(msg, hint="it is docker's own configuration: mend it, or move it away") from None
        if not isinstance(config, dict):
            msg = f"{path} is not a JSON object"
            raise ConfigurationError(msg, hint="it is docker's own configuration: mend it, or move it away")
        for key in ("auths", "credHelpers"):
            if not isinstance(config.get(key) or {}, dict):
                msg = f"{path}: {key} is not a JSON object"
                raise ConfigurationError(msg, hint="it is docker's own configuration: mend it, or move it away")
        return cast("dict[str, Any]", config)

    def _make_private(self) -> Path:
        folder = self._private = self._root.path / "docker"
        folder.mkdir(mode=0o700)
        if "BUILDX_CONFIG" not in self._environment:
            # Builders are files in the docker configuration; what is made in this run must be there in the next.
            (self.folder / "buildx").mkdir(parents=True, exist_ok=True)
        if self.folder.is_dir():
            for entry in self.folder.iterdir():
                if entry.name != _CONFIG:
                    (folder / entry.name).symlink_to(entry.absolute())
        return folder

    def _ask_helper(self, helper: str, key: str) -> Credentials | None:
        """https://github.com/docker/docker-credential-helpers#development."""
        command = [f"docker-credential-{helper}", "get"]
        try:
            process = subprocess.run(
                command, input=key.encode(), env=dict(self._environment), capture_output=True, check=False
            )
        except OSError as error:
            raise OperationFailedError("login", [f"{command[0]}: {error.strerror}"]) from None
        if process.returncode != 0 and b"credentials not found" in process.stdout:
            return None
        try:
            answer = json.loads(process.stdout if process.returncode == 0 else b"")
            username, secret = answer["Username"], answer["Secret"]
        except (ValueError, KeyError, TypeError):
            raise OperationFailedError("login", [f"{command[0]} get failed for {key}"]) from None
        if username == "<token>":
            return Credentials(username="", password=secret, identity_token=True)
        return Credentials(username=username, password=secret)


def _basic(credentials: Credentials) -> str:
    return base64.b64encode(f"{credentials.username}:{credentials.password}".encode()).decode()


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    # A file of its own, never a link of the user's folder that happens to have its name: mkstemp makes it 0600.
    number, fresh = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "w") as file:
        file.write(text)
    Path(fresh).replace(path)
