"""The borders between the modules, where the import contracts of pyproject.toml cannot state them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import multiarch
from dev.project import coverage_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(multiarch.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
HEAVY = (
    "semver",
    "packaging",
    "boto3",
    "botocore",
    "structlog",
    "tenacity",
    "python_on_whales",
    "urllib3",
    "jinja2",
    "junitparser",
)


def nodes(module: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(module.read_text(encoding="utf-8")))


def test_environment_is_read_in_one_place() -> None:
    readers = set()
    for module in MODULES:
        for node in nodes(module):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb"):
                readers.add(module.name)
            if isinstance(node, ast.ImportFrom) and node.module == "os":
                assert {alias.name for alias in node.names}.isdisjoint({"environ", "getenv", "environb"})
    assert readers == {"__main__.py"}


def pure_modules() -> set[Path]:
    """Return the files of the modules that the import contract "pure" names."""
    text = (ROOT.parent / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    names = next(contract["source_modules"] for contract in contracts if contract["id"] == "pure")
    paths = [ROOT.parent / name.replace(".", "/") for name in names]
    return {file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")])}


PURE = sorted(pure_modules())
# Whoever wires, waits or writes the log.
IMPURE = ("commands/", "edges/", "__main__.py", "cli/", "deadline.py", "futures.py", "log.py")
IMPURE_RUN = ("run/__init__.py", "run/execution.py", "run/recovery.py", "run/runtime.py")


def test_module_is_pure_unless_listed_here() -> None:
    others = [path.relative_to(ROOT).as_posix() for path in set(MODULES) - set(PURE)]
    assert [name for name in others if not name.startswith((*IMPURE, *IMPURE_RUN)) and name != "__init__.py"] == []


@pytest.mark.parametrize("module", PURE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pure_module_opens_no_file_and_asks_no_clock(module: Path) -> None:
    calls = {ast.unparse(node.func) for node in nodes(module) if isinstance(node, ast.Call)}
    assert calls.isdisjoint({"open", "print", "input", "datetime.now", "time.time"})
    from_pathlib = {
        alias.name
        for node in nodes(module)
        if isinstance(node, ast.ImportFrom) and node.module == "pathlib"
        for alias in node.names
    }
    assert from_pathlib <= {"PurePath", "PurePosixPath"}, "Path touches files"


def test_dry_run_imports_no_slow_module(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").touch()
    program = (
        "import sys, json; from multiarch.cli import main; "
        "code = main(['build', '--dry-run'], {'AWS_ECR_REPOSITORY_NAME': 'shop', 'GIT_TAG': 'v1', 'PATH': '/nowhere'});"
        "print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(ran.stderr)
    assert code == 0
    assert set(modules).isdisjoint(HEAVY)
    assert "click" in modules


def test_command_runs_as_a_module(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "multiarch", "--version"],
        cwd=tmp_path,
        env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT.parent), **coverage_variables()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"multiarch {multiarch.__version__}\n", "")
