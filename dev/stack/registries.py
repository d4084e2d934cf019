"""The registries: Debian's docker-registry, three times."""

from __future__ import annotations

import ctypes
import ctypes.util
import http.client
import json
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from dev.stack import layout, process, tls, tools
from dev.stack.errors import StackError

if TYPE_CHECKING:
    from pathlib import Path

    from dev.stack.state import State

_FOLDER: Final = layout.STATE / "registries"


def ready() -> bool:
    return tls.ready() and all(_is_up(registry) for registry in layout.REGISTRIES)


def _is_up(registry: layout.Registry) -> bool:
    """Whether it runs, with the certificate that is there now."""
    name = _process(registry)
    is_current = not registry.is_ecr or process.is_newer(name, tls.certificate_of(registry))
    return process.find(name) is not None and is_current and _answers(registry)


def start(state: State) -> None:
    for registry in layout.REGISTRIES:
        if _is_up(registry):
            continue
        folder = _FOLDER / registry.name
        folder.mkdir(parents=True, exist_ok=True)
        # JSON is YAML too.
        (folder / "config.yml").write_text(json.dumps(_configuration(registry, folder), indent=1))
        if registry.is_ecr:
            (folder / "htpasswd").write_text(f"{registry.user}:{_bcrypt(registry.password)}\n")
        process.stop(_process(registry))
        if _answers(registry):
            msg = f"{registry.address}:{registry.port} is used by another program, but the test registry needs it"
            raise StackError(msg)
        command = [str(tools.REGISTRY.file), "serve", str(folder / "config.yml")]
        process.start(state, _process(registry), command, ready=partial(_answers, registry))


def _configuration(registry: layout.Registry, folder: Path) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "data")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": f"{registry.address}:{registry.port}", "secret": secrets.token_hex()},
    }
    if registry.is_ecr:
        tls_files = {"certificate": str(tls.certificate_of(registry)), "key": str(tls.key_of(registry))}
        configuration["http"]["tls"] = tls_files
        configuration["auth"] = {"htpasswd": {"realm": registry.host, "path": str(folder / "htpasswd")}}
    return configuration


def _process(registry: layout.Registry) -> str:
    return f"registry-{registry.name}"


def _answers(registry: layout.Registry) -> bool:
    # The address, not the name: a registry may start before its line stands in /etc/hosts.
    connection = http.client.HTTPConnection(registry.address, registry.port, timeout=2)
    try:
        connection.request("GET", "/v2/")
        connection.getresponse().read()
    except http.client.HTTPException:
        return registry.is_ecr
    except OSError:
        return False
    else:
        # A TLS server answers a plain request too, with "client sent an HTTP request to an HTTPS server".
        return True
    finally:
        connection.close()


def _bcrypt(password: str) -> str:
    """Hash with the C library's own bcrypt: the registry takes nothing else, and Python has no function for it."""
    library = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
    library.crypt.restype = ctypes.c_char_p
    # The lowest cost: these passwords are no secret, and each request is checked against one.
    salt = f"$2y$04${secrets.token_hex(11)}"
    hashed = library.crypt(password.encode(), salt.encode())
    if not hashed:
        msg = "the C library cannot create bcrypt hashes, which the registries need for passwords"
        raise StackError(msg)
    return str(hashed.decode())
