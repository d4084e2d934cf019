"""`make demo`: build the example and publish it to the test stack; then again, from the cache."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from dev import stack
from dev.project import Project

_REPOSITORY = "demo"


def main() -> int:
    running = stack.load()
    stack.create_repository(_REPOSITORY)
    with stack.turn("engine", alone=True), tempfile.TemporaryDirectory(prefix="multiarch-demo-") as folder:
        project = Project.create(Path(folder), running, repository=_REPOSITORY)
        _say(f"Example project {project.folder}, commit {project.tag}, registry {running.ecr.host}")
        try:
            for title in (
                "First build",
                "New commit on a new builder: every step comes from the cache in the registry",
            ):
                project.remove_builder()
                stack.cold()
                project.commit(title)
                _say(title)
                if code := _build(project):
                    return code
            _say("Same commit again: the registry has the image, so the build is skipped")
            return _build(project)
        finally:
            project.remove_builder()


def _build(project: Project) -> int:
    print("$ python -m multiarch build", flush=True)
    command = [sys.executable, "-m", "multiarch", "build"]
    return subprocess.run(command, cwd=project.folder, env=project.variables(), check=False).returncode


def _say(text: str) -> None:
    print(f"\n== {text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
