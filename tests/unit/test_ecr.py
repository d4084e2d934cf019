"""The pure pieces of the ECR that behaves like ECR, and of the cases that use it."""

from __future__ import annotations

import json

import pytest

from dev.stack.ecr import rules
from dev.stack.ecr.faults import PLACES, Fault, Request, Schedule
from dev.stack.ecr.lanes import Lanes
from tests.chaos import chance
from tests.chaos.cases import CASES

OURS = "python-urllib3/2.8.0"
BUILDKIT = "buildkit/v0.32"
REPOSITORY = rules.Repository(name="app", account="123456789012", region="eu-central-1")
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def _asked(method: str, path: str, agent: str = BUILDKIT) -> Request:
    return Request(side="registry", method=method, path=f"/v2/lane/{path}", agent=agent)


@pytest.mark.parametrize(
    ("request_", "places"),
    [
        (_asked("HEAD", "base/manifests/1"), {"base resolve"}),
        (_asked("GET", "base/blobs/sha256:1"), {"base pull"}),
        (_asked("GET", "manifests/cache"), {"cache import"}),
        (_asked("PUT", "manifests/cache"), {"cache export"}),
        (_asked("HEAD", "blobs/sha256:1"), {"blob check"}),
        (_asked("POST", "blobs/uploads/"), {"blob start"}),
        (_asked("PUT", "blobs/uploads/1"), {"blob upload"}),
        (_asked("PUT", "manifests/sha256:1"), {"manifest push"}),
        (_asked("GET", "manifests/sha256:1", OURS), {"read-back"}),
        (_asked("GET", "blobs/sha256:1", OURS), {"read-back config"}),
        (_asked("GET", "manifests/4f2a1b6", OURS), {"look-up", "tag look-up"}),
        (_asked("PUT", "manifests/4f2a1b6", OURS), {"tag"}),
        (_asked("PUT", "manifests/latest", OURS), {"tag latest"}),
        (Request(side="aws", operation="GetAuthorizationToken"), {"login"}),
        (Request(side="connection"), {"connection"}),
    ],
)
def test_places_are_told_apart(request_: Request, places: set[str]) -> None:
    assert {name for name, place in PLACES.items() if place.holds(request_)} == places


def test_schedule_next_uses_each_fault_once() -> None:
    schedule = Schedule((Fault(where="tag", what="reset", times=2, skip=1), Fault(where="tag", what="cut")))
    met = [schedule.next(_asked("PUT", "manifests/1", OURS)) for _ in range(5)]
    assert [fault and fault.what for fault in met] == ["cut", "reset", "reset", None, None]
    assert schedule.fired == ["tag: cut, once", "tag: reset, 2 times", "tag: reset, 2 times"]


def test_schedule_outage_lasts_from_the_first_request() -> None:
    now = 100.0
    schedule = Schedule((Fault(where="tag", what="status", status=503, lasts=9),), clock=lambda: now)
    request = _asked("PUT", "manifests/1", OURS)
    assert schedule.next(request)
    now = 108.0
    assert schedule.next(request)
    now = 110.0
    assert schedule.next(request) is None
    now = 105.0
    assert schedule.next(request) is None


def test_lane_issues_and_revokes_passwords() -> None:
    lane = Lanes().open({"name": "lane", "key": "AKIALANE"})
    first = lane.new_password()
    assert lane.is_valid(first)
    lane.expire()
    second = lane.new_password()
    assert lane.is_expired(first)
    assert not lane.is_valid(first)
    assert lane.is_valid(second)
    assert lane.secrets == [first, second]


@pytest.mark.parametrize(
    ("mutability", "excepted", "keeps"),
    [
        ("MUTABLE", (), False),
        ("IMMUTABLE", (), True),
        ("IMMUTABLE_WITH_EXCLUSION", ("cache*",), False),
        ("IMMUTABLE_WITH_EXCLUSION", ("latest",), True),
        ("MUTABLE_WITH_EXCLUSION", ("cache*",), True),
    ],
)
def test_which_tags_stay(mutability: str, excepted: tuple[str, ...], *, keeps: bool) -> None:
    repository = rules.Repository(name="a", account="1", region="r", mutability=mutability, excepted=excepted)
    assert repository.keeps("cache") is keeps


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/v2/app/manifests/1", "ecr:BatchGetImage"),
        ("POST", "/v2/app/blobs/uploads/", "ecr:InitiateLayerUpload"),
        ("PUT", "/v2/app/blobs/uploads/1", "ecr:CompleteLayerUpload"),
        ("PUT", "/v2/app/manifests/1", "ecr:PutImage"),
    ],
)
def test_rules_missing_permission_names_the_action(method: str, path: str, action: str) -> None:
    refusal = rules.missing_right(method, path, REPOSITORY, (action,))
    assert refusal
    assert (refusal.status, refusal.code) == (403, "DENIED")
    assert f"not authorized to perform: {action} on resource: arn:aws:ecr:eu-central-1:" in refusal.message
    assert rules.missing_right(method, path, REPOSITORY, ("ecr:Other",)) is None


def test_rules_cache_without_image_manifest_is_rejected() -> None:
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}
    cache = rules.no_image(INDEX, json.dumps({"manifests": [layer]}).encode())
    assert cache
    assert cache.status == 400
    image = json.dumps({"manifests": [{"mediaType": MANIFEST}]}).encode()
    assert rules.no_image(INDEX, image) is None
    unknown = rules.no_image("application/json", b"{}")
    assert unknown
    assert (unknown.status, unknown.code) == (405, "UNSUPPORTED")


def test_drawn_schedule_repeats_with_its_seed() -> None:
    assert list(chance.cases(7)) == list(chance.cases(7)) != list(chance.cases(8))


def test_cases_are_many_and_distinct() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 80
    assert 10 <= sum(case.smoke for case in CASES) <= 16
    assert {case.deed for case in CASES[-2:]} == {"kill builder", "restart docker"}
