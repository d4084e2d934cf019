"""The image of `docker-container` builders: the real BuildKit if it can be had, else a stand-in.

buildx starts a container from it and talks to BuildKit through `buildctl dial-stdio` inside. The stand-in's `buildctl`
dials the BuildKit that dockerd itself holds, so all that buildx does works, with two differences: the version is
dockerd's, and the state survives the builder. `cold` in the package's own module makes it cold. It starts in
milliseconds, as the real one does: whoever measures a build measures each of its dials.

The real one lives in a container, where the registries' loopback addresses mean the container itself. It is therefore
derived: with the host names, the authority's certificate, and a forwarder for each registry to the machine outside.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import socket
import subprocess
import tarfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import engine, layout, process, tls, tools
from dev.stack.errors import StackError
from dev.stack.undo import RemoveImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dev.stack.state import State

IMAGE: Final = "builder-image"
KIND: Final = "builder-kind"
STAND_IN: Final = "stand-in"
REAL: Final = "real"
# Seconds for what takes 5 with a network; a closed machine says no at once, and one that drops packets never does.
PULL_LIMIT: Final = 20
_FOR: Final = "builder-for"
LABEL: Final = "multiarch.stack"
_MADE_OF: Final = "multiarch.stack.made-of"
_LIBRARY: Final = re.compile(r"(/\S+) \(0x")

_BUILDKITD: Final = """#!/bin/sh
[ "$1" = --version ] && echo "buildkitd github.com/moby/buildkit {version} stand-in" && exit
trap exit TERM INT
while :; do sleep 3600 & wait $!; done
"""
# dockerd's BuildKit speaks on a connection that was upgraded, and dockerd loses what comes before it has answered:
# https://github.com/moby/moby/blob/master/daemon/server/router/grpc/grpc_routes.go
_BUILDCTL: Final = r"""#!/bin/sh
case "$*" in
    *dial-stdio) ;;
    *) exec nc {address} {port} < /dev/null ;;
esac
end=$(printf '\r')
mkfifo /answered.$$
{{
    printf 'POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'
    read -r _ < /answered.$$
    rm /answered.$$
    exec cat
}} | nc {address} {port} | {{
    while read -r line && [ "$line" != "$end" ]; do :; done
    echo > /answered.$$
    exec cat
}}
"""
_ENTRYPOINT: Final = """#!/bin/sh
{lines}
exec buildkitd "$@"
"""


def wanted() -> str:
    """The image that multiarch asks for."""
    from multiarch.settings.run import BUILDKIT_IMAGE  # noqa: PLC0415 - the stack's other commands need no multiarch

    return BUILDKIT_IMAGE


def ready(state: State) -> bool:
    return _is_made(state) and all(_listens(address, port) for address, port in _forwards(state))


def _is_made(state: State) -> bool:
    """Whether the image is there, for the name that is wanted and as this code makes it."""
    return (
        state.fact(_FOR) == wanted()
        and _label(state.fact(IMAGE)) == state.fact(KIND)
        and (state.fact(KIND) == REAL or _label(wanted(), _MADE_OF) == _fingerprint())
    )


def make(state: State) -> None:
    image = wanted()
    if _is_made(state):
        # A restart of the machine leaves the image and ends the forwarders.
        _forward(state)
        return
    if _pulled(state, image):
        derived = f"{layout.PLAIN.host}/{layout.BUILDER_REPOSITORY}:{image.rpartition(':')[2]}"
        state.will(RemoveImage(reference=derived))
        _derive(image, derived)
        state.learn(**{_FOR: image, IMAGE: derived, KIND: REAL})
    else:
        if not engine.keeps_indexes():
            msg = f"{image} can't be pulled, and this docker keeps images in its old store, which holds no index of "
            msg += 'several platforms: set "features": {"containerd-snapshotter": true} in /etc/docker/daemon.json'
            raise StackError(msg)
        state.will(RemoveImage(reference=image))
        _import_stand_in(image)
        state.learn(**{_FOR: image, IMAGE: image, KIND: STAND_IN})
    _forward(state)


def _pulled(state: State, image: str) -> bool:
    had = _label(image)
    try:
        engine.docker("pull", "--quiet", image, seconds=PULL_LIMIT)
    except StackError:
        return had == ""
    if had is None:
        state.will(RemoveImage(reference=image))
    return True


def _label(image: str, name: str = LABEL) -> str | None:
    """Which of the two an image in docker is; an empty string for one that the stack didn't make."""
    try:
        return engine.docker("image", "inspect", image, "--format", f'{{{{index .Config.Labels "{name}"}}}}')
    except StackError:
        return None


