"""A plan carried out in a world in memory: the order, what is published, and what is tried again."""

from __future__ import annotations

import base64
import json
import re
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from multiarch.errors import (
    AwsError,
    BuilderError,
    BuildError,
    ConfigurationError,
    InterruptedRunError,
    MultiarchError,
    OperationFailedError,
    RegistryError,
    RetriesExhaustedError,
)
from multiarch.futures import map_all
from multiarch.image.ecr import RepositoryFacts
from multiarch.image.manifest import Layer, Manifest, PlatformImage, short_digest
from multiarch.image.platform import Platform
from multiarch.image.registry import Registry
from multiarch.plan.build.fingerprint import ANNOTATION, fingerprint_text
from multiarch.plan.make import make_plan
from multiarch.plan.steps import Part
from multiarch.record import EventLog, PublishedTag, Record, Retry, StepState, read_record
from multiarch.record.outcome import ImageOutcome
from multiarch.report.breakdown import breakdown_of
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.report.compare import compare
from multiarch.report.folder.files import report_files
from multiarch.report.metrics import metrics_as_json
from multiarch.report.result import result_as_json, result_as_text
from multiarch.run.about import run_of
from multiarch.run.execution import Execution
from multiarch.source import Source
from multiarch.text.redaction import Redaction
from tests.unit.fakes import (
    AMD64,
    ARM64,
    COMMIT,
    DIRTY,
    ECR_HOST,
    NEWER,
    SHA,
    FakeClock,
    FakeImage,
    FakeRuntime,
    facts,
    layers_of,
    load,
    plan_of,
    quiet_log,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from multiarch.image.reference import Repository
    from multiarch.plan.model import Plan
    from multiarch.plan.steps import Command
    from multiarch.record.reader import BuildReader

TAG = SHA[:7]
AGREE, LOOK = 0.1, 0.02
CACHE_OPTIONS = "mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"
BOTH = ("linux/amd64", "linux/arm64")
UNAVAILABLE = "unexpected status from GET request to https://x/v2/shop/manifests/y: 503 Service Unavailable"
EXPIRED = "403 Forbidden: DENIED: Your authorization token has expired. Reauthenticate and try again."
EXISTS = 'ERROR: existing instance for "multiarch" but no append mode, specify the node name to make changes'
LOST = "ERROR: failed to solve: rpc error: code = Unavailable desc = error reading from server: EOF"
FITTING = 'Driver: docker-container\nDriver Options: image="moby/buildkit:v0.32.2"\n'


SECRET = "s3cret-value"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Ended:
    """What came of a run of one image that ended well."""

    def __init__(self, record: Record) -> None:
        outcome = record.outcome
        [self.image] = outcome.images
        self.record = record
        self.status, self.retries, self.warnings = outcome.status, outcome.retries, outcome.warnings
        self.digest, self.tags, self.platforms = self.image.digest, self.image.tags, self.image.platforms
        self.commit, self.cache_to = record.run.commit, record.run.cache_to
        self.phases = {phase.name: phase.interval.seconds for phase in record.phases}
        self.seconds = outcome.seconds
        self.breakdown = breakdown_of(record)


class Ran:
    """One execution: what came of it, and what was seen."""

    def __init__(
        self, runtime: FakeRuntime, plan: Plan | None = None, *, sleep: Callable[[float], None] | None = None
    ) -> None:
        self.clock = FakeClock()
        self.log, self.stream = quiet_log()
        self.events: list[str] = []
        plan = plan or plan_of()
        self.about = run_of(plan, settings=(), begin=BEGIN, dockerfile="Dockerfile", text="")
        self._execution = Execution(
            plan,
            runtime,
            self.log,
            clock=self.clock,
            sleep=sleep or self.clock.sleep,
            about=self.about,
            events=EventLog(self.events.append, Redaction([SECRET])),
        )

    def result(self) -> Ended:
        self._execution.run()
        return Ended(self.record())

    def error(self) -> MultiarchError:
        with pytest.raises(MultiarchError) as caught:
            self._execution.run()
        return caught.value

    def record(self) -> Record:
        return self._execution.record(Redaction([SECRET]))

    @property
    def waited(self) -> list[float]:
        """The waits between attempts, without the waits before tags are read back."""
        return [seconds for seconds in self.clock.slept if seconds not in (AGREE, LOOK)]

    @property
    def said(self) -> str:
        return self.stream.getvalue()


def layers(platform: str) -> tuple[Layer, ...]:
    return tuple(Layer(digest=str(each["digest"]), size=int(str(each["size"]))) for each in layers_of(platform))


def after_preparation(runtime: FakeRuntime) -> list[str]:
    return runtime.events[runtime.events.index("bake") :]


# The main job


def test_run_reads_the_image_back_then_writes_the_commit_tag_first() -> None:
    runtime = FakeRuntime()
    image = runtime.builds
    result = Ran(runtime).result()
    events = after_preparation(runtime)
    assert events[0:2] == ["bake", f"read {image.digest}"]
    assert sorted(events[2:6]) == sorted([*(f"read {image.platform_digest(each)}" for each in (0, 1)), "blob", "blob"])
    assert events[6:9] == [f"read {TAG}", f"tag {TAG}", f"read {TAG}"]
    assert events[9:] == ["read latest", "tag latest", f"read {TAG}", "read latest"]
    assert result.image == ImageOutcome(
        name="shop",
        repository=f"{ECR_HOST}/shop",
        status="built",
        image=f"{ECR_HOST}/shop@{image.digest}",
        digest=image.digest,
        tags=(
            PublishedTag(tag=TAG, reference=f"{ECR_HOST}/shop:{TAG}", action="created", previous=""),
            PublishedTag(tag="latest", reference=f"{ECR_HOST}/shop:latest", action="created", previous=""),
        ),
        platforms=(
            PlatformImage(platform=AMD64, digest=image.platform_digest(0), size=1124, layers=layers("linux/amd64")),
            PlatformImage(platform=ARM64, digest=image.platform_digest(1), size=1124, layers=layers("linux/arm64")),
        ),
    )
    assert (result.status, result.seconds) == ("built", round(AGREE + LOOK, 2))
    assert result.phases == {"prepare": 0.0, "build": 0.0, "verify": 0.0, "tag": pytest.approx(AGREE + LOOK)}
    assert (result.record.cache_use, result.record.caches) == (None, ())
    assert result.cache_to == (f"type=registry,ref={ECR_HOST}/shop:cache,{CACHE_OPTIONS}",)


def test_run_prepares_login_repository_and_existing_image_in_order() -> None:
    runtime = FakeRuntime()
    runtime.hooks["bake"] = lambda: runtime.wait_for("version")
    Ran(runtime).result()
    registry = [each for each in runtime.events if each in ("login", "find shop", f"read {TAG}")]
    assert registry == ["login", "find shop", *([f"read {TAG}"] * 4)]
    assert runtime.events.index("bake") > runtime.events.index("create --name")
    assert runtime.count("version") == 1


def test_run_prepares_login_and_builder_at_the_same_time() -> None:
    meet = threading.Barrier(2, timeout=5)
    runtime = FakeRuntime()
    runtime.hooks = {"login": meet.wait, "create --name": meet.wait}
    assert Ran(runtime).result().status == "built"
    assert not meet.broken


IMMUTABLE = RepositoryFacts(mutability="IMMUTABLE")
EXCLUDED = RepositoryFacts(mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=("latest", "dev-*"))
PUT = "aws ecr put-image-tag-mutability --region eu-west-1 --registry-id 123456789012 --repository-name shop"
ALLOW_MOVING = (
    f"{PUT} --image-tag-mutability IMMUTABLE_WITH_EXCLUSION "
    "--image-tag-mutability-exclusion-filters filterType=WILDCARD,filter=cache"
)
TWO_NODES = f"{FITTING}Platforms: linux/amd64\n\n{FITTING.partition(chr(10))[2]}Platforms: linux/arm64\n"


def cache_of(runtime: FakeRuntime) -> tuple[list[str], list[str]]:
    (target,) = runtime.definition["target"].values()
    return target.get("cache-from", []), target.get("cache-to", [])


def test_run_immutable_cache_tag_uses_another_tag_and_warns() -> None:
    runtime = FakeRuntime()
    runtime.state = EXCLUDED
    result = Ran(runtime).result()
    moved = f"type=registry,ref={ECR_HOST}/shop:dev-cache"
    assert cache_of(runtime) == ([moved], [f"{moved},{CACHE_OPTIONS}"])
    assert result.cache_to == (f"{moved},{CACHE_OPTIONS}",)
    assert result.warnings == ("writing the cache to tag dev-cache, because cache is immutable in shop",)


def test_run_only_immutable_cache_tags_disables_cache_export() -> None:
    runtime = FakeRuntime()
    runtime.state = IMMUTABLE
    result = Ran(runtime, plan_of(tags=("",))).result()
    assert cache_of(runtime) == ([f"type=registry,ref={ECR_HOST}/shop:cache"], [])
    assert result.cache_to == ()
    assert result.warnings == (f"cache export disabled: tag cache is immutable in shop. To allow it: {ALLOW_MOVING}",)
    assert result.retries == ()


def test_run_cache_repository_uses_its_mutability() -> None:
    runtime = FakeRuntime()
    runtime.states = {"shop": IMMUTABLE, "caches": RepositoryFacts()}
    result = Ran(runtime, plan_of(cache_repository="caches", tags=("",))).result()
    assert result.warnings == ()
    assert cache_of(runtime)[0] == [f"type=registry,ref={ECR_HOST}/caches:cache"]


def test_run_missing_cache_repository_warns_and_builds() -> None:
    runtime = FakeRuntime()
    runtime.states = {"caches": "missing"}
    result = Ran(runtime, plan_of(cache_repository="caches")).result()
    assert cache_of(runtime)[1] == []
    (warning,) = result.warnings
    assert warning == (
        "cache export disabled: repository caches does not exist in account 123456789012, eu-west-1. "
        "To create it: aws ecr create-repository --region eu-west-1 --repository-name caches"
    )


def test_run_reused_image_has_no_cache_warning() -> None:
    runtime = FakeRuntime()
    runtime.state = IMMUTABLE
    runtime.add(runtime.builds, TAG, "latest")
    result = Ran(runtime).result()
    assert (result.status, result.warnings) == ("reused", ())


def test_run_two_nodes_with_one_cache_warns() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.answers["inspect multiarch"] = TWO_NODES
    (warning,) = Ran(runtime).result().warnings
    assert warning == (
        "builder multiarch has 2 nodes, which overwrite each other's cache. "
        "To keep the cache of every platform: --cache-per-platform"
    )


def test_run_cache_per_platform_assembles_one_image() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.answers["inspect multiarch"] = TWO_NODES
    runtime.parts = {f"image-{name.replace('/', '-')}": FakeImage(name) for name in BOTH}
    result = Ran(runtime, plan_of(cache_per_platform=True)).result()
    assert result.warnings == ()
    assert runtime.tagged() == {TAG: result.digest, "latest": result.digest}
    index = runtime.names[result.digest]
    assert index.revision == SHA
    assert [each["digest"] for each in index.entries] == [image.digest for image in runtime.parts.values()]
    assert [str(image.platform) for image in result.platforms] == list(BOTH)
    assert result.cache_to == tuple(
        f"type=registry,ref={ECR_HOST}/shop:cache-linux-{each},{CACHE_OPTIONS}" for each in ("amd64", "arm64")
    )


def test_run_with_parts_from_elsewhere_assembles_verifies_and_tags_without_a_builder() -> None:
    images = [FakeImage(name) for name in BOTH]
    runtime = FakeRuntime(*images)
    parts = [
        Part(name=name, platforms=(Platform.parse(name),), digest=image.digest)
        for name, image in zip(BOTH, images, strict=True)
    ]
    plan = make_plan(load({"repository": "shop"}).settings, facts(), parts=parts)
    result = Ran(runtime, plan).result()
    assert (result.status, [str(each.platform) for each in result.platforms]) == ("built", list(BOTH))
    assert runtime.tagged() == {TAG: result.digest, "latest": result.digest}
    assert [each["digest"] for each in runtime.names[result.digest].entries] == [image.digest for image in images]
    assert {"bake", "create --name", "inspect multiarch"}.isdisjoint(runtime.events)


def test_run_with_a_missing_part_tags_nothing() -> None:
    runtime = FakeRuntime(FakeImage(BOTH[0]))
    parts = [Part(name=name, platforms=(Platform.parse(name),), digest=FakeImage(name).digest) for name in BOTH]
    error = Ran(runtime, make_plan(load({"repository": "shop"}).settings, facts(), parts=parts)).error()
    assert isinstance(error, RegistryError)
    assert runtime.tagged() == {}


def test_run_part_without_digest_raises_builder_error() -> None:
    runtime = FakeRuntime()
    runtime.metadata = {"image-linux-amd64": {"containerimage.digest": runtime.builds.digest}}
    error = Ran(runtime, plan_of(cache_per_platform=True)).error()
    assert isinstance(error, BuilderError)
    assert error.message == "buildx succeeded, but reported no digest"


def test_run_records_the_warnings_of_the_plan() -> None:
    seen = replace(facts(), secret_arguments={"NPM_TOKEN": "by its name"})
    result = Ran(FakeRuntime(), plan_of(seen)).result()
    assert result.warnings[0].startswith("build argument NPM_TOKEN looks like a secret")


def test_run_moved_tag_records_the_previous_digest() -> None:
    runtime = FakeRuntime()
    before = FakeImage(*BOTH, revision="", salt="before")
    runtime.add(before, "latest")
    result = Ran(runtime).result()
    assert result.tags[1] == PublishedTag(
        tag="latest", reference=f"{ECR_HOST}/shop:latest", action="moved", previous=before.digest
    )


def test_run_correct_tag_is_not_written() -> None:
    runtime = FakeRuntime()
    runtime.add(runtime.builds, "latest")
    assert Ran(runtime).result().tags[1].action == "unchanged"
    assert runtime.count("tag latest") == 0


def test_run_local_build_unpacks_verifies_and_tags_nothing() -> None:
    runtime = FakeRuntime()
    result = Ran(runtime, plan_of(facts(registry=None))).result()
    assert after_preparation(runtime)[:3] == [
        "bake",
        "unpack dist/shop.tar to dist/shop.new",
        f"read {runtime.builds.digest}",
    ]
    assert runtime.events[-1] == "dist/shop.new becomes dist/shop"
    assert runtime.tagged() == {}
    assert "login" not in runtime.events
    assert (result.status, result.image.image, result.tags) == ("local", "dist/shop", ())


def test_run_local_build_failed_verification_replaces_nothing() -> None:
    runtime = FakeRuntime(builds=FakeImage("linux/amd64", "linux/s390x"))
    assert isinstance(Ran(runtime, plan_of(facts(registry=None))).error(), RegistryError)
    assert not any("becomes" in event for event in runtime.events)


def test_run_without_builder_keep_removes_the_builder_last() -> None:
    runtime = FakeRuntime()
    Ran(runtime, plan_of(builder_keep=False)).result()
    assert runtime.events[-1] == "rm multiarch"


def test_run_failed_removal_of_the_builder_warns() -> None:
    runtime = FakeRuntime()
    runtime.fail("rm multiarch", OperationFailedError("other", ["ERROR: something nobody knows"]))
    result = Ran(runtime, plan_of(builder_keep=False)).result()
    assert result.status == "built"
    assert result.warnings == ("could not remove the builder: ERROR: something nobody knows",)


def test_run_uncommitted_changes_builds_and_moves_only_its_tag() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH, salt="before"), f"{TAG}-dirty", "latest")
    result = Ran(runtime, plan_of(facts(commit=DIRTY))).result()
    assert [(each.tag, each.action) for each in result.tags] == [(f"{TAG}-dirty", "moved")]


