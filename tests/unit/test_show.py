"""The plan as a shell script, which is run here with stand-ins for docker, aws and git; and as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from multiarch.plan.deploy_files import DEPLOY_FILES, render_deploy_files
from multiarch.plan.destination import Destination, find_destination
from multiarch.plan.make import make_plan
from multiarch.plan.steps import METADATA_FILE, WriteDeployFiles
from multiarch.show.plan_json import plan_as_json
from multiarch.show.script import plan_as_script
from multiarch.show.settings import settings_as_text, settings_rows
from multiarch.source import Commit
from multiarch.text.plain import plain
from tests.unit.fakes import COMMIT, DIRTY, ECR, ECR_HOST, NEWER, PARTITIONS, SHA, SHOP, facts, load, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from multiarch.plan.facts import Facts
    from multiarch.plan.model import Plan
    from tests.unit.conftest import MakeScript

TAG = SHA[:7]
DIGEST = f"sha256:{'1' * 64}"
SHELLS = [shell for shell in ("sh", "dash", "bash", "busybox") if shutil.which(shell)]
UNKNOWN = find_destination(load(), {}, PARTITIONS).shown()

# Each notes what it was asked; the registry is a folder with a file a tag, whose content is the commit.
DOCKER = r"""
test "$1" = login && cat > "$WORLD/password" # before it is noted: what feeds it runs at the same time
echo "docker $*" >> "$WORLD/asked"
last() { for last in "$@"; do :; done; }
case "$*" in
  "buildx version") echo buildx ;;
  "login "*) mkdir -p "$DOCKER_CONFIG"; touch "$DOCKER_CONFIG/config.json" ;;
  *" logout "*) ls "$2" > "$WORLD/logout" ;;
  "buildx inspect "*) test -f "$WORLD/builder" ;;
  "buildx create "*) touch "$WORLD/builder" ;;
  "buildx rm "*) rm "$WORLD/builder" ;;
  "buildx bake "*)
    cat > "$WORLD/definition"
    while [ "$1" != --metadata-file ]; do shift; done
    printf '{\n  "image": {\n    "containerimage.digest": "%s"\n  }\n}\n' "$DIGEST" > "$2" ;;
  "buildx imagetools inspect --raw "*)
    last "$@"; file="$WORLD/tags/${last##*:}"
    test -f "$file" && printf '{"annotations": {"org.opencontainers.image.revision": "%s"}}' "$(cat "$file")" ;;
  *"println .Manifest.Digest"*) echo "$DIGEST" ;;
  *"--format"*) echo "$PLATFORMS" ;;
  "buildx imagetools create "*) mkdir -p "$WORLD/tags"; echo ours > "$WORLD/tags/${6##*:}" ;;
  *) echo "docker $*: not known" >&2; exit 64 ;;
esac
"""
AWS = r"""
echo "aws $*" >> "$WORLD/asked"
case "$*" in
  "configure get region") echo eu-west-1 ;;
  "sts get-caller-identity "*) echo 123456789012 ;;
  "ecr get-login-password "*) echo pass-word ;;
  "ecr describe-repositories "*) test ! -f "$WORLD/no-repository" ;;
  *) exit 64 ;;
