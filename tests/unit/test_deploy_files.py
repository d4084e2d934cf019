"""What the next stage reads: the files' content, and what a shell makes of the one that it sources."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from multiarch.image.reference import Repository
from multiarch.plan.deploy_files import DEPLOY_FILES, ENVIRONMENT, IMAGE_DEFINITIONS, IMAGE_DETAIL, render_deploy_files
from multiarch.plan.steps import DeployedImage, WriteDeployFiles
from tests.unit.fakes import ECR, ECR_HOST, SHA, SHOP

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'1' * 64}"
URI = f"{ECR_HOST}/shop@{DIGEST}"
IMAGE = DeployedImage(target="shop", containers=("shop",), repository=SHOP, tag=SHA[:7])
STEP = WriteDeployFiles(folder="out", images=(IMAGE,), commit=SHA)
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]

# CodePipeline's limit for the image definitions file: 100 KB.
LIMIT = 100_000


def test_render_image_definitions_name_every_container() -> None:
    files = render_deploy_files(replace(STEP, images=(replace(IMAGE, containers=("web", "worker")),)), {"shop": DIGEST})
    assert json.loads(files[IMAGE_DEFINITIONS]) == [
        {"name": "web", "imageUri": URI},
        {"name": "worker", "imageUri": URI},
    ]


def test_render_image_detail_names_the_image() -> None:
    assert json.loads(render_deploy_files(STEP, {"shop": DIGEST})[IMAGE_DETAIL]) == {"ImageURI": URI}


def test_render_deploy_files_returns_exactly_deploy_files() -> None:
    assert tuple(render_deploy_files(STEP, {"shop": DIGEST})) == DEPLOY_FILES


def test_render_longest_names_fit_codepipelines_limit() -> None:
    """A task definition has 10 containers at most, whose names have 255 characters at most; a repository's has 256."""
    longest = Repository(registry=ECR, name="a" * 256)
    image = replace(IMAGE, repository=longest, containers=tuple(f"{number}{'c' * 254}" for number in range(10)))
    step = replace(STEP, images=(image,))
    assert max(len(text) for text in render_deploy_files(step, {"shop": DIGEST}).values()) < LIMIT


def sourced(folder: Path, text: str, *, shell: str = "sh") -> dict[str, str]:
    """What a child of the shell finds in its environment once the file was sourced."""
    (folder / ENVIRONMENT).write_text(text, encoding="utf-8")
    words = [shell, "sh"] if shell == "busybox" else [shell]
    ran = subprocess.run(
        [*words, "-euc", f". ./{ENVIRONMENT}; env -0"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "IMAGE_TAG": "of-before"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert ran.stderr == ""
    found = dict(entry.split("=", 1) for entry in ran.stdout.split("\0") if entry)
    return {name: value for name, value in found.items() if name.startswith("IMAGE_")}


def test_render_two_images_has_variables_for_each() -> None:
    worker = DeployedImage(
        target="my-worker", containers=("jobs",), repository=Repository(registry=ECR, name="worker"), tag="v1"
    )
    other = f"sha256:{'2' * 64}"
    files = render_deploy_files(replace(STEP, images=(IMAGE, worker)), {"shop": DIGEST, "my-worker": other})
    assert json.loads(files[IMAGE_DEFINITIONS]) == [
        {"name": "shop", "imageUri": URI},
        {"name": "jobs", "imageUri": f"{ECR_HOST}/worker@{other}"},
    ]
    lines = files[ENVIRONMENT].splitlines()
    assert f"export IMAGE_URI={URI}" in lines
    assert f"export IMAGE_URI_SHOP={URI}" in lines
    assert f"export IMAGE_URI_MY_WORKER={ECR_HOST}/worker@{other}" in lines
    assert "export IMAGE_TAG_MY_WORKER=v1" in lines


@pytest.mark.parametrize("shell", SHELLS)
def test_image_env_sourced_exports_the_variables(shell: str, tmp_path: Path) -> None:
    assert sourced(tmp_path, render_deploy_files(STEP, {"shop": DIGEST})[ENVIRONMENT], shell=shell) == {
        "IMAGE_URI": URI,
        "IMAGE_REPOSITORY": f"{ECR_HOST}/shop",
        "IMAGE_DIGEST": DIGEST,
        "IMAGE_TAG": SHA[:7],
        "IMAGE_COMMIT": SHA,
    }


# The rules for names allow none of these; the file does not depend on it.
HOSTILE = {
    "nothing": "",
    "a space": "a b",
    "quotes": "a'b\"c",
    "a command": "$(touch hacked) `touch hacked`",
    "a variable": "$HOME ${HOME:-x} $$",
    "an end of the command": "x; touch hacked #",
    "lines": "one\ntwo\n\nexport IMAGE_TAG=other",
    "a backslash at the end": "x\\",
    "an exclamation mark": "!! !x",
    "an option": "-n",
    "letters from elsewhere": "läden/商店",
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_image_env_quotes_every_value(value: str, shell: str, tmp_path: Path) -> None:
    image = replace(IMAGE, tag=value, repository=Repository(registry=ECR, name=value))
    step = replace(STEP, images=(image,), commit=value)
    text = render_deploy_files(step, {"shop": DIGEST})[ENVIRONMENT]
    found = sourced(tmp_path, text, shell=shell)
    assert (found["IMAGE_TAG"], found["IMAGE_COMMIT"]) == (value, value)
    assert found["IMAGE_URI"] == f"{ECR_HOST}/{value}@{DIGEST}"
    assert [each.name for each in tmp_path.iterdir()] == [ENVIRONMENT]
