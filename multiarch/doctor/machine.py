"""What docker says of itself, parsed. Pure."""

import re
from dataclasses import dataclass

from multiarch.plan.builder import json_object

# What Go calls an architecture, by what the kernel and docker call it.
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386", "i386": "386"}
# A snapshotter instead of a graph driver: docker keeps images in containerd's own store.
_CONTAINERD = "io.containerd.snapshotter"


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """What `docker info` says.

    Attributes:
        store: the storage driver.
        containerd: images are in containerd's store, which knows images of several platforms.
        architecture: the machine's, as Go calls it.
        root: the folder that docker keeps its data in.
        detours: it pulls through a mirror or a proxy, so what we reach tells little of what it reaches.
    """

    version: str
    store: str
    containerd: bool
    architecture: str
    root: str
    detours: bool


def parse_info(text: str) -> Daemon:
    """Read `docker info --format '{{json .}}'`; ValueError where it is none."""
    said = json_object(text)
    store = dict(each for each in said.get("DriverStatus") or () if len(each) == 2)  # noqa: PLR2004 - name and value
    mirrors = (said.get("RegistryConfig") or {}).get("Mirrors")
    machine = str(said.get("Architecture", ""))
    return Daemon(
        version=str(said.get("ServerVersion", "")),
        store=str(said.get("Driver", "")),
        containerd=str(store.get("driver-type", "")).startswith(_CONTAINERD),
        architecture=_ARCHITECTURES.get(machine, machine),
        root=str(said.get("DockerRootDir", "")),
        detours=bool(mirrors or said.get("HttpsProxy")),
    )


def parse_endpoint(text: str) -> str:
    """Read the current endpoint of `docker context ls --format json`, empty where there is none."""
    contexts = (json_object(line) for line in text.splitlines() if line.strip())
    return next((str(each.get("DockerEndpoint", "")) for each in contexts if each.get("Current")), "")


def parse_version(text: str) -> tuple[int, int] | None:
    """Find the first `1.2` in a text: docker's, buildx's and BuildKit's own builds dress it differently."""
    found = re.search(r"(?<![\w.])v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None
