"""The main job on the real engine: a commit becomes a verified image under the right names."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from dev import stack
from dev.baseline import BASELINE
from tests.engine.registry import RegistryView

if TYPE_CHECKING:
    from pathlib import Path

    from dev.project import Project

pytestmark = pytest.mark.engine

SECRETS = ("123456789012-auth-token", "210987654321-auth-token", "QVdTOjEyMzQ1Njc4OTAxMi1hdXRoLXRva2Vu")


def assert_nothing_left(project: Project) -> None:
    """No login in the user's configuration, no private folder, no child that still runs."""
    config = project.home / ".docker" / "config.json"
    assert not config.exists() or "auth" not in config.read_text()
    assert project.private_folders() == []


@pytest.mark.alone
def test_build_publishes_an_image_for_both_platforms(project: Project, registry: RegistryView) -> None:
    """Both platforms, the commit's tag and latest at one digest, the cache beside them; the log says all of it."""
    stack.cold()
    run = project.multiarch("build")
    assert run.code == 0, run.said
    assert registry.tags() == {project.tag, "latest", "cache"}
    assert registry.digest(project.tag) == registry.digest("latest")
    configs = registry.platforms(project.tag)
    assert {name: config["architecture"] for name, config in configs.items()} == {
        "linux/amd64": "amd64",
        "linux/arm64": "arm64",
    }
    digest = registry.digest(project.tag)
    assert f"{registry.host}/{registry.repository}@{digest}" in run.stdout
    for words in ("(AWS_ECR_REPOSITORY_NAME)", "(CODEBUILD_BUILD_ARN", "[linux/arm64", "buildx"):
        assert words in run.stderr
    for words in ("linux/amd64", "linux/arm64", "MB", f"{project.tag}  created", "latest  created", " of 8 steps"):
        assert words in run.stdout
    assert not any(secret in run.said for secret in SECRETS)
    assert_nothing_left(project)


def test_build_platforms_have_different_content(project: Project, running: stack.Stack) -> None:
    """Each platform's image, run, says its own machine, which a RUN step recorded; any registry will do for it."""
    run = project.multiarch("build", "--registry", running.plain.host, "--output", "json")
    assert run.code == 0, run.said
    machines = {}
    for platform in ("linux/amd64", "linux/arm64"):
        shown = project.run(["docker", "run", "--rm", "--platform", platform, run.image["image"]])
        machines[platform] = shown.stdout.strip()
    assert machines == {"linux/amd64": "hello from x86_64", "linux/arm64": "hello from aarch64"}


@pytest.mark.parametrize("words", [(), ("--provenance", "mode=min")], ids=["one manifest", "an index"])
def test_script_of_one_platform_publishes_the_image(
    project: Project, registry: RegistryView, words: tuple[str, ...]
) -> None:
    plan = project.multiarch("build", "--dry-run", "--platform", "linux/amd64", *words)
    script = project.run(["sh"], stdin=plan.stdout)
    assert script.code == 0, script.said
    assert script.stdout == f"{registry.host}/{registry.repository}@{registry.digest(project.tag)}\n"
    other = project.run(["sh"], stdin=plan.stdout.replace(" linux/amd64 ", " linux/s390x "))
    assert (other.code, other.stdout) == (6, "")


@pytest.mark.alone
def test_build_on_new_builder_reads_every_step_from_cache(project: Project) -> None:
    stack.cold()
    first = project.multiarch("build", "--output", "json")
    assert first.code == 0, first.said
    assert first.json["cache"]["cached"] == 0
    project.remove_builder()
    stack.cold()
    project.commit("Change nothing")
    second = project.multiarch("build", "--output", "json")
    assert second.code == 0, second.said
    assert second.json["cache"]["imported"]
    assert second.json["cache"]["cached"] == second.json["cache"]["steps"] == first.json["cache"]["steps"] > 0


def test_build_has_the_content_of_the_baseline(project: Project, registry: RegistryView, running: stack.Stack) -> None:
    """The baseline's image and ours, of one commit: the same layers and configuration on each platform."""
    variables = {"BUILDER_IMAGE": running.builder_image, "BASE_IMAGE": running.base}
    theirs = project.run(["sh", "-c", BASELINE], **variables)
    assert theirs.code == 0, theirs.said
    project.run(["docker", "buildx", "rm", "--force", project.environment["AWS_ECR_REPOSITORY_NAME"]])
    before = registry.platforms(project.tag)
    ours = project.multiarch("build", "--if-exists", "rebuild", "--no-oci-labels")
    assert ours.code == 0, ours.said
    after = registry.platforms(project.tag)
    assert before.keys() == after.keys() == {"linux/amd64", "linux/arm64"}
    for platform, config in before.items():
        assert after[platform]["config"] == config["config"]
        assert [each["created_by"] for each in after[platform]["history"]] == [
            each["created_by"] for each in config["history"]
        ]
        assert after[platform]["rootfs"] == config["rootfs"]


