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


def test_find_buildx_in_the_folder_of_the_machine(machine: dict[str, str], tmp_path: Path) -> None:
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_find_buildx_uses_the_first_folder(machine: dict[str, str], tmp_path: Path) -> None:
    local = program(tmp_path / "local" / "docker-buildx")
    assert find_buildx(machine) == str(local)


def test_find_buildx_prefers_the_folder_of_the_user(machine: dict[str, str], tmp_path: Path) -> None:
    own = program(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    assert find_buildx(machine) == str(own)


def test_find_buildx_uses_docker_config(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    other = program(tmp_path / "config" / "cli-plugins" / "docker-buildx")
    assert find_buildx(machine | {"DOCKER_CONFIG": str(tmp_path / "config")}) == str(other)


def test_find_buildx_prefers_extra_folders(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx")
    extra = program(tmp_path / "extra" / "docker-buildx")
    config = {"cliPluginsExtraDirs": [str(tmp_path / "nowhere"), str(tmp_path / "extra")]}
    (tmp_path / "home" / ".docker" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert find_buildx(machine) == str(extra)


@pytest.mark.parametrize(
    "config", ["{", "[]", "{}", '{"cliPluginsExtraDirs": 1}', '{"cliPluginsExtraDirs": [1]}', "[" * 100_000]
)
def test_find_buildx_malformed_config_is_ignored(config: str, machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    (tmp_path / "home" / ".docker" / "config.json").write_text(config, encoding="utf-8")
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_configuration_that_is_a_pipe_is_not_waited_for(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    os.mkfifo(tmp_path / "home" / ".docker" / "config.json")
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_find_buildx_skips_files_that_cannot_run(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "local" / "docker-buildx", mode=0o644)
    (tmp_path / "home" / ".docker" / "cli-plugins" / "docker-buildx").mkdir(parents=True)
    assert find_buildx(machine) == str(tmp_path / "system" / "docker-buildx")


def test_find_buildx_with_docker_script_returns_none(machine: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "bin" / "docker", b'#!/bin/sh\nexec podman "$@"\n')
    assert find_buildx(machine) == ""


def test_find_buildx_without_docker_returns_nothing(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "bin" / "docker").unlink()
    assert find_buildx(machine) == ""


def test_without_the_plugin_docker_is_left_to_say_so(machine: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "system" / "docker-buildx").unlink()
    assert find_buildx(machine) == ""
