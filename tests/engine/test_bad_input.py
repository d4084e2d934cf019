"""What a user can get wrong: one clear message with what to do, the right exit code, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.engine.test_main_job import assert_nothing_left

if TYPE_CHECKING:
    from dev.project import Project, Run
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine

NO_BUILDX = """#!/bin/sh
if [ "$1" = buildx ]; then
  echo "docker: 'buildx' is not a docker command." >&2
  exit 1
fi
exec {docker} "$@"
"""


def assert_refused(run: Run, code: int, *words: str) -> None:
    assert run.code == code, run.said
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, run.stderr
    told = run.stderr[run.stderr.index("error: ") :]
    for each in words:
        assert each in told
    assert "Traceback" not in run.said


# What is refused before anything is asked: arguments, variables, exit code, and words of the message.
REFUSED: dict[str, tuple[list[str], dict[str, str | None], int, tuple[str, ...]]] = {
    "a repository name that is none": (["--repository", "My App"], {}, 2, ("not a repository name", "my-app")),
    "no repository": ([], {"AWS_ECR_REPOSITORY_NAME": ""}, 2, ("no repository", "env.variables")),
    "a tag that is none": (["--tag", "feature/x"], {}, 2, ("'feature/x' is not a tag",)),
    "a commit tag that is none": ([], {"GIT_TAG": "-x"}, 2, ("GIT_TAG: '-x' is not a tag",)),
    "a platform that is none": (["--platform", "linux/amr64"], {}, 2, ("not a platform", "linux/arm64?")),
    "no Dockerfile": (["--file", "Containerfile"], {}, 2, ("no Dockerfile at Containerfile", "--file")),
    "no context": (["app"], {}, 2, ("the context app is not a folder",)),
    "a secret file that is not there": (["--secret", "id=npm,src=.npmrc"], {}, 2, ("secret npm", ".npmrc")),
    "a secret variable that is not set": (["--secret", "id=npm,env=NPM_TOKEN"], {}, 2, ("NPM_TOKEN is not set",)),
    "no SSH agent": (["--ssh", "default"], {"SSH_AUTH_SOCK": None}, 2, ("no SSH agent",)),
    "an unknown region": (
        [],
        {"AWS_DEFAULT_REGION": "eu-wset-1", "CODEBUILD_BUILD_ARN": None},
        2,
        ("unknown AWS region 'eu-wset-1'", "did you mean eu-west-1?"),
    ),
    "a misspelt variable": ([], {"MULTIARCH_PLATFROMS": "linux/amd64"}, 2, ("did you mean MULTIARCH_PLATFORMS?",)),
    "a settings file that is not there": (["--config", "my.toml"], {}, 2, ("cannot read my.toml",)),
    "no region at all": (
        [],
        {"AWS_DEFAULT_REGION": None, "AWS_REGION": None, "CODEBUILD_BUILD_ARN": None},
        2,
        ("no AWS region", "AWS_DEFAULT_REGION"),
    ),
    "no credentials": (
        [],
        {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
        3,
        ("no AWS credentials", "AWS_PROFILE"),
    ),
    "no daemon": ([], {"DOCKER_HOST": "unix:///nowhere/docker.sock"}, 4, ("docker daemon", "privileged mode")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_build_bad_input_fails_with_a_fix(project: Project, registry: RegistryView, case: str) -> None:
    words, variables, code, told = REFUSED[case]
    run = project.multiarch("build", *words, **variables)
    assert_refused(run, code, *told)
    assert registry.tags() == set()
    assert_nothing_left(project)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'platforms = ["linux/amd64"', ("multiarch.toml is not TOML",)),
        (b"\xff\xfe\x00", ("multiarch.toml is not UTF-8",)),
        (b'platform = "linux/amd64"', ("'platform' is not a setting", "did you mean platforms?")),
        (b"[cache]\nmod = 'max'", ("'cache-mod' is not a setting", "did you mean cache-mode?")),
        (b"cache-mode = 'most'", ("'most' is not one of max, min",)),
        (b"retry-attempts = 'many'", ("retry-attempts: 'many'",)),
        (b"repository = 5", ("repository: 5",)),
    ],
    ids=["not TOML", "not text", "misspelt key", "misspelt key in a table", "no such choice", "no number", "no text"],
)
def test_build_invalid_settings_file_exits_2(project: Project, content: bytes, told: tuple[str, ...]) -> None:
    (project.folder / "multiarch.toml").write_bytes(content)
    assert_refused(project.multiarch("build", AWS_ECR_REPOSITORY_NAME=None), 2, *told)


def test_build_without_commit_exits_2(project: Project, registry: RegistryView) -> None:
    shutil.rmtree(project.folder / ".git")
    assert_refused(project.multiarch("build"), 2, "no commit to name the image after", "--commit-tag", "GIT_TAG")
    assert registry.tags() == set()


def test_build_missing_repository_fails_before_the_build(project: Project, lane: str) -> None:
    run = project.multiarch("build")
    assert_refused(run, 6, f"{lane} does not exist in account 123456789012", "aws ecr create-repository")
    assert "building for" not in run.stderr
    assert_nothing_left(project)


def test_build_without_docker_exits_4(project: Project, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    assert_refused(project.multiarch("build", PATH=str(tools)), 4, "docker is not installed")
    assert_nothing_left(project)


def test_build_without_buildx_exits_4(project: Project, tmp_path: Path) -> None:
    docker = tmp_path / "tools" / "docker"
    docker.parent.mkdir()
    docker.write_text(NO_BUILDX.format(docker=shutil.which("docker")))
    docker.chmod(0o755)
    run = project.multiarch("build", PATH=f"{docker.parent}:{project.environment['PATH']}")
    assert_refused(run, 4, "buildx", "install")
    assert_nothing_left(project)


def test_build_platform_missing_in_base_image_fails(project: Project, registry: RegistryView) -> None:
    run = project.multiarch("build", "--platform", "linux/amd64,linux/s390x")
    assert_refused(run, 5, "linux/s390x")
    assert registry.tags() <= {"cache"}


def test_build_unsupported_platform_exits_4(project: Project, registry: RegistryView) -> None:
    """A program of a machine that nothing here emulates; the message says what the builder does run."""
    shutil.copy(str(shutil.which("true")), project.folder / "sh")
    (project.folder / "sh").write_bytes(_of_another_machine((project.folder / "sh").read_bytes()))
    (project.folder / "Dockerfile").write_text('FROM scratch\nCOPY sh /sh\nRUN ["/sh"]\n')
    project.commit("Run what cannot run")
    run = project.multiarch("build", "--platform", "linux/s390x")
    assert_refused(run, 4, "linux/amd64")
    assert registry.tags() <= {"cache"}


def _of_another_machine(program: bytes) -> bytes:
    """Change an ELF program's machine to IBM S/390: the kernel refuses it as it would refuse a real one."""
    return program[:18] + (22).to_bytes(2, "little") + program[20:]