def test_script_publishes_the_image(project: Project, registry: RegistryView) -> None:
    """Its text, run by sh, publishes the same names, leaves no login behind, and finds the image there again."""
    plan = project.multiarch("build", "--dry-run")
    assert plan.code == 0, plan.said
    assert plan.stderr == ""
    assert registry.tags() == set()
    script = project.run(["sh"], stdin=plan.stdout)
    assert script.code == 0, script.said
    assert registry.tags() == {project.tag, "latest", "cache"}
    digest = registry.digest(project.tag)
    assert script.stdout == f"{registry.host}/{registry.repository}@{digest}\n"
    assert_nothing_left(project)
    again = project.run(["sh"], stdin=plan.stdout)
    assert again.code == 0, again.said
    assert again.stdout == script.stdout
    ours = project.multiarch("build", "--output", "json")
    assert ours.json["status"] == "reused"
    assert ours.image["digest"] == digest


def test_dry_run_needs_no_docker_and_no_aws(project: Project) -> None:
    """No docker, no AWS, no network: the unknown account is a variable of the script."""
    run = project.multiarch(
        "build",
        "--dry-run",
        PATH=f"{shutil.which('git') and '/usr/bin'}",
        DOCKER_HOST="unix:///nowhere.sock",
        CODEBUILD_BUILD_ARN=None,
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID=None,
    )
    assert run.code == 0, run.said
    assert '"${AWS_ACCOUNT_ID}.dkr.ecr.eu-west-1.amazonaws.com/' in run.stdout
    assert run.stderr == ""


def test_build_runs_exactly_the_commands_of_the_plan(project: Project, tmp_path: Path) -> None:
    """A recorder stands in docker's place, and hands on; what it saw is what the plan says, word for word."""
    plan = project.multiarch("build", "--dry-run", "--output", "json").json
    record = tmp_path / "record"
    recorder = tmp_path / "bin" / "docker"
    recorder.parent.mkdir()
    docker = shutil.which("docker")
    recorder.write_text(
        "#!/usr/bin/env python3\n"
        "import json, os, sys\n"
        "stdin = sys.stdin.buffer.read().decode() if 'bake' in sys.argv else ''\n"
        f"open({str(record)!r}, 'a').write(json.dumps([['docker', *sys.argv[1:]], stdin]) + '\\n')\n"
        "if stdin:\n"
        "    r, w = os.pipe(); os.write(w, stdin.encode()); os.close(w); os.dup2(r, 0)\n"
        f"os.execv({docker!r}, ['docker', *sys.argv[1:]])\n"
    )
    recorder.chmod(0o755)
    run = project.multiarch("build", PATH=f"{recorder.parent}:{project.environment['PATH']}")
    assert run.code == 0, run.said
    seen = [json.loads(line) for line in record.read_text().splitlines()]
    steps = {step["step"]: step for step in plan["steps"]}
    planned = [steps["show-versions"]["command"], steps["ensure-builder"]["create"], steps["build"]["command"]]
    # After a long build, on a slow machine, the builder is asked once more: which platforms it ran without emulation.
    asked = steps["ensure-builder"]["inspect"]
    commands = [_without_file(command) for command, _ in seen if command != asked]
    assert sorted(commands) == sorted(planned)
    definitions = [json.loads(stdin) for _, stdin in seen if stdin]
    assert definitions == [steps["build"]["definition"]]


def _without_file(command: list[str]) -> list[str]:
    if "--metadata-file" in command:
        command[command.index("--metadata-file") + 1] = "<METADATA_FILE>"
    return command


def test_build_without_git_uses_the_commit_of_codebuild(project: Project, registry: RegistryView) -> None:
    """From CodePipeline there is no .git: the tag comes from CODEBUILD_RESOLVED_SOURCE_VERSION."""
    sha = "0123456789abcdef0123456789abcdef01234567"
    shutil.rmtree(project.folder / ".git")
    run = project.multiarch("build", CODEBUILD_RESOLVED_SOURCE_VERSION=sha)
    assert run.code == 0, run.said
    assert registry.tags() == {"0123456", "latest", "cache"}
    assert registry.manifest("0123456")["annotations"]["org.opencontainers.image.revision"] == sha


@pytest.mark.alone
def test_build_local_needs_only_docker(project: Project) -> None:
    """An OCI layout under dist/, a cache that the next build uses, and the printed lines load and run it."""
    variables = {name: None for name in project.environment if name.startswith(("AWS_", "CODEBUILD_"))}
    run = project.multiarch("build", "--local", **variables)
    assert run.code == 0, run.said
    layout = project.folder / "dist" / "checkout"
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    lines = [line.split(maxsplit=1)[1] for line in run.stdout.splitlines() if line.startswith(("load ", "run "))]
    assert len(lines) == 3
    shown = [project.run(["sh", "-c", line]) for line in lines]
    assert [each.code for each in shown] == [0, 0, 0], shown
    assert [each.stdout.strip() for each in shown[1:]] == ["hello from x86_64", "hello from aarch64"]
    project.remove_builder()
    stack.cold()
    again = project.multiarch("build", "--local", "--output", "json", **variables)
    assert again.code == 0, again.said
    assert again.json["cache"]["cached"] == again.json["cache"]["steps"]
    assert again.json["commit"] == project.sha  # dist/ does not make the tree dirty


