"""What breaks on the real engine, and what the run makes of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.engine.test_doctor import aws, hanging
from tests.engine.test_main_job import SECRETS, assert_nothing_left

if TYPE_CHECKING:
    from dev import stack
    from dev.project import Project
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine


def test_build_removed_builder_container_is_repaired(project: Project, registry: RegistryView) -> None:
    assert project.multiarch("build").code == 0
    container = f"buildx_buildkit_{project.builder}0"
    removed = project.run(["docker", "rm", "--force", container])
    assert removed.stdout.strip() == container
    project.commit("Go on")
    run = project.multiarch("build")
    assert run.code == 0, run.said
    assert project.tag in registry.tags()


def test_build_builder_of_another_image_is_recreated(project: Project, running: stack.Stack) -> None:
    """The pin was raised: the builder that is there is replaced, and its cache kept."""
    other = f"{running.builder_image}-old"
    project.run(["docker", "tag", running.builder_image, other])
    create = ["docker", "buildx", "create", "--name", project.builder, "--driver-opt", f"image={other}", "--bootstrap"]
    assert project.run(create).code == 0
    run = project.multiarch("build")
    assert run.code == 0, run.said
    assert "keeping its cache" in run.stderr
    shown = project.run(["docker", "buildx", "inspect", project.builder])
    assert f'image="{running.builder_image}"' in shown.stdout
    project.run(["docker", "rmi", other])


def test_build_without_builder_keep_removes_the_builder(project: Project) -> None:
    run = project.multiarch("build", "--no-builder-keep")
    assert run.code == 0, run.said
    assert project.run(["docker", "buildx", "inspect", project.builder]).code != 0


def test_build_failed_login_removes_the_builder(project: Project) -> None:
    with aws("GetAuthorizationToken") as url:
        run = project.multiarch("build", "--no-builder-keep", AWS_ENDPOINT_URL=url)
    assert run.code == 3, run.said
    assert "could not remove the builder" not in run.said
    assert_no_builder(project)


@pytest.mark.parametrize("moment", ["while it is made", "once it was made"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_build_signal_in_preparation_removes_the_builder(
    project: Project, number: signal.Signals, code: int, moment: str
) -> None:
    # Its making takes as long as it takes to find it.
    path = with_docker(project, '*"buildx create"*) {docker} "$@"; sleep 3; exit ;;')
    with hanging() as port:
        aws_url = f"http://127.0.0.1:{port}"
        process = started(project, "--no-builder-keep", PATH=path, AWS_ENDPOINT_URL=aws_url)
        if moment == "once it was made":
            read_until(process, f"created builder {project.builder}")
        while not children(project, "create --name") and moment == "while it is made":
            assert process.poll() is None
            time.sleep(0.01)
        begin = time.monotonic()
        process.send_signal(number)
        _, rest = process.communicate(timeout=10)
    assert time.monotonic() - begin < 10
    assert process.returncode == code, rest
    assert_no_builder(project)
    assert_nothing_left(project)


def test_build_second_signal_ends_immediately_and_leaves_nothing(project: Project, registry: RegistryView) -> None:
    """The first one waits for a docker that hears no signal."""
    heard = project.home / "heard"
    loop = f"trap 'touch {heard}' INT; echo {project.builder} hangs >&2; while :; do sleep 0.1; done"
    process = started(project, PATH=with_docker(project, f'*"buildx bake"*) {loop} ;;'))
    said = read_until(process, f"{project.builder} hangs")
    assert "signed in to" in said
    process.send_signal(signal.SIGINT)
    while not heard.exists():
        assert process.poll() is None
        time.sleep(0.01)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert time.monotonic() - begin < 2
    assert process.returncode == 130
    assert registry.tags() == set()
    assert_nothing_left(project)
    assert children(project, "bake --builder") == ""


def with_docker(project: Project, case: str) -> str:
    """A PATH with a docker that does something else in one case of its words."""
    tools = project.home / "tools"
    tools.mkdir()
    docker = project.run(["sh", "-c", "command -v docker"]).stdout.strip()
    script = f'case "$*" in {case.replace("{docker}", docker)} esac\nexec {docker} "$@"\n'
    (tools / "docker").write_text(f"#!/bin/sh\n{script}")
    (tools / "docker").chmod(0o755)
    return f"{tools}:{project.environment['PATH']}"


def started(project: Project, *words: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "multiarch", "build", *words],
        cwd=project.folder,
        env=project.variables(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Read the log up to the line that holds these words."""
    assert process.stderr
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return said
    pytest.fail(f"it never said {words!r}:\n{said}")