# What comes next


def test_run_writes_deploy_files_last_with_the_verified_digest() -> None:
    runtime = FakeRuntime()
    ran = Ran(runtime, plan_of(deploy_files="out", builder_keep=False))
    result = ran.result()
    assert runtime.events[-2:] == ["rm multiarch", "write to out"]
    assert sorted(runtime.files) == ["out/image.env", "out/imageDetail.json", "out/imagedefinitions.json"]
    assert all(result.image.image in text for text in runtime.files.values())
    assert "written to out: imagedefinitions.json, imageDetail.json, image.env" in ran.said
    assert list(result.phases) == ["prepare", "build", "verify", "tag", "clean up", "deploy-files"]


def test_run_reused_image_writes_deploy_files() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH, salt="before"), TAG)
    result = Ran(runtime, plan_of(deploy_files="out")).result()
    assert result.status == "reused"
    assert all(result.digest in text for text in runtime.files.values())


def test_run_image_of_another_run_is_in_deploy_files() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage(*BOTH, salt="theirs")
    runtime.hooks["bake"] = lambda: runtime.add(theirs, TAG)
    Ran(runtime, plan_of(deploy_files="out")).result()
    assert all(theirs.digest in text for text in runtime.files.values())


@pytest.mark.parametrize("event", ["bake", f"read {TAG}", "tag latest", "login"])
def test_run_failure_writes_no_deploy_files(event: str) -> None:
    runtime = FakeRuntime()
    runtime.fail(event, OperationFailedError("other", ["ERROR: something nobody knows"]))
    Ran(runtime, plan_of(deploy_files="out")).error()
    assert runtime.files == {}


