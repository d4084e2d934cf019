"""What the next stage reads: files in the forms of CodePipeline, and one that a shell sources."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace

import pytest

from multiarch.image import Registry, Repository
from multiarch.report.handover import HANDOVER_FILES, handover_files
from multiarch.result import Result
from tests.unit.fakes import SHA, SHOP
from tests.unit.records import BUILT

RESULT = Result(
    status="built",
    image=f"{SHOP}@sha256:{'a' * 64}",
    digest=f"sha256:{'a' * 64}",
    commit=SHA,
    tags=BUILT.outcome.tags,
    platforms=BUILT.outcome.platforms,
    cache=None,
    cache_to=(),
    phases={},
    seconds=1.0,
)
TEAM = Repository(registry=Registry.parse("localhost:5000"), name="team/shop")


@pytest.mark.parametrize(
    ("repository", "containers", "names"),
    [(SHOP, (), ["shop"]), (TEAM, (), ["shop"]), (SHOP, ("web", "worker"), ["web", "worker"])],
)
def test_ecs_is_told_which_containers_run_the_image(
    repository: Repository, containers: tuple[str, ...], names: list[str]
) -> None:
    files = handover_files(RESULT, repository, containers)
    assert tuple(files) == HANDOVER_FILES
    assert json.loads(files["imagedefinitions.json"]) == [{"name": each, "imageUri": RESULT.image} for each in names]


def test_blue_green_deploys_are_told_as_the_ecr_source_tells_them() -> None:
    kept = replace(BUILT.outcome.tags[1], action="kept")
    files = handover_files(replace(RESULT, tags=(BUILT.outcome.tags[0], kept)), SHOP, ())
    assert json.loads(files["imageDetail.json"]) == {
        "ImageDigest": RESULT.digest,
        "Version": "1.0",
        "RegistryId": "123456789012",
        "RepositoryName": "shop",
        "ImageURI": RESULT.image,
        "ImageTags": ["0123456"],
    }
    assert "RegistryId" not in json.loads(handover_files(RESULT, TEAM, ())["imageDetail.json"])


def test_a_shell_sources_the_variables_whatever_they_hold() -> None:
    odd = 'it\'s $(touch /nowhere) `id` "x" \\ ä'
    text = handover_files(replace(RESULT, commit=odd), SHOP, ())["image.env"]
    script = f'{text}\nprintf "%s\\n" "$IMAGE_URI" "$IMAGE_DIGEST" "$IMAGE_REPOSITORY" "$IMAGE_TAG" "$IMAGE_COMMIT"'
    # Exported, so that a child sees them, and CodeBuild at the end of the phase.
    said = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == [RESULT.image, RESULT.digest, str(SHOP), "0123456", odd]
    child = subprocess.run(["sh", "-euc", f"{text}\nenv"], capture_output=True, text=True, check=True).stdout
    assert f"IMAGE_URI={RESULT.image}\n" in child
