"""`doctor` and `policy` on a machine as it is: with all that a build needs, and without each of it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.engine.test_main_job import SECRETS, assert_nothing_left

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dev import stack
    from dev.project import Project, Run
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine


def lines(run: Run) -> dict[str, str]:
    """Status and finding, by the name of the check."""
    found = re.findall(r"^(ok|warning|problem) +(\S+(?: \S+)*?)  +(.*)$", run.stdout, re.MULTILINE)
    return {name: f"{status}: {words}" for status, name, words in found}


def doctor(project: Project, *words: str, **variables: str | None) -> Run:
    """Run it, and see that it was quick, said no secret and left nothing."""
    run = project.multiarch("doctor", *words, **variables)
    assert run.seconds < 15
    assert "Traceback" not in run.said
    assert not any(secret in run.said for secret in SECRETS)
    assert_nothing_left(project)
    return run


@contextmanager
def hanging() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def aws(*refused: str, code: str = "AccessDeniedException") -> Iterator[str]:
    """An API that refuses these operations, or all of them, and passes the others on to nobody: it knows one answer.

    Yields:
        its URL.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not refused or operation in refused:
                role = "arn:aws:sts::123456789012:assumed-role/build/1"
                message = f"User: {role} is not authorized to perform: ecr:{operation} on resource: *"
                self._answer(400, {"__type": code, "message": message})
            else:
                answers: dict[str, dict[str, Any]] = {
                    "GetAuthorizationToken": {
                        "authorizationData": [
                            {
                                "authorizationToken": b64encode(b"AWS:123456789012-auth-token").decode(),
                                "expiresAt": 4102444800,
                                "proxyEndpoint": "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com",
                            }
                        ]
                    },
                    "DescribeRepositories": {"repositories": [{"imageTagMutability": "MUTABLE"}]},
                }
                self._answer(200, answers.get(operation, {}))

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def set_mutability(project: Project, mutability: str, *exclusions: str) -> None:
    environment = project.environment
    client = boto3.client(
        "ecr",
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=environment.get("AWS_SESSION_TOKEN"),
    )
    filters: Any = [{"filterType": "WILDCARD", "filter": each} for each in exclusions]
    client.put_image_tag_mutability(
        repositoryName=environment["AWS_ECR_REPOSITORY_NAME"],
        imageTagMutability=mutability,  # type: ignore[arg-type]  # one of the API's own words
        **({"imageTagMutabilityExclusionFilters": filters} if filters else {}),
    )


def test_doctor_complete_setup_is_ready(project: Project, registry: RegistryView) -> None:
    """Exit code 0, a line for everything, nothing made: no builder, no tag, no file."""
    run = doctor(project)
    assert run.code == 0, run.said
    found = lines(run)
    assert {name: line for name, line in found.items() if not line.startswith("ok")} == {
        # The token of the stack's API ended in 2015, whenever it is asked for.
        "credentials": found["credentials"]
    }
    assert "native" in found["platform linux/amd64"] + found["platform linux/arm64"]
    assert "emulated" in found["platform linux/amd64"] + found["platform linux/arm64"]
    for name, words in {
        "commit": project.sha[:12],
        "docker": "containerd",
        "docker host": "unix://",
        "builder": f"builder {project.builder} will be created",
        "disk": "GB free",
        "repository": "mutable",
        "tags": f"{project.tag}, latest can be written",
        "cache tag": ":cache",
        "permissions": "UploadLayerPart",
        "registry": f"tag {project.tag} does not exist yet",
    }.items():
        assert words in found[name]
    assert run.stdout.splitlines()[-1] == "ready to build (1 warning)"
    assert registry.tags() == set()
    assert list(project.home.iterdir()) == []
    assert project.run(["docker", "buildx", "inspect", project.builder]).code != 0


def test_doctor_after_a_build_reports_builder_and_image(project: Project) -> None:
    build = project.multiarch("build", "--platform", "linux/amd64")
    assert build.code == 0, build.said
    before = sorted((path, path.stat().st_mtime_ns) for path in project.home.rglob("*") if path.is_file())
    run = doctor(project, "--output", "json")
    assert run.code == 0, run.said
    assert (run.json["version"], run.json["kind"], run.json["ready"]) == (2, "doctor", True)
    found = {check["name"]: check["found"] for check in run.json["checks"]}
    assert found["builder"].startswith(f"builder {project.builder} is running (BuildKit")
    assert found["builder image"].endswith(f"not needed, builder {project.builder} is running")
    assert found["registry"].endswith(f"tag {project.tag} already exists")
    assert sorted((path, path.stat().st_mtime_ns) for path in project.home.rglob("*") if path.is_file()) == before