# Missing things


def test_run_missing_repository_fails_before_the_build() -> None:
    runtime = FakeRuntime()
    runtime.state = "missing"
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert error.message == "repository shop does not exist in account 123456789012, eu-west-1"
    assert error.hint == (
        "create it in that account: aws ecr create-repository --region eu-west-1 --repository-name shop"
    )
    assert "bake" not in runtime.events


def test_run_unknown_repository_builds() -> None:
    runtime = FakeRuntime()
    runtime.state = "unknown"
    assert Ran(runtime).result().status == "built"


def test_run_build_without_digest_raises_builder_error() -> None:
    runtime = FakeRuntime()
    runtime.metadata = {"buildx.build.warnings": []}
    error = Ran(runtime).error()
    assert type(error) is BuilderError
    assert error.message == "buildx succeeded, but reported no digest"
    assert runtime.tagged() == {}


# Reuse


def test_run_existing_image_is_reused_verified_and_tagged() -> None:
    runtime = FakeRuntime()
    there = FakeImage(*BOTH, salt="before")
    runtime.add(there, TAG)
    result = Ran(runtime).result()
    assert (result.status, result.digest) == ("reused", there.digest)
    assert [(each.tag, each.action) for each in result.tags] == [(TAG, "unchanged"), ("latest", "created")]
    assert "bake" not in runtime.events
    assert f"read {there.platform_digest(1)}" in runtime.events


def test_run_reused_image_does_not_wait_for_the_builder() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH), TAG)
    never = threading.Event()
    runtime.hooks["create --name"] = lambda: never.wait(20)
    try:
        assert Ran(runtime).result().status == "reused"
    finally:
        never.set()


def test_run_reused_image_waits_for_the_builder_to_remove_it() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH), TAG)
    made = threading.Event()

    def make() -> None:
        time.sleep(0.1)  # in its own thread, while the others go on
        made.set()

    order: list[bool] = []
    runtime.hooks = {"create --name": make, "rm multiarch": lambda: order.append(made.is_set())}
    Ran(runtime, plan_of(builder_keep=False)).result()
    assert order == [True]


def test_run_failure_during_builder_creation_removes_the_builder() -> None:
    runtime, begun = FakeRuntime(), threading.Event()

    def make() -> None:
        begun.set()
        assert runtime.stopped.wait(5)

    runtime.hooks = {"create --name": make, "login": lambda: begun.wait(5)}
    runtime.fail("login", OperationFailedError("login", ["An error occurred (AccessDeniedException): not authorized"]))
    Ran(runtime, plan_of(builder_keep=False)).error()
    assert runtime.stopped.is_set()
    assert runtime.events[-2:] == ["stop", "rm multiarch"]


def test_run_failure_with_builder_keep_keeps_the_builder() -> None:
    runtime = FakeRuntime()
    runtime.fail("login", OperationFailedError("login", ["An error occurred (AccessDeniedException): not authorized"]))
    Ran(runtime).error()
    assert not runtime.stopped.is_set()
    assert "rm multiarch" not in runtime.events


def test_run_signal_during_removal_removes_the_builder() -> None:
    runtime = FakeRuntime()

    def interrupt() -> None:
        raise InterruptedRunError(15)

    runtime.hooks = {"rm multiarch": interrupt}
    runtime.fail("login", OperationFailedError("login", ["An error occurred (AccessDeniedException): not authorized"]))
    with pytest.raises(InterruptedRunError):
        Ran(runtime, plan_of(builder_keep=False)).result()
    assert runtime.count("rm multiarch") == 2


LEFT = {
    'failed to remove multiarch: no builder "multiarch" found': "",
    "ERROR: Cannot connect to the Docker daemon": "could not remove the builder",
    "docker buildx rm did not end within 5 s": "could not remove the builder",
}


@pytest.mark.parametrize(("said", "warning"), LEFT.items(), ids=LEFT)
def test_run_failed_removal_of_a_missing_builder_does_not_warn(said: str, warning: str) -> None:
    runtime = FakeRuntime()
    runtime.fail("login", OperationFailedError("login", ["An error occurred (AccessDeniedException): not authorized"]))
    runtime.fail("rm multiarch", OperationFailedError("builder-create", [said]))
    ran = Ran(runtime, plan_of(builder_keep=False))
    assert isinstance(ran.error(), AwsError)
    assert ("could not remove the builder" in ran.said) is bool(warning)
    assert warning in ran.said


ANOTHER_TAG = "use another tag (--commit-tag TAG), a floating tag (--tag TAG), or --if-exists rebuild to replace it"
REUSE_REFUSED = {
    "fail": (
        {"if_exists": "fail"}, FakeImage(*BOTH),
        "{image} already exists: {digest}", "use --if-exists skip to reuse the image, or rebuild to replace it",
    ),
    "another commit under a derived tag": (
        {}, FakeImage(*BOTH, revision=NEWER),
        f"{{image}} already belongs to another build (commit {NEWER[:12]}): {{digest}}", ANOTHER_TAG,
    ),
    "another commit under a passed tag": (
        {"commit_tag": "v1"}, FakeImage(*BOTH, revision=NEWER),
        f"{{image}} already belongs to another build (commit {NEWER[:12]}): {{digest}}", ANOTHER_TAG,
    ),
    "unknown commit under a passed tag": (
        {"commit_tag": "v1"}, FakeImage(*BOTH, revision=""),
        "{image} already belongs to another build (no commit recorded on it): {digest}", ANOTHER_TAG,
    ),
    "without a platform": (
        {}, FakeImage("linux/amd64", "linux/s390x"),
        "{image} already exists without linux/arm64: {digest}", "use --if-exists rebuild to replace the image",
    ),
    "one manifest instead of two platforms": (
        {}, FakeImage("linux/amd64"),
        "{image} already exists for linux/amd64 only, without linux/arm64: {digest}",
        "use --if-exists rebuild to replace the image",
    ),
    "one manifest of another platform": (
        {"platforms": ("linux/amd64",)}, FakeImage("linux/arm64"),
        "{image} already exists for linux/arm64 only, without linux/amd64: {digest}",
        "use --if-exists rebuild to replace the image",
    ),
    "one manifest without a platform": (
        {"platforms": ("linux/amd64",)}, FakeImage("linux/amd64", says={"linux/amd64": {}}),
        "{image} already exists for an unknown platform only, without linux/amd64: {digest}",
        "use --if-exists rebuild to replace the image",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "there", "message", "hint"), REUSE_REFUSED.values(), ids=REUSE_REFUSED)
