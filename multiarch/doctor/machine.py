"""What docker says of itself and of its builders, parsed. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of a builder."""

    name: str
    status: str
    version: str
    platforms: tuple[str, ...]
    options: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Builder:
    """A builder as `docker buildx ls` lists it.

    Attributes:
        trouble: what buildx says where it cannot be asked.
    """

    name: str
    driver: str
    nodes: tuple[Node, ...]
    trouble: str = ""

    @property
    def is_running(self) -> bool:
        return bool(self.nodes) and all(node.status == "running" for node in self.nodes)

    @property
    def platforms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(platform for node in self.nodes for platform in node.platforms))

    @property
    def options(self) -> frozenset[str]:
        return frozenset[str]().union(*(node.options for node in self.nodes))

    @property
    def version(self) -> str:
        return next((node.version for node in self.nodes if node.version), "")


def parse_info(text: str) -> Daemon:
    """Read `docker info --format '{{json .}}'`; ValueError where it is none."""
    said = _object(text)
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


def parse_builders(text: str) -> tuple[Builder, ...]:
    """Read `docker buildx ls --format json`: one object a line; ValueError where it is none."""
    return tuple(_builder(_object(line)) for line in text.splitlines() if line.strip())


def parse_endpoint(text: str) -> str:
    """Read the current endpoint of `docker context ls --format json`, empty where there is none."""
    contexts = (_object(line) for line in text.splitlines() if line.strip())
    return next((str(each.get("DockerEndpoint", "")) for each in contexts if each.get("Current")), "")


def parse_version(text: str) -> tuple[int, int] | None:
    """Find the first `1.2` in a text: docker's, buildx's and BuildKit's own builds dress it differently."""
    found = re.search(r"(?<![\w.])v?(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def _builder(said: Mapping[str, Any]) -> Builder:
    return Builder(
        name=str(said.get("Name", "")),
        driver=str(said.get("Driver", "")),
        nodes=tuple(_nodes(said)),
        trouble=str(said.get("Err") or next((each["Err"] for each in said.get("Nodes") or () if each.get("Err")), "")),
    )


def _nodes(said: Mapping[str, Any]) -> Iterator[Node]:
    for each in said.get("Nodes") or ():
        options = each.get("DriverOpts") or {}
        yield Node(
            name=str(each.get("Name", "")),
            status=str(each.get("Status", "")),
            version=str(each.get("Version", "")),
            # A star marks a platform that was set by hand.
            platforms=tuple(str(platform).rstrip("*") for platform in each.get("Platforms") or ()),
            options=frozenset(f"{name}={value}" for name, value in options.items()),
        )


def _object(text: str) -> dict[str, Any]:
    said = json.loads(text)
    if not isinstance(said, dict):
        msg = "not a JSON object"
        raise ValueError(msg)  # noqa: TRY004 - as json.loads itself says of what is no JSON
    return said
