"""Caches on the real engine: read and written by branch, pull request and platform, and what is left of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from dev import stack
from dev.stack import engine
from dev.stack.builder import wanted
from dev.stack.ecr import control
from tests.engine.registry import RegistryView

if TYPE_CHECKING:
    from dev.project import Project, Run

pytestmark = pytest.mark.engine

BRANCHES = {"MULTIARCH_CACHE_SCOPE": "branch", "MULTIARCH_DEFAULT_BRANCH": "main"}


def built(project: Project, *words: str, **variables: str) -> dict[str, Any]:
    """Build, and return the result; with variables beside the project's own."""
    run = project.multiarch("build", "--output", "json", *words, **variables)
    assert run.code == 0, run.said
    return run.json


def change(project: Project, text: str) -> None:
    """Commit a file that makes every later step of the Dockerfile a new one."""
    (project.folder / "hello.sh").write_text(f"#!/bin/sh\necho {project.builder} {text}\n")
    project.commit(text)


def accesses(result: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["direction"], each["reference"].rpartition(":")[2], each["status"]) for each in result["caches"]]


@pytest.mark.alone
def test_build_branch_reads_the_cache_of_the_default_branch(project: Project, registry: RegistryView) -> None:
    change(project, "main")
    stack.cold()
    first = built(project, MULTIARCH_BRANCH="main", **BRANCHES)
    assert first["cache"]["cached"] == 0
    assert accesses(first) == [("import", "cache", "missing"), ("export", "cache", "written")]
    cache = registry.digest("cache")
    project.commit("Begin a feature")
    stack.cold()
    second = built(project, MULTIARCH_BRANCH="feature/x", **BRANCHES)
    assert second["cache"]["cached"] == second["cache"]["steps"] > 0
    assert sorted(accesses(second)) == [
        ("export", "cache-feature-x", "written"),
        ("import", "cache", "read"),
        ("import", "cache-feature-x", "missing"),
    ]
    assert registry.digest("cache") == cache
    assert "cache-feature-x" in registry.tags()


def test_build_result_shows_each_cache(project: Project) -> None:
    run = project.multiarch("build", MULTIARCH_BRANCH="feature/x", **BRANCHES)
    assert run.code == 0, run.said
    name = project.environment["AWS_ECR_REPOSITORY_NAME"]
    lines = [line.strip() for line in run.stdout.splitlines() if f"/{name}:cache" in line]
    assert [(line.split()[0], line.split()[1].rpartition(":")[2]) for line in lines] == [
        ("read", "cache-feature-x"),
        ("read", "cache"),
        ("write", "cache-feature-x"),
    ]
    assert lines[0].endswith("not found")
    assert " written in " in lines[2]


def test_build_pull_request_does_not_write_the_branch_cache(project: Project, registry: RegistryView) -> None:
    pull = {"MULTIARCH_PULL_REQUEST": "7"}
    read = built(project, "--cache-pull-request", "read", **pull)
    assert [each for each in accesses(read) if each[0] == "export"] == []
    assert not any(tag.startswith("cache") for tag in registry.tags())
    project.commit("Again")
    own = built(project, "--cache-pull-request", "own", **pull)
    assert ("export", "cache-pr-7", "written") in accesses(own)
    assert "cache-pr-7" in registry.tags()
    assert "cache" not in registry.tags()


def test_build_cache_repository_holds_the_cache(project: Project, registry: RegistryView) -> None:
    repository = f"{registry.repository}-cache"
    stack.create_repository(repository)
    built(project, "--cache-repository", repository)
    assert "cache" not in registry.tags()
    assert RegistryView(host=registry.host, repository=repository).tags() == {"cache"}


@pytest.mark.alone
def test_build_inline_cache_is_in_the_image(project: Project, registry: RegistryView) -> None:
    """An inline cache is read from the floating tag, and holds only the steps of the last stage."""
    change(project, "inline")
    stack.cold()
    built(project, "--cache", "inline")
    assert registry.tags() == {project.tag, "latest"}
    project.commit("Again")
    stack.cold()
    second = built(project, "--cache", "inline")
    assert second["cache"]["imported"]
    assert second["cache"]["cached"] > 0


def test_build_cache_has_the_compression_of_the_image(project: Project, registry: RegistryView) -> None:
    change(project, "zstd")
    result = built(project, "--compression", "zstd", "--compression-level", "3", "--force-compression")
    zstd = "application/vnd.oci.image.layer.v1.tar+zstd"
    for image in (result["images"][0]["platforms"][0]["digest"], "cache"):
        manifest = registry.manifest(image)
        assert {layer["mediaType"] for layer in manifest["layers"]} == {zstd}, manifest


# Several nodes


