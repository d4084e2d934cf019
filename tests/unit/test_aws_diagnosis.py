from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multiarch.errors import (
    BuilderError,
    Diagnosis,
    FailurePhase,
    MultiarchError,
    OperationFailedError,
    RegistryError,
    RetriesExhaustedError,
)
from multiarch.failures import understand
from multiarch.image.ecr import Permission, RepositoryFacts
from multiarch.image.registry import Registry
from multiarch.run.aws_diagnosis import AwsAnswers, AwsQuestion, diagnose_with_aws, questions
from multiarch.run.execution import Execution
from multiarch.text.redaction import Redaction
from tests.unit.fakes import SHOP, FakeClock, FakeRuntime, facts, plan_of, quiet_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from multiarch.image.reference import Repository

REPOSITORY, PERMISSIONS, IMAGES = AwsQuestion.REPOSITORY, AwsQuestion.PERMISSIONS, AwsQuestion.IMAGES
ALL = dict.fromkeys(("ecr:UploadLayerPart", "ecr:BatchGetImage"), Permission.ALLOWED)
NONE_KNOWN = dict.fromkeys(ALL, Permission.UNKNOWN)
IMMUTABLE = RepositoryFacts(mutability="IMMUTABLE")
CACHE_400 = "error writing manifest blob: failed commit on ref: unexpected status: 400 Bad Request"
PUSH_403 = "failed to push: unexpected status from PUT request to https://host/v2/shop/manifests/latest: 403 Forbidden"
PUSH_EOF = 'failed to push: failed to do request: Post "https://host/v2/shop/blobs/uploads/": EOF'
PUSH_404 = "failed to push: unexpected status from POST request to https://host/v2/shop/blobs/uploads/: 404 Not Found"
TAKEN = "The image tag 'latest' already exists in the 'shop' repository and cannot be overwritten"


def failure(phase: FailurePhase, line: str) -> Diagnosis:
    return understand(OperationFailedError(phase, [line]))


@pytest.mark.parametrize(
    ("phase", "line", "asked"),
    [
        (FailurePhase.PUSH, PUSH_403, (REPOSITORY, PERMISSIONS, IMAGES)),
        (FailurePhase.PUSH, PUSH_EOF, (REPOSITORY, PERMISSIONS)),
        (FailurePhase.PUSH, "error parsing the response body: unexpected end of JSON input", (REPOSITORY, PERMISSIONS)),
        (FailurePhase.PUSH, PUSH_404, (REPOSITORY,)),
        (FailurePhase.MANIFEST, TAKEN, (REPOSITORY,)),
        (FailurePhase.CACHE_EXPORT, CACHE_400, (REPOSITORY,)),
        (FailurePhase.PUSH, "403 Forbidden: User: x is not authorized to perform: ecr:PutImage on resource: y", ()),
        (FailurePhase.PUSH, "403 Forbidden: DENIED: Your authorization token has expired. Reauthenticate", ()),
        (FailurePhase.PUSH, "503 Service Unavailable", ()),
        (FailurePhase.PUSH, "geofence, 14030 bytes", ()),
        (FailurePhase.RUN_STEP, "curl: 403 Forbidden, EOF, 404 Not Found", ()),
        (FailurePhase.BASE_PULL, "manifest unknown: 404 Not Found", ()),
    ],
)
def test_questions_of_ambiguous_failure_returns_them(
    phase: FailurePhase, line: str, asked: tuple[AwsQuestion, ...]
) -> None:
    assert questions(failure(phase, line)) == asked


@pytest.mark.parametrize(
    ("phase", "line", "answers", "words"),
    [
        (
            FailurePhase.PUSH,
            PUSH_404,
            AwsAnswers(repository="missing"),
            "shop does not exist in account 123456789012, eu-west-1",
        ),
        (FailurePhase.PUSH, PUSH_EOF, AwsAnswers(repository="missing"), "aws ecr create-repository --region eu-west-1"),
        (FailurePhase.PUSH, PUSH_404, AwsAnswers(), ""),
        (FailurePhase.PUSH, PUSH_404, AwsAnswers(repository=RepositoryFacts()), ""),
        (
            FailurePhase.MANIFEST,
            TAKEN,
            AwsAnswers(repository=IMMUTABLE),
            "tag latest immutable in shop. To allow moving",
        ),
        (FailurePhase.MANIFEST, TAKEN, AwsAnswers(repository=IMMUTABLE), "IMMUTABLE_WITH_EXCLUSION"),
        (FailurePhase.MANIFEST, "tag is immutable", AwsAnswers(repository=IMMUTABLE), "tags 0123456, latest immutable"),
        (FailurePhase.CACHE_EXPORT, CACHE_400, AwsAnswers(repository=IMMUTABLE), "tag cache immutable in shop"),
        (
            FailurePhase.CACHE_EXPORT,
            CACHE_400,
            AwsAnswers(repository=RepositoryFacts(mutability="IMMUTABLE_WITH_EXCLUSION", exclusions=("cache*",))),
            "",
        ),
        (
            FailurePhase.PUSH,
            PUSH_403,
            AwsAnswers(permissions={**ALL, "ecr:UploadLayerPart": Permission.DENIED}, images=99_999),
            "not allowed to perform ecr:UploadLayerPart on shop. Add the policy that python -m multiarch policy prints",
        ),
        (
            FailurePhase.PUSH,
            PUSH_403,
            AwsAnswers(permissions=ALL, images=100_000),
            "repository shop has 100,000 images",
        ),
        (
            FailurePhase.PUSH,
            PUSH_403,
            AwsAnswers(permissions=ALL, images=12),
            "ecr:InitiateLayerUpload and ecr:PutImage, which cannot be tested without writing",
        ),
        # ECR rejects a write to an immutable tag with 400, never with 403.
        (FailurePhase.PUSH, PUSH_403, AwsAnswers(repository=IMMUTABLE, permissions=NONE_KNOWN), ""),
        (FailurePhase.PUSH, PUSH_EOF, AwsAnswers(permissions=ALL), "ecr:InitiateLayerUpload"),
        (FailurePhase.PUSH, PUSH_EOF, AwsAnswers(permissions=NONE_KNOWN), ""),
    ],
)
def test_diagnose_with_aws_answers_returns_the_cause(
    phase: FailurePhase, line: str, answers: AwsAnswers, words: str
) -> None:
    found = diagnose_with_aws(plan_of(), failure(phase, line), lambda _repository, _questions: answers)
    assert words in found if words else not found


