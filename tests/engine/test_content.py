"""What an image holds, on the real engine: the same twice, fit for Lambda, attested, and without secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dev import stack

if TYPE_CHECKING:
    from dev.project import Project
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine

# Put together here, so that nobody's search for secrets finds it in this file.
TOKEN = "ghp_" + "0123456789abcdefghijklmnopqrstuvwxyz"
INDEX = "application/vnd.oci.image.index.v1+json"


@pytest.mark.alone
def test_build_reproducible_on_two_builders_gives_one_digest(project: Project, registry: RegistryView) -> None:
    """Of one commit, without any cache; without --reproducible the same two builds differ."""
    digests = []
    for words in (["--reproducible"], ["--reproducible"], []):
        project.remove_builder()
        stack.cold()
        run = project.multiarch("build", "--output", "json", "--cache", "none", "--if-exists", "rebuild", *words)
        assert run.code == 0, run.said
        assert run.json["cache"]["cached"] == 0
        digests.append(run.image["digest"])
    assert digests[0] == digests[1] != digests[2]
    config = registry.platforms(digests[0])["linux/arm64"]
    time = project.git("show", "--no-patch", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ")
    assert config["created"] == time
    created = registry.manifest(digests[0])["annotations"]["org.opencontainers.image.created"]
    assert created.removesuffix("+00:00") == time.removesuffix("Z")


def test_build_reproducible_without_commit_time_fails(project: Project) -> None:
    variables = {"CODEBUILD_RESOLVED_SOURCE_VERSION": "0123456789abcdef0123456789abcdef01234567"}
    project.run(["rm", "-rf", ".git"])
    run = project.multiarch("build", "--reproducible", **variables)
    assert run.code == 2, run.said
    assert "--reproducible needs the commit time, which is unknown" in run.stderr


def test_build_for_lambda_pushes_a_single_manifest(project: Project, registry: RegistryView) -> None:
    run = project.multiarch("build", "--for", "lambda")
    assert run.code == 0, run.said
    assert "platforms   linux/amd64  (--for lambda)" in run.stderr
    manifest = registry.manifest(project.tag)
    assert "manifests" not in manifest
    assert {layer["mediaType"].rpartition(".")[2] for layer in manifest["layers"]} <= {"gzip", "tar+gzip"}


@pytest.mark.parametrize(
    ("words", "sides"),
    [
        (["--platform", "linux/amd64,linux/arm64"], ("--for lambda", "--platform linux/amd64,linux/arm64")),
        (["--provenance", "true"], ("--for lambda", "--provenance true")),
    ],
)
def test_build_for_lambda_unsupported_setting_exits_2(
    project: Project, words: list[str], sides: tuple[str, str]
) -> None:
    run = project.multiarch("build", "--for", "lambda", *words)
    assert run.code == 2, run.said
    assert all(side in run.stderr for side in sides)
    assert "building" not in run.stderr


def test_build_provenance_is_attached_to_each_platform(project: Project, registry: RegistryView) -> None:
    """Verification takes an attestation for what it is, and the image is found again."""
    run = project.multiarch("build", "--provenance", "mode=max", "--output", "json")
    assert run.code == 0, run.said
    assert [each["platform"] for each in run.image["platforms"]] == ["linux/amd64", "linux/arm64"]
    entries = registry.manifest(project.tag)["manifests"]
    notes = [each["annotations"] for each in entries if each["platform"]["os"] == "unknown"]
    assert [note["vnd.docker.reference.type"] for note in notes] == ["attestation-manifest"] * 2
    digests = {each["digest"] for each in run.image["platforms"]}
    assert {note["vnd.docker.reference.digest"] for note in notes} == digests
    again = project.multiarch("build", "--provenance", "mode=max", "--output", "json")
    assert again.json["status"] == "reused"


def test_build_secret_in_build_argument_warns_and_is_redacted(project: Project, registry: RegistryView) -> None:
    """It gets to the build all the same, and stands where the Dockerfile puts it: not in the plan, nor in the log."""
    base = project.environment["MULTIARCH_BUILD_ARGS"]
    words = ("--build-arg", base, "--build-arg", f"GREETING={TOKEN}", "--platform", "linux/amd64")
    for form in ("text", "json"):
        plan = project.multiarch("build", "--dry-run", "--output", form, *words)
        assert plan.code == 0, plan.said
        assert TOKEN not in plan.said
        assert "looks like a secret (its value is a GitHub token)" in plan.stdout
    run = project.multiarch("build", *words)
    assert run.code == 0, run.said
    assert TOKEN not in run.said
    assert "looks like a secret (its value is a GitHub token)" in run.stdout
    assert "--secret id=GREETING" in run.stdout
    config = registry.manifest(project.tag)["config"]["digest"]
    assert TOKEN in json.dumps(registry.config(config)["history"])


def test_script_build_argument_from_environment_is_a_variable(project: Project, registry: RegistryView) -> None:
    base = project.environment["MULTIARCH_BUILD_ARGS"]
    words = ("--build-arg", base, "--build-arg", "GREETING", "--platform", "linux/amd64")
    plan = project.multiarch("build", "--dry-run", *words, GREETING="one of these days")
    assert plan.code == 0, plan.said
    assert "one of these days" not in plan.said
    missing = project.run(["sh"], stdin=plan.stdout)
    assert missing.code != 0
    assert "GREETING: export this variable: a build argument uses it" in missing.stderr
    script = project.run(["sh"], stdin=plan.stdout, GREETING="one of these days")
    assert script.code == 0, script.said
    config = registry.manifest(project.tag)["config"]["digest"]
    assert "one of these days" in json.dumps(registry.config(config)["history"])
