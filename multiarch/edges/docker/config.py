"""The docker configuration: the user's own, read; and a private one for this run, which holds the login.

https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
"""

import json
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from multiarch.edges.docker.credentials import Credentials, ask_helper, encode, parse_entry
from multiarch.edges.docker.plugin import CONFIG_SIZE
from multiarch.edges.files.private import PrivateFolder
from multiarch.edges.files.read import read_file
from multiarch.errors import ConfigurationError, OperationFailedError, RunEndedError

_CONFIG = "config.json"
# Docker Hub's key in every docker configuration.
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_ECR_HELPER = "ecr-login"
_HINT = "fix config.json of docker, or move it aside"
# Writing the login takes milliseconds; whoever removes it waits no longer than this for a thread that writes it.
_WRITE_SECONDS = 1.0


class _Known(msgspec.Struct, frozen=True):
    """The part of docker's configuration that matters here; Go takes null for nothing."""

    auths: dict[str, Any] | None = None
    cred_helpers: dict[str, str | None] | None = msgspec.field(default=None, name="credHelpers")
    creds_store: str | None = msgspec.field(default=None, name="credsStore")


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
            msg = f"DOCKER_CONFIG must be a directory: {self.folder} is a file"
            raise ConfigurationError(msg, hint="set DOCKER_CONFIG to the directory of config.json")
        self._environment = environment
        self._private: Path | None = None
        self._known = _Known()
        self._config = self._read()
        self._login: dict[str, Credentials] = {}
        self._root = private or PrivateFolder()
        self._lock = threading.Lock()
        self._closed = False

    def has_helper(self, host: str) -> bool:
        """Whether a credential helper that knows ECR already answers for this registry."""
        helpers = self._known.cred_helpers or {}
        return bool(helpers.get(host)) or (host not in helpers and self._known.creds_store == _ECR_HELPER)

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
        config["credHelpers"] = {**(self._known.cred_helpers or {}), **dict.fromkeys(self._login, "")}
        auths = {name: {"auth": encode(each)} for name, each in self._login.items()}
        config["auths"] = {**(self._known.auths or {}), **auths}
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
        helper = (self._known.cred_helpers or {}).get(key, self._known.creds_store)
        if helper:
            return ask_helper(helper, key, self._environment)
        auths = self._known.auths or {}
        try:
            return parse_entry(auths.get(key) or auths.get(f"https://{key}") or {})
        except ValueError:
            line = f"{self.folder / _CONFIG}: the login for {key} is malformed"
            raise OperationFailedError("login", [line]) from None

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
            config = msgspec.json.decode(read_file(path, CONFIG_SIZE) or b"{}", type=dict[str, Any])
            self._known = msgspec.convert(config, _Known)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            msg = f"cannot read {path}: {error.strerror}"
            raise ConfigurationError(msg, hint=_HINT) from None
        except (msgspec.MsgspecError, RecursionError) as error:
            msg = f"cannot read {path}: {error}"
            raise ConfigurationError(msg, hint=_HINT) from None
        return config

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


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    # A file of its own, never a link of the user's folder that happens to have its name: mkstemp makes it 0600.
    number, fresh = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(number, "w") as file:
        file.write(text)
    Path(fresh).replace(path)
