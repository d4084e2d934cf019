"""Parses the output of docker's own commands. Pure."""

import re
from dataclasses import dataclass

from multiarch.plan.build.builder import json_object

# The kernel's name of an architecture, which docker prints, to Go's name.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386", "i386": "386"}
# A snapshotter instead of a graph driver: docker keeps images in containerd's own store.
_CONTAINERD = "io.containerd.snapshotter"


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """The answer of `docker info`.

    Attributes:
        store: the storage driver.
        containerd: the image store is containerd's, which can hold images of several platforms.
        architecture: of the machine, in Go's spelling.
        root: docker's data folder.
        uses_proxy: docker pulls through a mirror or a proxy, so it may reach registries that this process cannot.
    """

    version: str
    store: str
    containerd: bool
    architecture: str
    root: str
    uses_proxy: bool


def parse_info(text: str) -> Daemon:
    """Parse `docker info --format '{{json .}}'`; raise ValueError for anything but a JSON object."""
    info = json_object(text)
    store = dict(each for each in info.get("DriverStatus") or () if len(each) == 2)  # noqa: PLR2004 - name and value
    mirrors = (info.get("RegistryConfig") or {}).get("Mirrors")
    machine = str(info.get("Architecture", ""))
    return Daemon(
        version=str(info.get("ServerVersion", "")),
        store=str(info.get("Driver", "")),
        containerd=str(store.get("driver-type", "")).startswith(_CONTAINERD),
        architecture=_ARCHITECTURES.get(machine, machine),
        root=str(info.get("DockerRootDir", "")),
        uses_proxy=bool(mirrors or info.get("HttpsProxy")),
    )


def parse_endpoint(text: str) -> str:
    """Return the current endpoint of `docker context ls --format json`, or an empty text."""
    contexts = (json_object(line) for line in text.splitlines() if line.strip())
    return next((str(each.get("DockerEndpoint", "")) for each in contexts if each.get("Current")), "")


def parse_version(text: str) -> tuple[int, int] | None:
    """Find the first `1.2` in a text: docker's, buildx's and BuildKit's own builds dress it differently."""
    found = re.search(r"(?<![\w.])v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None
