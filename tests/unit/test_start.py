"""The program's start in a checkout whose author would like to run code of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import multiarch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(multiarch.__file__).parent.parent
SPEC: dict[str, Any] = yaml.safe_load((ROOT / "buildspec.yml").read_text(encoding="utf-8"))
SAFE = {name: value for name, value in SPEC["env"]["variables"].items() if value}

# Beside the standard library: what multiarch depends on, and what Python imports by itself.
OTHERS = ("click", "msgspec", "boto3", "urllib3", "structlog", "sitecustomize", "usercustomize", "_virtualenv")


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a module of each name, which tells that it ran."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Dockerfile").touch()
    for name in (*sys.stdlib_module_names, *OTHERS):
        text = f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + chr(10))\nraise SystemExit(77)\n"
        (folder / f"{name}.py").write_text(text)
    return folder


def run(
    folder: Path, *command: str, words: Sequence[str] = ("build", "--dry-run"), **variables: str
) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        [*command, *words],
        cwd=folder,
        env={"PATH": path, "AWS_ECR_REPOSITORY_NAME": "shop", "GIT_TAG": "v1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


STARTS: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "with -P": ((sys.executable, "-P", "-m", "multiarch"), {}),
    "with -P and a PYTHONPATH": ((sys.executable, "-P", "-m", "multiarch"), {"PYTHONPATH": str(ROOT)}),
    "with the variables of the buildspec": ((sys.executable, "-m", "multiarch"), SAFE),
    "as a script": (("multiarch",), {}),
}


@pytest.mark.parametrize(("command", "variables"), STARTS.values(), ids=STARTS)
def test_start_safe_path_imports_nothing_from_the_folder(
    hostile: Path, command: tuple[str, ...], variables: Mapping[str, str]
) -> None:
    ran = run(hostile, *command, **variables)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "docker buildx bake" in ran.stdout
    assert not (hostile.parent / "ran").exists()


def test_start_commands_of_the_buildspec_are_python_with_the_safe_path() -> None:
    commands = [command for phase in SPEC["phases"].values() for command in phase["commands"]]
    assert sum(command.startswith("python -m ") for command in commands) == 3
    assert SAFE["PYTHONSAFEPATH"] == "1"


def test_start_module_of_the_folder_that_python_has_not_imported_yet_is_left_alone(hostile: Path) -> None:
    keep = {"click", "tomllib", "shlex", "msgspec", "signal", "threading", "json"}
    for path in hostile.glob("*.py"):
        if path.stem not in keep:
            path.unlink()
    ran = run(hostile, sys.executable, "-m", "multiarch")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not (hostile.parent / "ran").exists()


def test_start_empty_entry_of_pythonpath_is_left_alone_too(hostile: Path) -> None:
    for path in hostile.glob("*.py"):
        if path.stem not in ("click", "tomllib"):
            path.unlink()
    ran = run(hostile, sys.executable, "-P", "-m", "multiarch", PYTHONPATH=f":{ROOT}")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not (hostile.parent / "ran").exists()


def test_start_module_of_the_folder_that_python_has_imported_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").touch()
    [module] = [path for path in (Path(shutil.__file__).parent / "operator.py",) if path.exists()]
    shutil.copy(module, tmp_path)
    ran = run(tmp_path, sys.executable, "-m", "multiarch")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.splitlines() == [
        f"error: Python imported {tmp_path}/operator.py from the current folder before multiarch could start",
        "  fix: set PYTHONSAFEPATH=1, or run python -P -m multiarch",
    ]


def test_start_package_runs_from_its_own_checkout() -> None:
    ran = run(ROOT, sys.executable, "-m", "multiarch", words=["--version"])
    assert (ran.returncode, ran.stderr) == (0, "")