def test_build_full_disk_fails_with_a_fix(project: Project) -> None:
    """/dev/full stands for a disk without space: the result cannot be written."""
    run = project.run(["sh", "-c", "python -m multiarch build --dry-run > /dev/full"])
    assert_refused(run, 8, "No space left on device", "disk space")
    assert Path("/dev/full").exists()


def test_build_failed_write_of_log_or_result_keeps_the_image(project: Project, registry: RegistryView) -> None:
    """The image is published whoever reads; the exit code is 0 unless the result is lost."""
    build = "exec python -m multiarch build --platform linux/amd64 --output json"
    for redirected, code, has_result in (
        ("> /dev/full", 8, False),
        ("2> /dev/full", 0, True),
        ("2>&-", 0, True),
        (">&-", 0, False),
        ("0<&- >&- 2>&-", 0, False),
    ):
        project.commit(redirected)
        run = project.run(["sh", "-c", f"{build} {redirected}"])
        assert run.code == code, (redirected, run.said)
        assert registry.digest(project.tag) == registry.digest("latest"), redirected
        assert bool(run.stdout) is has_result
        if has_result:
            assert run.json["status"] == "built"
        if code:
            assert_refused(run, 8, "cannot write to the standard output", "the run succeeded")
        assert "Traceback" not in run.said
        assert_nothing_left(project)


def test_build_closed_log_pipe_does_not_end_the_run(project: Project, registry: RegistryView) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "multiarch", "build", "--platform", "linux/amd64"],
        cwd=project.folder,
        env=project.variables(),
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
        check=False,
    )
    os.close(writer)
    assert process.returncode == 0
    assert process.stdout.startswith(f"{registry.host}/")
    assert registry.tags() == {project.tag, "latest", "cache"}


def test_build_usage_error_with_json_output_prints_json(project: Project) -> None:
    run = project.multiarch("build", "--output", "json", "--platfrom", "linux/amd64")
    assert run.code == 2
    assert (run.json["kind"], run.json["type"], run.json["exit_code"]) == ("error", "ConfigurationError", 2)
    assert "--platfrom" in run.json["message"]
    assert "--platform" in run.stderr
    assert project.multiarch("build", "--platfrom", "linux/amd64").stdout == ""
