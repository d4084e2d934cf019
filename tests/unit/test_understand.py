"""What an edge raised, diagnosed: the code and the status of an answer decide before its text."""

import pytest

from multiarch.errors import OperationFailedError, StepFailure
from multiarch.failures import diagnose, understand
from multiarch.failures.rules import ALL_RULES

PAGE = "unexpected status from PUT request to https://registry.example.com/v2/shop/manifests/1: page of a proxy"

ANSWERS = {  # phase, code, status and text of the answer, and the rule
    "code of AWS, text of another error": (
        "ecr-api", "ThrottlingException", 400, "x509: Access Denied", "rate-limited"),
    "code of AWS, no text": (
        "ecr-api", "RepositoryNotFoundException", 400, "no words", "ecr-repository-missing"),
    "code of AWS in other letters": ("ecr-api", "throttlingexception", 400, "no words", "rate-limited"),
    "one code, action named": (
        "ecr-api", "AccessDeniedException", 400, "not authorized to perform: ecr:PutImage", "aws-action-denied"),
    "one code, no action named": ("ecr-api", "AccessDeniedException", 400, "no words", "aws-operation-denied"),
    "one code, clock": ("ecr-api", "InvalidSignatureException", 403, "Signature expired: 20260101", "aws-clock-skewed"),
    "one code, key": ("ecr-api", "InvalidSignatureException", 403, "no words", "aws-signature-mismatch"),
    "status as the code of AWS": ("ecr-api", "404", 404, "<!DOCTYPE html>", "aws-response-unexpected"),
    "server error as the code of AWS": ("ecr-api", "502", 502, "bad words", "aws-server-error"),
    "near miss: unknown code of AWS leaves the text": (
        "ecr-api", "NewException", 400, "An error occurred (NewException): Rate exceeded", "rate-limited"),
    "near miss: AWS without an answer": (
        "ecr-api", "", None, "NoRegionError: must specify a region", "aws-region-missing"),
    "code of a registry": ("manifest", "MANIFEST_UNKNOWN", 404, "no words", "image-not-found"),
    "code of a registry, expired token": (
        "manifest", "DENIED", 403, "DENIED: Your authorization token has expired.", "aws-token-expired"),
    "code of a registry, immutable tag": (
        "manifest", "TAG_INVALID", 400, "TAG_INVALID: The image tag '1' already exists", "tag-immutable"),
    "code of a registry, another invalid tag": ("manifest", "TAG_INVALID", 400, "no words", "push-rejected"),
    "code of a registry, no login": ("manifest", "UNAUTHORIZED", 401, "no words", "registry-login-required"),
    "status of a registry, no login": ("manifest", "", 401, PAGE, "registry-login-required"),
    "status of a registry without words": ("manifest", "", 403, PAGE, "registry-forbidden"),
    "status of a registry, its own code unknown": ("manifest", "HARBOR_BUSY", 503, PAGE, "registry-server-error"),
    "near miss: status that no rule has": (
        "manifest", "", 200, "200 OK: 503 Service Unavailable", "registry-server-error"),
    "no registry of AWS has its server errors": ("manifest", "", 503, PAGE, "registry-server-error"),
}  # fmt: skip


@pytest.mark.parametrize(("phase", "code", "status", "text", "rule"), ANSWERS.values(), ids=ANSWERS)
def test_understand_answer_gives_rule(phase: str, code: str, status: int | None, text: str, rule: str) -> None:
    found = understand(OperationFailedError(phase, [text], code=code, status=status))
    assert (found.rule, found.phase, found.line) == (rule, phase, text)


CODES = sorted({code for rule in ALL_RULES for code in rule.codes})


@pytest.mark.parametrize("code", CODES)
def test_understand_code_without_text_gives_last_rule_of_code(code: str) -> None:
    phase = "manifest" if (code.isupper() and code.isalpha()) or "_" in code else "ecr-api"
    found = understand(OperationFailedError(phase, [""], code=code, status=400))
    named = understand(OperationFailedError(phase, ["no words"], code=code, status=400))
    assert named.rule == [rule.name for rule in ALL_RULES if code in rule.codes][-1]
    assert found.rule in ("unknown", named.rule)


def test_understand_error_without_output_is_unknown() -> None:
    found = understand(OperationFailedError("daemon", ["", " "]))
    assert (found.rule, found.cause) == ("unknown", "daemon failed without output")


def failed(title: str, *output: str, error: str = "", is_canceled: bool = False) -> StepFailure:
    error = error or 'process "/bin/sh -c make" did not complete successfully: exit code: 2'
    return StepFailure(title=title, output=output, error=error, is_canceled=is_canceled)


MAKE, TEST = "[linux/amd64 build 2/3] RUN make", "[linux/arm64 build 2/3] RUN curl https://example.com"
COMPILE = "main.c:1:10: fatal error: x.h: No such file or directory"
RESOLVE = "curl: (6) Could not resolve host: example.com"
PUSH = "failed to push h/shop:1: unexpected status from PUT request to https://h/v2/shop/manifests/1: 403 Forbidden"
DENIED = "denied: User: x is not authorized to perform: ecr:PutImage on resource: y"

STEPS = {
    "output of the failed step": ([failed(MAKE, COMPILE)], "step-compile-failed", COMPILE),
    "near miss: output of a canceled step": (
        [failed(TEST, RESOLVE, error="context canceled", is_canceled=True), failed(MAKE, COMPILE)],
        "step-compile-failed", COMPILE),
    "output that looks like BuildKit's log": (
        [failed(MAKE, COMPILE, "#3 DONE 0.1s", "#4 ERROR: failed to push x: 502 Bad Gateway", "CANCELED")],
        "step-compile-failed", COMPILE),
    "output that looks like time and step": (
        [failed(TEST, f"#7 1.5 {RESOLVE}")], "download-failed", f"#7 1.5 {RESOLVE}"),
    "terminal codes in the output": ([failed(MAKE, f"\x1b[31m{COMPILE}\x1b[0m")], "step-compile-failed", COMPILE),
    "error of two lines": (
        [failed("exporting to image", error=f"{PUSH}\n{DENIED}")], "aws-action-denied", f"ERROR: {PUSH}: {DENIED}"),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "rule", "line"), STEPS.values(), ids=STEPS)
def test_understand_steps_of_build_gives_rule(steps: list[StepFailure], rule: str, line: str) -> None:
    found = understand(OperationFailedError("other", [], steps=steps))
    assert (found.rule, found.line) == (rule, line)


def test_understand_steps_equals_explain_of_their_log() -> None:
    steps = [failed(MAKE, "cc -c main.c", COMPILE)]
    verdict = f"ERROR: failed to build: failed to solve: {steps[0].error}"
    log = [f"#1 {MAKE}", "#1 0.1 cc -c main.c", f"#1 0.2 {COMPILE}", f"#1 ERROR: {steps[0].error}", verdict]
    assert understand(OperationFailedError("other", [verdict], steps=steps)) == diagnose(log)
