"""A registry's words on the line after the status that they explain."""

from __future__ import annotations

import pytest

from multiarch.errors import FailureClass
from multiarch.failures import diagnose
from multiarch.failures.unwrap import unwrapped

URL = "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/base/blobs/sha256:5ad1"
GET = (
    f"ERROR: failed to solve: failed to copy: httpReadSeeker: failed open: unexpected status from GET request to {URL}"
)
EXPIRED = "denied: Your authorization token has expired. Reauthenticate and try again."

JOINED = {
    "what ECR says": ([f"{GET}: 403 Forbidden", EXPIRED], [f"{GET}: 403 Forbidden: {EXPIRED}"]),
    "two words in the code": (["x: 404 Not Found", "name unknown: no"], ["x: 404 Not Found: name unknown: no"]),
    "in one text": (["a\nx: 403 Forbidden\ndenied: no\nb"], ["a", "x: 403 Forbidden: denied: no", "b"]),
    "with ends of lines": (["x: 403 Forbidden\r", "denied: no\r"], ["x: 403 Forbidden: denied: no\r"]),
    "no words": (["x: 403 Forbidden", "b"], ["x: 403 Forbidden", "b"]),
    "words that are none of a registry": (["x: 403 Forbidden", "Dockerfile:3"], ["x: 403 Forbidden", "Dockerfile:3"]),
    "words without a status": (["pushing", "denied: no"], ["pushing", "denied: no"]),
    "a status in the middle": (["403 Forbidden was the answer", "denied: no"],) * 2,
    "no message": (["x: 403 Forbidden", "denied:"], ["x: 403 Forbidden", "denied:"]),
    "a number that is no status": (["x: 1403 Forbidden", "denied: no"],) * 2,
    "nothing": ([], []),
}


@pytest.mark.parametrize(("lines", "expected"), JOINED.values(), ids=JOINED)
def test_unwrapped_status_gets_its_error(lines: list[str], expected: list[str]) -> None:
    assert list(unwrapped(lines)) == expected


CAUSES = {
    "an expired token": (EXPIRED, FailureClass.AUTH_EXPIRED, "have expired"),
    "a missing right": (
        "denied: User: arn:x is not authorized to perform: ecr:GetDownloadUrlForLayer on resource: base",
        FailureClass.CONFIG,
        "the role is not allowed to perform ecr:GetDownloadUrlForLayer",
    ),
}


@pytest.mark.parametrize(("words", "failure_class", "cause"), CAUSES.values(), ids=CAUSES)
def test_diagnose_status_with_error_is_decided_by_error(words: str, failure_class: FailureClass, cause: str) -> None:
    found = diagnose(["#7 ERROR: failed to copy", f"{GET}: 403 Forbidden", words])
    assert found
    assert found.failure_class is failure_class
    assert cause in found.cause
