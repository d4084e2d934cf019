"""What a run makes of a registry's answer that misleads, at an ECR that behaves like ECR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dev.stack import layout
from dev.stack.ecr import control
from dev.stack.ecr.faults import Fault

if TYPE_CHECKING:
    from dev.project import Project

pytestmark = pytest.mark.engine

ALWAYS = 99


def test_build_ambiguous_403_reports_the_permissions(project: Project, lane: str) -> None:
    control.create_repository(lane)
    control.open_lane(lane, [Fault(where="manifest push", what="status", status=403, times=ALWAYS)])
    run = project.multiarch("build")
    assert run.code == 6, run.said
    assert "AWS reports: the role is allowed to perform ecr:BatchCheckLayerAvailability" in run.stderr
    assert "ecr:InitiateLayerUpload and ecr:PutImage, which cannot be tested without writing" in run.stderr
    asked = [each for each in control.told(lane).requests if "UploadLayerPart" in each]
    assert len(asked) == 1


def test_build_immutable_cache_tag_reports_the_fix(project: Project, lane: str) -> None:
    """AWS did not say it before the build: the first one makes the tag, the second has a good image and a warning."""
    control.create_repository(lane, mutability="IMMUTABLE")
    for tag in ("one", "two"):
        # What no earlier run has built: a cache that is the same as before is not written again.
        (project.folder / "hello.sh").write_text(f"#!/bin/sh\necho {lane} {tag}\n")
        project.commit("Change")
        control.open_lane(lane, [Fault(where="find repository", what="forbid")])
        run = project.multiarch("build", MULTIARCH_TAGS=tag)
        assert run.code == 0, run.said
    assert "cache export failed, the image is not affected" in run.stderr
    assert (
        f"AWS reports: tag cache immutable in {lane}. To allow moving: aws ecr put-image-tag-mutability" in run.stderr
    )


def test_build_missing_cache_repository_disables_cache_export(project: Project, lane: str) -> None:
    control.create_repository(lane)
    run = project.multiarch("build", "--cache-ref", f"{layout.PROXIED.host}/{lane}-cache:main")
    assert run.code == 0, run.said
    assert f"cache export disabled: repository {lane}-cache does not exist in account" in run.stderr


def test_doctor_immutable_repository_warns(project: Project, lane: str) -> None:
    control.create_repository(lane, mutability="IMMUTABLE")
    run = project.multiarch("doctor")
    assert run.code == 0, run.said
    assert f"tag latest: immutable in {lane}" in run.stdout
    assert f"tag cache is immutable in {lane}; cache export is disabled" in run.stdout