esac
"""
GIT = r"""
echo "git $*" >> "$WORLD/asked"
test -f "$WORLD/is-ancestor"
"""


class World:
    """Where a script runs: stand-ins on its PATH, and a folder that they share."""

    def __init__(self, folder: Path, make_script: MakeScript) -> None:
        self.folder = folder / "world"
        self.folder.mkdir()
        (folder / "tmp").mkdir()
        for name, body in (("docker", DOCKER), ("aws", AWS), ("git", GIT)):
            make_script(name, body)
        self._environment = {
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
            "HOME": str(folder),
            "TMPDIR": str(folder / "tmp"),
            "WORLD": str(self.folder),
            "DIGEST": DIGEST,
            "PLATFORMS": "linux/amd64 linux/arm64 unknown/unknown ",
        }

    def run(self, script: str, *, shell: str = "sh", **variables: str) -> subprocess.CompletedProcess[str]:
        words = [shell, "sh"] if shell == "busybox" else [shell]
        return subprocess.run(
            words,
            input=script,
            cwd=self.folder,
            env={**self._environment, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )

    def put(self, name: str, content: str = "") -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def read(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    @property
    def asked(self) -> list[str]:
        return self.read("asked").splitlines()

    def count(self, begin: str) -> int:
        return len([line for line in self.asked if line.startswith(begin)])

    @property
    def tags(self) -> list[str]:
        folder = self.folder / "tags"
        return sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def world(tmp_path: Path, make_script: MakeScript) -> World:
    return World(tmp_path, make_script)


PLANS: dict[str, Plan] = {
    "the main job": plan_of(),
    "an unknown account": plan_of(facts(registry=UNKNOWN)),
    "a local build": plan_of(facts(registry=None)),
    "a dirty tree": plan_of(facts(commit=DIRTY)),
    "no commit": plan_of(facts(commit=None), commit_tag="v1"),
    "one platform": plan_of(platforms=("linux/amd64",)),
    "rebuild": plan_of(if_exists="rebuild"),
    "fail": plan_of(if_exists="fail"),
    "a builder that is not kept": plan_of(builder_keep=False),
    "docker's own builder": plan_of(builder_driver="docker"),
    "on a terminal": plan_of(facts(interactive=True)),
    "awkward words": plan_of(
        facts(registry=UNKNOWN),
        build_args=["A='\"$HOME`id`\\n", "B=line one\nline two", "C=DEFINITION\nDEFINITION", "D=${X}"],
        labels=["l=$(id) \\\\ \\$x"],
        context="my folder; rm -rf /",
        dockerfile="a'b/Dockerfile",
    ),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_script_of_plan_is_valid_in_every_shell(plan: Plan, shell: str) -> None:
    words = [shell, "sh", "-n"] if shell == "busybox" else [shell, "-n"]
    checked = subprocess.run(words, input=plan_as_script(plan), text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_script_of_main_job_builds_verifies_and_tags(world: World, shell: str) -> None:
    ran = world.run(plan_as_script(plan_of()), shell=shell)
    assert (ran.returncode, ran.stdout) == (0, f"{ECR_HOST}/shop@{DIGEST}\n"), ran.stderr
    assert [line for line in world.asked if "imagetools" not in line] == [
        "docker buildx version",
        "aws ecr get-login-password --region eu-west-1",
        f"docker login --username AWS --password-stdin {ECR_HOST}",
        "aws ecr describe-repositories --region eu-west-1 --registry-id 123456789012 --repository-names shop",
        "docker buildx inspect multiarch --bootstrap",
        *(line for line in world.asked if line.startswith("docker buildx create --name multiarch ")),
        *(line for line in world.asked if line.startswith("docker buildx bake --builder multiarch --file - ")),
        *(line for line in world.asked if " logout " in line),
    ]
    assert json.loads(world.read("definition")) == {"target": {"image": _target(plan_of())}}
    assert world.tags == [TAG, "latest"]
    assert world.read("password") == "pass-word\n"


def _target(plan: Plan) -> object:
    [build] = [step for step in json.loads(plan_as_json(plan))["steps"] if step["step"] == "build"]
    return build["definition"]["target"]["image"]


def test_script_reads_the_image_back_before_tagging(world: World) -> None:
    world.run(plan_as_script(plan_of()))
    tools = [line.removeprefix("docker buildx imagetools ").split()[0] for line in world.asked if "imagetools" in line]
    assert tools == ["inspect", "inspect", "create", "inspect", "create"]


DEPLOYMENTS = {
    "the main job": plan_of(deploy_files="out"),
    "an unknown account": plan_of(facts(registry=UNKNOWN), deploy_files="out", containers=("web", "worker")),
    "a folder with a hostile name": plan_of(deploy_files="my out; rm -rf $HOME"),
    "a changed tree": plan_of(facts(commit=DIRTY), deploy_files="out"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("plan", DEPLOYMENTS.values(), ids=DEPLOYMENTS)
def test_script_writes_the_same_deploy_files(world: World, plan: Plan, shell: str) -> None:
    ran = world.run(plan_as_script(plan), shell=shell)
    assert ran.returncode == 0, ran.stderr
    [step] = [step for step in plan.steps if isinstance(step, WriteDeployFiles)]
    [image] = step.images
    known = replace(step, images=(replace(image, repository=SHOP),))
    for name, text in render_deploy_files(known, {"shop": DIGEST}).items():
        # Quotes around a value make no difference for a shell that sources the file.
        assert world.read(f"{step.folder}/{name}").replace("'", "") == text


def test_script_failure_removes_earlier_deploy_files(world: World) -> None:
    for name in DEPLOY_FILES:
        world.put(f"out/{name}", "old")
    ran = world.run(plan_as_script(plan_of(deploy_files="out")), PLATFORMS="linux/amd64")
    assert ran.returncode == 6
    assert list((world.folder / "out").iterdir()) == []


def test_script_removes_its_login(world: World, tmp_path: Path) -> None:
    world.run(plan_as_script(plan_of()))
    assert world.read("logout").split() == ["config.json"]
    assert list((tmp_path / "tmp").iterdir()) == []


def test_script_missing_platform_tags_nothing(world: World) -> None:
    ran = world.run(plan_as_script(plan_of()), PLATFORMS="linux/amd64 linux/arm ")
    assert (ran.returncode, ran.stdout) == (6, "")
    assert ran.stderr.endswith("error: the image lacks linux/arm64\n")
    assert world.tags == []


def test_script_unknown_account_and_region_are_read_from_aws(world: World) -> None:
    ran = world.run(plan_as_script(plan_of(facts(registry=UNKNOWN))))
    assert (ran.returncode, ran.stdout) == (0, f"{ECR_HOST}/shop@{DIGEST}\n"), ran.stderr
    assert world.asked[:2] == [
        "aws configure get region",
        "aws sts get-caller-identity --query Account --output text",
    ]
    assert json.loads(world.read("definition")) == {"target": {"image": _target(plan_of())}}


def test_script_account_and_region_from_environment_are_used(world: World) -> None:
    world.run(
        plan_as_script(plan_of(facts(registry=UNKNOWN))), AWS_ACCOUNT_ID="210987654321", AWS_DEFAULT_REGION="us-east-1"
    )
    assert world.asked[0] == "docker buildx version"
    assert f"{'2109876543'}21.dkr.ecr.us-east-1.amazonaws.com/shop:cache" in world.read("definition")


@pytest.mark.parametrize("shell", SHELLS)
def test_script_quotes_special_characters(world: World, shell: str) -> None:
    ran = world.run(plan_as_script(PLANS["awkward words"]), shell=shell)
    assert ran.returncode == 0, ran.stderr
    image = json.loads(world.read("definition"))["target"]["image"]
    assert image["args"] == {
        "A": "'\"$HOME`id`\\n",
        "B": "line one\nline two",
        "C": "DEFINITION\nDEFINITION",
        "D": "$${X}",
    }
    assert image["labels"]["l"] == "$(id) \\\\ \\$x"
    assert (image["context"], image["dockerfile"]) == ("my folder; rm -rf /", "../a'b/Dockerfile")


def test_script_existing_image_is_reused(world: World) -> None:
    world.put(f"tags/{TAG}", SHA)
    ran = world.run(plan_as_script(plan_of()))
    assert (ran.returncode, ran.stdout) == (0, f"{ECR_HOST}/shop@{DIGEST}\n"), ran.stderr
    assert world.count("docker buildx bake") == 0


def test_script_if_exists_rebuild_builds(world: World) -> None:
    world.put(f"tags/{TAG}", SHA)
    world.run(plan_as_script(plan_of(if_exists="rebuild")))
    assert world.count("docker buildx bake") == 1


def test_script_if_exists_fail_exits_2(world: World) -> None:
    world.put(f"tags/{TAG}", SHA)
    ran = world.run(plan_as_script(plan_of(if_exists="fail")))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"error: {ECR_HOST}/shop:{TAG} already exists: {DIGEST}" in ran.stderr


def test_script_tag_of_another_commit_exits_2(world: World) -> None:
    world.put("tags/v1", NEWER)
    ran = world.run(plan_as_script(plan_of(commit_tag="v1")))
    assert ran.returncode == 2
    assert world.read("tags/v1") == NEWER


NEWEST = {
    "a newer commit": (NEWER, True, NEWER),
    "an older commit": (NEWER, False, "ours\n"),
    "the same commit": (SHA, True, "ours\n"),
    "no recorded commit": ("", True, "ours\n"),
}


@pytest.mark.parametrize(("there", "is_ancestor", "after"), NEWEST.values(), ids=NEWEST)
def test_script_floating_tag_is_not_moved_to_older_commit(
    world: World,
    there: str,
    is_ancestor: bool,  # noqa: FBT001
    after: str,
) -> None:
    world.put("tags/latest", there)
    if is_ancestor:
        world.put("is-ancestor")
    ran = world.run(plan_as_script(plan_of()))
    assert ran.returncode == 0, ran.stderr
    assert world.read("tags/latest") == after
    asked = world.count(f"git merge-base --is-ancestor {SHA} {NEWER}")
    assert asked == (1 if there == NEWER else 0)


def test_script_existing_builder_is_used(world: World) -> None:
    world.put("builder")
    world.run(plan_as_script(plan_of()))
    assert world.count("docker buildx create") == 0


def test_script_without_builder_keep_removes_the_builder(world: World) -> None:
    ran = world.run(plan_as_script(plan_of(builder_keep=False)))
    assert ran.returncode == 0, ran.stderr
    assert not (world.folder / "builder").exists()


def test_script_missing_repository_warns(world: World) -> None:
    world.put("no-repository")
    ran = world.run(plan_as_script(plan_of()))
    assert ran.returncode == 0
    assert f"warning: cannot find repository {ECR_HOST}/shop; the push fails if it does not exist" in ran.stderr


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_plan_as_json_has_version_and_every_step(plan: Plan) -> None:
    value = json.loads(plan_as_json(plan))
    assert (value["version"], value["kind"]) == (2, "plan")
    assert len(value["steps"]) == len(plan.steps)
    assert value["steps"][0] == {"step": "show-versions", "command": ["docker", "buildx", "version"]}
    assert list(value)[:4] == ["version", "kind", "source", "images"]


def test_plan_as_json_step_has_its_name() -> None:
    steps = {each["step"]: each for each in json.loads(plan_as_json(plan_of()))["steps"]}
    assert list(steps) == [
        "show-versions", "login", "find-repository", "ensure-builder", "reuse", "build", "verify", "tag"
    ]  # fmt: skip
    assert steps["login"]["registry"] == ECR_HOST
    assert steps["verify"]["platforms"] == ["linux/amd64", "linux/arm64"]
    assert METADATA_FILE in steps["build"]["command"]


def test_plan_as_json_keeps_placeholders() -> None:
    value = json.loads(plan_as_json(plan_of(facts(registry=UNKNOWN))))
    assert value["images"][0]["repository"] == "<AWS_ACCOUNT_ID>.dkr.ecr.<AWS_DEFAULT_REGION>.amazonaws.com/shop"


def test_plain_unsupported_type_raises_type_error() -> None:
    with pytest.raises(TypeError, match="no JSON for"):
        plain({"a": object()})


# The settings, as the log shows them


def shown(plan: Plan, **flags: object) -> list[str]:
    destination = Destination(registry=ECR, origin="CODEBUILD_BUILD_ARN")
    return list(settings_as_text(settings_rows(load({"repository": "shop", **flags}), plan, destination)))


def test_settings_as_text_shows_results_with_origin() -> None:
    assert shown(plan_of()) == [
        f"repository  {ECR_HOST}/shop  (--repository)",
        f"registry    {ECR_HOST}  (CODEBUILD_BUILD_ARN)",
        f"commit      {SHA}  (git)",
        f"tags        {TAG}, latest  (default)",
        "platforms   linux/amd64, linux/arm64  (default)",
        f"cache       type=registry,ref={ECR_HOST}/shop:cache  (default)",
        "builder     multiarch, docker-container  (default)",
    ]


def test_settings_as_text_shows_set_values_without_secrets() -> None:
    lines = shown(
        plan_of(), build_args=["TOKEN=s3cret", "B=2"], labels=["l=hidden"], secrets=("id=t,env=T",), pull=True
    )
    assert lines[7:] == [
        "build-args  TOKEN, B  (--build-arg)",
        "labels      l  (--label)",
        "secrets     id=t,env=T  (--secret)",
        "pull        True  (--pull)",
    ]
    assert "s3cret" not in "\n".join(lines)


CHANGES = {
    "one": (("a",), f"commit      {SHA}, uncommitted changes: a  (git)"),
    "three": (("a", "b", "c"), f"commit      {SHA}, uncommitted changes: a, b, c  (git)"),
    "more": (("a", "b", "c", "d", "e"), f"commit      {SHA}, uncommitted changes: a, b, c and 2 more  (git)"),
}


@pytest.mark.parametrize(("changes", "line"), CHANGES.values(), ids=CHANGES)
def test_settings_as_text_shows_uncommitted_changes(changes: tuple[str, ...], line: str) -> None:
    commit = Commit(sha=SHA, dirty=True, origin="git", changes=changes)
    assert line in shown(plan_of(facts(commit=commit)))


def test_script_head_names_image_commit_and_platforms() -> None:
    assert plan_as_script(plan_of()).splitlines()[1] == f"# shop, commit {COMMIT.sha}, for linux/amd64, linux/arm64"


def test_script_image_without_commit_is_reused_only_under_the_commit_tag(world: World) -> None:
    world.put(f"tags/{TAG}")
    world.put("tags/v1")
    assert world.run(plan_as_script(plan_of(commit_tag="v1"))).returncode == 2
    assert world.count("docker buildx bake") == 0


def test_script_hidden_argument_is_required_before_the_build() -> None:
    seen = replace(facts(), secret_arguments={"NPM_TOKEN": "by its name"})
    script = plan_as_script(plan_of(seen, build_args=["NPM_TOKEN=hunter22"]))
    assert "hunter22" not in script
    assert ': "${BUILD_ARG_NPM_TOKEN?export this variable: a build argument uses it}"' in script
    assert "# Warning: build argument NPM_TOKEN looks like a secret" in script
    assert "hunter22" not in plan_as_json(plan_of(seen, build_args=["NPM_TOKEN=hunter22"]))


def test_script_of_several_parts_creates_one_index() -> None:
    script = plan_as_script(plan_of(cache_per_platform=True))
    assert f"imagetools create --annotation index:org.opencontainers.image.revision={SHA}" in script
    assert f"--tag {ECR_HOST}/shop:unverified" in script


def unchecked_plan(seen: Facts, **of_run: Any) -> Plan:  # noqa: ANN401 - a setting each
    """Return the plan of values that the checks of settings refuse: the script does not depend on them."""
    settings = load({"repository": "shop"}).settings
    return make_plan(replace(settings, run=replace(settings.run, **of_run)), seen)


HACK = "x\ntouch hacked\n"
HOSTILE_PLANS = {
    "a warning about an argument's name": plan_of(replace(facts(), secret_arguments={HACK: "by its name"})),
    "a folder's name": make_plan(load().settings, replace(facts(registry=None), folder_name=HACK)),
    "a dist folder like an option": unchecked_plan(facts(registry=None), dist="-rf"),
    "a folder like an option": unchecked_plan(facts(), deploy_files="--help"),
    "a changed file": plan_of(facts(commit=Commit(sha=SHA, dirty=True, origin="git", changes=(HACK,)))),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("plan", HOSTILE_PLANS.values(), ids=HOSTILE_PLANS)
def test_script_with_hostile_names_runs_no_other_command(world: World, plan: Plan, shell: str) -> None:
    ran = world.run(plan_as_script(plan), shell=shell)
    assert "option" not in ran.stderr, ran.stderr
    assert not (world.folder / "hacked").exists()


HOSTILE_VALUES = (
    "$(touch hacked)",
    "`touch hacked`",
    "'; touch hacked; '",
    '"; touch hacked; "',
    "\\",
    "<digest>",
    "DEFINITION",
)


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_script_with_a_hostile_argument_gives_bake_its_value(world: World, value: str) -> None:
    plan = plan_of(build_args=(f"A={value}",), labels=(f"l={value}",))
    ran = world.run(plan_as_script(plan))
    assert ran.returncode == 0, ran.stderr
    assert not (world.folder / "hacked").exists()
    image = json.loads(world.read("definition"))["target"]["image"]
    assert (image["args"]["A"], image["labels"]["l"]) == (value, value)