def test_run_unusable_existing_image_raises_configuration_error(
    flags: dict[str, object], there: FakeImage, message: str, hint: str
) -> None:
    runtime, tag = FakeRuntime(), str(flags.get("commit_tag", TAG))
    runtime.add(there, tag)
    error = Ran(runtime, plan_of(**flags)).error()
    assert type(error) is ConfigurationError
    assert error.message == message.format(image=f"{ECR_HOST}/shop:{tag}", digest=short_digest(there.digest))
    assert error.hint == hint
    assert runtime.tagged() == {tag: there.digest}


REPLACED = {
    "rebuild replaces this commit's image": ({"if_exists": "rebuild"}, FakeImage(*BOTH, salt="before"), TAG),
    "rebuild replaces another commit's image under a passed tag": (
        {"if_exists": "rebuild", "commit_tag": "v1"},
        FakeImage(*BOTH, revision=NEWER),
        "v1",
    ),
}


@pytest.mark.parametrize(("flags", "there", "tag"), REPLACED.values(), ids=REPLACED)
def test_run_if_exists_rebuild_replaces_the_image(flags: dict[str, object], there: FakeImage, tag: str) -> None:
    runtime = FakeRuntime()
    runtime.add(there, tag)
    result = Ran(runtime, plan_of(**flags)).result()
    assert runtime.count("bake") == 1
    assert result.tags[0].action == "moved"
    assert result.tags[0].previous == there.digest
    assert runtime.tagged()[tag] == runtime.builds.digest


def test_run_passed_tag_of_this_commit_is_reused() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH), "v1")
    assert Ran(runtime, plan_of(commit_tag="v1")).result().status == "reused"


def test_run_commit_tag_without_recorded_commit_is_reused() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH, revision=""), TAG)
    assert Ran(runtime).result().status == "reused"


def test_run_reused_image_of_wrong_platform_moves_no_tag() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH, says={"linux/arm64": {"os": "linux", "architecture": "amd64"}}), TAG)
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert "latest" not in runtime.tagged()


def built_with(runtime: FakeRuntime, text: str, *tags: str) -> FakeImage:
    """An image in the registry that says what it was built from."""
    image = FakeImage(*BOTH, salt=text, notes={ANNOTATION: text} if text else {})
    runtime.add(image, *tags)
    return image


def test_reuse_an_image_of_other_settings_ends_the_run_and_names_them() -> None:
    runtime = FakeRuntime()
    there = fingerprint_text({"build-arg:ENV": "a" * 12, "target": "b" * 12})
    built_with(runtime, there, TAG)
    error = Ran(runtime, plan_of(target="prod")).error()
    assert type(error) is ConfigurationError
    assert error.message == f"{ECR_HOST}/shop:{TAG} already exists, built with other settings: build-arg:ENV, target"
    assert "--if-exists rebuild" in error.hint
    assert "latest" not in runtime.tagged()
    assert runtime.count("bake") == 0


@pytest.mark.parametrize("text", ["", fingerprint_text({})], ids=["says nothing", "the same"])
def test_reuse_an_image_of_the_same_settings_or_of_none_that_are_known(text: str) -> None:
    runtime = FakeRuntime()
    image = built_with(runtime, text, TAG)
    result = Ran(runtime).result()
    assert (result.status, result.digest) == ("reused", image.digest)


def test_publish_another_run_of_the_commit_with_other_settings_is_an_error() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage(*BOTH, salt="theirs", notes={ANNOTATION: fingerprint_text({"target": "b" * 12})})
    later(runtime, TAG, theirs)
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert "built with other settings: target" in error.message
    assert "latest" not in runtime.tagged()


# Races and newer commits


def test_publish_commit_tag_of_another_run_is_kept_for_all_tags() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage(*BOTH, salt="theirs")
    runtime.hooks["bake"] = lambda: runtime.add(theirs, TAG)
    result = Ran(runtime).result()
    assert result.digest == theirs.digest
    assert [(each.tag, each.action) for each in result.tags] == [(TAG, "unchanged"), ("latest", "created")]
    assert runtime.tagged() == {TAG: theirs.digest, "latest": theirs.digest}
    assert result.warnings == (f"kept tag {TAG} of another build of this commit: {short_digest(theirs.digest)}",)


def test_publish_commit_tag_of_another_run_is_verified() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage("linux/amd64", "linux/s390x", salt="theirs")
    runtime.hooks["bake"] = lambda: runtime.add(theirs, TAG)
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert runtime.tagged() == {TAG: theirs.digest}


COMMITS = {
    # ancestors by history, annotated time, kept?
    "a newer commit by history": (True, "", True),
    "an older commit by history, a newer one by time": (False, "2099-01-01T00:00:00+00:00", False),
    "a newer commit by time, without its history": (None, "2099-01-01T00:00:00+00:00", True),
    "an older commit by time": (None, "2001-01-01T00:00:00+00:00", False),
    "no history and no time": (None, "", False),
    "a time without a zone": (None, "2099-01-01T00:00:00", False),
}


@pytest.mark.parametrize(("is_ancestor", "time", "kept"), COMMITS.values(), ids=COMMITS)
def test_publish_floating_tag_is_not_moved_to_older_commit(is_ancestor: bool | None, time: str, kept: bool) -> None:  # noqa: FBT001
    runtime = FakeRuntime()
    newest = FakeImage(*BOTH, revision=NEWER, time=time)
    runtime.add(newest, "latest")
    if is_ancestor is not None:
        runtime.ancestors[SHA, NEWER] = is_ancestor
    result = Ran(runtime).result()
    expected = ("kept", newest.digest) if kept else ("moved", runtime.builds.digest)
    assert (result.tags[1].action, runtime.tagged()["latest"]) == expected
    assert result.tags[1].previous == ("" if kept else newest.digest)
    warning = f"latest not moved: it already points to a newer commit, {NEWER[:12]}"
    assert result.warnings == ((warning,) if kept else ())


VERSIONS = {
    # our version, theirs, their commit is newer, kept?
    "a backport": ("1.1.5", "1.2.0", False, True),
    "a later version of an older commit": ("1.2.1", "1.2.0", True, False),
    "versions compared as numbers": ("1.9.0", "1.10.0", False, True),
    "same version, a newer commit": ("1.2.0", "1.2.0", True, True),
    "no version, a newer commit": ("1.1.5", "0123456", True, True),
    "no version, an older commit": ("1.1.5", "main", False, False),
}


@pytest.mark.parametrize(("ours", "theirs", "is_newer", "kept"), VERSIONS.values(), ids=VERSIONS)
def test_publish_floating_tag_is_not_moved_to_older_version(
    ours: str,
    theirs: str,
    is_newer: bool,  # noqa: FBT001
    kept: bool,  # noqa: FBT001
) -> None:
    runtime = FakeRuntime()
    there = FakeImage(*BOTH, revision=NEWER, version=theirs)
    runtime.add(there, "latest")
    runtime.ancestors[SHA, NEWER] = is_newer
    result = Ran(runtime, plan_of(commit_tag=f"v{ours}")).result()
    assert result.tags[1].action == ("kept" if kept else "moved")
    newer = f"a later version, {theirs}" if "." in theirs and not is_newer else f"a newer commit, {NEWER[:12]}"
    assert result.warnings == ((f"latest not moved: it already points to {newer}",) if kept else ())


def later(runtime: FakeRuntime, name: str, image: FakeImage) -> None:
    """Let another run, which read a tag before this one wrote it, write it after this one."""
    runtime.hooks[f"tag {name}"] = lambda: runtime.hooks.update({f"read {name}": lambda: runtime.add(image, name)})


