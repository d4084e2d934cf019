"""The command line, run within this process with an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from multiarch import __version__
from multiarch.cli import main
from multiarch.errors import EXIT_CODES
from multiarch.plan.deploy_files import DEPLOY_FILES
from multiarch.settings.info import SETTINGS
from tests.unit.fakes import ECR_HOST, SHA, FakeImage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.unit.conftest import MakeScript

ARN = f"arn:aws:codebuild:eu-west-1:123456789012:build/shop:{SHA[:8]}"
CODEBUILD = {
    "CODEBUILD_BUILD_ARN": ARN,
    "CODEBUILD_RESOLVED_SOURCE_VERSION": SHA,
    "AWS_ECR_REPOSITORY_NAME": "shop",
}


class Said:
    """How a command ended, and what it said."""

    def __init__(self, code: int, captured: tuple[str, str]) -> None:
        self.code = code
        self.out, self.err = captured

    @property
    def errors(self) -> list[str]:
        return self.err.splitlines()


class Project:
    """A folder that a command runs in, on a machine with neither docker nor AWS nor git."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.path = "/nowhere"
        self._capsys = capsys

    def run(self, *words: str, **variables: str) -> Said:
        environment = {"PATH": self.path, "HOME": str(self.folder / "home"), **variables}
        self._capsys.readouterr()
        code = main(words, environment)
        return Said(code, self._capsys.readouterr())

    def write(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    folder = tmp_path / "shop"
    (folder / "home").mkdir(parents=True)
    monkeypatch.chdir(folder)
    made = Project(folder, capsys)
    made.write("Dockerfile", "FROM scratch\n")
    return made


# Help and version


def test_version_prints_the_version(project: Project) -> None:
    said = project.run("--version")
    assert (said.code, said.out, said.err) == (0, f"multiarch {__version__}\n", "")


@pytest.mark.parametrize("words", [("--help",), ("-h",)])
def test_help_lists_the_commands(project: Project, words: tuple[str, ...]) -> None:
    said = project.run(*words)
    assert (said.code, said.err) == (0, "")
    assert "  build" in said.out


def test_help_all_of_build_lists_every_flag_and_exit_code(project: Project) -> None:
    said = project.run("build", "--help-all")
    assert (said.code, said.err) == (0, "")
    for info in SETTINGS:
        assert all(flag in said.out for flag in info.flags)
        assert f"\n{info.group}:\n" in said.out
    for code, _ in EXIT_CODES:
        assert f"\n  {code} " in said.out


@pytest.mark.parametrize("command", ["build", "doctor", "source", "policy", "lifecycle"])
def test_help_shows_the_common_flags_on_one_screen(project: Project, command: str) -> None:
    said = project.run(command, "--help")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert len(lines) <= 42
    assert lines[-1] == f"multiarch {command} --help-all shows all options and the exit codes."
    for info in SETTINGS:
        assert any(f"{flag} " in said.out for flag in info.flags) is info.is_common


def test_help_of_the_program_cuts_no_line(project: Project) -> None:
    said = project.run("--help")
    assert "..." not in said.out.replace("[ARGS]...", "")
    assert max(map(len, said.out.splitlines())) < 80


def test_main_without_command_prints_help_and_exits_2(project: Project) -> None:
    said = project.run()
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("Usage: multiarch ")


# The dry run


def test_dry_run_prints_a_script_without_requests(project: Project) -> None:
    said = project.run("build", "--dry-run", **CODEBUILD)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:3] == [
        "#!/bin/sh",
        f"# shop, commit {SHA}, for linux/amd64, linux/arm64",
        "set -eu",
    ]
    assert said.out.endswith(f'echo "{ECR_HOST}/shop@$digest"\n')
    checked = subprocess.run(["sh", "-n"], input=said.out, text=True, check=False, capture_output=True)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_dry_run_with_json_output_prints_the_plan(project: Project) -> None:
    said = project.run("build", "--dry-run", "--output", "json", "--tag", "stable", **CODEBUILD)
    assert (said.code, said.err) == (0, "")
    plan = json.loads(said.out)
    assert (plan["version"], plan["kind"], plan["images"][0]["tags"]) == (2, "plan", [SHA[:7], "stable"])


