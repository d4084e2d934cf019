from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from dev.schema import schema
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
from multiarch.image.ecr import Permission, RepositoryFacts, mutability_command
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.build.builder import Builder, Node, parse_builders
from multiarch.settings.run import BUILDKIT_IMAGE
from tests.unit.fakes import AMD64, ARM64, DIRTY, SHOP, facts, plan_of

if TYPE_CHECKING:
    from multiarch.plan.model import Plan

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TAG = "0123456"
CACHES = Repository(registry=SHOP.registry, name="caches")
NO_DOCKER = Unanswered(cause="docker is not installed", advice="install it", output="not found", exit_code=4)
NO_AWS = Unanswered(cause="no credentials", advice="give some", exit_code=3)
SLOW = Unanswered(cause="no answer within 10 s", exit_code=3)
DENIED = Unanswered(cause="the role may not do ecr:DescribeRepositories", exit_code=3, refused=True)

DAEMON = Daemon(
    version="28.5.2", store="overlayfs", containerd=True, architecture="amd64", root="/var/lib/docker", uses_proxy=False
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


def changed_builder(**changes: object) -> Builder:
    """The builder multiarch, with changes to its node."""
    return dataclasses.replace(OURS, nodes=(dataclasses.replace(NODE, **changes),))  # type: ignore[arg-type]  # by name


def check(name: str, *, plan: Plan | None = None, **seen: Any) -> Check | None:  # noqa: ANN401 - a field each
    """Return one check of a plan, given good facts except `seen`."""
    checks = examine(plan or plan_of(), dataclasses.replace(GOOD, **seen))
    found = [each for each in checks if each.name == name]
    assert len(found) <= 1
    return found[0] if found else None


def test_examine_good_facts_returns_only_ok() -> None:
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
        ("docker", {"docker": NO_DOCKER}, "problem", "docker is not installed"),
        ("docker", {"docker": OVERLAY2}, "ok", "version 28.5.2, image store overlay2"),
        ("docker host", {"endpoint": "tcp://127.0.0.1:2375"}, "ok", "on this machine"),
        ("docker host", {"endpoint": "tcp://10.0.0.7:9876"}, "warning", "Docker Server?"),
        ("docker host", {"endpoint": SLOW}, "warning", "unknown: no answer"),
        ("buildx", {"buildx": NO_DOCKER}, "problem", "docker is not installed"),
        ("buildx", {"buildx": "github.com/docker/buildx v0.11.2 9872040"}, "problem", "v0.11.2 is too old: 0.12"),
        ("buildx", {"buildx": "github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4"}, "ok", "0.29.1+ds1"),
        ("builder", {"builders": (DEFAULT,)}, "ok", "builder multiarch will be created"),
        ("builder", {"builders": (DEFAULT, changed_builder(status="inactive"))}, "ok", "will be booted"),
        (
            "builder",
            {"builders": (changed_builder(options=frozenset({"image=x:old"})),)},
            "ok",
            "recreated, keeping its cache: missing option image=",
        ),
        ("builder", {"builders": (changed_builder(version="v0.11.6"),)}, "problem", "too old for a cache in ECR"),
        ("builder", {"builders": (changed_builder(version="v0.0.0+unknown"),)}, "ok", "an unknown version"),
        (
            "builder",
            {"builders": (dataclasses.replace(OURS, driver="remote"),)},
            "problem",
            "builder multiarch exists with driver remote; expected docker-container",
        ),
        (
            "builder",
            {"builders": (dataclasses.replace(OURS, error="boom"),)},
            "warning",
            "cannot inspect builder multiarch: boom",
        ),
        ("builder", {"builders": SLOW}, "warning", "no answer within 10 s"),
        ("builder image", {"builders": ()}, "warning", "skipped"),
        ("builder image", {"builders": (), "image_in_registry": True}, "ok", "exists in the registry"),
        ("builder image", {"builders": (), "image_is_local": True}, "ok", "exists in docker's image store"),
        ("builder image", {"builders": (), "image_in_registry": False}, "problem", "does not exist"),
        (
            "builder image",
            {"builders": (), "image_in_registry": SLOW},
            "problem",
            f"cannot look up {BUILDKIT_IMAGE}: no answer",
        ),
        (
            "builder image",
            {"builders": (), "image_in_registry": SLOW, "docker": dataclasses.replace(DAEMON, uses_proxy=True)},
            "warning",
            "mirror or proxy may have the image",
        ),
        ("disk", {"free": 4_999_000_000}, "warning", "5.0 GB free in /var/lib/docker"),
        ("disk", {"free": 10_000_000}, "problem", "0.0 GB free"),
        ("credentials", {"expires": NO_AWS}, "problem", "no credentials"),
        ("credentials", {}, "ok", "assumed-role/build/1; the registry token lasts 12.0 h, until 2026-01-01 12:00 UTC"),
        ("credentials", {"caller": SLOW}, "ok", "AWS credentials are valid"),
        ("credentials", {"expires": None}, "ok", "the lifetime of the registry token is unknown"),
        ("credentials", {"expires": NOW + timedelta(minutes=30)}, "warning", "lasts 30 min"),
        ("credentials", {"expires": NOW - timedelta(hours=1)}, "warning", "already expired at 2025-12-31 23:00 UTC"),
        ("credentials", {"expires": None, "uses_credential_helper": True}, "ok", "credential helper"),
        ("repository", {"repositories": {SHOP: "missing"}}, "problem", "does not exist"),
        ("repository", {"repositories": {SHOP: "created on push"}}, "ok", "a creation template creates it"),
        (
            "repository",
            {"repositories": {SHOP: "missing, or created on push"}},
            "warning",
            "whether a creation template",
        ),
        ("repository", {"repositories": {SHOP: DENIED}}, "warning", "unknown: the role may not do"),
        ("repository", {"repositories": {SHOP: SLOW}, "expires": NO_AWS}, "warning", "skipped: AWS login failed"),
        ("repository", {"repositories": {SHOP: EXCLUDING}}, "ok", "immutable except latest, cache*"),
        ("permissions", {"permissions": {SHOP: {**ALLOWED, "ecr:X": Permission.DENIED}}}, "problem", "ecr:X on shop"),
        ("permissions", {"permissions": {SHOP: {**ALLOWED, "ecr:X": Permission.UNKNOWN}}}, "ok", "unknown: X"),
        (
            "permissions",
            {"permissions": {SHOP: {"ecr:X": Permission.UNKNOWN}}},
            "warning",
            "AWS reported no permissions",
        ),
        ("permissions", {"permissions": {SHOP: SLOW}}, "warning", "no answer"),
        ("registry", {"tags": {SHOP.tagged(TAG): True}}, "ok", f"tag {TAG} already exists"),
        ("registry", {"tags": {SHOP.tagged(TAG): SLOW}}, "problem", "no answer"),
        ("registry", {"tags": {SHOP.tagged(TAG): SLOW}, "expires": NO_AWS}, "warning", "skipped: AWS login failed"),
        ("inputs", {"refusals": {"inputs": NO_DOCKER}}, "problem", "docker is not installed"),
        ("commit", {"refusals": {"commit": SLOW}}, "problem", "no answer"),
    ],
)
def test_examine_each_fact_returns_its_status(name: str, seen: dict[str, Any], status: str, words: str) -> None:
    found = check(name, **seen)
    assert found
    assert (found.status, words in found.found) == (status, True), found
    assert bool(found.exit_code) == (status == "problem")