@pytest.mark.parametrize("name", [TAG, "1.2.0"])
def test_publish_later_write_of_another_run_ends_with_one_image(name: str) -> None:
    runtime = FakeRuntime()
    theirs = FakeImage(*BOTH, salt="theirs")
    later(runtime, name, theirs)
    result = Ran(runtime, release()).result()
    winner = theirs if name == TAG else runtime.builds
    assert result.digest == winner.digest
    assert set(runtime.tagged().values()) == {winner.digest}
    assert {each.tag for each in result.tags} == {TAG, "1.2.0", "1.2", "latest"}


def test_publish_another_run_with_other_platforms_fails() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage("linux/amd64", salt="theirs")
    later(runtime, TAG, theirs)
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert f"another build of this commit published {ECR_HOST}/shop:{TAG} during this run" in error.message
    assert "linux/arm64" in error.message
    assert "build a commit once for all its platforms" in error.hint
    assert "latest" not in runtime.tagged()


class DeafRuntime(FakeRuntime):
    """A registry that accepts a tag and keeps what it had."""

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        before = self.names.get(tag)
        super().tag(repository, tag, manifest)
        self.names.pop(tag)
        if before:
            self.names[tag] = before


def test_publish_lost_write_raises_error() -> None:
    error = Ran(DeafRuntime()).error()
    assert error.diagnosis
    assert "cannot be read back: 404 Not Found" in error.diagnosis.line


def test_publish_lost_write_of_floating_tag_raises_registry_error() -> None:
    runtime = DeafRuntime()
    runtime.add(runtime.builds, TAG)
    before = FakeImage(*BOTH, revision="", salt="before")
    runtime.add(before, "latest")
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert error.message == (
        f"{ECR_HOST}/shop:latest does not stay at {short_digest(runtime.builds.digest)} after 3 writes"
    )


def test_publish_races_of_one_commit_end_with_one_image() -> None:
    """Two runs with different images, at the same time, on one registry: as threads that wait as in real life."""

    def race(number: int) -> tuple[set[str], set[str]]:
        first, second = (FakeRuntime(builds=FakeImage(*BOTH, salt=f"{number}-{each}")) for each in "ab")
        second.names, second.blobs = first.names, first.blobs = {}, {}
        both = [Ran(runtime, release(), sleep=time.sleep) for runtime in (first, second)]
        results = map_all(Ran.result, both)
        return {each.digest for each in results}, set(first.tagged().values())

    for digests, named in map_all(race, range(8)):
        assert len(digests) == 1
        assert named == digests


def older_build(runtime: FakeRuntime, revision: str = NEWER) -> FakeImage:
    """Let another build, which read the tag before this one wrote it, write it after this one looked at it."""
    theirs = FakeImage(*BOTH, revision=revision, time="2001-01-01T00:00:00+00:00", salt="theirs")
    runtime.hooks["tag latest"] = lambda: runtime.hooks.update({"read latest": lambda: runtime.add(theirs, "latest")})
    return theirs


def test_publish_older_write_to_floating_tag_is_overwritten() -> None:
    runtime = FakeRuntime()
    theirs = older_build(runtime)
    ran = Ran(runtime)
    result = ran.result()
    assert runtime.tagged()["latest"] == runtime.builds.digest
    warning = f"retrying tag latest, because an older build moved it to {short_digest(theirs.digest)}"
    assert result.warnings == (warning,)
    assert ran.clock.slept == [AGREE, LOOK, LOOK]


def test_publish_newer_write_to_floating_tag_is_kept() -> None:
    runtime = FakeRuntime()
    theirs = older_build(runtime)
    runtime.ancestors[SHA, NEWER] = True
    runtime.ancestors[NEWER, SHA] = False
    result = Ran(runtime).result()
    assert runtime.tagged()["latest"] == theirs.digest
    assert result.warnings == (f"another build moved tag latest to a newer commit, {NEWER[:12]}",)


def test_publish_write_of_unknown_age_is_kept() -> None:
    runtime = FakeRuntime()
    theirs = older_build(runtime, revision="")
    warning = f"another build moved tag latest to another image, {short_digest(theirs.digest)}"
    assert Ran(runtime).result().warnings == (warning,)
    assert runtime.tagged()["latest"] == theirs.digest


def test_publish_repeated_older_writes_raise_registry_error() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage(*BOTH, revision=NEWER, time="2001-01-01T00:00:00+00:00", salt="theirs")

    def again() -> None:
        runtime.add(theirs, "latest")
        runtime.hooks["tag latest"] = lambda: runtime.hooks.update({"read latest": again})

    runtime.hooks["tag latest"] = lambda: runtime.hooks.update({"read latest": again})
    error = Ran(runtime).error()
    assert type(error) is RegistryError
    assert error.message.startswith(f"{ECR_HOST}/shop:latest does not stay at {short_digest(runtime.builds.digest)}")
    assert runtime.count("tag latest") == 4


def test_publish_force_move_keeps_a_later_write() -> None:
    runtime = FakeRuntime()
    theirs = older_build(runtime)
    ran = Ran(runtime, plan_of(force_move=True))
    assert ran.result().warnings == (f"another build moved tag latest to another image, {short_digest(theirs.digest)}",)
    assert ran.clock.slept == [AGREE, LOOK]


def test_publish_slow_registry_waits_longer() -> None:
    runtime = FakeRuntime()
    ran = Ran(runtime)
    runtime.hooks["tag latest"] = lambda: ran.clock.sleep(0.5)
    ran.result()
    assert ran.clock.slept == [AGREE, 0.5, 1.0]


# Further pinned tags


RELEASE = facts(source=Source(commit=COMMIT, tag="v1.2.0"))
RELEASE_TAGS = {"tags": ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}")}


def release(**flags: object) -> Plan:
    return plan_of(RELEASE, **{**RELEASE_TAGS, **flags})


def test_publish_release_writes_all_tags() -> None:
    runtime = FakeRuntime()
    result = Ran(runtime, release()).result()
    assert [(each.tag, each.action) for each in result.tags] == [
        (TAG, "created"), ("1.2.0", "created"), ("1.2", "created"), ("latest", "created"),
    ]  # fmt: skip
    assert set(runtime.tagged().values()) == {runtime.builds.digest}


@pytest.mark.parametrize("there", [(TAG,), ("1.2.0",), (TAG, "1.2.0")])
def test_run_existing_release_is_reused_and_gets_all_tags(
    there: tuple[str, ...],
) -> None:
    runtime = FakeRuntime()
    image = FakeImage(*BOTH)
    runtime.add(image, *there)
    result = Ran(runtime, release()).result()
    assert (result.status, runtime.count("bake")) == ("reused", 0)
    assert {each.tag: each.action for each in result.tags} == {
        **dict.fromkeys((TAG, "1.2.0", "1.2", "latest"), "created"), **dict.fromkeys(there, "unchanged"),
    }  # fmt: skip
    assert set(runtime.tagged().values()) == {image.digest}


def test_run_release_tag_of_another_commit_fails_with_both_digests() -> None:
    runtime = FakeRuntime()
    ours, theirs = FakeImage(*BOTH), FakeImage(*BOTH, revision=NEWER)
    runtime.add(ours, TAG)
    runtime.add(theirs, "1.2.0")
    error = Ran(runtime, release()).error()
    assert (type(error), runtime.count("bake")) == (ConfigurationError, 0)
    assert error.message == (
        f"{ECR_HOST}/shop:1.2.0 already belongs to another build (commit {NEWER[:12]}): {short_digest(theirs.digest)}; "
        f"the image of this commit is {short_digest(ours.digest)}"
    )


def test_run_two_images_of_one_commit_fails_with_both_digests() -> None:
    runtime = FakeRuntime()
    first, second = FakeImage(*BOTH, salt="first"), FakeImage(*BOTH, salt="second")
    runtime.add(first, TAG)
    runtime.add(second, "1.2.0")
    error = Ran(runtime, release()).error()
    assert type(error) is ConfigurationError
    assert error.message == (
        f"this commit has two images in {ECR_HOST}/shop: "
        f"{TAG} is {short_digest(first.digest)}, 1.2.0 is {short_digest(second.digest)}"
    )
    result = Ran(runtime, release(if_exists="rebuild")).result()
    assert {each.tag: each.previous for each in result.tags[:2]} == {TAG: first.digest, "1.2.0": second.digest}