def refuse(repository: Repository, questions: Sequence[AwsQuestion]) -> AwsAnswers:
    raise AssertionError((repository, questions))


@pytest.mark.parametrize(
    ("host", "diagnosis"),
    [
        ("localhost:5000", failure(FailurePhase.PUSH, PUSH_403)),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", failure(FailurePhase.PUSH, "503 Service Unavailable")),
    ],
    ids=["another registry", "a known cause"],
)
def test_diagnose_with_aws_known_cause_asks_nothing(host: str, diagnosis: Diagnosis) -> None:
    assert not diagnose_with_aws(plan_of(facts(registry=Registry.parse(host))), diagnosis, refuse)


def test_diagnose_with_aws_cache_export_asks_about_its_repository() -> None:
    asked = []

    def ask(repository: Repository, _questions: Sequence[AwsQuestion]) -> AwsAnswers:
        asked.append(repository)
        return AwsAnswers(repository=IMMUTABLE)

    plan = plan_of(cache_ref="210987654321.dkr.ecr.us-east-1.amazonaws.com/caches:shop")
    found = diagnose_with_aws(plan, failure(FailurePhase.CACHE_EXPORT, CACHE_400), ask)
    assert [each.name for each in asked] == ["caches"]
    assert "tag shop immutable in caches" in found
    assert "--region us-east-1 --registry-id 210987654321 --repository-name caches" in found


def run(runtime: FakeRuntime) -> tuple[MultiarchError | None, Sequence[str]]:
    """Return the error that ended a run, or its warnings."""
    clock = FakeClock()
    log, _ = quiet_log()
    try:
        execution = Execution(plan_of(), runtime, log, clock=clock, sleep=clock.sleep)
        execution.run()
    except MultiarchError as error:
        return error, ()
    return None, execution.record(Redaction([])).outcome.warnings


@pytest.mark.parametrize(
    ("event", "phase", "line", "kind"),
    [
        ("bake", "push", PUSH_404, MultiarchError),
        ("tag latest", "manifest", TAKEN, RegistryError),
        ("bake", "push", PUSH_EOF, RetriesExhaustedError),
    ],
)
def test_run_failure_adds_aws_diagnosis_once(event: str, phase: str, line: str, kind: type[MultiarchError]) -> None:
    runtime = FakeRuntime()
    runtime.said = AwsAnswers(repository="missing")
    runtime.fail(event, *[OperationFailedError(phase, [line])] * 9)
    error, _ = run(runtime)
    assert isinstance(error, kind)
    assert "AWS reports: repository shop does not exist" in error.hint
    assert len([each for each in runtime.events if each.startswith("ask about")]) == 1


def test_run_retried_failure_does_not_ask_aws() -> None:
    runtime = FakeRuntime()
    runtime.fail("bake", OperationFailedError("push", [PUSH_EOF]))
    assert run(runtime)[0] is None
    assert not [each for each in runtime.events if each.startswith("ask about")]


def test_run_builder_failure_does_not_ask_aws() -> None:
    runtime = FakeRuntime()
    runtime.fail("create --name", OperationFailedError("daemon", ["docker: command not found"]))
    assert isinstance(run(runtime)[0], BuilderError)
    assert not [each for each in runtime.events if each.startswith("ask about")]


def test_diagnose_with_aws_push_asks_about_the_image_repository() -> None:
    asked: list[Repository] = []

    def ask(repository: Repository, _questions: Sequence[AwsQuestion]) -> AwsAnswers:
        asked.append(repository)
        return AwsAnswers()

    diagnose_with_aws(plan_of(), failure(FailurePhase.PUSH, PUSH_403), ask)
    assert asked == [SHOP]
