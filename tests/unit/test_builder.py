"""Whether the builder that is there is the one that is wanted, from what buildx prints of it."""

from __future__ import annotations

import dataclasses

import pytest

from multiarch.plan.builder import Builder, BuilderAction, Node, decide, native_platforms, parse_inspect
from multiarch.plan.steps import EnsureBuilder
from tests.unit.fakes import plan_of

# Printed by docker buildx 0.29.
RUNNING = """\
Name:          multiarch
Driver:        docker-container
Last Activity: 2026-11-24 00:00:07 +0000 UTC

Nodes:
Name:                  multiarch0
Endpoint:              unix:///var/run/docker.sock
Driver Options:        image="moby/buildkit:v0.32.2"
Status:                running
BuildKit daemon flags: --allow-insecure-entitlement=network.host
BuildKit version:      v0.32.2
Platforms:             linux/amd64, linux/amd64/v2, linux/arm64
Labels:
 org.mobyproject.buildkit.worker.executor:         oci
GC Policy rule#0:
 All:            false
"""
# Made with --driver-opt image=…,network=host --driver-opt '"env.no_proxy=localhost,127.0.0.1"'
# --driver-opt '"env.Q=say ""hi"" \ é"' --driver-opt memory=2g
OPTIONS = """\
Name:          probe
Driver:        docker-container

Nodes:
Name:                  probe0
Endpoint:              unix:///var/run/docker.sock
Driver Options:        network="host" env.Q="say \\"hi\\" \\\\ é" env.no_proxy="localhost,127.0.0.1" \
image="moby/buildkit:v0.32.2" memory="2g"
Status:                inactive
BuildKit daemon flags: --allow-insecure-entitlement=network.host
"""
DEFAULT = """\
Name:   default
Driver: docker

Nodes:
Name:             default
Endpoint:         default
Status:           running
BuildKit version: v0.32.2
Platforms:        linux/amd64, linux/arm64
"""
BROKEN = """\
Name:          multiarch
Driver:        docker-container

Nodes:
Name:     multiarch0
Endpoint: unix:///var/run/docker.sock
Error:    Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
"""

IMAGE = "image=moby/buildkit:v0.32.2"
INSPECTED = {
    "a running one": (RUNNING, "multiarch", "docker-container", frozenset({IMAGE})),
    "options with commas and quotes": (
        OPTIONS,
        "probe",
        "docker-container",
        frozenset({IMAGE, "network=host", 'env.Q=say "hi" \\ é', "env.no_proxy=localhost,127.0.0.1", "memory=2g"}),
    ),
    "docker's own": (DEFAULT, "default", "docker", frozenset()),
    "a broken one": (BROKEN, "multiarch", "docker-container", frozenset()),
    "nothing": ("", "", "", frozenset()),
}


@pytest.mark.parametrize(("text", "name", "driver", "options"), INSPECTED.values(), ids=INSPECTED)
def test_the_text_of_inspect_is_read(text: str, name: str, driver: str, options: frozenset[str]) -> None:
    found = parse_inspect(text)
    assert (found.name, found.driver, found.options) == (name, driver, options)


def wanted(*options: str, driver: str = "docker-container") -> EnsureBuilder:
    plan = plan_of(builder_options=options, builder_driver=driver, builder_endpoint="tcp://x:1")
    return next(step for step in plan.steps if isinstance(step, EnsureBuilder))


MISFITS = {
    "the one that is wanted": (wanted(), RUNNING, ""),
    "options beyond those that are wanted": (wanted("network=host"), OPTIONS, ""),
    "an option with a comma, quoted as buildx wants it": (
        wanted('"env.no_proxy=localhost,127.0.0.1"'), OPTIONS, ""),
    "two options in one text": (wanted("network=host,memory=2g"), OPTIONS, ""),
    "an image among two options in one text": (wanted("network=host,image=moby/buildkit:v0.32.2"), OPTIONS, ""),
    "an option with quotes": (wanted(r'"env.Q=say ""hi"" \ é"'), OPTIONS, ""),
    "another image": (wanted("image=other"), RUNNING, "it was made without image=other"),
    "two that are missing": (
        wanted("network=host", "memory=2g"), RUNNING, "it was made without network=host, memory=2g"),
    "another value": (wanted("memory=4g"), OPTIONS, "it was made without memory=4g"),
    "another driver": (
        wanted(driver="remote"), RUNNING, "its driver is docker-container, not remote"),
    "docker's own": (wanted(driver="docker"), DEFAULT, ""),
}  # fmt: skip


@pytest.mark.parametrize(("step", "text", "reason"), MISFITS.values(), ids=MISFITS)
def test_a_builder_that_differs_is_told_by_how(step: EnsureBuilder, text: str, reason: str) -> None:
    fate, found = decide(step, parse_inspect(text))
    assert found == reason
    assert (fate is BuilderAction.USE) is (reason == "")


FATES = {
    "the one that is wanted": (wanted(), {IMAGE}, "docker-container", BuilderAction.USE),
    "made with other options": (wanted(), {"image=other"}, "docker-container", BuilderAction.RECREATE),
    "made with another driver": (wanted(), {IMAGE}, "kubernetes", BuilderAction.REJECT),
    "docker's own, which nobody makes": (wanted(driver="docker"), set(), "docker", BuilderAction.USE),
    "docker's own, with options that it cannot have": (
        dataclasses.replace(wanted(driver="docker"), options=("network=host",)), set(), "docker", BuilderAction.REJECT),
}  # fmt: skip


@pytest.mark.parametrize(("step", "options", "driver", "fate"), FATES.values(), ids=FATES)
def test_what_becomes_of_a_builder(step: EnsureBuilder, options: set[str], driver: str, fate: BuilderAction) -> None:
    there = Builder(name="multiarch", driver=driver, nodes=(Node(options=frozenset(options)),))
    assert decide(step, there)[0] is fate


NATIVE = {
    "one node": ("Platforms:        linux/amd64, linux/amd64/v2, linux/arm64\n", ("linux/amd64",)),
    "two nodes": (
        "Platforms: linux/amd64, linux/386\nName: b\nPlatforms: linux/arm64\n",
        ("linux/amd64", "linux/arm64"),
    ),
    "set by hand": ("Platforms: linux/arm64*, linux/amd64\n", ()),
    "one of two set by hand": ("Platforms: linux/amd64\nPlatforms: linux/arm64*\n", ()),
    "one that does not run": ("Status: inactive\nPlatforms:\nLabels:\n", ()),
    "another line": (" Labels: Platforms: linux/amd64\n", ()),
}


@pytest.mark.parametrize(("text", "platforms"), NATIVE.values(), ids=NATIVE)
def test_a_node_s_own_platform_is_the_first_that_it_lists(text: str, platforms: tuple[str, ...]) -> None:
    assert native_platforms(text) == platforms