def test_publish_release_tag_taken_during_the_run_fails_with_both_digests() -> None:
    runtime = FakeRuntime()
    theirs = FakeImage(*BOTH, revision=NEWER)
    runtime.hooks["bake"] = lambda: runtime.add(theirs, "1.2.0")
    error = Ran(runtime, release()).error()
    assert type(error) is RegistryError
    assert error.message == (
        f"another build published {ECR_HOST}/shop:1.2.0 for commit {NEWER[:12]} during this run: "
        f"{short_digest(theirs.digest)}; the image of this build is {short_digest(runtime.builds.digest)}"
    )
    assert "latest" not in runtime.tagged()


# Immutable repositories


IMMUTABLE = RepositoryFacts(mutability="IMMUTABLE")
TAKEN = "400 Bad Request: TAG_INVALID: The image tag '0123456' already exists and cannot be overwritten"


def immutable(*images: tuple[FakeImage, str]) -> FakeRuntime:
    runtime = FakeRuntime()
    runtime.state = IMMUTABLE
    for image, tag in images:
        runtime.add(image, tag)
    return runtime


def test_run_immutable_floating_tag_fails_before_the_build() -> None:
    there = FakeImage(*BOTH, revision=NEWER)
    runtime = immutable((there, "latest"))
    error = Ran(runtime).error()
    assert (type(error), runtime.count("bake")) == (ConfigurationError, 0)
    assert error.message == f"cannot move {ECR_HOST}/shop:latest from {short_digest(there.digest)}: tags are immutable"
    assert "IMMUTABLE_WITH_EXCLUSION --image-tag-mutability-exclusion-filters filterType=WILDCARD,filter=latest" in (
        error.hint
    )
    assert "--tag ''" in error.hint


def test_run_new_immutable_floating_tag_warns() -> None:
    result = Ran(immutable()).result()
    begin = "later builds cannot move tag latest, because tags are immutable. To allow it: aws ecr"
    assert result.warnings[0].startswith(begin)


def test_run_immutable_tag_of_newer_commit_is_kept() -> None:
    runtime = immutable((FakeImage(*BOTH, revision=NEWER), "latest"))
    runtime.ancestors[SHA, NEWER] = True
    assert Ran(runtime).result().tags[1].action == "kept"


def test_run_excluded_floating_tag_moves() -> None:
    runtime = immutable((FakeImage(*BOTH, revision=NEWER), "latest"))
    runtime.state = RepositoryFacts(mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=("lat*",))
    assert Ran(runtime).result().tags[1].action == "moved"


def test_run_again_in_immutable_repository_succeeds() -> None:
    image = FakeImage(*BOTH)
    runtime = immutable((image, TAG), (image, "latest"))
    result = Ran(runtime).result()
    assert [each.action for each in result.tags] == ["unchanged", "unchanged"]
    assert (result.status, result.warnings) == ("reused", ())


def test_run_rebuild_of_immutable_tag_fails_before_the_build() -> None:
    there = FakeImage(*BOTH)
    error = Ran(immutable((there, TAG)), plan_of(if_exists="rebuild")).error()
    assert type(error) is ConfigurationError
    digest = short_digest(there.digest)
    assert error.message == f"cannot replace {ECR_HOST}/shop:{TAG}, which is {digest}: tags are immutable"


def test_run_immutable_tag_of_uncommitted_changes_fails_before_the_build() -> None:
    runtime = immutable((FakeImage(*BOTH, revision=""), f"{TAG}-dirty"))
    error = Ran(runtime, plan_of(facts(commit=DIRTY))).error()
    assert (type(error), runtime.count("bake")) == (ConfigurationError, 0)


@pytest.mark.parametrize("is_ours", [True, False])
def test_publish_rejected_write_succeeds_only_for_this_commit(is_ours: bool) -> None:  # noqa: FBT001
    runtime = FakeRuntime()
    theirs = runtime.builds if is_ours else FakeImage(*BOTH, revision=NEWER, salt="theirs")
    runtime.hooks[f"tag {TAG}"] = lambda: runtime.add(theirs, TAG)
    runtime.fail(f"tag {TAG}", OperationFailedError("manifest", [TAKEN]))
    if is_ours:
        assert Ran(runtime).result().tags[0].action == "created"
    else:
        assert type(Ran(runtime).error()) is RegistryError


def test_publish_force_move_moves_a_tag_back() -> None:
    runtime = FakeRuntime()
    runtime.add(FakeImage(*BOTH, revision=NEWER), "latest")
    runtime.ancestors[SHA, NEWER] = True
    assert Ran(runtime, plan_of(force_move=True)).result().tags[1].action == "moved"


# Verification


UNVERIFIED = {
    "a platform is missing": (
        FakeImage("linux/amd64", "linux/s390x"),
        "image {digest} lacks linux/arm64",
    ),
    "a platform was built for another": (
        FakeImage(*BOTH, says={"linux/arm64": {"os": "linux", "architecture": "amd64"}}),
        "the image for linux/arm64 was built for linux/amd64: {second}",
    ),
}


@pytest.mark.parametrize(("image", "message"), UNVERIFIED.values(), ids=UNVERIFIED)
def test_run_failed_verification_tags_nothing_without_retry(image: FakeImage, message: str) -> None:
    runtime = FakeRuntime(builds=image)
    ran = Ran(runtime)
    error = ran.error()
    assert type(error) is RegistryError
    digest, second = short_digest(image.digest), short_digest(image.platform_digest(1))
    assert error.message == message.format(digest=digest, second=second)
    assert runtime.tagged() == {}
    assert (runtime.count("bake"), ran.waited) == (1, [])


def test_run_unreadable_image_raises_registry_error() -> None:
    runtime = FakeRuntime()
    runtime.metadata = {"image": {"containerimage.digest": f"sha256:{'1' * 64}"}}
    error = Ran(runtime).error()
    assert (type(error), error.exit_code) == (RegistryError, 6)
    assert error.message.startswith("verify: ")
    assert runtime.tagged() == {}


def test_run_platforms_with_identical_layers_warns() -> None:
    result = Ran(FakeRuntime(builds=FakeImage(*BOTH, base="linux/amd64"))).result()
    assert result.warnings == (
        "linux/amd64 and linux/arm64 have identical layers; check whether a FROM line names a platform",
    )


# The builder


def test_run_matching_builder_is_used() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.answers["inspect multiarch"] = FITTING
    ran = Ran(runtime)
    ran.result()
    assert [each for each in runtime.events if "multiarch" in each] == ["inspect multiarch"]
    assert "using existing builder multiarch" in ran.said


@pytest.mark.parametrize(
    "inspected",
    [
        pytest.param('Driver: docker-container\nDriver Options: image="moby/buildkit:v0.1.0"\n', id="another image"),
        pytest.param("Driver: docker-container\n", id="no options"),
    ],
)
def test_run_builder_without_option_is_recreated(inspected: str) -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.answers["inspect multiarch"] = inspected
    ran = Ran(runtime)
    result = ran.result()
    builder = [each for each in runtime.events if each.split()[0] in ("create", "inspect", "rm")]
    assert builder == ["create --name", "inspect multiarch", "rm --keep-state", "create --name"]
    assert "recreating builder multiarch, keeping its cache: missing option image=moby/buildkit:v0.32.2" in ran.said
    assert result.warnings == ()


def test_run_builder_of_another_driver_is_rejected() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.answers["inspect multiarch"] = "Driver: kubernetes\n"
    error = Ran(runtime).error()
    assert type(error) is BuilderError
    assert error.message == "builder multiarch exists with driver kubernetes; expected docker-container"
    assert error.hint == (
        "use another builder (--builder NAME), or set --driver and --driver-opt to those of this builder"
    )
    assert "rm --keep-state" not in runtime.events


