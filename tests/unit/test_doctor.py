from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from multiarch.doctor import (
    Check,
    CheckStatus,
    Observed,
    Unanswered,
    examine,
    exit_code,
    report_as_json,
    report_as_text,
)
from multiarch.doctor.machine import Daemon, parse_endpoint, parse_info, parse_version
from multiarch.errors import AwsError, BuilderError, ConfigurationError, RegistryError
from multiarch.image.ecr import Permission, RepositoryFacts, let_move
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.builder import Builder, Node, parse_builders
from multiarch.settings.run import BUILDKIT_IMAGE
from tests.unit.fakes import AMD64, ARM64, DIRTY, SHOP, facts, plan_of

if TYPE_CHECKING:
    from multiarch.plan.model import Plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TAG = "0123456"
CACHES = Repository(registry=SHOP.registry, name="caches")
NO_DOCKER = Unanswered(cause="docker is not there", advice="install it", said="not found", exit_code=4)
NO_AWS = Unanswered(cause="no credentials", advice="give some", exit_code=3)
SLOW = Unanswered(cause="no answer within 10 s", exit_code=3)
DENIED = Unanswered(cause="the role may not do ecr:DescribeRepositories", exit_code=3, refused=True)

DAEMON = Daemon(
    version="28.5.2", store="overlayfs", containerd=True, architecture="amd64", root="/var/lib/docker", detours=False
)
OVERLAY2 = dataclasses.replace(DAEMON, store="overlay2", containerd=False)
NODE = Node(
    name="multiarch0",
    status="running",
    version="v0.32.2",
    platforms=("linux/amd64", "linux/amd64/v2", "linux/386"),
    options=frozenset({f"image={BUILDKIT_IMAGE}"}),
)
DEFAULT = Builder(
    name="default",
    driver="docker",
    nodes=(dataclasses.replace(NODE, name="default", version="v0.25.0", options=frozenset()),),
)
OURS = Builder(name="multiarch", driver="docker-container", nodes=(NODE,))
ALLOWED = dict.fromkeys(("ecr:UploadLayerPart", "ecr:BatchGetImage"), Permission.ALLOWED)
IMMUTABLE = RepositoryFacts(mutability="IMMUTABLE")
EXCLUDING = RepositoryFacts(mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=("latest", "cache*"))

GOOD = Observed(
    now=NOW,
    endpoint="unix:///var/run/docker.sock",
    docker=DAEMON,
    buildx="github.com/docker/buildx v0.32.1 abc",
    builders=(DEFAULT, OURS),
    free=80_000_000_000,
    caller="arn:aws:sts::123456789012:assumed-role/build/1",
    expires=NOW + timedelta(hours=12),
    repositories={SHOP: RepositoryFacts()},
    permissions={SHOP: ALLOWED},
    tags={SHOP.tagged(TAG): False, SHOP.tagged("latest"): True, SHOP.tagged("cache"): True},
)


def node(**changes: object) -> Builder:
    """Our builder, with a node that is different."""
    return dataclasses.replace(OURS, nodes=(dataclasses.replace(NODE, **changes),))  # type: ignore[arg-type]  # by name


def check(name: str, *, plan: Plan | None = None, **seen: Any) -> Check | None:  # noqa: ANN401 - a field each
    """One check of a plan, where all but this was found to be good."""
    checks = examine(plan or plan_of(), dataclasses.replace(GOOD, **seen))
    found = [each for each in checks if each.name == name]
    assert len(found) <= 1
    return found[0] if found else None


def test_all_is_good() -> None:
    checks = examine(plan_of(), GOOD)
    assert exit_code(checks) == 0
    assert {each.status for each in checks} == {CheckStatus.OK}
    assert [each.name for each in checks] == [
        "inputs",
        "commit",
        "docker",
        "docker host",
        "buildx",
        "builder",
        "builder image",
        "platform linux/amd64",
        "platform linux/arm64",
        "disk",
        "credentials",
        "repository",
        "tags",
        "cache tag",
        "permissions",
        "registry",
    ]