def _import_stand_in(image: str) -> None:
    applets = ("sh", "cat", "mkfifo", "nc", "printf", "rm", "sleep")
    root = {"bin/busybox": tools.busybox(tools.NATIVE).file.read_bytes(), **_scripts()}
    changes = ("ENV PATH=/bin", 'ENTRYPOINT ["buildkitd"]', f"LABEL {LABEL}={STAND_IN} {_MADE_OF}={_fingerprint()}")
    arguments = [argument for change in changes for argument in ("--change", change)]
    engine.docker("import", *arguments, "-", image, stdin=_tar(root, links=dict.fromkeys(applets, "busybox")))


def _scripts() -> Mapping[str, bytes]:
    version, address = wanted().rpartition(":")[2], engine.bridge_address()
    return {
        "bin/buildkitd": _BUILDKITD.format(version=version).encode(),
        "bin/buildctl": _BUILDCTL.format(address=address, port=layout.DOCKER_PORT).encode(),
    }


def _fingerprint() -> str:
    return hashlib.sha256(b"".join(_scripts().values())).hexdigest()


def _derive(image: str, derived: str) -> None:
    socat = Path(shutil.which("socat") or "/usr/bin/socat")
    address = engine.bridge_address()
    ecr = layout.ECRS
    names = [f"echo {registry.address} {registry.host} >> /etc/hosts" for registry in ecr]
    forwards = [
        f"/usr/bin/socat TCP-LISTEN:{registry.port},bind={registry.address},fork,reuseaddr "
        f"TCP:{address}:{registry.bridge_port} &"
        for registry in layout.REACHED
    ]
    trust = [f'[registry."{registry.host}"]\n  ca = ["/etc/buildkit/stack.crt"]\n' for registry in ecr]
    trust.append(f'[registry."{layout.PLAIN.host}"]\n  http = true\n')
    root = {
        "usr/bin/socat": socat.read_bytes(),
        "usr/bin/stack-entrypoint": _ENTRYPOINT.format(lines="\n".join([*names, *forwards])).encode(),
        "etc/buildkit/buildkitd.toml": "".join(trust).encode(),
        "etc/buildkit/stack.crt": tls.AUTHORITY.read_bytes(),
        **_libraries(socat),
    }
    dockerfile = f'FROM {image}\nADD root.tar /\nLABEL {LABEL}={REAL}\nENTRYPOINT ["/usr/bin/stack-entrypoint"]\n'
    context = _tar({"Dockerfile": dockerfile.encode(), "root.tar": _tar(root)})
    engine.docker("build", "--quiet", "--tag", derived, "-", stdin=context)
    # buildx pulls before it starts a builder, and this name can be pulled.
    engine.docker("push", "--quiet", derived)


def _forward(state: State) -> None:
    address = engine.bridge_address()
    if state.fact(KIND) == STAND_IN:
        targets = {("docker", layout.DOCKER_PORT): "UNIX-CONNECT:/var/run/docker.sock"}
    else:
        targets = {(r.name, r.bridge_port): f"TCP:{r.address}:{r.port}" for r in layout.REACHED}
    for (name, port), target in targets.items():
        listen = f"TCP-LISTEN:{port},bind={address},fork,reuseaddr"
        process.start(state, f"forward-{name}", ["socat", listen, target], ready=partial(_listens, address, port))


def _forwards(state: State) -> Iterable[tuple[str, int]]:
    address = engine.bridge_address()
    ports = [layout.DOCKER_PORT]
    if state.fact(KIND) == REAL:
        ports = [registry.bridge_port for registry in layout.REACHED]
    return ((address, port) for port in ports)


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


def _libraries(program: Path) -> dict[str, bytes]:
    """The shared libraries of a program, each at its own place, the loader included."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return {path.lstrip("/"): Path(path).read_bytes() for path in _LIBRARY.findall(listed)}


def _tar(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), 0o755
            archive.addfile(file, io.BytesIO(content))
        for name, target in (links or {}).items():
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
    return buffer.getvalue()