def test_dry_run_local_needs_no_settings(project: Project) -> None:
    said = project.run("build", "--local", "--dry-run", "--output=json", GIT_TAG="v1")
    plan = json.loads(said.out)
    [image] = plan["images"]
    assert (said.code, image["repository"], image["name"]) == (0, None, "shop")


def test_dry_run_unknown_account_is_a_placeholder(project: Project) -> None:
    said = project.run("build", "--dry-run", GIT_TAG="v1", AWS_ECR_REPOSITORY_NAME="shop")
    assert said.code == 0
    assert "${AWS_ACCOUNT_ID}.dkr.ecr.${AWS_DEFAULT_REGION}.amazonaws.com/shop" in said.out


def test_dry_run_path_is_the_context(project: Project) -> None:
    (project.folder / "app").mkdir()
    project.write("app/Dockerfile")
    said = project.run("build", "app", "--dry-run", "--output", "json", **CODEBUILD)
    [build] = [step for step in json.loads(said.out)["steps"] if step["step"] == "build"]
    assert build["definition"]["target"]["image"]["context"] == "app"


FILES = {
    "our own": ("multiarch.toml", 'tags = ["from-file"]'),
    "the project's": ("pyproject.toml", '[tool.multiarch]\ntags = ["from-file"]'),
}


@pytest.mark.parametrize(("name", "text"), FILES.values(), ids=FILES)
def test_dry_run_reads_the_settings_file(project: Project, name: str, text: str) -> None:
    project.write(name, text)
    said = project.run("build", "--dry-run", "--output", "json", **CODEBUILD)
    assert json.loads(said.out)["images"][0]["tags"] == [SHA[:7], "from-file"]


@pytest.mark.parametrize("by", ["flag", "variable"])
def test_dry_run_reads_the_named_settings_file(project: Project, by: str) -> None:
    project.write("multiarch.toml", 'tags = ["not-this"]')
    project.write("ci.toml", 'tags = ["this"]')
    words, variables = (("--config", "ci.toml"), {}) if by == "flag" else ((), {"MULTIARCH_CONFIG": "ci.toml"})
    said = project.run("build", "--dry-run", "--output", "json", *words, **CODEBUILD, **variables)
    assert json.loads(said.out)["images"][0]["tags"] == [SHA[:7], "this"]


FLAGS: dict[str, tuple[tuple[str, ...], str, object]] = {
    "docker's own short one": (("-t", "a", "-t", "b"), "tags", [SHA[:7], "a", "b"]),
    "none": (("--tag", ""), "tags", [SHA[:7]]),
    "commas": (("--platform", "arm64,s390x"), "platforms", ["linux/arm64", "linux/s390x"]),
    "a tag of one's own": (("--commit-tag", "v1"), "commit_tag", "v1"),
    "a duration": (("--retry-deadline", "2h"), "retry", {"attempts": 5, "deadline": 7200}),
}


@pytest.mark.parametrize(("words", "key", "expected"), FLAGS.values(), ids=FLAGS)
def test_dry_run_flags_are_in_the_plan(project: Project, words: tuple[str, ...], key: str, expected: object) -> None:
    said = project.run("build", "--dry-run", "--output", "json", *words, **CODEBUILD)
    plan = json.loads(said.out)
    assert {**plan, **plan["images"][0]}[key] == expected


@pytest.mark.parametrize("start", ["", "²", "-1", "now", "9" * 15, "9" * 5000, "1e9"], ids=range(7))
def test_dry_run_odd_start_time_is_ignored(project: Project, start: str) -> None:
    words = ("build", "--dry-run", "--tag", "type=raw,value={{date 'YYYY'}}")
    said = project.run(*words, **CODEBUILD, CODEBUILD_START_TIME=start)
    assert (said.code, said.err) == (0, "")