def test_run_builder_that_does_not_boot_is_recreated() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.fail("inspect multiarch", OperationFailedError("builder-boot", ["ERROR: no such container", ""]))
    result = Ran(runtime).result()
    assert result.warnings == ("recreating builder multiarch, because it does not boot: ERROR: no such container",)
    assert runtime.count("rm --keep-state") == 1


def test_run_docker_driver_creates_no_builder() -> None:
    runtime = FakeRuntime()
    runtime.answers["inspect default"] = "Driver: docker\n"
    Ran(runtime, plan_of(builder_driver="docker")).result()
    assert "create --name" not in runtime.events


def test_run_docker_driver_failure_raises_builder_error() -> None:
    runtime = FakeRuntime()
    runtime.fail("inspect default", OperationFailedError("builder-boot", ["ERROR: something nobody knows"]))
    error = Ran(runtime, plan_of(builder_driver="docker")).error()
    assert type(error) is BuilderError
    assert error.message == "builder: something nobody knows"


def test_run_lost_builder_is_repaired_and_only_the_build_retried() -> None:
    runtime = FakeRuntime()
    runtime.fail("bake", OperationFailedError("other", [LOST]))
    ran = Ran(runtime)
    result = ran.result()
    builder = [each for each in runtime.events if each in ("create --name", "bake")]
    assert builder == ["create --name", "bake", "create --name", "bake"]
    assert (runtime.count("login"), runtime.count("find shop")) == (1, 1)
    assert ran.waited == [0]
    assert [(each.step, each.attempt, each.wait) for each in result.retries] == [("build", 2, 0)]


# Retries


@pytest.mark.parametrize(
    ("event", "step"),
    [
        pytest.param("version", "docker", id="docker"),
        pytest.param("login", "login", id="login"),
        pytest.param(f"read {TAG}", "registry", id="registry"),
        pytest.param("blob", "verify", id="verify"),
        pytest.param(f"tag {TAG}", "tag", id="tag"),
        pytest.param("tag latest", "tag", id="floating tag"),
    ],
)
def test_run_transient_failure_retries_only_its_phase(event: str, step: str) -> None:
    runtime = FakeRuntime()
    runtime.fail(event, OperationFailedError("manifest", [UNAVAILABLE], retry_after=7))
    if event == "version":
        runtime.hooks["bake"] = lambda: runtime.wait_for("version", 2)
    ran = Ran(runtime)
    result = ran.result()
    assert [each.step for each in result.retries] == [step]
    assert ran.waited == [7]
    assert runtime.count("bake") == 1
    assert result.seconds == round(7 + AGREE + LOOK, 2)
    assert runtime.tagged() == {TAG: runtime.builds.digest, "latest": runtime.builds.digest}


def test_run_throttled_build_waits_as_long_as_stated() -> None:
    runtime = FakeRuntime()
    throttled = (
        "#8 ERROR: unexpected status code https://registry-1.docker.io/v2/x: 429 Too Many Requests: retry after 12 s"
    )
    runtime.fail("bake", OperationFailedError("other", [throttled]))
    ran = Ran(runtime)
    ran.result()
    assert (runtime.count("bake"), runtime.count("login"), ran.waited) == (2, 1, [12])


def test_run_expired_login_is_renewed_before_the_retry() -> None:
    runtime = FakeRuntime()
    runtime.fail(f"tag {TAG}", OperationFailedError("manifest", [EXPIRED]))
    Ran(runtime).result()
    events = after_preparation(runtime)
    begin = events.index(f"tag {TAG}")
    assert events[begin : begin + 4] == [f"tag {TAG}", "login again", f"read {TAG}", f"tag {TAG}"]


def test_run_403_without_body_is_retried_until_its_cause_is_known() -> None:
    """An answer to HEAD has no body, and the request that finds the cause can fail, too."""
    head = f"ERROR: failed to push: unexpected status from HEAD request to https://{ECR_HOST}/v2/shop/blobs/sha256:1"
    runtime = FakeRuntime()
    bake = runtime.bake
    answers = [OperationFailedError("manifest", [words]) for words in (UNAVAILABLE, EXPIRED)]

    def refuse(command: Command, definition: bytes, reader: BuildReader) -> Mapping[str, object]:
        if not answers:
            return bake(command, definition, reader)
        runtime.fail(f"read {TAG}", answers.pop(0))
        raise OperationFailedError("other", [f"{head}: 403 Forbidden"])

    runtime.bake = refuse  # type: ignore[method-assign]
    ran = Ran(runtime)
    assert [each.step for each in ran.result().retries] == ["build", "build"]
    assert runtime.count("login again") == 1


def test_run_credentials_that_stay_expired_fails() -> None:
    """A new login fixes an expired login; if it fails for the same cause, it is not repeated."""
    expired = "An error occurred (ExpiredTokenException) when calling the GetAuthorizationToken operation: expired"
    runtime = FakeRuntime()
    errors = [OperationFailedError("ecr-api", [expired]) for _ in range(2000)]
    runtime.fail("login", *errors)
    runtime.fail("login again", *errors)
    error = Ran(runtime, plan_of(retry_attempts=3)).error()
    assert isinstance(error, (RetriesExhaustedError, AwsError))
    assert runtime.count("login") + runtime.count("login again") <= 9
    assert "bake" not in runtime.events


def test_run_permanent_failure_is_not_retried() -> None:
    runtime = FakeRuntime()
    refused = (
        "An error occurred (AccessDeniedException) when calling the GetAuthorizationToken operation: "
        "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: ecr:GetAuthorizationToken"
    )
    runtime.fail("login", OperationFailedError("ecr-api", [refused]))
    ran = Ran(runtime)
    error = ran.error()
    assert type(error) is AwsError
    assert error.message == "login: the role is not allowed to perform ecr:GetAuthorizationToken"
    assert (runtime.count("login"), ran.waited) == (1, [])


def test_run_persistent_failure_raises_retries_exhausted() -> None:
    runtime = FakeRuntime()
    errors = [OperationFailedError("manifest", [UNAVAILABLE], retry_after=2) for _ in range(3)]
    runtime.fail("tag latest", *errors)
    error = Ran(runtime, plan_of(retry_attempts=3)).error()
    assert type(error) is RetriesExhaustedError
    assert error.message.endswith("(3 attempts in 4 s)")
    assert runtime.tagged() == {TAG: runtime.builds.digest}


# A failed build


def event_line(name: str, error: str = "") -> str:
    parts = f'"digest":"sha256:a","name":"{name}","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:01Z"'
    return f'{{"vertexes":[{{{parts},"error":"{error}"}}]}}'


def test_run_failed_step_is_logged_and_raises_build_error() -> None:
    runtime = FakeRuntime()
    failure = 'process \\"/bin/sh -c make\\" did not complete successfully: exit code: 2'
    runtime.lines = [
        event_line("[linux/arm64 2/2] RUN make", failure),
        '{"logs":[{"vertex":"sha256:a","stream":2,"data":"Y2M6IGJhZCB0aGluZwo="}]}',
    ]
    runtime.fail("bake", OperationFailedError("other", []))
    ran = Ran(runtime)
    error = ran.error()
    assert type(error) is BuildError
    assert "failed: [linux/arm64 2/2] RUN make" in ran.said
    assert "cc: bad thing" in ran.said
    assert runtime.tagged() == {}


def test_run_unsupported_platform_hint_lists_supported_ones() -> None:
    runtime = FakeRuntime()
    failure = 'process \\"/bin/sh -c make\\" did not complete successfully: exit code: 255'
    runtime.lines = [
        event_line("[linux/arm64 2/2] RUN make", failure),
        '{"logs":[{"vertex":"sha256:a","stream":2,"data":"ZXhlYyAvYmluL3NoOiBleGVjIGZvcm1hdCBlcnJvcgo="}]}',
    ]
    runtime.fail("bake", OperationFailedError("other", []))
    error = Ran(runtime).error()
    assert type(error) is BuilderError
    assert error.hint.splitlines()[-1] == "builder multiarch supports linux/amd64"