@pytest.mark.parametrize(
    ("name", "seen", "status", "words"),
    [
        ("docker", {"docker": NO_DOCKER}, "problem", "docker is not there"),
        ("docker", {"docker": OVERLAY2}, "ok", "images in overlay2"),
        ("docker host", {"endpoint": "tcp://127.0.0.1:2375"}, "ok", "on this machine"),
        ("docker host", {"endpoint": "tcp://10.0.0.7:9876"}, "warning", "Docker Server?"),
        ("docker host", {"endpoint": SLOW}, "warning", "not known"),
        ("buildx", {"buildx": NO_DOCKER}, "problem", "docker is not there"),
        ("buildx", {"buildx": "github.com/docker/buildx v0.11.2 9872040"}, "problem", "v0.11.2 is too old: 0.12"),
        ("buildx", {"buildx": "github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4"}, "ok", "0.29.1+ds1"),
        ("builder", {"builders": (DEFAULT,)}, "ok", "multiarch is not there yet, the build makes it"),
        ("builder", {"builders": (DEFAULT, node(status="inactive"))}, "ok", "will be booted"),
        ("builder", {"builders": (node(options=frozenset({"image=x:old"})),)}, "ok", "made anew, with its cache"),
        ("builder", {"builders": (node(version="v0.11.6"),)}, "problem", "too old for a cache in ECR"),
        ("builder", {"builders": (node(version="v0.0.0+unknown"),)}, "ok", "an unknown version"),
        (
            "builder",
            {"builders": (dataclasses.replace(OURS, driver="remote"),)},
            "problem",
            "its driver is remote, not docker-container",
        ),
        ("builder", {"builders": (dataclasses.replace(OURS, trouble="boom"),)}, "warning", "cannot be asked: boom"),
        ("builder", {"builders": SLOW}, "warning", "no answer within 10 s"),
        ("builder image", {"builders": ()}, "warning", "not examined"),
        ("builder image", {"builders": (), "image_is_there": True}, "ok", "the registry has it"),
        ("builder image", {"builders": (), "image_is_here": True}, "ok", "docker has it"),
        ("builder image", {"builders": (), "image_is_there": False}, "problem", "does not exist"),
        ("builder image", {"builders": (), "image_is_there": SLOW}, "problem", "cannot be had: no answer"),
        (
            "builder image",
            {"builders": (), "image_is_there": SLOW, "docker": dataclasses.replace(DAEMON, detours=True)},
            "warning",
            "mirror or proxy may have it",
        ),
        ("disk", {"free": 4_999_000_000}, "warning", "5.0 GB free in /var/lib/docker"),
        ("disk", {"free": 10_000_000}, "problem", "0.0 GB free"),
        ("credentials", {"expires": NO_AWS}, "problem", "no credentials"),
        ("credentials", {}, "ok", "assumed-role/build/1; the registry token lasts 12.0 h, until 2026-01-01 12:00 UTC"),
        ("credentials", {"caller": SLOW}, "ok", "AWS knows us"),
        ("credentials", {"expires": None}, "ok", "AWS does not say how long"),
        ("credentials", {"expires": NOW + timedelta(minutes=30)}, "warning", "lasts 30 min"),
        ("credentials", {"expires": NOW - timedelta(hours=1)}, "warning", "ended 2025-12-31 23:00 UTC"),
        ("credentials", {"expires": None, "login_is_left": True}, "ok", "credential helper"),
        ("repository", {"repositories": {SHOP: "missing"}}, "problem", "does not exist"),
        ("repository", {"repositories": {SHOP: "made on push"}}, "ok", "a creation template makes it"),
        ("repository", {"repositories": {SHOP: "missing, or made on push"}}, "warning", "AWS does not say whether"),
        ("repository", {"repositories": {SHOP: DENIED}}, "warning", "not known: the role may not do"),
        ("repository", {"repositories": {SHOP: SLOW}, "expires": NO_AWS}, "warning", "AWS gave no login"),
        ("repository", {"repositories": {SHOP: EXCLUDING}}, "ok", "immutable except latest, cache*"),
        ("permissions", {"permissions": {SHOP: {**ALLOWED, "ecr:X": Permission.DENIED}}}, "problem", "ecr:X on shop"),
        ("permissions", {"permissions": {SHOP: {**ALLOWED, "ecr:X": Permission.UNKNOWN}}}, "ok", "does not say: X"),
        ("permissions", {"permissions": {SHOP: {"ecr:X": Permission.UNKNOWN}}}, "warning", "AWS did not say"),
        ("permissions", {"permissions": {SHOP: SLOW}}, "warning", "no answer"),
        ("registry", {"tags": {SHOP.tagged(TAG): True}}, "ok", f"{TAG} is there already"),
        ("registry", {"tags": {SHOP.tagged(TAG): SLOW}}, "problem", "no answer"),
        ("registry", {"tags": {SHOP.tagged(TAG): SLOW}, "expires": NO_AWS}, "warning", "AWS gave no login"),
        ("inputs", {"refusals": {"inputs": NO_DOCKER}}, "problem", "docker is not there"),
        ("commit", {"refusals": {"commit": SLOW}}, "problem", "no answer"),
    ],
)
def test_what_is_found_and_what_it_means(name: str, seen: dict[str, Any], status: str, words: str) -> None:
    found = check(name, **seen)
    assert found
    assert (found.status, words in found.found) == (status, True), found
    assert bool(found.exit_code) == (status == "problem")


