"""The plan: steps compared whole, by destination, driver, commit and cache."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.make import make_plan
from multiarch.plan.model import Plan, RetryPolicy
from multiarch.plan.steps import (
    METADATA_FILE,
    Assemble,
    Build,
    DeployedImage,
    EnsureBuilder,
    FindRepository,
    Login,
    Part,
    RemoveBuilder,
    Replace,
    Reuse,
    ShowVersions,
    Step,
    Tag,
    TargetBuild,
    Unpack,
    Verify,
    WriteDeployFiles,
)
from multiarch.settings.run import BUILDKIT_IMAGE
from multiarch.source import Commit, Source
from tests.unit.fakes import AMD64, ARM64, COMMIT, DIRTY, ECR, ECR_HOST, SHA, SHOP, TIME, facts, load, plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multiarch.plan.facts import Facts

TAG = SHA[:7]
S390X = Platform.parse("linux/s390x")
BOTH = (AMD64, ARM64)
VERSIONS = ShowVersions(command=("docker", "buildx", "version"))
BUILDER = EnsureBuilder(
    name="multiarch",
    driver="docker-container",
    options=(f"image={BUILDKIT_IMAGE}",),
    create=("docker", "buildx", "create", "--name", "multiarch", "--driver", "docker-container",
            "--driver-opt", f"image={BUILDKIT_IMAGE}", "--bootstrap"),
    inspect=("docker", "buildx", "inspect", "multiarch", "--bootstrap"),
    remove=("docker", "buildx", "rm", "--keep-state", "multiarch"),
)  # fmt: skip
CACHE_OPTIONS = "mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"
LOCAL = facts(registry=None)
LOCALHOST = Registry.parse("localhost:5000")


def build_of(plan: Plan) -> Build:
    assert plan.build
    return plan.build


def share_of(plan: Plan) -> TargetBuild:
    [target] = plan.targets
    assert target.build
    return target.build


def target_of(plan: Plan) -> Mapping[str, object]:
    targets = build_of(plan).definition["target"]
    assert isinstance(targets, dict)
    value = targets["image"]
    assert isinstance(value, dict)
    return value


FINGERPRINT = ("io.github.multiarch-codebuild.settings", '{"version":"1"}')
LABELS = {
    "org.opencontainers.image.revision": SHA,
    "org.opencontainers.image.created": "2023-11-14T22:13:20+00:00",
    "org.opencontainers.image.version": TAG,
    "org.opencontainers.image.title": "shop",
}


def without_build(plan: Plan) -> list[Step | str]:
    return ["build" if isinstance(step, Build) else step for step in plan.steps]


def reuse(repository: Repository = SHOP, tag: str = TAG, **fields: object) -> Reuse:
    known: dict[str, object] = {
        "tags": (tag,), "revision": SHA, "digits": (tag,), "if_exists": "skip", "fingerprint": {}, **fields,
    }  # fmt: skip
    return Reuse(repository=repository, platforms=BOTH, **known)  # type: ignore[arg-type]  # as in the table


def test_make_plan_main_job_returns_its_steps() -> None:
    assert without_build(plan_of()) == [
        VERSIONS,
        Login(registry=ECR),
        FindRepository(repository=SHOP, cache_tags=("cache",), holds_image=True),
        BUILDER,
        reuse(),
        "build",
        Verify(repository=SHOP, layout=None, platforms=BOTH),
        Tag(repository=SHOP, tag=TAG, floating=False, commit=COMMIT),
        Tag(repository=SHOP, tag="latest", floating=True, commit=COMMIT),
    ]


def test_make_plan_main_job_pushes_by_digest() -> None:
    assert build_of(plan_of()) == Build(
        definition={
            "target": {
                "image": {
                    "context": ".",
                    "dockerfile": "Dockerfile",
                    "platforms": ["linux/amd64", "linux/arm64"],
                    "output": [
                        f"type=image,name={ECR_HOST}/shop,push-by-digest=true,name-canonical=true,store=false,push=true"
                    ],
                    "attest": ["type=provenance,disabled=true", "type=sbom,disabled=true"],
                    "labels": LABELS,
                    "annotations": [
                        f"index,manifest:{name}={value}" for name, value in (*LABELS.items(), FINGERPRINT)
                    ],
                    "cache-from": [f"type=registry,ref={ECR_HOST}/shop:cache"],
                    "cache-to": [f"type=registry,ref={ECR_HOST}/shop:cache,{CACHE_OPTIONS}"],
                }
            }
        },
        command=("docker", "buildx", "bake", "--builder", "multiarch", "--file", "-",
                 "--metadata-file", METADATA_FILE, "--progress", "rawjson", "image"),
        names=("image",),
        variables=(),
        builder="multiarch",
    )  # fmt: skip
    assert share_of(plan_of()) == TargetBuild(
        name="image",
        cache_from=(f"type=registry,ref={ECR_HOST}/shop:cache",),
        cache_to=(f"type=registry,ref={ECR_HOST}/shop:cache,{CACHE_OPTIONS}",),
        is_shared=True,
        archive="",
    )


def test_make_plan_returns_name_tags_and_platforms() -> None:
    plan = plan_of(retry_attempts=3, retry_deadline="1m")
    [target] = plan.targets
    assert (plan.name, plan.commit, plan.platforms) == ("shop", COMMIT, BOTH)
    assert (target.name, target.repository, target.commit_tag) == ("shop", SHOP, TAG)
    assert (target.tags, target.platforms) == ((TAG, "latest"), BOTH)
    assert plan.retry == RetryPolicy(attempts=3, deadline=60)


def test_make_plan_registry_other_than_ecr_has_no_login() -> None:
    shop = Repository(registry=LOCALHOST, name="shop")
    assert without_build(plan_of(facts(registry=LOCALHOST)))[:3] == [VERSIONS, BUILDER, reuse(shop)]


def test_make_plan_local_build_writes_a_folder() -> None:
    plan = plan_of(LOCAL)
    assert without_build(plan) == [
        VERSIONS,
        BUILDER,
        "build",
        Unpack(archive="dist/shop.tar", layout="dist/shop.new"),
        Verify(repository=None, layout="dist/shop.new", platforms=BOTH),
        Replace(fresh="dist/shop.new", layout="dist/shop"),
    ]
    assert share_of(plan).archive == "dist/shop.tar"
    assert target_of(plan)["output"] == [f"type=oci,dest=dist/shop.tar,name=shop:{TAG}"]
    assert plan.targets[0].tags == (TAG,)


def test_make_plan_local_build_is_named_after_its_folder() -> None:
    plan = make_plan(load({"dist": "out/"}).settings, LOCAL)
    assert plan.name == "checkout"
    assert share_of(plan).archive == "out/checkout.tar"


def test_make_plan_local_build_outside_the_folder_is_allowed() -> None:
    plan = plan_of(LOCAL, dist="/tmp/out", local_cache="/tmp/cache")
    words = build_of(plan).command
    assert [words[at + 1] for at, word in enumerate(words) if word == "--allow"] == [
        "fs.write=/tmp/cache",
        "fs.write=/tmp/out/shop.tar",
    ]


def test_make_plan_without_repository_raises_configuration_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        make_plan(load().settings, facts())
    assert caught.value.message == "no repository to push to"
    assert caught.value.hint == (
        "set AWS_ECR_REPOSITORY_NAME under env.variables of the buildspec, or pass --repository NAME"
    )


# Tags


def tags_of(plan: Plan) -> list[tuple[str, bool, Commit | None]]:
    return [(step.tag, step.floating, step.commit) for step in plan.steps if isinstance(step, Tag)]


TAGS: dict[str, tuple[Facts, dict[str, object], list[tuple[str, bool, Commit | None]]]] = {
    "the commit and latest": (facts(), {}, [(TAG, False, COMMIT), ("latest", True, COMMIT)]),
    "a tag of one's own": (facts(), {"commit_tag": "v1"}, [("v1", False, COMMIT), ("latest", True, COMMIT)]),
    "no floating tags": (facts(), {"tags": ("",)}, [(TAG, False, COMMIT)]),
    "several": (facts(), {"tags": ("a", "b")}, [(TAG, False, COMMIT), ("a", True, COMMIT), ("b", True, COMMIT)]),
    "the commit's tag among them": (facts(), {"tags": (TAG, "a")}, [(TAG, False, COMMIT), ("a", True, COMMIT)]),
    "moved whatever is there": (facts(), {"force_move": True}, [(TAG, False, COMMIT), ("latest", True, None)]),
    "a changed tree": (facts(commit=DIRTY), {}, [(f"{TAG}-dirty", True, None)]),
    "a changed tree takes no clean name": (
        facts(commit=DIRTY), {"commit_tag": "v1", "tags": ("a",)}, [("v1-dirty", True, None)]),
    "no commit, with a tag of one's own": (
        facts(commit=None), {"commit_tag": "v1"}, [("v1", False, None), ("latest", True, None)]),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "flags", "expected"), TAGS.values(), ids=TAGS)
def test_make_plan_tags_depend_on_the_commit(
    seen: Facts, flags: dict[str, object], expected: list[tuple[str, bool, Commit | None]]
) -> None:
    plan = plan_of(seen, **flags)
    assert tags_of(plan) == expected
    assert plan.targets[0].tags == tuple(tag for tag, _, _ in expected)


REUSES: dict[str, tuple[Facts, dict[str, object], Reuse | None]] = {
    "the commit's digits name it": (facts(), {}, reuse()),
    "so do more of them": (facts(), {"commit_tag": SHA[:12]}, reuse(tag=SHA[:12])),
    "another name does not": (facts(), {"commit_tag": "v1"}, reuse(tag="v1", digits=())),
    "no commit is known": (
        facts(commit=None), {"commit_tag": "v1"}, reuse(tag="v1", digits=(), revision="")),
    "further names that stay": (
        facts(source=Source(commit=COMMIT, tag="v1.2.0")),
        {"tags": ("type=semver,pattern={{version}}", "type=sha", "latest")},
        reuse(tags=(TAG, "1.2.0", f"sha-{TAG}"), digits=(TAG, f"sha-{TAG}"))),
    "rebuild": (facts(), {"if_exists": "rebuild"}, reuse(if_exists="rebuild")),
    "a changed tree is no commit's": (facts(commit=DIRTY), {}, None),
    "a local build": (LOCAL, {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "flags", "expected"), REUSES.values(), ids=REUSES)
def test_make_plan_reuse_depends_on_the_commit(seen: Facts, flags: dict[str, object], expected: Reuse | None) -> None:
    found = [step for step in plan_of(seen, **flags).steps if isinstance(step, Reuse)]
    assert found == ([expected] if expected else [])


# Drivers


def builder_of(plan: Plan) -> EnsureBuilder:
    return next(step for step in plan.steps if isinstance(step, EnsureBuilder))


DRIVERS: dict[str, tuple[dict[str, object], str, tuple[str, ...] | None]] = {
    "a container": ({}, "multiarch", BUILDER.create),
    "docker's own has nothing to make": ({"builder_driver": "docker"}, "default", None),
    "remote has an address and no image": (
        {"builder_driver": "remote", "builder_endpoint": "tcp://host:1234"}, "multiarch",
        ("docker", "buildx", "create", "--name", "multiarch", "--driver", "remote", "--bootstrap", "tcp://host:1234")),
    "kubernetes has an image": (
        {"builder_driver": "kubernetes", "builder_name": "k"}, "k",
        ("docker", "buildx", "create", "--name", "k", "--driver", "kubernetes",
         "--driver-opt", f"image={BUILDKIT_IMAGE}", "--bootstrap")),
    "options come after the image": (
        {"builder_options": ("network=host",), "builder_image": "my/buildkit:1"}, "multiarch",
        ("docker", "buildx", "create", "--name", "multiarch", "--driver", "docker-container",
         "--driver-opt", "image=my/buildkit:1", "--driver-opt", "network=host", "--bootstrap")),
    "an image among the options is the only one": (
        {"builder_options": ("image=other",)}, "multiarch",
        ("docker", "buildx", "create", "--name", "multiarch", "--driver", "docker-container",
         "--driver-opt", "image=other", "--bootstrap")),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "name", "create"), DRIVERS.values(), ids=DRIVERS)
def test_ensure_builder_of_driver_returns_its_command(
    flags: dict[str, object], name: str, create: tuple[str, ...] | None
) -> None:
    plan = plan_of(**flags)
    assert (builder_of(plan).name, builder_of(plan).create) == (name, create)
    assert build_of(plan).builder == name
    assert build_of(plan).command[3:5] == ("--builder", name)


def test_make_plan_docker_driver_pushes_to_the_unverified_tag() -> None:
    assert target_of(plan_of(builder_driver="docker"))["output"] == [
        f"type=image,name={ECR_HOST}/shop:unverified,push=true"
    ]


KEPT: dict[str, tuple[dict[str, object], list[RemoveBuilder]]] = {
    "kept": ({}, []),
    "removed": ({"builder_keep": False}, [RemoveBuilder(command=("docker", "buildx", "rm", "multiarch"))]),
    "docker's own cannot be": ({"builder_keep": False, "builder_driver": "docker"}, []),
}


@pytest.mark.parametrize(("flags", "expected"), KEPT.values(), ids=KEPT)
def test_make_plan_removes_the_builder_unless_kept(flags: dict[str, object], expected: list[RemoveBuilder]) -> None:
    steps = plan_of(**flags).steps
    assert [step for step in steps if isinstance(step, RemoveBuilder)] == expected
    assert list(steps[len(steps) - len(expected) :]) == expected


def handed_over(plan: Plan) -> list[WriteDeployFiles]:
    return [step for step in plan.steps if isinstance(step, WriteDeployFiles)]


def deploy_files(**fields: object) -> WriteDeployFiles:
    known: dict[str, object] = {"target": "shop", "containers": ("shop",), "repository": SHOP, "tag": TAG, **fields}
    commit = str(known.pop("commit", SHA))
    image = DeployedImage(**known)  # type: ignore[arg-type]  # as in the table
    return WriteDeployFiles(folder="out", images=(image,), commit=commit)


TEAM = Repository(registry=ECR, name="team/my.shop")
HANDOVERS: dict[str, tuple[Facts, dict[str, object], WriteDeployFiles | None]] = {
    "nobody asked for it": (facts(), {"deploy_files": ""}, None),
    "the container is called as the repository": (facts(), {}, deploy_files()),
    "or as its last part, without dots": (
        facts(), {"repository": "team/my.shop"},
        deploy_files(target="team/my.shop", repository=TEAM, containers=("my-shop",))),
    "or as was set": (facts(), {"containers": ("web", "worker")}, deploy_files(containers=("web", "worker"))),
    "a tag of one's own": (facts(), {"commit_tag": "v1"}, deploy_files(tag="v1")),
    "no commit is known": (facts(commit=None), {"commit_tag": "v1"}, deploy_files(tag="v1", commit="")),
    "a changed tree": (facts(commit=DIRTY), {}, deploy_files(tag=f"{TAG}-dirty", commit=f"{SHA}-dirty")),
    "a local image is nobody's to deploy": (LOCAL, {}, None),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "flags", "expected"), HANDOVERS.values(), ids=HANDOVERS)
def test_make_plan_deploy_files_are_the_last_step(
    seen: Facts, flags: dict[str, object], expected: WriteDeployFiles | None
) -> None:
    plan = plan_of(seen, **{"deploy_files": "out", "builder_keep": False, **flags})
    assert handed_over(plan) == ([expected] if expected else [])
    assert not expected or plan.steps[-1] == expected


# Caches and output


REGISTRY_CACHE = f"type=registry,ref={ECR_HOST}/shop:cache"
USER_CACHE = "/home/ada/.cache/multiarch/shop"
CACHES: dict[str, tuple[Facts, dict[str, object], list[str], list[str]]] = {
    "the registry": (facts(), {}, [REGISTRY_CACHE], [f"{REGISTRY_CACHE},{CACHE_OPTIONS}"]),
    "another tag": (
        facts(), {"cache_ref": "buildcache"}, [f"type=registry,ref={ECR_HOST}/shop:buildcache"],
        [f"type=registry,ref={ECR_HOST}/shop:buildcache,{CACHE_OPTIONS}"]),
    "a whole reference": (
        facts(), {"cache_ref": "localhost:5000/cache"}, ["type=registry,ref=localhost:5000/cache"],
        [f"type=registry,ref=localhost:5000/cache,{CACHE_OPTIONS}"]),
    "a mode": (
        facts(), {"cache_mode": "min"}, [REGISTRY_CACHE],
        [f"{REGISTRY_CACHE},{CACHE_OPTIONS.replace('max', 'min')}"]),
    "further ones, as references or in docker's words": (
        facts(), {"cache_from": ("a/b:c", "type=local,src=x")},
        [REGISTRY_CACHE, "type=registry,ref=a/b:c", "type=local,src=x"], [f"{REGISTRY_CACHE},{CACHE_OPTIONS}"]),
    "a folder": (
        facts(), {"cache": "local"}, [f"type=local,src={USER_CACHE}"], [f"type=local,dest={USER_CACHE},mode=max"]),
    "a folder of one's own": (
        facts(), {"cache": "local", "local_cache": "c"}, ["type=local,src=c"], ["type=local,dest=c,mode=max"]),
    "none": (facts(), {"cache": "none"}, [], []),
    "none but a further one": (
        facts(), {"cache": "none", "cache_from": ("a",)}, ["type=registry,ref=a"], []),
    "a local build": (LOCAL, {}, [f"type=local,src={USER_CACHE}"], [f"type=local,dest={USER_CACHE},mode=max"]),
    "a local build without one": (LOCAL, {"cache": "none"}, [], []),
}  # fmt: skip


@pytest.mark.parametrize(("seen", "flags", "read", "written"), CACHES.values(), ids=CACHES)
def test_make_plan_caches_depend_on_the_settings(
    seen: Facts, flags: dict[str, object], read: list[str], written: list[str]
) -> None:
    build = share_of(plan_of(seen, **flags))
    assert (list(build.cache_from), list(build.cache_to)) == (read, written)


def test_make_plan_cache_per_platform_has_a_target_each() -> None:
    plan = plan_of(cache_per_platform=True)
    [target] = plan.targets
    assert target.parts == (
        Part(name="image-linux-amd64", platforms=(AMD64,)),
        Part(name="image-linux-arm64", platforms=(ARM64,)),
    )
    assert not share_of(plan).is_shared
    (assemble,) = [step for step in plan.steps if isinstance(step, Assemble)]
    assert (assemble.repository, assemble.platforms) == (SHOP, BOTH)
    # As on the index that BuildKit makes where there is one target.
    notes = target_of(plan_of())["annotations"]
    assert isinstance(notes, list)
    assert [f"index,manifest:{name}={value}" for name, value in assemble.annotations.items()] == notes
    assert find_steps(plan) == [
        FindRepository(repository=SHOP, cache_tags=("cache-linux-amd64", "cache-linux-arm64"), holds_image=True)
    ]


@pytest.mark.parametrize(
    ("seen", "flags"),
    [(facts(), {"platforms": ("linux/arm64",)}), (LOCAL, {})],
    ids=["one platform", "a local build has one archive"],
)
def test_make_plan_single_target_has_no_assemble(seen: Facts, flags: dict[str, object]) -> None:
    plan = plan_of(seen, cache_per_platform=True, **flags)
    assert [part.name for part in plan.targets[0].parts] == ["image"]
    assert not any(isinstance(step, Assemble) for step in plan.steps)


ELSEWHERE = (
    Part(name="amd64", platforms=(AMD64,), digest=f"sha256:{'a' * 64}"),
    Part(name="arm64", platforms=(ARM64,), digest=f"sha256:{'b' * 64}"),
)


def test_make_plan_with_parts_from_elsewhere_publishes_without_building() -> None:
    plan = make_plan(load({"repository": "shop"}).settings, facts(), parts=ELSEWHERE)
    assert (plan.build, plan.prepare.builder, plan.finish.remove_builder) == (None, None, None)
    [target] = plan.targets
    assert (target.build, target.parts) == (None, ELSEWHERE)
    kinds = [type(step) for step in plan.steps]
    assert kinds == [ShowVersions, Login, FindRepository, Reuse, Assemble, Verify, Tag, Tag]
    assert target.publish == make_plan(load({"repository": "shop"}).settings, facts()).targets[0].publish


def test_make_plan_with_one_part_for_all_platforms_assembles_nothing() -> None:
    whole = Part(name="image", platforms=BOTH, digest=f"sha256:{'a' * 64}")
    [target] = make_plan(load({"repository": "shop"}).settings, facts(), parts=[whole]).targets
    assert (target.assemble, target.parts) == (None, (whole,))


WRONG_PARTS = {
    "a platform is missing": (ECR, ELSEWHERE[:1]),
    "a platform comes twice": (ECR, (*ELSEWHERE, replace(ELSEWHERE[0], name="again"))),
    "a platform is not wanted": (ECR, (*ELSEWHERE, Part(name="x", platforms=(S390X,), digest="sha256:1"))),
    "a part has no digest": (ECR, (ELSEWHERE[0], replace(ELSEWHERE[1], digest=""))),
    "a local build has no parts": (None, ELSEWHERE),
}


@pytest.mark.parametrize(("registry", "parts"), WRONG_PARTS.values(), ids=WRONG_PARTS)
def test_make_plan_with_wrong_parts_raises_configuration_error(
    registry: Registry | None, parts: tuple[Part, ...]
) -> None:
    with pytest.raises(ConfigurationError, match="the parts are for") as caught:
        make_plan(load({"repository": "shop"}).settings, facts(registry=registry), parts=parts)
    assert caught.value.hint == "pass one part for each platform, each with its digest"


def find_steps(plan: Plan) -> list[FindRepository]:
    return [step for step in plan.steps if isinstance(step, FindRepository)]


CACHES_REPOSITORY = Repository(registry=ECR, name="caches")
FOUND: dict[str, tuple[dict[str, object], list[FindRepository]]] = {
    "a cache beside the image": (
        {}, [FindRepository(repository=SHOP, cache_tags=("cache",), holds_image=True)]),
    "no cache": ({"cache": "none"}, [FindRepository(repository=SHOP, cache_tags=(), holds_image=True)]),
    "a repository for caches": (
        {"cache_repository": "caches"},
        [FindRepository(repository=SHOP, cache_tags=(), holds_image=True),
         FindRepository(repository=CACHES_REPOSITORY, cache_tags=("cache",), holds_image=False)]),
    "a whole reference": (
        {"cache_ref": f"{ECR_HOST}/caches:x"},
        [FindRepository(repository=SHOP, cache_tags=(), holds_image=True),
         FindRepository(repository=CACHES_REPOSITORY, cache_tags=("x",), holds_image=False)]),
    "one of another registry": (
        {"cache_ref": "localhost:5000/caches:x"},
        [FindRepository(repository=SHOP, cache_tags=(), holds_image=True)]),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "expected"), FOUND.values(), ids=FOUND)
def test_make_plan_finds_repositories_of_image_and_caches(
    flags: dict[str, object], expected: list[FindRepository]
) -> None:
    assert find_steps(plan_of(**flags)) == expected


OUTPUTS: dict[str, tuple[dict[str, object], str]] = {
    "gzip is BuildKit's own default": ({}, ""),
    "zstd needs OCI's media types": ({"compression": "zstd"}, ",compression=zstd,oci-mediatypes=true"),
    "a level": ({"compression_level": "9"}, ",compression=gzip,compression-level=9"),
    "the base's layers too": (
        {"compression": "estargz", "force_compression": True},
        ",compression=estargz,force-compression=true,oci-mediatypes=true"),
    "reproducible": ({"reproducible": True}, ",rewrite-timestamp=true"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "end"), OUTPUTS.values(), ids=OUTPUTS)
def test_make_plan_output_has_compression_options(flags: dict[str, object], end: str) -> None:
    plain, output = (str(target_of(plan_of(**each))["output"]) for each in ({}, flags))
    assert output == plain.replace("']", f"{end}']")


def test_make_plan_reproducible_uses_the_commit_time() -> None:
    assert target_of(plan_of(reproducible=True))["args"] == {"SOURCE_DATE_EPOCH": str(TIME)}
    untimed = Commit(sha=SHA, dirty=False, origin="git")
    with pytest.raises(ConfigurationError, match="--reproducible needs the commit time, which is unknown"):
        plan_of(facts(commit=untimed), reproducible=True)


def test_make_plan_probable_mistakes_are_warnings() -> None:
    seen = replace(facts(source=Source(commit=COMMIT, branch="x")), secret_arguments={"A": "by its name"})
    (secret, branch) = plan_of(seen, cache_scope="branch").warnings
    assert secret.startswith("build argument A looks like a secret (by its name)")
    assert branch.endswith("To set it: --default-branch NAME")
    assert plan_of().warnings == ()


@pytest.mark.parametrize(
    ("interactive", "progress"), [(True, "auto"), (False, "rawjson")], ids=["on a terminal", "elsewhere"]
)
def test_make_plan_progress_depends_on_the_terminal(
    interactive: bool,  # noqa: FBT001
    progress: str,
) -> None:
    words = build_of(plan_of(facts(interactive=interactive))).command
    assert words[words.index("--progress") + 1] == progress


def test_make_plan_twice_returns_equal_frozen_plans() -> None:
    assert plan_of() == plan_of()
    with pytest.raises(AttributeError):
        plan_of().warnings = ()  # type: ignore[misc]  # that it cannot be is the point