@pytest.fixture
def two_nodes(project: Project) -> str:
    """A builder of two nodes, one for each platform; a docker that is reached in two ways is two machines to buildx."""
    address = f"tcp://{engine.bridge_address()}:2375"
    name = project.builder
    for platform, endpoint, more in (
        ("linux/amd64", "unix:///var/run/docker.sock", []),
        ("linux/arm64", address, ["--append"]),
    ):
        node = f"{name}-{platform.rpartition('/')[2]}"
        create = ["docker", "buildx", "create", "--name", name, "--node", node, "--driver", "docker-container"]
        run = project.run(
            [*create, "--driver-opt", f"image={wanted()}", "--platform", platform, *more, "--bootstrap", endpoint]
        )
        assert run.code == 0, run.said
    return name


@pytest.mark.alone
@pytest.mark.usefixtures("two_nodes")
def test_build_cache_per_platform_keeps_every_cache(project: Project, registry: RegistryView) -> None:
    """Each platform is a target of its own, and one index is made of them; with attestations, too.

    What becomes of one that they share (https://github.com/docker/buildx/issues/1044) cannot be shown here: the nodes
    of the stand-in have one BuildKit behind them, which refuses the same build twice.
    """
    words = ("--cache-per-platform", "--provenance", "mode=max")
    change(project, "apart")
    stack.cold()
    first = built(project, *words)
    assert first["warnings"] == []
    assert {tag for tag in registry.tags() if "cache" in tag} == {"cache-linux-amd64", "cache-linux-arm64"}
    index = registry.manifest(project.tag)
    assert index["annotations"]["org.opencontainers.image.revision"] == project.sha
    platforms = [f"{each['platform']['os']}/{each['platform']['architecture']}" for each in index["manifests"]]
    assert platforms == ["linux/amd64", "unknown/unknown", "linux/arm64", "unknown/unknown"]
    project.commit("Again")
    stack.cold()
    second = built(project, *words)
    assert second["cache"]["cached"] == second["cache"]["steps"] > 0
    assert sorted(accesses(second)) == [
        (direction, f"cache-linux-{each}", status)
        for direction, status in (("export", "written"), ("import", "read"))
        for each in ("amd64", "arm64")
    ]


def test_script_cache_per_platform_creates_one_index(project: Project, registry: RegistryView) -> None:
    plan = project.multiarch("build", "--dry-run", "--cache-per-platform")
    script = project.run(["sh"], stdin=plan.stdout)
    assert script.code == 0, script.said
    assert set(registry.platforms(project.tag)) == {"linux/amd64", "linux/arm64"}
    assert script.stdout == f"{registry.host}/{registry.repository}@{registry.digest(project.tag)}\n"


# Immutable repositories


def said_of_cache(run: Run) -> list[str]:
    return [line for line in run.stdout.splitlines() if line.startswith("warning") and "cache is" in line]


def test_build_immutable_cache_tag_uses_an_excluded_tag(project: Project, lane: str) -> None:
    """Build after build: nothing is refused, and the second one reads what the first one wrote."""
    control.create_repository(lane, mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=["latest", "build*"])
    for text in ("one", "two"):
        change(project, text)
        run = project.multiarch("build")
        assert run.code == 0, run.said
        (warning,) = said_of_cache(run)
        assert "writing the cache to tag buildcache, because cache is immutable" in warning
    assert f"read     {run.stdout.split('@')[0]}:buildcache  read" in run.stdout
    pushes = [each for each in control.told(lane).requests if each.startswith("PUT") and "manifests/buildcache" in each]
    assert len(pushes) == 2


def test_build_only_immutable_cache_tags_disables_export(project: Project, lane: str) -> None:
    control.create_repository(lane, mutability="IMMUTABLE")
    for text in ("one", "two"):
        change(project, text)
        run = project.multiarch("build", MULTIARCH_TAGS=f"t-{text}")
        assert run.code == 0, run.said
        (warning,) = said_of_cache(run)
        assert (
            f"cache export disabled: tag cache is immutable in {lane}. To allow it: aws ecr put-image-tag-muta"
            in warning
        )
        assert "retried" not in run.stdout
    assert not any("manifests/cache" in each and each.startswith("PUT") for each in control.told(lane).requests)


# Clearing up


def test_lifecycle_policy_is_accepted_by_ecr(project: Project, registry: RegistryView) -> None:
    """What the command prints, put as its note says; moto checks it as ECR does."""
    run = project.multiarch("lifecycle", "--untagged-days", "3", "--cache-days", "14")
    assert run.code == 0, run.said
    (project.folder / "policy.json").write_text(run.stdout)
    (note,) = [line for line in run.stderr.splitlines() if "put-lifecycle-policy" in line]
    command = note.partition("aws ")[2].replace("FILE", "policy.json")
    put = project.run(["sh", "-c", f"aws {command}"])
    assert put.code == 0, put.said
    environment = project.environment
    client = boto3.client(
        "ecr",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )
    kept = json.loads(client.get_lifecycle_policy(repositoryName=registry.repository)["lifecyclePolicyText"])
    assert [rule["selection"]["countNumber"] for rule in kept["rules"]] == [3, 14, 14]
