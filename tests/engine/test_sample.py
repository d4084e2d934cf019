"""The Dockerfile at the top, with a base image that stands in for Amazon Linux, which is not to be had everywhere."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from dev.project import ROOT

if TYPE_CHECKING:
    from dev import stack
    from dev.project import Project
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine

# Does what the sample needs of dnf, and refuses what it does not know.
DNF = """#!/bin/sh
case "$*" in
  "install --assumeyes --setopt=install_weak_deps=False nginx") mkdir -p /var/log/nginx /usr/sbin ;;
  "clean all") ;;
  *) echo "dnf: $*" >&2; exit 2 ;;
esac
"""


def test_sample_builds_on_a_copy_of_its_base_image(
    project: Project, registry: RegistryView, running: stack.Stack
) -> None:
    """The base image is an argument; nothing in the file is edited."""
    base = f"{running.plain.host}/amazonlinux:2023"
    (project.folder / "dnf").write_text(DNF)
    (project.folder / "dnf").chmod(0o755)
    (project.folder / "Dockerfile").write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY dnf /bin/dnf\n")
    project.commit("Stand in for Amazon Linux")
    made = project.multiarch(
        *("build", "--registry", running.plain.host, "--repository", "amazonlinux"),
        *("--commit-tag", "2023", "--if-exists", "rebuild"),
    )
    assert made.code == 0, made.said
    shutil.copy(ROOT / "Dockerfile", project.folder / "Dockerfile")
    project.commit("Take the sample")
    run = project.multiarch("build", "--build-arg", f"BASE_IMAGE={base}", MULTIARCH_BUILD_ARGS=None)
    assert run.code == 0, run.said
    for config in registry.platforms("latest").values():
        assert config["config"]["Cmd"] == ["nginx", "-g", "daemon off;"]
        assert config["config"]["ExposedPorts"] == {"80/tcp": {}}
        assert config["config"]["StopSignal"] == "SIGQUIT"