@pytest.mark.parametrize(
    ("platform", "flags", "seen", "status", "words"),
    [
        ("linux/amd64", {}, {}, "ok", "native"),
        ("linux/386", {}, {}, "ok", "native"),
        ("linux/arm64", {}, {}, "ok", "BuildKit's own QEMU"),
        (
            "linux/arm64",
            {},
            {"emulators": frozenset({AMD64})},
            "problem",
            "multiarch cannot run it, only linux/amd",
        ),
        ("linux/arm64", {}, {"emulators": frozenset({ARM64})}, "ok", "BuildKit's own QEMU"),
        ("linux/arm64", {}, {"emulators": SLOW}, "warning", "no answer"),
        ("linux/arm64", {}, {"builders": (node(platforms=("linux/amd64", "linux/arm64", "new/arch")),)}, "ok", "QEMU"),
        ("linux/arm64", {}, {"builders": (DEFAULT,)}, "ok", "BuildKit's own QEMU"),
        ("linux/arm64", {"builder_image": "ghcr.io/a/b:c"}, {"builders": (DEFAULT,)}, "problem", "missing"),
        ("linux/arm64", {"builder_driver": "docker"}, {}, "problem", "default cannot run it"),
        ("linux/arm64", {"builder_driver": "docker"}, {"builders": ()}, "warning", "the builder tells when it runs"),
        ("linux/arm64", {"builder_driver": "kubernetes"}, {"builders": ()}, "warning", "the builder tells"),
        (
            "linux/arm64",
            {"builder_driver": "remote", "builder_endpoint": "tcp://arm:1234"},
            {"builders": (dataclasses.replace(node(platforms=("linux/arm64",)), driver="remote"),)},
            "ok",
            "multiarch runs it",
        ),
        (
            "linux/arm/v7",
            {},
            {
                "docker": dataclasses.replace(DAEMON, architecture="arm64"),
                "builders": (node(platforms=("linux/arm64", "linux/arm/v7")),),
            },
            "ok",
            "native",
        ),
    ],
)
def test_platforms_are_native_emulated_or_missing(
    platform: str, flags: dict[str, object], seen: dict[str, Any], status: str, words: str
) -> None:
    found = check(f"platform {platform}", plan=plan_of(platforms=(platform,), **flags), **seen)
    assert found
    assert (found.status, words in found.found) == (status, True), found
    assert status != "problem" or "tonistiigi/binfmt --install" in found.cure


