"""Reads an existing builder from buildx's output, and decides whether the build can use it. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from multiarch.plan.steps import EnsureBuilder
from multiarch.settings.run import RunSettings
from multiarch.text.csv_words import DriverOption

REJECTED_HINT = "use another builder (--builder NAME), or set --driver and --driver-opt to those of this builder"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node of a builder; `options` are its driver options, as KEY=VALUE."""

    name: str = ""
    status: str = ""
    version: str = ""
    platforms: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Builder:
    """A builder, as `docker buildx inspect` or `docker buildx ls` shows it; fields that they do not show are empty.

    Attributes:
        error: buildx's error message where it cannot reach the builder.
    """

    name: str
    driver: str
    nodes: tuple[Node, ...]
    error: str = ""

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
    """Parse `docker buildx inspect`, which has no JSON output: https://github.com/docker/buildx/issues/2024.

    Only name, driver and options are read; `decide` needs no more.
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
    """Return each node's native platform, from `docker buildx inspect`; empty if one of them is uncertain.

    A node lists its native platform first, and emulated platforms last. A star marks a platform that was set with
    `--platform`; such a list does not show which one is native.
    """
    lists = [each.strip() for each in re.findall(r"^Platforms:(.*)", inspected, re.MULTILINE)]
    if any("*" in each or not each for each in lists):
        return ()
    return tuple(each.partition(",")[0] for each in lists)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def parse_builders(text: str) -> tuple[Builder, ...]:
    """Parse `docker buildx ls --format json`, one object per line; raise ValueError for anything else."""
    return tuple(_builder(json_object(line)) for line in text.splitlines() if line.strip())


def _builder(fields: Mapping[str, Any]) -> Builder:
    return Builder(
        name=str(fields.get("Name", "")),
        driver=str(fields.get("Driver", "")),
        nodes=tuple(_nodes(fields)),
        error=str(
            fields.get("Err") or next((each["Err"] for each in fields.get("Nodes") or () if each.get("Err")), "")
        ),
    )


def _nodes(fields: Mapping[str, Any]) -> Iterator[Node]:
    for each in fields.get("Nodes") or ():
        options = each.get("DriverOpts") or {}
        yield Node(
            name=str(each.get("Name", "")),
            status=str(each.get("Status", "")),
            version=str(each.get("Version", "")),
            # A star marks a platform that was set with `docker buildx create --platform`.
            platforms=tuple(str(platform).rstrip("*") for platform in each.get("Platforms") or ()),
            options=frozenset(f"{name}={value}" for name, value in options.items()),
        )


def json_object(text: str) -> dict[str, Any]:
    """Parse a JSON object; raise ValueError for anything else."""
    try:
        value = json.loads(text)
    except RecursionError:
        value = None
    if not isinstance(value, dict):
        msg = "not a JSON object"
        raise ValueError(msg)  # noqa: TRY004 - the error that json.loads raises for invalid JSON
    return value


class BuilderAction(StrEnum):
    """What a build does with an existing builder."""

    USE = "use"
    RECREATE = "recreate"  # keeping its cache
    REJECT = "reject"


def decide(step: EnsureBuilder, existing: Builder) -> tuple[BuilderAction, str]:
    """Return what to do with an existing builder, and the reason.

    The reason of USE is empty, that of RECREATE is a phrase ("missing option ..."), and that of REJECT continues
    "builder NAME ". Options beyond the step's are ignored.
    """
    if existing.driver != step.driver:
        return BuilderAction.REJECT, f"exists with driver {existing.driver}; expected {step.driver}"
    missing = [option for option in step.options if option not in existing.options]
    if not missing:
        return BuilderAction.USE, ""
    options = f"option{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    if len(existing.nodes) > 1:
        # A recreated builder would have a single node.
        return BuilderAction.REJECT, f"exists without {options}, and has {len(existing.nodes)} nodes"
    if not step.create:
        return BuilderAction.REJECT, f"exists without {options}"
    return BuilderAction.RECREATE, f"missing {options}"


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
