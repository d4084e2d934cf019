"""Where `docker buildx` is found, in docker's own order."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.docker import plugin
from multiarch.edges.docker.plugin import find_buildx

if TYPE_CHECKING:
    from pathlib import Path

BINARY = b"\x7fELF\x02\x01\x01"


def program(path: Path, content: bytes = BINARY, *, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine with docker, and with buildx where docker's package puts it."""
    program(tmp_path / "bin" / "docker")
    program(tmp_path / "system" / "docker-buildx")
    monkeypatch.setattr(plugin, "_SYSTEM", (str(tmp_path / "local"), str(tmp_path / "system")))
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}


def test_the_machine_s_own(machine: dict[str, str], tmp_path: Path) -> None:
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_the_first_of_the_machine_s_folders(machine: dict[str, str], tmp_path: Path) -> None:
    local = program(tmp_path / "local" / "docker-buildx")
    assert find_buildx(machine) == str(local)


def test_the_user_s_before_the_machine_s(machine: dict[str, str], tmp_path: Path) -> None:
    own = program(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    assert find_buildx(machine) == str(own)


def test_the_configuration_s_folder_is_not_always_at_home(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    other = program(tmp_path / "config" / "cli-plugins" / "docker-buildx")
    assert find_buildx(machine | {"DOCKER_CONFIG": str(tmp_path / "config")}) == str(other)


def test_the_configuration_s_further_folders_come_first(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    extra = program(tmp_path / "extra" / "docker-buildx")
    config = {"cliPluginsExtraDirs": [str(tmp_path / "nowhere"), str(tmp_path / "extra")]}
    (tmp_path / "home" / ".docker" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert find_buildx(machine) == str(extra)


@pytest.mark.parametrize(
    "config", ["{", "[]", "{}", '{"cliPluginsExtraDirs": 1}', '{"cliPluginsExtraDirs": [1]}', "[" * 100_000]
)
def test_a_configuration_of_another_form_is_docker_s_to_refuse(
    config: str, machine: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    (tmp_path / "home" / ".docker" / "config.json").write_text(config, encoding="utf-8")
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_configuration_that_is_a_pipe_is_not_waited_for(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    os.mkfifo(tmp_path / "home" / ".docker" / "config.json")
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_what_cannot_be_run_is_passed_over(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "local" / "docker-buildx", mode=0o644)
    (tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx").mkdir(parents=True)
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_a_docker_that_is_a_script_is_asked_itself(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "bin" / "docker", b'#!/bin/sh\nexec podman "$@"\n')
    assert find_buildx(machine) == ""


def test_without_docker_nothing_is_found(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin" / "docker").unlink()
    assert find_buildx(machine) == ""


def test_without_the_plugin_docker_is_left_to_say_so(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "system" / "docker-buildx").unlink()
    assert find_buildx(machine) == ""