@pytest.mark.parametrize(
    ("flags", "repository", "taken", "expected"),
    [
        ({}, RepositoryFacts(), (), ("tags", "ok", f"{TAG}, latest can be written")),
        ({}, EXCLUDING, ("latest", "cache"), ("tags", "ok", "can be written")),
        ({}, IMMUTABLE, (), ("tags", "warning", "latest is immutable")),
        ({}, IMMUTABLE, ("latest",), ("tags", "problem", "latest cannot move")),
        ({"tags": ()}, IMMUTABLE, ("latest", TAG), ("tags", "ok", f"{TAG} can be written")),
        ({"tags": (), "if_exists": "rebuild"}, IMMUTABLE, (TAG,), ("tags", "problem", f"{TAG} cannot move")),
        ({"tags": (), "builder_driver": "docker"}, IMMUTABLE, (), ("tags", "warning", "unverified is immutable")),
        (
            {},
            RepositoryFacts(mutability="MUTABLE_WITH_EXCLUSION", exclusions=("lat*",)),
            ("latest",),
            ("tags", "problem", "latest cannot move"),
        ),
        ({}, RepositoryFacts(), ("cache",), ("cache tag", "ok", "again and again")),
        ({}, EXCLUDING, ("cache",), ("cache tag", "ok", "again and again")),
        ({}, IMMUTABLE, ("cache",), ("cache tag", "warning", "cache is immutable in shop: no cache is written")),
        ({"cache_ref": "bc"}, EXCLUDING, (), ("cache tag", "ok", "the cache is kept as cachebc, which is not")),
        ({"cache_ref": "cached-main"}, EXCLUDING, (), ("cache tag", "ok", "shop:cached-main")),
    ],
)
def test_mutability_against_the_tags_that_the_plan_writes(
    flags: dict[str, object], repository: RepositoryFacts, taken: tuple[str, ...], expected: tuple[str, str, str]
) -> None:
    name, status, words = expected
    tags = {SHOP.tagged(tag): tag in taken for tag in (TAG, "latest", "cache", "unverified")}
    found = check(name, plan=plan_of(**flags), repositories={SHOP: repository}, tags=tags)
    assert found
    assert (found.status, words in found.found) == (status, True), found
    assert status == "ok" or "aws ecr put-image-tag-mutability" in found.cure


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RepositoryFacts(), "ok"),
        (IMMUTABLE, "warning"),
        ("missing", "warning"),
        ("made on push", "ok"),
        ("missing, or made on push", "warning"),
        (DENIED, "warning"),
    ],
)
def test_a_cache_in_another_repository_is_examined_there(state: object, status: str) -> None:
    """It never is a problem: an image is good without its cache."""
    plan = plan_of(cache_ref=f"{CACHES}:shop")
    repositories = {SHOP: RepositoryFacts(), CACHES: state}
    found = check("cache tag", plan=plan, repositories=repositories, permissions={})
    assert found
    assert found.status == status, found


def test_no_permission_for_the_cache_s_repository_is_a_warning() -> None:
    plan = plan_of(cache_ref=f"{CACHES}:shop")
    repositories = {SHOP: RepositoryFacts(), CACHES: RepositoryFacts()}
    permissions = {CACHES: {"ecr:UploadLayerPart": Permission.DENIED}}
    found = check("permissions", plan=plan, repositories=repositories, permissions=permissions)
    assert found
    assert (found.status, found.cure) == ("warning", "python -m multiarch policy prints the policy that the role needs")


@pytest.mark.parametrize("flags", [{"cache": "none"}, {"cache": "local"}])
def test_no_cache_in_a_registry_has_no_line(flags: dict[str, object]) -> None:
    assert check("cache tag", plan=plan_of(**flags)) is None


