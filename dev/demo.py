"""`make demo`: the main job, unchanged, on the example and against the stack; then once more, from the cache."""

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
        _say(f"The example: {project.folder}, commit {project.tag}, to {running.ecr.host}")
        try:
            for title in (
                "A first build",
                "A new commit, and a builder that knows nothing: every step from the cache in the registry",
            ):
                project.remove_builder()
                stack.cold()
                project.commit(title)
                _say(title)
                if code := _build(project):
                    return code
            _say("The same commit again: the image is there, nothing is built")
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
