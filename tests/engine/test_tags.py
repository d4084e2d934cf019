"""Names on the real engine: a release's, a pull request's, those that move, and two builds that race for one."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dev.stack.ecr import control
from dev.stack.ecr.faults import Fault
from multiarch.image.manifest import short_digest
from multiarch.plan.build.fingerprint import ANNOTATION

if TYPE_CHECKING:
    from dev.project import Project, Run
    from tests.engine.registry import RegistryView

pytestmark = pytest.mark.engine

PASSWORD = "ghs-hunter2secret"
RULES = """\
type=semver,pattern={{version}}
type=semver,pattern={{major}}.{{minor}}
type=semver,pattern={{major}}
type=ref,event=branch
type=ref,event=pr
"""
OCI = "org.opencontainers.image"


def build(project: Project, *words: str, **variables: str | None) -> Run:
    return project.multiarch("build", "--output", "json", *words, MULTIARCH_TAGS=RULES, **variables)


def release(project: Project, version: str, *words: str, **variables: str | None) -> Run:
    """Build as CodeBuild's webhook does for a git tag."""
    return build(
        project,
        *words,
        CODEBUILD_WEBHOOK_TRIGGER=f"tag/{version}",
        CODEBUILD_WEBHOOK_EVENT="PUSH",
        CODEBUILD_WEBHOOK_HEAD_REF=f"refs/tags/{version}",
        **variables,
    )


def actions(run: Run) -> dict[str, str]:
    return {tag["tag"]: tag["action"] for tag in run.image["tags"]}


def labels(registry: RegistryView, reference: str) -> list[dict[str, Any]]:
    return [config["config"]["Labels"] for config in registry.platforms(reference).values()]


def test_build_release_has_all_tags_and_labels(project: Project, registry: RegistryView) -> None:
    project.git("remote", "add", "origin", f"https://x-access-token:{PASSWORD}@github.com/acme/shop.git")
    words = ("--label", f"{OCI}.licenses=MIT", "--annotation", "index:note=of the index")
    run = release(project, "v1.2.3", *words)
    assert run.code == 0, run.said
    digest = run.image["digest"]
    names = (project.tag, "1.2.3", "1.2", "1", "latest")
    assert actions(run) == dict.fromkeys(names, "created")
    assert {registry.digest(name) for name in names} == {digest}
    told = {
        f"{OCI}.revision": project.sha,
        f"{OCI}.created": project.git("show", "--no-patch", "--format=%cI", "HEAD"),
        f"{OCI}.version": "1.2.3",
        f"{OCI}.title": "shop",
        f"{OCI}.source": "https://github.com/acme/shop",
        f"{OCI}.url": "https://github.com/acme/shop",
        f"{OCI}.licenses": "MIT",
    }
    index = registry.manifest(digest)
    manifests = [registry.manifest(each["digest"]) for each in index["manifests"]]
    noted = {**told, ANNOTATION: index["annotations"][ANNOTATION]}
    assert index["annotations"] == {**noted, "note": "of the index"}
    assert [each["annotations"] for each in manifests] == [noted, noted]
    assert labels(registry, digest) == [told, told]
    assert PASSWORD not in run.said + json.dumps([index, manifests, registry.platforms(digest)])
    again = release(project, "v1.2.3", *words)
    assert again.code == 0, again.said
    assert (again.json["status"], again.image["digest"]) == ("reused", digest)
    assert actions(again) == dict.fromkeys(names, "unchanged")


def test_build_changed_labels_keep_the_cache(project: Project) -> None:
    first = build(project)
    assert first.code == 0, first.said
    project.commit("Another commit, the same files")
    second = build(project)
    assert second.code == 0, second.said
    assert second.json["cache"]["cached"] == second.json["cache"]["steps"]
    assert second.image["digest"] != first.image["digest"]


def test_build_backport_does_not_move_newer_tags(project: Project, registry: RegistryView) -> None:
    new = release(project, "v1.2.0")
    assert new.code == 0, new.said
    time.sleep(1)  # commits have whole seconds
    project.commit("Mend the last release")
    old = release(project, "v1.1.5")
    assert old.code == 0, old.said
    assert actions(old) == {
        project.tag: "created", "1.1.5": "created", "1.1": "created", "1": "kept", "latest": "kept",
    }  # fmt: skip
    assert "latest not moved: it already points to a later version, 1.2.0" in old.stderr
    assert registry.digest("latest") == registry.digest("1") == new.image["digest"]
    pre = release(project, "v2.0.0-rc.1", "--commit-tag", "pre")
    assert pre.code == 0, pre.said
    assert actions(pre) == {"pre": "created", "2.0.0-rc.1": "created"}


def test_build_attested_image_of_older_commit_does_not_move_latest(project: Project, registry: RegistryView) -> None:
    """It is an index too, and says its commit there."""
    words = ("--platform", "linux/amd64", "--provenance", "true", "--output", "json")
    old = project.sha
    project.commit("Go on")
    new = project.multiarch("build", *words)
    assert new.code == 0, new.said
    project.git("checkout", "--quiet", old)
    run = project.multiarch("build", *words)
    assert run.code == 0, run.said
    assert actions(run)["latest"] == "kept"
    assert registry.digest("latest") == new.image["digest"] != run.image["digest"]


