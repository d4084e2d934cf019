"""What comes next is told of the image that was verified and tagged, and of no other."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.engine.test_recovery import read_until, started

if TYPE_CHECKING:
    from pathlib import Path

    from dev.project import Project
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine

FILES = ["image.env", "imageDetail.json", "imagedefinitions.json"]


@pytest.fixture
def out(project: Project) -> Path:
    """The folder, with the files of an earlier run and one of the user's own."""
    folder = project.folder / "out"
    folder.mkdir()
    for name in (*FILES, "mine"):
        (folder / name).write_text("old", encoding="utf-8")
    project.environment |= {"MULTIARCH_DEPLOY_FILES": "out", "MULTIARCH_PLATFORMS": "linux/amd64"}
    return folder


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def assert_handed_over(project: Project, registry: RegistryView, out: Path) -> None:
    """The three files name the image that the commit's tag names, by its digest."""
    digest = registry.digest(project.tag)
    repository = f"{registry.host}/{registry.repository}"
    assert names(out) == [*FILES, "mine"]
    assert json.loads((out / "imagedefinitions.json").read_text()) == [
        {"name": registry.repository, "imageUri": f"{repository}@{digest}"}
    ]
    assert json.loads((out / "imageDetail.json").read_text()) == {"ImageURI": f"{repository}@{digest}"}
    shown = project.run(["sh", "-euc", ". ./out/image.env; env"]).stdout.splitlines()
    assert {line for line in shown if line.startswith("IMAGE_")} == {
        f"IMAGE_URI={repository}@{digest}",
        f"IMAGE_REPOSITORY={repository}",
        f"IMAGE_DIGEST={digest}",
        f"IMAGE_TAG={project.tag}",
        f"IMAGE_COMMIT={project.sha}",
    }


def test_build_built_and_reused_image_write_equal_deploy_files(
    project: Project, registry: RegistryView, out: Path
) -> None:
    built = project.multiarch("build", "--output", "json")
    assert (built.code, built.json["status"]) == (0, "built"), built.said
    assert "written to out: imagedefinitions.json, imageDetail.json, image.env" in built.stderr
    assert_handed_over(project, registry, out)
    reused = project.multiarch("build", "--output", "json")
    assert (reused.code, reused.json["status"]) == (0, "reused"), reused.said
    assert_handed_over(project, registry, out)


def test_script_writes_equal_deploy_files(project: Project, registry: RegistryView, out: Path) -> None:
    del project.environment["MULTIARCH_PLATFORMS"]
    plan = project.multiarch("build", "--dry-run")
    assert names(out) == [*FILES, "mine"]
    script = project.run(["sh"], stdin=plan.stdout)
    assert script.code == 0, script.said
    assert_handed_over(project, registry, out)


def test_build_deploy_files_are_not_uncommitted_changes(project: Project, registry: RegistryView, out: Path) -> None:
    (out / "mine").unlink()
    laptop = {"CODEBUILD_BUILD_ARN": None, "AWS_ACCOUNT_ID": "123456789012"}
    for _ in range(2):
        run = project.multiarch("build", **laptop)
        assert run.code == 0, run.said
    assert registry.tags() == {project.tag, "latest", "cache"}
    assert names(out) == FILES


def append(project: Project, step: str) -> None:
    """Commit a further step, and no file that git does not keep yet."""
    with (project.folder / "Dockerfile").open("a", encoding="utf-8") as file:
        file.write(f"{step}\n")
    project.git("commit", "--quiet", "--all", "--allow-empty", "--message", f"Add {step}")


FAILURES = {
    "a step": (5, "RUN false", ()),
    "a missing Dockerfile": (2, "", ("--file", "none")),
}


@pytest.mark.parametrize(("code", "step", "words"), FAILURES.values(), ids=FAILURES)
def test_build_failure_leaves_no_deploy_files(
    project: Project, out: Path, code: int, step: str, words: tuple[str, ...]
) -> None:
    append(project, step)
    run = project.multiarch("build", *words)
    assert run.code == code, run.said
    assert names(out) == ["mine"]


def test_build_interruption_leaves_no_deploy_files(project: Project, out: Path) -> None:
    append(project, "RUN echo goes on; sleep 60")
    process = started(project)
    read_until(process, "] goes on")
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=20)
    assert process.returncode == 143, rest
    assert names(out) == ["mine"]


def test_build_local_writes_no_deploy_files(project: Project, out: Path) -> None:
    run = project.multiarch("build", "--local")
    assert run.code == 0, run.said
    assert names(out) == ["mine"]


def test_build_invalid_deploy_folder_fails_before_the_build(project: Project, registry: RegistryView) -> None:
    run = project.multiarch("build", "--deploy-files", "hello.sh/out")
    assert (run.code, run.stdout) == (2, "")
    assert run.stderr.startswith("error: ")
    assert "hello.sh exists and is not a folder" in run.stderr
    doctor = project.multiarch("doctor", "--deploy-files", "hello.sh/out")
    assert doctor.code == 2
    assert "problem  deploy files" in doctor.stdout
    assert registry.tags() == set()


def test_build_failed_write_of_deploy_files_exits_8(project: Project, registry: RegistryView, out: Path) -> None:
    """Somebody takes a file's place while the build runs: the image is published, and nothing is there by halves."""
    append(project, "RUN echo goes on; sleep 2")
    process = started(project)
    read_until(process, "] goes on")
    (out / "image.env").mkdir()
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 8, rest
    assert "error: out/image.env cannot be written: Is a directory" in rest
    assert registry.tags() == {project.tag, "latest", "cache"}
    assert names(out) == ["image.env", "mine"]