def test_run_failed_cache_export_warns() -> None:
    runtime = FakeRuntime()
    runtime.lines = [event_line("exporting cache to registry", "400 Bad Request")]
    result = Ran(runtime).result()
    assert result.status == "built"
    assert result.warnings == ("cache export failed, the image is not affected: 400 Bad Request",)


def test_run_registry_other_than_ecr_needs_no_login() -> None:
    runtime = FakeRuntime()
    result = Ran(runtime, plan_of(facts(registry=Registry.parse("localhost:5000")))).result()
    assert result.image.image == f"localhost:5000/shop@{runtime.builds.digest}"
    assert {"login", "find shop"}.isdisjoint(runtime.events)


def test_run_bug_in_a_thread_is_raised() -> None:
    runtime = FakeRuntime()

    def break_down() -> None:
        msg = "a bug"
        raise ZeroDivisionError(msg)

    runtime.hooks["create --name"] = break_down
    with pytest.raises(ZeroDivisionError, match="a bug"):
        Ran(runtime).result()


# The record


def events_of(title: str, *, seconds: int = 10, error: str = "", printed: str = "") -> list[str]:
    """The events of one step that ran."""
    at = {"started": "2026-01-01T00:00:01Z", "completed": f"2026-01-01T00:00:{1 + seconds:02}Z"}
    log = {"logs": [{"vertex": "a", "data": base64.b64encode(f"{printed}\n".encode()).decode()}]}
    fields = {"digest": "a", "name": title, **at, **({"error": error} if error else {})}
    return [*([json.dumps(log)] if printed else []), json.dumps({"vertexes": [fields]})]


def test_record_of_successful_run_has_all_phases() -> None:
    runtime = FakeRuntime()
    runtime.lines = events_of("[linux/arm64 2/2] RUN x")
    ran = Ran(runtime)
    result = ran.result()
    record = ran.record()
    assert record.run == ran.about
    assert [phase.name for phase in record.phases] == ["prepare", "build", "verify", "tag"]
    assert (record.outcome.status, record.outcome.images[0].digest) == ("built", result.digest)
    assert (record.outcome.tags, record.outcome.platforms) == (result.tags, result.platforms)
    [step] = record.steps
    assert (step.started, step.completed, step.state) == (1, 11, StepState.DONE)
    assert result.breakdown
    assert result.breakdown.build == 10


def seconds_in_views(ran: Ran) -> dict[str, float]:
    """The seconds of the whole run in each view, each written a while after the one before."""

    def record() -> Record:
        ran.clock.now += 2.0
        return ran.record()

    EventLog(ran.events.append, Redaction()).end(record())
    read = read_record(ran.events)
    files = report_files(record())
    [case] = re.findall(r'name="build" classname="multiarch" time="([\d.]+)"', files["junit.xml"].decode())
    return {
        "result": json.loads(result_as_json(record()))["seconds"],
        "text": float(list(result_as_text(record()))[-1].split()[1]),
        "report": json.loads(files["report.json"])["outcome"]["seconds"],
        "junit": float(case),
        "metrics": json.loads(metrics_as_json(record(), "Builds", BEGIN))["Seconds"],
        "events": read.outcome.seconds,
        "phases": round(sum(phase.interval.seconds for phase in read.phases), 2),
        "comparison": compare(read, record(), ("a", "b")).after.seconds,
    }


@pytest.mark.parametrize("is_failed", [False, True], ids=["built", "failed"])
def test_record_of_ended_run_has_the_same_seconds_in_every_view(is_failed: bool) -> None:  # noqa: FBT001 - a case
    runtime = FakeRuntime()
    runtime.lines = events_of("[linux/arm64 2/2] RUN x", seconds=2)
    ran = Ran(runtime, plan_of(tags=()))
    runtime.hooks["bake"] = lambda: ran.clock.sleep(4.5)
    if is_failed:
        runtime.fail("bake", OperationFailedError("other", ["ERROR: process did not complete: exit code: 1"]))
        ran.error()
    else:
        ran.result()
    took = round(ran.clock.now, 2)
    assert took >= 4.5
    assert seconds_in_views(ran) == dict.fromkeys(seconds_in_views(ran), took)


def test_record_of_failed_build_is_redacted() -> None:
    runtime = FakeRuntime()
    runtime.lines = events_of(f"[linux/arm64 2/2] RUN x {SECRET}", error=f"exit code: 3 {SECRET}", printed=SECRET)
    runtime.fail("bake", OperationFailedError("other", ["ERROR: failed to solve: exit code: 3"]))
    ran = Ran(runtime)
    error = ran.error()
    record = ran.record()
    assert [phase.name for phase in record.phases] == ["prepare", "build"]
    assert record.outcome.status == "failed"
    assert record.outcome.failure
    assert record.outcome.failure.exit_code == error.exit_code
    [step] = record.steps
    assert (step.output, step.error) == (("<redacted>",), "exit code: 3 <redacted>")
    assert SECRET not in repr(record) + "".join(ran.events)
    assert "steps      linux/arm64  1 run, 0 cached, 10.0 s" in breakdown_as_text(breakdown_of(record))


def test_record_of_interrupted_run_has_its_steps() -> None:
    runtime = FakeRuntime()
    runtime.lines = events_of("[linux/arm64 2/2] RUN x")

    def interrupt() -> None:
        raise InterruptedRunError(signal.SIGTERM)

    runtime.hooks["bake"] = interrupt
    ran = Ran(runtime)
    with pytest.raises(InterruptedRunError):
        ran._execution.run()
    record = ran.record()
    assert (record.outcome.status, len(record.steps)) == ("interrupted", 1)
    assert record.outcome.failure
    assert record.outcome.failure.exit_code == 143


def test_record_of_reused_image_has_no_steps() -> None:
    runtime = FakeRuntime()
    runtime.add(runtime.builds, TAG)
    ran = Ran(runtime)
    ran.result()
    record = ran.record()
    assert (record.outcome.status, record.steps, record.attempt) == ("reused", (), 0)


def test_record_of_retried_build_is_of_the_last_attempt() -> None:
    runtime = FakeRuntime()
    runtime.lines = events_of("[linux/arm64 2/2] RUN x")
    runtime.fail("bake", OperationFailedError("other", [UNAVAILABLE]))
    ran = Ran(runtime)
    ran.result()
    record = ran.record()
    assert (record.attempt, len(record.steps)) == (2, 1)
    assert [(retry.step, retry.attempt) for retry in record.outcome.retries] == [("build", 2)]
    assert isinstance(record.outcome.retries[0], Retry)


def test_read_record_of_saved_events_returns_the_record() -> None:
    runtime = FakeRuntime()
    runtime.lines = events_of("[linux/arm64 2/2] RUN x", printed="hello")
    runtime.fail("bake", OperationFailedError("other", [UNAVAILABLE]))
    ran = Ran(runtime)
    ran.result()
    cut_off = read_record(ran.events)
    assert (cut_off.attempt, cut_off.outcome.status) == (2, "unfinished")
    EventLog(ran.events.append, Redaction()).end(ran.record())
    assert read_record(ran.events) == ran.record()


NATIVE = {"a long build": (10, True), "a short one": (1, False)}


@pytest.mark.parametrize(("seconds", "asked"), NATIVE.values(), ids=NATIVE)
def test_record_of_long_build_has_native_platforms(seconds: float, asked: object) -> None:
    runtime = FakeRuntime()
    ran = Ran(runtime)
    runtime.hooks["bake"] = lambda: ran.clock.sleep(seconds)
    runtime.answers["inspect multiarch"] = "Platforms: linux/amd64, linux/arm64\n"
    ran.result()
    assert (ran.record().native == ("linux/amd64",)) is asked
    assert ("inspect multiarch" in runtime.events) is asked


def test_record_of_existing_builder_has_native_platforms() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("builder-create", [EXISTS]))
    runtime.answers["inspect multiarch"] = f"{FITTING}Platforms: linux/arm64, linux/amd64\n"
    ran = Ran(runtime)
    ran.result()
    assert ran.record().native == ("linux/arm64",)