def test_docker_s_own_builder_without_containerd_s_store_builds_one_platform() -> None:
    """As in CodeBuild: overlay2, so no several platforms and no cache export."""
    found = check("docker", plan=plan_of(builder_driver="docker"), docker=OVERLAY2)
    assert found
    assert (found.status, "--driver docker-container" in found.cure) == ("problem", True)
    one = plan_of(builder_driver="docker", cache="none", platforms=("linux/amd64",))
    fine = check("docker", plan=one, docker=OVERLAY2)
    assert fine
    assert fine.status == "ok"


def test_without_docker_the_rest_is_not_examined() -> None:
    checks = examine(plan_of(), dataclasses.replace(GOOD, docker=NO_DOCKER, buildx=NO_DOCKER, endpoint=NO_DOCKER))
    problems = [each.name for each in checks if each.status is CheckStatus.PROBLEM]
    assert problems == ["docker"]
    unknown = [each.name for each in checks if each.found.startswith("not examined: docker does not answer")]
    assert unknown == ["docker host", "buildx", "builder", "builder image", "platforms", "disk"]


def test_a_local_build_asks_nothing_of_aws() -> None:
    names = [each.name for each in examine(plan_of(dataclasses.replace(facts(), registry=None)), GOOD)]
    assert names[-1] == "disk"


def test_another_registry_than_ecr_only_has_to_answer() -> None:
    registry = Registry.parse("localhost:5000")
    observed = dataclasses.replace(GOOD, repositories={}, permissions={}, tags={f"localhost:5000/shop:{TAG}": False})
    checks = examine(plan_of(facts(registry=registry)), observed)
    assert [each.name for each in checks][-2:] == ["disk", "registry"]


def test_where_the_files_for_what_comes_next_can_be_written() -> None:
    plan = plan_of(deploy_files="out")
    assert check("deploy files") is None
    found = check("deploy files", plan=plan)
    assert found
    assert (found.status, found.found) == ("ok", "files can be written to out")
    found = check("deploy files", plan=plan, refusals={"deploy files": SLOW})
    assert found
    assert found.status == "problem"


def test_a_changed_tree_is_said() -> None:
    found = check("commit", plan=plan_of(facts(commit=DIRTY)), tags={SHOP.tagged(f"{TAG}-dirty"): False})
    assert found
    assert (found.status, f"{TAG}-dirty" in found.found) == ("warning", True)


def test_an_unknown_commit_is_fine_where_a_tag_was_passed() -> None:
    found = check("commit", plan=plan_of(facts(commit=None), commit_tag="v1"))
    assert found
    assert (found.status, found.found) == ("ok", "not known; the image is called v1, as was passed")


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({}, 0),
        ({"free": 1, "expires": NO_AWS}, BuilderError.exit_code),
        ({"expires": NO_AWS}, AwsError.exit_code),
        ({"repositories": {SHOP: "missing"}}, RegistryError.exit_code),
        ({"repositories": {SHOP: IMMUTABLE}}, ConfigurationError.exit_code),
    ],
    ids=["none", "the first of two", "credentials", "repository", "a tag that cannot move"],
)
def test_the_exit_code_is_the_first_problem_s(seen: dict[str, Any], code: int) -> None:
    checks = examine(plan_of(), dataclasses.replace(GOOD, **seen))
    assert exit_code(checks) == code
    report = json.loads(report_as_json(checks))
    assert (report["version"], report["kind"]) == (1, "examination")
    assert (report["ready"], report["exit_code"]) == (code == 0, code)
    assert {frozenset(each) for each in report["checks"]} == {
        frozenset({"name", "status", "found", "cure", "said", "exit_code"})
    }


