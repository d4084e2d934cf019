"""A builder that is there: what buildx says of it, and what becomes of it. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from multiarch.plan.steps import EnsureBuilder
from multiarch.settings.run import RunSettings
from multiarch.text.csv_words import DriverOption

REJECTED_HINT = "name another one with --builder, or set --driver to what it is"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of a builder."""

    name: str = ""
    status: str = ""
    version: str = ""
    platforms: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Builder:
    """A builder, as far as buildx was asked about it.

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


def parse_inspect(text: str) -> Builder:
    """Read the text of `docker buildx inspect`, which has no other form: https://github.com/docker/buildx/issues/2024.

    Name, driver and options are read: what decides whether the builder fits.
    """
    name = re.search(r"^Name:\s*(\S+)", text, re.MULTILINE)
    driver = re.search(r"^Driver:\s*(\S+)", text, re.MULTILINE)
    options = re.findall(r"^Driver Options:\s*(.*)", text, re.MULTILINE)
    pairs = (re.findall(r'([\w.-]+)="((?:[^"\\]|\\.)*)"', line) for line in options)
    return Builder(
        name=name[1] if name else "",
        driver=driver[1] if driver else "",
        nodes=tuple(Node(options=frozenset(f"{key}={_unquoted(value)}" for key, value in node)) for node in pairs),
    )


def native_platforms(inspected: str) -> tuple[str, ...]:
    """Return the platform of each node's own processor, from `docker buildx inspect`; none where that is not certain.

    A node lists its own platform first, and what it emulates last. One that was set by hand has a star, and hides that.
    """
    lists = [each.strip() for each in re.findall(r"^Platforms:(.*)", inspected, re.MULTILINE)]
    if any("*" in each or not each for each in lists):
        return ()
    return tuple(each.partition(",")[0] for each in lists)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def parse_builders(text: str) -> tuple[Builder, ...]:
    """Read `docker buildx ls --format json`: one object a line; ValueError where it is none."""
    return tuple(_builder(json_object(line)) for line in text.splitlines() if line.strip())


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


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object; ValueError where it is none."""
    said = json.loads(text)
    if not isinstance(said, dict):
        msg = "not a JSON object"
        raise ValueError(msg)  # noqa: TRY004 - as json.loads itself says of what is no JSON
    return said


class BuilderAction(StrEnum):
    """What becomes of a builder that is there."""

    USE = "take"
    RECREATE = "make anew"  # its cache is kept
    REJECT = "refuse"


def decide(wanted: EnsureBuilder, there: Builder) -> tuple[BuilderAction, str]:
    """Say what becomes of a builder, and how it differs from the one that is wanted; empty where it fits.

    Options that it has beyond those that are wanted do no harm.
    """
    if there.driver != wanted.driver:
        return BuilderAction.REJECT, f"its driver is {there.driver}, not {wanted.driver}"
    missing = [option for option in wanted.options if option not in there.options]
    if not missing:
        return BuilderAction.USE, ""
    reason = f"it was made without {', '.join(missing)}"
    if len(there.nodes) > 1:
        # Made anew, it would have one.
        return BuilderAction.REJECT, f"{reason}, and it has {len(there.nodes)} nodes"
    return BuilderAction.RECREATE if wanted.create else BuilderAction.REJECT, reason


def ensure_builder(settings: RunSettings) -> EnsureBuilder:
    driver = settings.builder_driver
    name = settings.builder_name or ("default" if driver == "docker" else "multiarch")
    options = [option for line in settings.builder_options for option in DriverOption.parse_all(line)]
    if driver in ("docker-container", "kubernetes") and all(option.name != "image" for option in options):
        options.insert(0, DriverOption("image", settings.builder_image))
    words = [word for option in options for word in ("--driver-opt", option.word)]
    create = ("docker", "buildx", "create", "--name", name, "--driver", driver, *words, "--bootstrap")
    return EnsureBuilder(
        name=name,
        driver=driver,
        options=tuple(map(str, options)),
        create=None if driver == "docker" else (*create, *filter(None, [settings.builder_endpoint])),
        inspect=("docker", "buildx", "inspect", name, "--bootstrap"),
        remove=("docker", "buildx", "rm", "--keep-state", name),
    )