def children(project: Project, command: str) -> str:
    """The processes of a docker command with this project's builder."""
    found = subprocess.run(
        ["pgrep", "-fa", f"{command} {project.builder}"], capture_output=True, text=True, check=False
    )
    return found.stdout


def assert_no_builder(project: Project) -> None:
    """Neither as buildx knows it, nor its container."""
    assert project.run(["docker", "buildx", "inspect", project.builder]).code != 0
    listed = project.run(["docker", "ps", "--all", "--quiet", "--filter", f"name=buildx_buildkit_{project.builder}0"])
    assert (listed.code, listed.stdout) == (0, "")


def test_build_leaves_global_state_unchanged(project: Project) -> None:
    """No builder is made the current one, and the user's docker configuration is not written."""
    folder = project.home / ".docker"
    folder.mkdir()
    (folder / "config.json").write_text('{"auths": {"ghcr.io": {"auth": "dTpw"}}}')
    run = project.multiarch("build")
    assert run.code == 0, run.said
    assert (folder / "config.json").read_text() == '{"auths": {"ghcr.io": {"auth": "dTpw"}}}'
    shown = project.run(["docker", "buildx", "inspect"])
    assert re.match(r"Name: +default\n", shown.stdout), shown.stdout


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"])
def test_build_signal_ends_the_run_and_leaves_nothing(
    project: Project, registry: RegistryView, number: signal.Signals, code: int
) -> None:
    """The child is stopped, the login is gone, nothing is published, and the exit code is the shell's, within 10 s."""
    dockerfile = project.folder / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "RUN echo now && sleep 60\n")
    project.commit("Sleep")
    process = started(project)
    said = read_until(process, "] now\n")
    begin = time.monotonic()
    process.send_signal(number)
    said += process.communicate(timeout=10)[1]
    assert process.returncode == code, said
    assert time.monotonic() - begin < 10
    assert f"error: interrupted by {number.name}" in said
    assert registry.tags() <= {"cache"}
    assert not any(secret in said for secret in SECRETS)
    assert_nothing_left(project)
    assert children(project, "bake --builder") == ""


def test_build_failed_cache_export_warns(project: Project, registry: RegistryView) -> None:
    """The image is good and published; that the cache was not kept is said in the log and in the result."""
    run = project.multiarch("build", "--cache-ref", "localhost:1/cache:x")
    assert run.code == 0, run.said
    assert registry.tags() == {project.tag, "latest"}
    assert "cache export failed, the image is not affected" in run.stderr
    assert "export failed" in run.stdout


def test_build_failed_step_is_shown_without_retry(project: Project, registry: RegistryView) -> None:
    """The user's build failing: the step, its platform and its last lines, once, and exit code 5."""
    dockerfile = project.folder / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text() + "RUN echo 503 Service Unavailable, connection refused; exit 7\n")
    project.commit("Break")
    run = project.multiarch("build")
    assert run.code == 5, run.said
    assert "(attempt 2 of" not in run.said
    assert "exit code: 7" in run.stderr
    assert "503 Service Unavailable, connection refused" in run.stderr.partition("failed: ")[2]
    assert registry.tags() <= {"cache"}
    assert "Traceback" not in run.said


def test_build_identical_platforms_warns(project: Project) -> None:
    """FROM --platform that names one platform: BuildKit labels the one image with both, which no digest can show."""
    (project.folder / "Dockerfile").write_text(
        "ARG BASE_IMAGE\nFROM --platform=linux/amd64 ${BASE_IMAGE}\nRUN uname -m > /machine\n"
    )
    project.commit("Lie")
    run = project.multiarch("build")
    assert run.code == 0, run.said
    assert "linux/amd64 and linux/arm64 have identical layers" in run.stderr
