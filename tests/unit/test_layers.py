"""The borders between the modules, held by reading their imports."""

from __future__ import annotations

import ast
import functools
import json
import subprocess
import sys
from pathlib import Path

import pytest

import multiarch

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
OUTSIDE = ("subprocess", "socket", "urllib3", "http", "boto3", "botocore", "python_on_whales")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_wiring(name: str) -> bool:
    """Whether a module wires the edges to the core."""
    return name == "cli.py" or name.startswith("commands/")


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """What a module imports anywhere in it, whole names; what only a type checker reads is left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in _run(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def _run(tree: ast.AST) -> list[ast.AST]:
    nodes = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        nodes += [node, *_run(node)]
    return nodes


def importers(*packages: str) -> set[str]:
    return {
        name_of(path)
        for path in MODULES
        if any(each == package or each.startswith(f"{package}.") for each in imports(path) for package in packages)
    }


def test_the_modules_are_found() -> None:
    names = {name_of(path) for path in MODULES}
    assert {"cli.py", "plan/make.py", "edges/docker/process.py", "failures/rules.py"} <= names


def test_only_the_wiring_and_the_edges_themselves_import_edges() -> None:
    found = {name for name in importers("multiarch.edges") if not name.startswith("edges/")}
    assert "cli.py" in found
    assert all(map(is_wiring, found))


def test_only_the_edges_import_processes_and_the_network() -> None:
    found = importers(*OUTSIDE)
    assert {"edges/docker/process.py", "edges/git.py", "edges/aws.py", "edges/registry/client.py"} <= found
    assert {name for name in found if not name.startswith("edges/")} == set()


SOLE_IMPORTERS = {
    "boto3": {"edges/aws.py"},
    "botocore": {"edges/aws.py"},
    "python_on_whales": {"edges/docker/process.py"},
    "tenacity": {"run/recovery.py"},
    "structlog": {"log.py"},
    "packaging": {"image/tags/version.py"},
    "semver": {"image/tags/version.py"},
    "msgspec": {
        "settings/image.py",
        "settings/run.py",
        "settings/values.py",
        "log.py",
        "record/buildkit.py",
        "record/saved.py",
    },
    "urllib3": {"edges/registry/client.py", "edges/registry/transport.py"},
    "jinja2": {"report/page/html.py"},
    "junitparser": {"report/junit.py"},
}


@pytest.mark.parametrize(("package", "modules"), SOLE_IMPORTERS.items(), ids=SOLE_IMPORTERS)
def test_a_library_has_one_importer(package: str, modules: set[str]) -> None:
    assert importers(package) == modules


def test_click_is_the_command_line_s_alone() -> None:
    assert importers("click") == {"cli.py"}


def test_the_environment_is_read_in_one_place() -> None:
    readers = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.environb"):
                readers.add(name_of(path))
            if isinstance(node, ast.ImportFrom) and node.module == "os":
                assert {alias.name for alias in node.names}.isdisjoint({"environ", "getenv", "environb"})
    assert readers == {"__main__.py"}


PURE = sorted(
    name
    for name in map(name_of, MODULES)
    if not name.startswith(("edges/", "commands/"))
    # The wiring, whoever waits, and whoever writes the log.
    and name
    not in (
        "__main__.py",
        "cli.py",
        "run/execution.py",
        "run/recovery.py",
        "run/threads.py",
        "run/runtime.py",
        "log.py",
    )
)


def test_what_decides_is_pure() -> None:
    names = {
        "plan/make.py",
        "image/ecr.py",
        "run/aws_diagnosis.py",
        "provision/policy.py",
        "failures/explain.py",
        "doctor/docker.py",
        "failures/rules.py",
    }
    assert names <= set(PURE)


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_touches_no_file_no_process_and_no_clock(name: str) -> None:
    found = imports(ROOT / name)
    assert found.isdisjoint({"os", "time", "tempfile", "shutil", "subprocess", "socket", "pathlib.Path", "logging"})
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert calls.isdisjoint({"open", "print", "input", "datetime.now", "time.time"})


def test_a_dry_run_imports_nothing_heavy(tmp_path: Path) -> None:
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


def test_the_command_runs_as_a_module(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "multiarch", "--version"],
        cwd=tmp_path,
        env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"multiarch {multiarch.__version__}\n", "")