def test_doctor_without_docker_exits_4(project: Project, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(
        next(Path(each, "git") for each in os.environ["PATH"].split(":") if Path(each, "git").exists())
    )
    run = doctor(project, PATH=str(tools))
    assert run.code == 4, run.said
    assert lines(run)["docker"] == "problem: docker is not installed"
    assert lines(run)["repository"].startswith("ok")


def test_doctor_without_daemon_exits_4(project: Project) -> None:
    run = doctor(project, DOCKER_HOST="unix:///nowhere.sock")
    assert run.code == 4, run.said
    found = lines(run)
    assert found["docker"].startswith("problem")
    assert "privileged mode" in run.stdout
    assert found["builder"] == "warning: skipped: docker is not responding"


def test_doctor_without_buildx_exits_4(project: Project, tmp_path: Path) -> None:
    """Docker is installed without the plugin buildx."""
    tools = tmp_path / "tools"
    tools.mkdir()
    docker = project.run(["sh", "-c", "command -v docker"]).stdout.strip()
    (tools / "docker").write_text(
        "#!/bin/sh\n"
        'if [ "$1" = buildx ]; then echo "docker: \'buildx\' is not a docker command." >&2; exit 1; fi\n'
        f'exec {docker} "$@"\n'
    )
    (tools / "docker").chmod(0o755)
    run = doctor(project, PATH=f"{tools}:{project.environment['PATH']}")
    assert run.code == 4, run.said
    assert lines(run)["buildx"].startswith("problem")
    assert lines(run)["docker"].startswith("ok")


def test_doctor_unsupported_platform_exits_4(project: Project) -> None:
    run = doctor(project, "--driver", "docker", "--platform", "linux/s390x", MULTIARCH_BUILDER_NAME=None)
    assert run.code == 4, run.said
    assert lines(run)["platform linux/s390x"].startswith("problem: unsupported by builder")
    assert "tonistiigi/binfmt --install s390x" in run.stdout


def test_doctor_running_builder_reports_its_emulators(project: Project, running: stack.Stack) -> None:
    """The official image has emulators that its list of platforms does not show; the stand-in has none."""
    create = ["docker", "buildx", "create", "--name", project.builder, "--driver-opt"]
    assert project.run([*create, f"image={running.builder_image}", "--bootstrap"]).code == 0
    run = doctor(project, "--platform", "linux/s390x")
    expected = "problem: unsupported by builder" if running.stand_in else "ok: emulated (QEMU of BuildKit)"
    assert lines(run)["platform linux/s390x"].startswith(expected)
    assert run.code == (4 if running.stand_in else 0)


def test_doctor_missing_repository_exits_6(project: Project, lane: str) -> None:
    run = doctor(project)
    assert run.code == 6, run.said
    assert lines(run)["repository"].endswith(f"/{lane} does not exist")
    assert f"aws ecr create-repository --region eu-central-1 --repository-name {lane}" in run.stdout


def test_doctor_missing_repository_with_unknown_templates_warns(project: Project) -> None:
    """The API of the stack does not answer about templates."""
    run = doctor(project, "--repository", "not-there")
    assert lines(run)["repository"].startswith("warning")
    assert "does not exist; whether a creation template would create it is unknown" in run.stdout
    assert "aws ecr create-repository --region eu-west-1 --repository-name not-there" in run.stdout


@pytest.mark.parametrize("variable", ["CODEBUILD_BUILD_ARN", ""], ids=["without an account", "in CodeBuild"])
def test_doctor_without_credentials_exits_3(project: Project, variable: str) -> None:
    gone = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", variable), None)
    run = doctor(project, **{name: value for name, value in gone.items() if name})
    assert run.code == 3, run.said
    assert lines(run)["credentials"] == "problem: no AWS credentials found"
    assert lines(run)["docker"].startswith("ok")


def test_doctor_expired_credentials_exits_3(project: Project) -> None:
    with aws(code="ExpiredTokenException") as url:
        run = doctor(project, AWS_ENDPOINT_URL=url)
    assert run.code == 3, run.said
    assert "have expired" in lines(run)["credentials"]


def test_doctor_valid_token_reports_expiry(project: Project) -> None:
    with aws("nothing") as url:
        run = doctor(project, AWS_ENDPOINT_URL=url)
    assert run.code == 0, run.said
    assert "the registry token lasts" in lines(run)["credentials"]
    assert "2100-01-01 00:00 UTC" in lines(run)["credentials"]


def test_doctor_denied_action_exits_3(project: Project) -> None:
    with aws("UploadLayerPart", "DescribeRepositories") as url:
        run = doctor(project, AWS_ENDPOINT_URL=url)
    assert run.code == 3, run.said
    assert "the role is not allowed to perform ecr:UploadLayerPart on" in lines(run)["permissions"]
    assert lines(run)["repository"] == "warning: unknown: the role is not allowed to perform ecr:DescribeRepositories"
    assert "python -m multiarch policy" in run.stdout


def test_doctor_denied_login_exits_3(project: Project) -> None:
    with aws("GetAuthorizationToken") as url:
        run = doctor(project, AWS_ENDPOINT_URL=url)
    assert run.code == 3, run.said
    assert lines(run)["credentials"] == "problem: the role is not allowed to perform ecr:GetAuthorizationToken"


def test_doctor_immutable_repository_exits_2_after_first_build(project: Project) -> None:
    """The first build can create every tag. Later builds cannot move latest or overwrite the cache."""
    set_mutability(project, "IMMUTABLE")
    first = doctor(project)
    assert first.code == 0, first.said
    assert "tag latest: immutable" in lines(first)["tags"]
    assert lines(first)["cache tag"].endswith("cache export is disabled")
    assert project.multiarch("build").code == 0
    project.commit("Go on")
    second = doctor(project)
    assert second.code == 2, second.said
    name = project.environment["AWS_ECR_REPOSITORY_NAME"]
    assert lines(second)["tags"] == f"problem: cannot move tag latest: immutable in {name}, and already exists"
    assert lines(second)["cache tag"].endswith("cache export is disabled")
    fix = next(line for line in second.stdout.splitlines() if "put-image-tag-mutability" in line)
    command = fix.partition("allow moving: ")[2].partition(";")[0]
    assert command.endswith("filterType=WILDCARD,filter=latest")
    set_mutability(project, "IMMUTABLE_WITH_EXCLUSION", "latest", "cach*")
    third = doctor(project)
    assert third.code == 0, third.said
    assert lines(third)["tags"].startswith("ok")
    assert lines(third)["cache tag"].startswith("ok")


SILENT = "problem: no answer within 10 s: timed out"


@pytest.mark.parametrize("in_codebuild", [True, False], ids=["in CodeBuild", "elsewhere"])
@pytest.mark.parametrize("who", ["docker", "AWS", "docker and AWS"])
def test_doctor_without_answer_ends_after_its_deadline(project: Project, who: str, *, in_codebuild: bool) -> None:
    """Docker ignores signals here. Outside CodeBuild, the registry's name comes from AWS, too."""
    with hanging() as port:
        variables: dict[str, str | None] = {} if in_codebuild else {"CODEBUILD_BUILD_ARN": None}
        if "docker" in who:
            variables["PATH"] = f"{deaf_docker(project)}:{project.environment['PATH']}"
        if "AWS" in who:
            variables["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{port}"
        run = doctor(project, **variables)
    assert run.code == (4 if "docker" in who else 3), run.said
    found = lines(run)
    if "docker" in who:
        assert found["docker"] == SILENT
    else:
        assert found["docker"].startswith("ok")
    if "AWS" in who:
        assert found["credentials"] == (SILENT if in_codebuild else SILENT.replace("10", "5"))
    else:
        assert found["repository"].startswith("ok")
    assert project.run(["pgrep", "-fa", f"{project.home}/deaf"]).stdout == ""


def deaf_docker(project: Project) -> Path:
    """A docker that never answers and ignores signals."""
    folder = project.home / "deaf"
    folder.mkdir()
    (folder / "docker").write_text("#!/bin/sh\ntrap '' INT TERM HUP\nwhile :; do sleep 1; done\n")
    (folder / "docker").chmod(0o755)
    return folder


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_doctor_signal_ends_the_run_and_leaves_nothing(project: Project, number: signal.Signals, code: int) -> None:
    environment = project.variables(PATH=f"{deaf_docker(project)}:{project.environment['PATH']}")
    process = subprocess.Popen(
        [sys.executable, "-m", "multiarch", "doctor"],
        cwd=project.folder,
        env={**environment, "TMPDIR": str(project.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while project.run(["pgrep", "-f", f"{project.home}/deaf"]).code != 0:
        assert process.poll() is None
    begin = time.monotonic()
    process.send_signal(number)
    out, said = process.communicate(timeout=10)
    assert time.monotonic() - begin < 5
    assert (process.returncode, out) == (code, "")
    assert said == f"error: interrupted by {number.name}\n"
    assert list(project.home.glob("multiarch-*")) == []
    assert project.run(["pgrep", "-fa", f"{project.home}/deaf"]).stdout == ""


def test_doctor_ignores_other_files_in_the_builders_folder(project: Project) -> None:
    """A dangling link, a link to itself, a folder and a pipe without a writer."""
    folder = project.home / ".docker" / "buildx" / "instances"
    folder.mkdir(parents=True)
    (folder / "nowhere").symlink_to("/nowhere/at/all")
    (folder / "itself").symlink_to("itself")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    run = doctor(project)
    assert run.code == 0, run.said
    assert lines(run)["builder"].startswith("ok")


@pytest.mark.parametrize("command", ["doctor", "build"])
def test_command_docker_config_is_a_file_exits_2(project: Project, command: str) -> None:
    file = project.home / "config.json"
    file.write_text("{}")
    run = project.multiarch(command, DOCKER_CONFIG=str(file))
    assert run.code == 2, run.said
    assert f"DOCKER_CONFIG must be a directory: {file} is a file" in run.stderr


def test_doctor_unavailable_builder_image_exits_nonzero(project: Project, running: stack.Stack) -> None:
    missing = doctor(project, "--builder-image", f"{running.plain.host}/not/there:1")
    assert missing.code == 2, missing.said
    assert lines(missing)["builder image"] == f"problem: {running.plain.host}/not/there:1 does not exist"
    existing = doctor(project, "--builder-image", running.base)
    assert lines(existing)["builder image"].startswith(f"ok: {running.base}")
    unreachable = doctor(project, "--builder-image", "localhost:1/not/there:1")
    assert unreachable.code == 4, unreachable.said
    assert "cannot look up localhost:1/not/there:1" in lines(unreachable)["builder image"]


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["nowhere"], {}, "the context nowhere is not a folder"),
        (["--file", "nowhere"], {}, "no Dockerfile at nowhere"),
        ([], {"AWS_ECR_REPOSITORY_NAME": None}, "no repository to push to"),
        (["--region", "eu-wets-1"], {}, "did you mean eu-west-1?"),
        (["--platform", "linux/amd46"], {}, "did you mean linux/amd64?"),
        (["--output", "xml"], {}, "xml"),
    ],
)
def test_doctor_bad_input_exits_2(
    project: Project, words: list[str], variables: dict[str, str | None], said: str
) -> None:
    run = doctor(project, *words, **variables)
    assert run.code == 2, run.said
    assert said in run.said


def test_doctor_without_commit_exits_2(project: Project) -> None:
    (project.folder / ".git").rename(project.home / "git")
    run = doctor(project)
    assert run.code == 2, run.said
    assert lines(run)["commit"].startswith("problem: no commit to name the image after")
    assert lines(run)["repository"].startswith("ok")


def test_doctor_local_build_needs_no_aws(project: Project) -> None:
    gone = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"), None)
    run = doctor(project, "--local", **gone)
    assert run.code == 0, run.said
    assert "credentials" not in lines(run)


def test_policy_of_the_plan_needs_no_aws(project: Project) -> None:
    cache = "210987654321.dkr.ecr.us-east-1.amazonaws.com/cache:main"
    run = project.multiarch("policy", "--cache-ref", cache, AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert run.code == 0, run.said
    statement = next(each for each in run.json["Statement"] if each["Sid"] == "PushAndCache")
    name = project.environment["AWS_ECR_REPOSITORY_NAME"]
    assert statement["Resource"] == [
        f"arn:aws:ecr:eu-west-1:123456789012:repository/{name}",
        "arn:aws:ecr:us-east-1:210987654321:repository/cache",
    ]
    assert run.stderr == "note: another account owns cache; its repository policy must allow the same actions\n"