def test_dry_run_contains_no_secret(project: Project) -> None:
    words = ("build", "--dry-run", "--secret", "id=t,env=TOKEN")
    for output in ("text", "json"):
        said = project.run(*words, "--output", output, TOKEN="s3cret-value", **CODEBUILD)
        assert said.code == 0
        assert "s3cret-value" not in said.out + said.err


# What is wrong


WRONG: dict[str, tuple[tuple[str, ...], dict[str, str], list[str]]] = {
    "no commit": (
        (), {"AWS_ECR_REPOSITORY_NAME": "shop"},
        ["error: no commit to name the image after: this is not a git checkout with a commit",
         "  fix: set --commit-tag TAG, or GIT_TAG=TAG in the environment"]),
    "no repository": (
        ("--commit-tag", "v1"), {},
        ["error: no repository to push to",
         "  fix: set AWS_ECR_REPOSITORY_NAME under env.variables of the buildspec, or pass --repository NAME"]),
    "no Dockerfile": (
        ("--file", "Dockerfil"), CODEBUILD,
        ["error: no Dockerfile at Dockerfil",
         "  fix: use another Dockerfile: --file PATH, or another context: --context PATH"]),
    "no context": (
        ("nowhere",), CODEBUILD,
        ["error: the context nowhere is not a folder", "  fix: use the folder of the build: --context PATH"]),
    "no platform": (
        ("--platform", "linux/arm46"), CODEBUILD,
        ["error: --platform: 'linux/arm46' is not a platform", "  fix: did you mean linux/arm64?"]),
    "a secret that is missing": (
        ("--secret", "id=t,env=TOKEN"), CODEBUILD,
        ["error: secret t: the variable TOKEN is not set",
         "  fix: set TOKEN, or use a file: --secret id=t,src=FILE"]),
    "a file that is missing": (
        ("--config", "none.toml"), CODEBUILD,
        ["error: cannot read none.toml: No such file or directory",
         "  fix: check the path and the permissions of the file"]),
    "an unknown region": (
        ("--region", "eu-wets-1"), CODEBUILD,
        ["error: unknown AWS region 'eu-wets-1'",
         "  fix: did you mean eu-west-1? A region newer than the installed botocore works with --registry HOST"]),
    "a registry that is none": (
        ("--registry", "a b"), CODEBUILD,
        ["error: --registry: 'a b' is not a registry",
         "  fix: write a host name alone: ghcr.io, localhost:5000, ACCOUNT.dkr.ecr.REGION.…"]),
    "a misspelt variable": (
        (), {**CODEBUILD, "MULTIARCH_PLATFORM": "x"},
        ["error: MULTIARCH_PLATFORM is not a setting", "  fix: did you mean MULTIARCH_PLATFORMS?"]),
    "a folder that is a file": (
        ("--deploy-files", "Dockerfile/out"), CODEBUILD,
        ["error: {}/Dockerfile/out cannot be a folder: {}/Dockerfile exists and is not a folder",
         "  fix: name another folder: --deploy-files DIR"]),
    "a misspelt choice": (
        ("--if-exists", "skp"), CODEBUILD,
        ["error: --if-exists: 'skp' is not one of skip, rebuild, fail", "  fix: did you mean skip?"]),
    "conflicting settings": (
        ("--driver", "remote"), CODEBUILD,
        ["error: the remote driver needs an endpoint",
         "  fix: add --builder-endpoint tcp://host:1234"]),
}  # fmt: skip