@pytest.mark.parametrize(
    ("platform", "flags", "seen", "status", "words"),
    [
        ("linux/amd64", {}, {}, "ok", "native"),
        ("linux/386", {}, {}, "ok", "native"),
        ("windows/amd64", {}, {}, "warning", "RUN steps fail: builder multiarch runs linux only"),
        ("linux/arm64", {}, {}, "ok", "QEMU of BuildKit"),
        (
            "linux/arm64",
            {},
            {"emulators": frozenset({AMD64})},
            "problem",
            "unsupported by builder multiarch, which supports linux/amd",
        ),
        ("linux/arm64", {}, {"emulators": frozenset({ARM64})}, "ok", "QEMU of BuildKit"),
        ("linux/arm64", {}, {"emulators": SLOW}, "warning", "no answer"),
        (
            "linux/arm64",
            {},
            {"builders": (changed_builder(platforms=("linux/amd64", "linux/arm64", "new/arch")),)},
            "ok",
            "QEMU",
        ),
        ("linux/arm64", {}, {"builders": (DEFAULT,)}, "ok", "QEMU of BuildKit"),
        ("linux/arm64", {"builder_image": "ghcr.io/a/b:c"}, {"builders": (DEFAULT,)}, "problem", "unsupported"),
        ("linux/arm64", {"builder_driver": "docker"}, {}, "problem", "unsupported by builder default"),
        ("linux/arm64", {"builder_driver": "docker"}, {"builders": ()}, "warning", "builder default is not running"),
        (
            "linux/arm64",
            {"builder_driver": "kubernetes"},
            {"builders": ()},
            "warning",
            "builder multiarch is not running",
        ),
        (
            "linux/arm64",
            {"builder_driver": "remote", "builder_endpoint": "tcp://arm:1234"},
            {"builders": (dataclasses.replace(changed_builder(platforms=("linux/arm64",)), driver="remote"),)},
            "ok",
            "supported by builder multiarch",
        ),
        (
            "linux/arm/v7",
            {},
            {
                "docker": dataclasses.replace(DAEMON, architecture="arm64"),
                "builders": (changed_builder(platforms=("linux/arm64", "linux/arm/v7")),),
            },
            "ok",
            "native",
        ),
    ],
)
def test_examine_platform_returns_native_emulated_or_unsupported(
    platform: str, flags: dict[str, object], seen: dict[str, Any], status: str, words: str
) -> None:
    found = check(f"platform {platform}", plan=plan_of(platforms=(platform,), **flags), **seen)
    assert found
    assert (found.status, words in found.found) == (status, True), found
    assert status != "problem" or "tonistiigi/binfmt --install" in found.fix