def test_a_line_each_with_its_cure_below() -> None:
    lines = list(report_as_text(examine(plan_of(), dataclasses.replace(GOOD, docker=NO_DOCKER))))
    at = next(index for index, line in enumerate(lines) if line.startswith("problem  docker "))
    assert [line.strip() for line in lines[at + 1 : at + 3]] == ["cure: install it", "said: not found"]
    assert lines[-1] == "1 problem, 4 warnings: the build will not work"
    assert list(report_as_text(examine(plan_of(), GOOD)))[-1].startswith("no problems, no warnings: the build can")


@pytest.mark.parametrize(
    ("facts_of", "tags", "words"),
    [
        (
            IMMUTABLE,
            ["latest"],
            "_EXCLUSION --image-tag-mutability-exclusion-filters filterType=WILDCARD,filter=latest",
        ),
        (EXCLUDING, ["x"], "filter=latest filterType=WILDCARD,filter=cache* filterType=WILDCARD,filter=x"),
        # ECR takes five filters at most.
        (IMMUTABLE, list("abcdef"), "--image-tag-mutability MUTABLE"),
        (RepositoryFacts(mutability="MUTABLE_WITH_EXCLUSION", exclusions=("x",)), ["x"], "mutability MUTABLE"),
    ],
)
def test_the_command_that_lets_tags_move(facts_of: RepositoryFacts, tags: list[str], words: str) -> None:
    command = let_move(SHOP, facts_of, tags)
    assert command.startswith(
        "aws ecr put-image-tag-mutability --region eu-west-1 --registry-id 123456789012 --repository-name shop"
    )
    assert command.endswith(words)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v0.32.2", (0, 32)),
        ("0.29.1+ds1", (0, 29)),
        ("github.com/docker/buildx v0.11.2-desktop.1 986", (0, 11)),
        ("v0.0.0+unknown", (0, 0)),
        ("none", None),
    ],
)
def test_versions_however_they_are_dressed(text: str, version: tuple[int, int] | None) -> None:
    assert parse_version(text) == version


def test_docker_s_own_words_are_read() -> None:
    info = {
        "ServerVersion": "28.5.2",
        "Driver": "overlayfs",
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
        "Architecture": "aarch64",
        "DockerRootDir": "/data",
        "RegistryConfig": {"Mirrors": ["https://mirror.example.com/"]},
    }
    assert parse_info(json.dumps(info)) == Daemon(
        version="28.5.2", store="overlayfs", containerd=True, architecture="arm64", root="/data", detours=True
    )
    assert not parse_info("{}").version


@pytest.mark.parametrize("text", ["", "[]", "not JSON", "null"])
def test_what_docker_never_says_is_no_traceback(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not a JSON object"):
        parse_info(text)


def test_builders_are_read() -> None:
    stopped = {"Name": "b", "Driver": "docker-container", "Nodes": [{"Name": "b0", "Status": "stopped", "Err": "oh"}]}
    running = {
        "Name": "a",
        "Driver": "docker-container",
        "Nodes": [
            {
                "Name": "a0",
                "Status": "running",
                "Version": "v0.32.2",
                "Platforms": ["linux/amd64*", "linux/arm64"],
                "DriverOpts": {"image": "x:1"},
            }
        ],
    }
    found = parse_builders(f"{json.dumps(running)}\n{json.dumps(stopped)}\n")
    assert [(each.name, each.is_running, each.version, each.trouble) for each in found] == [
        ("a", True, "v0.32.2", ""),
        ("b", False, "", "oh"),
    ]
    assert (found[0].platforms, found[0].options) == (("linux/amd64", "linux/arm64"), frozenset({"image=x:1"}))


def test_the_endpoint_is_the_current_context_s() -> None:
    contexts = [{"Current": False, "DockerEndpoint": "a"}, {"Current": True, "DockerEndpoint": "tcp://b:1"}]
    assert parse_endpoint("\n".join(map(json.dumps, contexts))) == "tcp://b:1"
    assert parse_endpoint("") == ""