@pytest.mark.parametrize(("words", "variables", "errors"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("mode", [("--dry-run",), ()], ids=["dry run", "real run"])
def test_build_invalid_input_prints_one_error_with_a_fix(
    project: Project, mode: tuple[str, ...], words: tuple[str, ...], variables: Mapping[str, str], errors: list[str]
) -> None:
    if mode == () and errors[0] == "error: no repository to push to":
        variables = {**variables, "AWS_REGISTRY_NAME": "localhost:5000"}  # a real run asks AWS for the registry first
    said = project.run("build", *mode, *words, **variables)
    assert (said.code, said.out) == (2, "")
    assert said.errors == [line.format(project.folder, project.folder) for line in errors]


@pytest.mark.parametrize("words", [(), ("--file", "none"), ("--commit-tag", "v1", "--region", "eu-wets-1")])
def test_build_failure_removes_earlier_deploy_files(project: Project, words: tuple[str, ...]) -> None:
    (project.folder / "out").mkdir()
    for name in (*DEPLOY_FILES, "mine"):
        project.write(f"out/{name}", "old")
    assert project.run("build", "--dry-run", "--deploy-files", "out", **CODEBUILD).code == 0
    assert (project.folder / "out" / "image.env").exists()
    assert project.run("build", "--deploy-files", "out", *words, AWS_ECR_REPOSITORY_NAME="shop").code != 0
    assert [each.name for each in (project.folder / "out").iterdir()] == ["mine"]


def test_build_tracked_report_file_exits_2(project: Project) -> None:
    project.path = os.environ["PATH"]
    (project.folder / "docs").mkdir()
    project.write("docs/summary.md", "mine")
    for words in (["init", "--quiet"], ["add", "docs"]):
        subprocess.run(["git", *words], cwd=project.folder, check=True)
    for words in (["--dry-run"], []):
        said = project.run("build", "--report", "docs", *words, **CODEBUILD)
        assert (said.code, said.out) == (2, "")
        assert said.errors[0] == "error: --report docs would remove files that git tracks: summary.md"
    assert (project.folder / "docs" / "summary.md").read_text() == "mine"


def test_build_invalid_toml_names_the_line(project: Project) -> None:
    project.write("multiarch.toml", "tags = latest\n")
    said = project.run("build", "--dry-run", **CODEBUILD)
    assert (said.code, said.out) == (2, "")
    assert said.errors[0] == "error: multiarch.toml is not TOML: Invalid value (at line 1, column 8)"


LISTS_OPTIONS = "multiarch build --help lists the options"
USAGE = {
    "an unknown flag": (("build", "--platfrom", "x"), "unknown option --platfrom", "did you mean --platform?"),
    "a flag like no other": (("build", "--zzz"), "unknown option --zzz", LISTS_OPTIONS),
    "an unknown command": (("biuld",), "unknown command biuld", "did you mean build?"),
    "a command like no other": (
        ("xyz",), "unknown command xyz", "known: build, doctor, explain, report, source, policy, lifecycle"),
    "an unknown flag before the command": (
        ("--dry-run", "build"), "unknown option --dry-run", "multiarch --help lists the options"),
    "too many paths": (("build", "a", "b"), "got unexpected extra argument (b)", LISTS_OPTIONS),
    "a flag without its value": (("build", "--platform"), "option '--platform' requires an argument", LISTS_OPTIONS),
    "an unknown output": (
        ("build", "--output", "xml"), "invalid value for '--output': 'xml' is not one of 'text', 'json'",
        LISTS_OPTIONS),
}  # fmt: skip


@pytest.mark.parametrize(("words", "message", "fix"), USAGE.values(), ids=USAGE)
def test_usage_error_looks_like_every_other_error(
    project: Project, words: tuple[str, ...], message: str, fix: str
) -> None:
    said = project.run(*words)
    assert (said.code, said.out) == (2, "")
    assert said.errors == [f"error: {message}", f"  fix: {fix}"]


def test_build_error_with_json_output_prints_json(project: Project) -> None:
    said = project.run("build", "--output", "json", "--platform", "linux/arm46", **CODEBUILD)
    assert json.loads(said.out) == {
        "version": 2,
        "kind": "error",
        "type": "ConfigurationError",
        "message": "--platform: 'linux/arm46' is not a platform",
        "fix": "did you mean linux/arm64?",
        "exit_code": 2,
        **dict.fromkeys(("class", "phase", "rule", "cause", "output")),
    }
    assert said.errors[0] == "error: --platform: 'linux/arm46' is not a platform"


def test_build_without_docker_exits_4(project: Project) -> None:
    said = project.run("build", "--local", GIT_TAG="v1")
    assert (said.code, said.out) == (4, "")
    assert said.errors[-2:-1] != []
    assert any(line.startswith("error: ") for line in said.errors)
    assert "Traceback" not in said.err


def test_build_missing_aws_profile_exits_3(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")  # boto3 reads the process's own
    said = project.run("build", GIT_TAG="v1", AWS_ECR_REPOSITORY_NAME="shop")
    assert (said.code, said.out) == (3, "")
    assert "nobody" in said.err


# The policy


WHERE = {
    "in the build's own account": (
        {"CODEBUILD_BUILD_ARN": ARN},
        ("--account", "210987654321"),
        "eu-west-1:123456789012",
    ),
    "else in the registry's": ({}, ("--account", "210987654321", "--region", "us-east-1"), "us-east-1:210987654321"),
    "or nobody knows": ({}, (), "<AWS_DEFAULT_REGION>:<AWS_ACCOUNT_ID>"),
    "and no registry of AWS's tells": ({}, ("--registry", "ghcr.io"), "<AWS_DEFAULT_REGION>:<AWS_ACCOUNT_ID>"),
}


@pytest.mark.parametrize(("variables", "words", "where"), WHERE.values(), ids=WHERE)
def test_policy_with_project_has_its_statements(
    project: Project, variables: Mapping[str, str], words: tuple[str, ...], where: str
) -> None:
    said = project.run("policy", "--project", "shop", *words, AWS_ECR_REPOSITORY_NAME="shop", **variables)
    assert said.code == 0
    *_, reports = json.loads(said.out)["Statement"]
    assert reports["Resource"] == [f"arn:aws:codebuild:{where}:report-group/shop-*"]


# The identity


def test_source_without_repository_shows_the_tags(project: Project) -> None:
    said = project.run("source", "--commit", "a" * 40, "--git-tag", "v1.2.3", "--tag", "type=ref,event=tag")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == f"commit          {'a' * 40}  (--commit)"
    assert "pinned tags     aaaaaaa, v1.2.3" in lines
    assert "floating tags   latest" in lines
    said = project.run("source", "--output", "json", MULTIARCH_BRANCH="main", MULTIARCH_DEFAULT_BRANCH="main")
    found = json.loads(said.out)
    assert (found["kind"], found["branch"], found["commit"]) == ("source", "main", None)
    assert found["origins"]["branch"] == "MULTIARCH_BRANCH"
    assert found["tags"] == {"pinned": [], "floating": []}


# A whole local build, with a stand-in for docker


BUILDX = """
case "$*" in
  "buildx version") echo stand-in ;;
  "buildx create "*) ;;
  "buildx bake "*)
    cat > "$WORLD/definition"
    while [ "$1" != --metadata-file ]; do shift; done
    cp "$WORLD/metadata.json" "$2"
    cat "$WORLD/events" >&2
    mkdir -p dist && cp "$WORLD/image.tar" dist/shop.tar
    exit "$(cat "$WORLD/code")" ;;
  *) exit 64 ;;
esac
"""


@pytest.fixture
def docker(project: Project, tmp_path: Path, make_script: MakeScript) -> Path:
    """A docker that builds what lies in a folder; return the folder."""
    world = tmp_path / "world"
    image = FakeImage("linux/amd64", "linux/arm64")
    blobs = world / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for digest, content in {**image.blobs, **{each.digest: each.content for each in image.manifests.values()}}.items():
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    with tarfile.open(world / "image.tar", "w") as tar:
        tar.add(world / "layout", ".")
    metadata = {"image": {"containerimage.digest": image.digest}}
    (world / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    (world / "events").write_text("", encoding="utf-8")
    (world / "code").write_text("0", encoding="utf-8")
    make_script("docker", BUILDX)
    project.path = os.pathsep.join((str(tmp_path / "bin"), "/usr/bin", "/bin"))
    return world


def test_build_local_writes_a_folder_and_prints_how_to_load(project: Project, docker: Path) -> None:
    said = project.run("build", "--local", GIT_TAG="v1", WORLD=str(docker))
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "dist/shop"
    assert lines[1].startswith("digest     sha256:")
    assert lines[-3:] == [
        "load       tar -C dist/shop -c . | docker load",
        "run        docker run --rm --platform linux/amd64 shop:v1",
        "run        docker run --rm --platform linux/arm64 shop:v1",
    ]
    assert sorted(each.name for each in (project.folder / "dist").iterdir()) == ["shop"]
    assert json.loads((docker / "definition").read_text(encoding="utf-8"))["target"]["image"]["context"] == "."


def test_build_local_prints_json_result_on_standard_output(project: Project, docker: Path) -> None:
    said = project.run("build", "--local", "--output", "json", "--log-format", "json", GIT_TAG="v1", WORLD=str(docker))
    result = json.loads(said.out)
    assert (result["kind"], result["status"], result["images"][0]["image"]) == ("result", "local", "dist/shop")
    assert all(isinstance(json.loads(line), dict) for line in said.errors)


def test_build_local_again_replaces_the_folder(project: Project, docker: Path) -> None:
    project.run("build", "--local", GIT_TAG="v1", WORLD=str(docker))
    project.write("dist/shop/oci-layout")
    project.write("dist/shop/left-over")
    assert project.run("build", "--local", GIT_TAG="v1", WORLD=str(docker)).code == 0
    assert not (project.folder / "dist" / "shop" / "left-over").exists()


def test_build_local_changed_image_fails_verification(project: Project, docker: Path) -> None:
    metadata = {"image": {"containerimage.digest": f"sha256:{'0' * 64}"}}
    (docker / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    (project.folder / "dist" / "shop").mkdir(parents=True)
    project.write("dist/shop/oci-layout")
    project.write("dist/shop/earlier")
    said = project.run("build", "--local", GIT_TAG="v1", WORLD=str(docker))
    assert (said.code, said.out) == (6, "")
    assert [each.name for each in (project.folder / "dist").iterdir()] == ["shop"]
    assert (project.folder / "dist" / "shop" / "earlier").is_file()


def test_build_failed_step_exits_5_and_is_redacted(project: Project, docker: Path) -> None:
    process = 'process \\"/bin/sh -c use s3cret-value\\" did not complete successfully: exit code: 1'
    name = "[linux/arm64 2/2] RUN use s3cret-value"
    (docker / "events").write_text(
        f'{{"vertexes":[{{"digest":"sha256:a","name":"{name}","started":"2026-01-01T00:00:00Z"}}]}}\n'
        '{"logs":[{"vertex":"sha256:a","data":"czNjcmV0LXZhbHVlIGlzIHdyb25nCg=="}]}\n'
        f'{{"vertexes":[{{"digest":"sha256:a","name":"{name}","started":"2026-01-01T00:00:00Z",'
        f'"completed":"2026-01-01T00:00:01Z","error":"{process}"}}]}}\n'
        f'ERROR: failed to solve: process "/bin/sh -c use s3cret-value" did not complete successfully: exit code: 1\n',
        encoding="utf-8",
    )
    (docker / "code").write_text("1", encoding="utf-8")
    words = ("build", "--local", "--secret", "id=t,env=TOKEN", "--output", "json")
    said = project.run(*words, GIT_TAG="v1", WORLD=str(docker), TOKEN="s3cret-value")
    assert said.code == 5
    assert "<redacted> is wrong" in said.err
    assert "s3cret-value" not in said.err
    assert "s3cret-value" not in said.out