@pytest.mark.parametrize(
    ("flags", "repository", "taken", "expected"),
    [
        ({}, RepositoryFacts(), (), ("tags", "ok", f"{TAG}, latest can be written")),
        ({}, EXCLUDING, ("latest", "cache"), ("tags", "ok", "can be written")),
        ({}, IMMUTABLE, (), ("tags", "warning", "tag latest: immutable")),
        ({}, IMMUTABLE, ("latest",), ("tags", "problem", "cannot move tag latest")),
        ({"tags": ()}, IMMUTABLE, ("latest", TAG), ("tags", "ok", f"{TAG} can be written")),
        ({"tags": (), "if_exists": "rebuild"}, IMMUTABLE, (TAG,), ("tags", "problem", f"cannot move tag {TAG}")),
        ({"tags": (), "builder_driver": "docker"}, IMMUTABLE, (), ("tags", "warning", "tag unverified: immutable")),
        (
            {},
            RepositoryFacts(mutability="MUTABLE_WITH_EXCLUSION", exclusions=("lat*",)),
            ("latest",),
            ("tags", "problem", "cannot move tag latest"),
        ),
        ({}, RepositoryFacts(), ("cache",), ("cache tag", "ok", "can be overwritten")),
        ({}, EXCLUDING, ("cache",), ("cache tag", "ok", "can be overwritten")),
        ({}, IMMUTABLE, ("cache",), ("cache tag", "warning", "cache is immutable in shop; cache export is disabled")),
        ({"cache_ref": "bc"}, EXCLUDING, (), ("cache tag", "ok", "the cache is written to tag cachebc")),
        ({"cache_ref": "cached-main"}, EXCLUDING, (), ("cache tag", "ok", "shop:cached-main")),
    ],
)
def test_examine_immutable_tag_returns_problem_if_it_exists(
    flags: dict[str, object], repository: RepositoryFacts, taken: tuple[str, ...], expected: tuple[str, str, str]
) -> None:
    name, status, words = expected
    tags = {SHOP.tagged(tag): tag in taken for tag in (TAG, "latest", "cache", "unverified")}
    found = check(name, plan=plan_of(**flags), repositories={SHOP: repository}, tags=tags)
    assert found
    assert (found.status, words in found.found) == (status, True), found
    assert status == "ok" or "aws ecr put-image-tag-mutability" in found.fix


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (RepositoryFacts(), "ok"),
        (IMMUTABLE, "warning"),
        ("missing", "warning"),
        ("created on push", "ok"),
        ("missing, or created on push", "warning"),
        (DENIED, "warning"),
    ],
)
def test_examine_cache_in_another_repository_never_returns_problem(state: object, status: str) -> None:
    """A build without its cache is still a good build."""
    plan = plan_of(cache_ref=f"{CACHES}:shop")
    repositories = {SHOP: RepositoryFacts(), CACHES: state}
    found = check("cache tag", plan=plan, repositories=repositories, permissions={})
    assert found
    assert found.status == status, found