def test_build_pushes_to_another_account_and_region(project: Project, running: stack.Stack) -> None:
    repository = project.environment["AWS_ECR_REPOSITORY_NAME"]
    stack.create_repository(repository, running.other_ecr)
    run = project.multiarch("build", "--registry", running.other_ecr.host, **running.environment(running.other_ecr))
    assert run.code == 0, run.said
    view = RegistryView(host=running.other_ecr.host, repository=repository)
    assert view.tags() == {project.tag, "latest", "cache"}


def test_build_registry_other_than_ecr_does_not_call_aws(project: Project, running: stack.Stack) -> None:
    run = project.multiarch(
        "build", "--registry", running.plain.host, AWS_ENDPOINT_URL="http://127.0.0.1:1", AWS_ACCESS_KEY_ID=None
    )
    assert run.code == 0, run.said
    view = RegistryView(host=running.plain.host, repository=project.environment["AWS_ECR_REPOSITORY_NAME"])
    assert view.tags() == {project.tag, "latest", "cache"}


def test_build_outside_codebuild_reads_the_registry_from_aws(project: Project, registry: RegistryView) -> None:
    run = project.multiarch("build", CODEBUILD_BUILD_ARN=None, CI=None)
    assert run.code == 0, run.said
    assert registry.tags() == {project.tag, "latest", "cache"}


def test_build_same_commit_again_changes_nothing(project: Project, registry: RegistryView) -> None:
    first = project.multiarch("build", "--output", "json")
    assert first.code == 0, first.said
    project.remove_builder()
    again = project.multiarch("build", "--output", "json")
    assert again.code == 0, again.said
    assert (again.json["status"], again.image["digest"]) == ("reused", first.image["digest"])
    assert [tag["action"] for tag in again.image["tags"]] == ["unchanged", "unchanged"]
    assert registry.digest(project.tag) == registry.digest("latest") == first.image["digest"]


def test_build_older_commit_does_not_move_latest(project: Project, registry: RegistryView) -> None:
    """A build of an older commit publishes its own tag, and leaves latest with the newer one, and says so."""
    old = project.sha
    project.commit("Go on")
    new = project.multiarch("build", "--output", "json")
    assert new.code == 0, new.said
    project.git("checkout", "--quiet", old)
    run = project.multiarch("build")
    assert run.code == 0, run.said
    assert registry.digest("latest") == new.image["digest"] != registry.digest(old[:7])
    assert "latest not moved: it already points to a newer commit" in run.stderr
    forced = project.multiarch("build", "--force-move")
    assert forced.code == 0, forced.said
    assert registry.digest("latest") == registry.digest(old[:7])


def test_build_uncommitted_changes_uses_a_dirty_tag(project: Project, registry: RegistryView) -> None:
    (project.folder / "hello.sh").write_text("#!/bin/sh\necho changed\n")
    run = project.multiarch("build", CODEBUILD_BUILD_ARN=None, AWS_ACCOUNT_ID="123456789012")
    assert run.code == 0, run.said
    assert registry.tags() == {f"{project.tag}-dirty", "cache"}


def test_build_docker_driver_tags_after_verification(project: Project, registry: RegistryView) -> None:
    """It cannot push by digest: it pushes under a tag that promises nothing, and the names come after."""
    run = project.multiarch("build", "--driver", "docker", "--cache", "none", MULTIARCH_BUILDER_NAME=None)
    assert run.code == 0, run.said
    assert registry.tags() == {project.tag, "latest", "unverified"}


def test_build_one_platform_keeps_its_digest(project: Project, registry: RegistryView) -> None:
    """An image of one platform is a manifest without an index; its tags name that manifest."""
    run = project.multiarch("build", "--platform", "linux/amd64", "--output", "json")
    assert run.code == 0, run.said
    assert registry.digest("latest") == run.image["digest"]
    assert "manifests" not in registry.manifest("latest")


def test_build_argument_with_template_is_unchanged(project: Project, registry: RegistryView) -> None:
    """Bake would read ${…} and %{…} in its definition; a user's build argument is not his template."""
    odd = "a ${HOME} %{if} \"quoted\" $$ 'x' \\ ä"
    base = project.environment["MULTIARCH_BUILD_ARGS"]
    run = project.multiarch("build", "--build-arg", base, "--label", f"odd={odd}", MULTIARCH_BUILD_ARGS=None)
    assert run.code == 0, run.said
    assert all(config["config"]["Labels"]["odd"] == odd for config in registry.platforms("latest").values())


def test_build_attestations_are_pushed_if_requested(project: Project, registry: RegistryView) -> None:
    run = project.multiarch("build", "--provenance", "mode=min")
    assert run.code == 0, run.said
    kinds = [entry["platform"]["os"] for entry in registry.manifest("latest")["manifests"]]
    assert sorted(kinds) == ["linux", "linux", "unknown", "unknown"]