def test_build_pull_request_has_its_tag(project: Project, registry: RegistryView) -> None:
    run = build(
        project,
        CODEBUILD_WEBHOOK_TRIGGER="pr/12",
        CODEBUILD_WEBHOOK_EVENT="PULL_REQUEST_UPDATED",
        CODEBUILD_WEBHOOK_HEAD_REF="refs/heads/topic",
        CODEBUILD_WEBHOOK_BASE_REF="refs/heads/main",
    )
    assert run.code == 0, run.said
    assert actions(run) == {project.tag: "created", "pr-12": "created"}
    assert "latest" not in registry.tags()


def test_script_writes_the_same_tags(project: Project, registry: RegistryView) -> None:
    assert release(project, "v1.2.0").code == 0
    project.commit("Mend the last release")
    shown = project.multiarch(
        "build", "--dry-run", MULTIARCH_TAGS=RULES, MULTIARCH_GIT_TAG="v1.1.5", MULTIARCH_EVENT="tag"
    )
    assert shown.code == 0, shown.said
    ran = project.run(["sh", "-c", shown.stdout])
    assert ran.code == 0, ran.said
    assert registry.digest("1.1.5") == registry.digest("1.1") == registry.digest(project.tag)
    assert registry.digest("latest") == registry.digest("1") == registry.digest("1.2.0") != registry.digest("1.1.5")
    again = project.run(["sh", "-c", shown.stdout])
    assert again.code == 0, again.said
    assert registry.digest("1.1.5") == registry.digest(project.tag)


# Immutable tags


def test_build_release_in_immutable_repository_succeeds(project: Project, lane: str) -> None:
    """A re-run is success; another commit under the same version is an error, before the build."""
    control.create_repository(lane, mutability="IMMUTABLE")
    words = ("--cache", "none", "--flavor", "latest=false")
    rules = "type=semver,pattern={{version}}"
    first = project.multiarch("build", "--output", "json", *words, "--git-tag", "v1.2.3", "--tag", rules)
    assert first.code == 0, first.said
    again = project.multiarch("build", "--output", "json", *words, "--git-tag", "v1.2.3", "--tag", rules)
    assert again.code == 0, again.said
    assert actions(again) == {project.tag: "unchanged", "1.2.3": "unchanged"}
    sha = project.sha
    project.commit("Another commit")
    other = project.multiarch("build", *words, "--git-tag", "v1.2.3", "--tag", rules)
    assert other.code == 2, other.said
    digest = short_digest(first.image["digest"])
    assert f":1.2.3 already belongs to another build (commit {sha[:12]}): {digest}" in other.stderr
    assert "building for" not in other.stderr


def test_build_immutable_floating_tag_fails_before_the_build(project: Project, lane: str) -> None:
    control.create_repository(lane, mutability="IMMUTABLE")
    first = project.multiarch("build", "--output", "json", "--cache", "none")
    assert first.code == 0, first.said
    assert "later builds cannot move tag latest" in first.stderr
    again = project.multiarch("build", "--cache", "none")
    assert again.code == 0, again.said
    project.commit("Another commit")
    second = project.multiarch("build", "--cache", "none")
    assert second.code == 2, second.said
    digest = short_digest(first.image["digest"])
    assert f"{lane}:latest from {digest}: tags are immutable" in second.stderr
    assert "building for" not in second.stderr


# Races


def older_and_newer(project: Project, number: int) -> tuple[Project, Project]:
    """Two checkouts, each of a build of its own: the older one's was made before there was a newer commit."""
    project.commit(f"Older {number}")
    folder = project.folder.parent / f"older-{number}"
    project.git("clone", "--quiet", str(project.folder), str(folder))
    older = replace(project, folder=folder, environment={**project.environment, "CODEBUILD_SRC_DIR": str(folder)})
    time.sleep(1)  # commits have whole seconds
    project.commit(f"Newer {number}")
    return older, project


def race(older: Project, newer: Project, *, head_start: float) -> tuple[Run, Run]:
    """Build both at once; the older one begins so many seconds earlier, or later."""

    def begin(project: Project, wait: float) -> Run:
        time.sleep(max(0.0, wait))
        return project.multiarch("build", "--output", "json")

    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(begin, older, -head_start), pool.submit(begin, newer, head_start)]
        return runs[0].result(), runs[1].result()


@pytest.mark.parametrize("head_start", [0.0, 0.15, -0.15])
def test_build_race_ends_with_latest_at_the_newer_commit(
    project: Project, registry: RegistryView, head_start: float
) -> None:
    first = project.multiarch("build")  # the builder is there, and the cache is full
    assert first.code == 0, first.said
    for number in range(2):
        older, newer = older_and_newer(project, number)
        ran = race(older, newer, head_start=head_start)
        assert [run.code for run in ran] == [0, 0], ran
        assert registry.digest("latest") == ran[1].image["digest"] != ran[0].image["digest"]
        assert registry.digest(older.tag) == ran[0].image["digest"]


def test_build_older_commit_after_a_stall_does_not_move_latest(project: Project, lane: str) -> None:
    """It read the tag before the newer build wrote it, and would write it afterwards."""
    control.create_repository(lane)
    first = project.multiarch("build", "--output", "json")
    assert first.code == 0, first.said
    older, newer = older_and_newer(project, 0)
    control.open_lane(lane, [Fault(where="tag latest", what="stall", seconds=4)])
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(older.multiarch, "build", "--output", "json")
        deadline = time.monotonic() + 60
        while not any("stall" in each for each in control.told(lane).requests):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        quick = newer.multiarch("build", "--output", "json")
        late = slow.result()
    assert (quick.code, late.code) == (0, 0), (quick.said, late.said)
    assert actions(quick)["latest"] == "moved"
    assert actions(late)["latest"] == "kept"
    assert "latest not moved: it already points to a newer commit" in late.stderr