def test_examine_denied_cache_repository_returns_warning() -> None:
    plan = plan_of(cache_ref=f"{CACHES}:shop")
    repositories = {SHOP: RepositoryFacts(), CACHES: RepositoryFacts()}
    permissions = {CACHES: {"ecr:UploadLayerPart": Permission.DENIED}}
    found = check("permissions", plan=plan, repositories=repositories, permissions=permissions)
    assert found
    assert (found.status, found.fix) == ("warning", "add the policy that python -m multiarch policy prints to the role")


@pytest.mark.parametrize("flags", [{"cache": "none"}, {"cache": "local"}])
def test_examine_without_registry_cache_returns_no_cache_check(flags: dict[str, object]) -> None:
    assert check("cache tag", plan=plan_of(**flags)) is None


def test_examine_driver_docker_without_containerd_returns_problem() -> None:
    """As in CodeBuild: with overlay2, docker can build one platform and cannot export a cache."""
    found = check("docker", plan=plan_of(builder_driver="docker"), docker=OVERLAY2)
    assert found
    assert (found.status, "--driver docker-container" in found.fix) == ("problem", True)
    one = plan_of(builder_driver="docker", cache="none", platforms=("linux/amd64",))
    fine = check("docker", plan=one, docker=OVERLAY2)
    assert fine
    assert fine.status == "ok"


def test_examine_without_docker_skips_other_docker_checks() -> None:
    checks = examine(plan_of(), dataclasses.replace(GOOD, docker=NO_DOCKER, buildx=NO_DOCKER, endpoint=NO_DOCKER))
    problems = [each.name for each in checks if each.status is CheckStatus.PROBLEM]
    assert problems == ["docker"]
    skipped = [each.name for each in checks if each.found == "skipped: docker is not responding"]
    assert skipped == ["docker host", "buildx", "builder", "builder image", "platforms", "disk"]


def test_examine_local_build_returns_no_aws_checks() -> None:
    names = [each.name for each in examine(plan_of(dataclasses.replace(facts(), registry=None)), GOOD)]
    assert names[-1] == "disk"


def test_examine_registry_other_than_ecr_returns_only_registry_check() -> None:
    registry = Registry.parse("localhost:5000")
    observed = dataclasses.replace(GOOD, repositories={}, permissions={}, tags={f"localhost:5000/shop:{TAG}": False})
    checks = examine(plan_of(facts(registry=registry)), observed)
    assert [each.name for each in checks][-2:] == ["disk", "registry"]


def test_examine_deploy_files_returns_whether_folder_is_writable() -> None:
    plan = plan_of(deploy_files="out")
    assert check("deploy files") is None
    found = check("deploy files", plan=plan)
    assert found
    assert (found.status, found.found) == ("ok", "folder out is writable")
    found = check("deploy files", plan=plan, refusals={"deploy files": SLOW})
    assert found
    assert found.status == "problem"


