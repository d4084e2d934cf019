"""Tests of multiarch/plan/builder.py."""

from __future__ import annotations

import dataclasses

import pytest

from multiarch.plan.build.builder import Builder, BuilderAction, Node, decide, native_platforms, parse_inspect
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
    "running": (RUNNING, "multiarch", "docker-container", frozenset({IMAGE})),
    "options with commas and quotes": (
        OPTIONS,
        "probe",
        "docker-container",
        frozenset({IMAGE, "network=host", 'env.Q=say "hi" \\ é', "env.no_proxy=localhost,127.0.0.1", "memory=2g"}),
    ),
    "driver docker": (DEFAULT, "default", "docker", frozenset()),
    "error": (BROKEN, "multiarch", "docker-container", frozenset()),
    "empty": ("", "", "", frozenset()),
}


@pytest.mark.parametrize(("text", "name", "driver", "options"), INSPECTED.values(), ids=INSPECTED)
def test_parse_inspect_returns_name_driver_and_options(
    text: str, name: str, driver: str, options: frozenset[str]
) -> None:
    found = parse_inspect(text)
    assert (found.name, found.driver, found.options) == (name, driver, options)


def builder_step(*options: str, driver: str = "docker-container") -> EnsureBuilder:
    plan = plan_of(builder_options=options, builder_driver=driver, builder_endpoint="tcp://x:1")
    return next(step for step in plan.steps if isinstance(step, EnsureBuilder))


MISFITS = {
    "all options": (builder_step(), RUNNING, ""),
    "more options than expected": (builder_step("network=host"), OPTIONS, ""),
    "an option with a comma, quoted for buildx": (
        builder_step('"env.no_proxy=localhost,127.0.0.1"'), OPTIONS, ""),
    "two options in one text": (builder_step("network=host,memory=2g"), OPTIONS, ""),
    "an image among two options in one text": (builder_step("network=host,image=moby/buildkit:v0.32.2"), OPTIONS, ""),
    "an option with quotes": (builder_step(r'"env.Q=say ""hi"" \ é"'), OPTIONS, ""),
    "another image": (builder_step("image=other"), RUNNING, "missing option image=other"),
    "two missing options": (
        builder_step("network=host", "memory=2g"), RUNNING, "missing options network=host, memory=2g"),
    "another value": (builder_step("memory=4g"), OPTIONS, "missing option memory=4g"),
    "another driver": (
        builder_step(driver="remote"), RUNNING, "exists with driver docker-container; expected remote"),
    "driver docker": (builder_step(driver="docker"), DEFAULT, ""),
}  # fmt: skip


@pytest.mark.parametrize(("step", "text", "reason"), MISFITS.values(), ids=MISFITS)
def test_decide_different_builder_returns_reason(step: EnsureBuilder, text: str, reason: str) -> None:
    action, found = decide(step, parse_inspect(text))
    assert found == reason
    assert (action is BuilderAction.USE) is (reason == "")


ACTIONS = {
    "all options": (builder_step(), {IMAGE}, "docker-container", BuilderAction.USE),
    "other options": (builder_step(), {"image=other"}, "docker-container", BuilderAction.RECREATE),
    "another driver": (builder_step(), {IMAGE}, "kubernetes", BuilderAction.REJECT),
    "driver docker": (builder_step(driver="docker"), set(), "docker", BuilderAction.USE),
    "driver docker without an option": (
        dataclasses.replace(builder_step(driver="docker"), options=("network=host",)),
        set(), "docker", BuilderAction.REJECT),
}  # fmt: skip


@pytest.mark.parametrize(("step", "options", "driver", "action"), ACTIONS.values(), ids=ACTIONS)
def test_decide_existing_builder_returns_action(
    step: EnsureBuilder, options: set[str], driver: str, action: BuilderAction
) -> None:
    existing = Builder(name="multiarch", driver=driver, nodes=(Node(options=frozenset(options)),))
    assert decide(step, existing)[0] is action


NATIVE = {
    "one node": ("Platforms:        linux/amd64, linux/amd64/v2, linux/arm64\n", ("linux/amd64",)),
    "two nodes": (
        "Platforms: linux/amd64, linux/386\nName: b\nPlatforms: linux/arm64\n",
        ("linux/amd64", "linux/arm64"),
    ),
    "set with --platform": ("Platforms: linux/arm64*, linux/amd64\n", ()),
    "one of two set with --platform": ("Platforms: linux/amd64\nPlatforms: linux/arm64*\n", ()),
    "not running": ("Status: inactive\nPlatforms:\nLabels:\n", ()),
    "another line": (" Labels: Platforms: linux/amd64\n", ()),
}


@pytest.mark.parametrize(("text", "platforms"), NATIVE.values(), ids=NATIVE)
def test_native_platforms_returns_the_first_of_each_node(text: str, platforms: tuple[str, ...]) -> None:
    assert native_platforms(text) == platforms