def test_examine_uncommitted_changes_returns_warning() -> None:
    found = check("commit", plan=plan_of(facts(commit=DIRTY)), tags={SHOP.tagged(f"{TAG}-dirty"): False})
    assert found
    assert (found.status, f"{TAG}-dirty" in found.found) == ("warning", True)


def test_examine_unknown_commit_with_commit_tag_returns_ok() -> None:
    found = check("commit", plan=plan_of(facts(commit=None), commit_tag="v1"))
    assert found
    assert (found.status, found.found) == ("ok", "unknown; the image is tagged v1 (--commit-tag)")


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        ({}, 0),
        ({"free": 1, "expires": NO_AWS}, BuilderError.exit_code),
        ({"expires": NO_AWS}, AwsError.exit_code),
        ({"repositories": {SHOP: "missing"}}, RegistryError.exit_code),
        ({"repositories": {SHOP: IMMUTABLE}}, ConfigurationError.exit_code),
    ],
    ids=["none", "the first of two", "credentials", "repository", "an immutable tag"],
)
def test_exit_code_of_problems_is_that_of_the_first(seen: dict[str, Any], code: int) -> None:
    checks = examine(plan_of(), dataclasses.replace(GOOD, **seen))
    assert exit_code(checks) == code
    report = json.loads(report_as_json(checks))
    assert (report["version"], report["kind"]) == (2, "doctor")
    assert (report["ready"], report["exit_code"]) == (code == 0, code)
    jsonschema.validate(report, schema("doctor"))


def test_report_as_text_problem_shows_fix_and_output() -> None:
    lines = list(report_as_text(examine(plan_of(), dataclasses.replace(GOOD, docker=NO_DOCKER))))
    at = next(index for index, line in enumerate(lines) if line.startswith("problem  docker "))
    assert [line.strip() for line in lines[at + 1 : at + 3]] == ["fix: install it", "output: not found"]
    assert lines[-1] == "not ready to build (1 problem, 4 warnings)"
    assert list(report_as_text(examine(plan_of(), GOOD)))[-1] == "ready to build"


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
def test_mutability_command_of_tags_excludes_them(facts_of: RepositoryFacts, tags: list[str], words: str) -> None:
    command = mutability_command(SHOP, facts_of, tags)
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
def test_parse_version_returns_major_and_minor(text: str, version: tuple[int, int] | None) -> None:
    assert parse_version(text) == version


def test_parse_info_returns_daemon() -> None:
    info = {
        "ServerVersion": "28.5.2",
        "Driver": "overlayfs",
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
        "Architecture": "aarch64",
        "DockerRootDir": "/data",
        "RegistryConfig": {"Mirrors": ["https://mirror.example.com/"]},
    }
    assert parse_info(json.dumps(info)) == Daemon(
        version="28.5.2", store="overlayfs", containerd=True, architecture="arm64", root="/data", uses_proxy=True
    )
    assert not parse_info("{}").version


@pytest.mark.parametrize("text", ["", "[]", "not JSON", "null"])
def test_parse_info_invalid_json_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not a JSON object"):
        parse_info(text)


def test_parse_builders_returns_state_and_options() -> None:
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
    assert [(each.name, each.is_running, each.version, each.error) for each in found] == [
        ("a", True, "v0.32.2", ""),
        ("b", False, "", "oh"),
    ]
    assert (found[0].platforms, found[0].options) == (("linux/amd64", "linux/arm64"), frozenset({"image=x:1"}))


def test_parse_endpoint_returns_that_of_current_context() -> None:
    contexts = [{"Current": False, "DockerEndpoint": "a"}, {"Current": True, "DockerEndpoint": "tcp://b:1"}]
    assert parse_endpoint("\n".join(map(json.dumps, contexts))) == "tcp://b:1"
    assert parse_endpoint("") == ""
