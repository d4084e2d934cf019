"""AWS, played by moto within this process and by botocore's own stubs."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from multiarch.edges.aws import Aws, Token
from multiarch.errors import OperationFailedError
from multiarch.failures import understand
from multiarch.image.ecr import RepositoryFacts
from multiarch.image.registry import Registry
from tests.unit.fakes import ECR, ECR_HOST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ecr import ECRClient

ACCOUNT = "123456789012"
PASSWORD = "pass:word"
EXPIRES = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's AWS configuration is read."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def moto() -> Iterator[None]:
    with mock_aws():
        yield


class Stubbed:
    """An Aws whose ECR client answers from a list."""

    def __init__(self, client: ECRClient) -> None:
        self.stub = Stubber(client)
        self.aws = Aws()
        self.aws._calls._clients["eu-west-1"] = client

    def token(self, host: str, *, account: str = "", password: str = PASSWORD) -> None:
        data = {
            "authorizationToken": base64.b64encode(f"AWS:{password}".encode()).decode(),
            "proxyEndpoint": f"https://{host}",
            "expiresAt": EXPIRES,
        }
        expected: dict[str, Any] = {"registryIds": [account]} if account else {}
        self.stub.add_response("get_authorization_token", {"authorizationData": [data]}, expected)

    def __enter__(self) -> Self:
        self.stub.activate()
        return self

    def __exit__(self, *error: object) -> None:
        self.stub.deactivate()
        if error[0] is None:
            self.stub.assert_no_pending_responses()


@pytest.fixture
def stubs(ecr_client: ECRClient) -> Stubbed:
    return Stubbed(ecr_client)


@pytest.mark.usefixtures("moto")
def test_token_without_account_names_the_callers_registry() -> None:
    token = Aws().token(region="eu-west-1")
    assert (token.host, token.username, token.password) == (ECR_HOST, "AWS", f"{ACCOUNT}-auth-token")


@pytest.mark.usefixtures("moto")
def test_token_of_another_account_names_its_registry() -> None:
    token = Aws().token(region="us-east-1", account="210987654321")
    assert token.host == "210987654321.dkr.ecr.us-east-1.amazonaws.com"


def test_token_is_asked_for_once_and_cached_by_account(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.token(ECR_HOST)
        token = stubbed.aws.token(region="eu-west-1")
        assert stubbed.aws.token(region="eu-west-1") is token
        assert stubbed.aws.token(region="eu-west-1", account=ACCOUNT) is token
    assert token == Token(host=ECR_HOST, username="AWS", password="pass:word", expires=EXPIRES)


def test_fresh_token_is_asked_for_again(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.token(ECR_HOST, account=ACCOUNT, password="first")
        stubbed.token(ECR_HOST, account=ACCOUNT, password="second")
        stubbed.aws.token(region="eu-west-1", account=ACCOUNT)
        assert stubbed.aws.token(region="eu-west-1", account=ACCOUNT, fresh=True).password == "second"
        assert stubbed.aws.token(region="eu-west-1", account=ACCOUNT).password == "second"


def test_token_repr_has_no_password() -> None:
    token = Token(host=ECR_HOST, username="AWS", password="s3cret", expires=None)
    assert repr(token) == f"Token(host='{ECR_HOST}', username='AWS', password=<redacted>)"


def test_error_has_the_words_of_aws(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.stub.add_client_error(
            "get_authorization_token", "AccessDeniedException", "User: x is not authorized to perform: y", 400
        )
        with pytest.raises(OperationFailedError) as caught:
            stubbed.aws.token(region="eu-west-1")
    assert (caught.value.phase, caught.value.retry_after) == ("ecr-api", None)
    [line] = caught.value.lines
    assert line == (
        "An error occurred (AccessDeniedException) when calling the GetAuthorizationToken operation: "
        "User: x is not authorized to perform: y"
    )


WORDLESS = {
    "a status alone": ("429", "", "429 Too Many Requests"),
    "a status with words": (
        "502",
        "Bad Gateway",
        "(502) when calling the GetAuthorizationToken operation: Bad Gateway",
    ),
    "a status that is none": ("999", "", "GetAuthorizationToken operation:"),
}


@pytest.mark.parametrize(("code", "message", "end"), WORDLESS.values(), ids=WORDLESS)
def test_error_with_a_status_alone_gets_its_phrase(stubs: Stubbed, code: str, message: str, end: str) -> None:
    with stubs as stubbed:
        stubbed.stub.add_client_error("get_authorization_token", code, message, 429)
        with pytest.raises(OperationFailedError) as caught:
            stubbed.aws.token(region="eu-west-1")
    assert caught.value.lines[0].endswith(end)


AFTER = {"seconds": ("7", 7.0), "a date": ("Wed, 21 Oct 2026 07:28:00 GMT", None), "nothing": ("", None)}


@pytest.mark.parametrize(("header", "seconds"), AFTER.values(), ids=AFTER)
def test_error_keeps_the_wait_of_retry_after(stubs: Stubbed, header: str, seconds: float | None) -> None:
    with stubs as stubbed:
        stubbed.stub.add_client_error(
            "get_authorization_token",
            "ThrottlingException",
            "Rate exceeded",
            400,
            response_meta={"HTTPHeaders": {"retry-after": header}},
        )
        with pytest.raises(OperationFailedError) as caught:
            stubbed.aws.token(region="eu-west-1")
    assert caught.value.retry_after == seconds
    assert understand(caught.value).failure_class == "throttled"


def test_failed_call_is_made_once(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.stub.add_client_error("get_authorization_token", "ServerException", "busy", 500)
        with pytest.raises(OperationFailedError, match="ServerException"):
            stubbed.aws.token(region="eu-west-1")


def test_missing_credentials_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(OperationFailedError) as caught:
        Aws().token(region="eu-west-1")
    assert caught.value.lines == ("botocore.exceptions.NoCredentialsError: Unable to locate credentials",)
    assert understand(caught.value).failure_class == "config"


def test_invalid_region_is_named() -> None:
    with pytest.raises(OperationFailedError, match="InvalidRegionError"):
        Aws().token(region="not a region")


def test_unknown_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(OperationFailedError, match=r"botocore\.exceptions\.ProfileNotFound"):
        Aws().token(region="eu-west-1")
    with pytest.raises(OperationFailedError, match=r"botocore\.exceptions\.ProfileNotFound"):
        Aws().default_region()


def test_default_region_is_the_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Aws().default_region() == ""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Aws().default_region() == "eu-west-1"


# The repository


@pytest.mark.usefixtures("moto")
def test_existing_repository_is_found() -> None:
    boto3.client("ecr", region_name="eu-west-1").create_repository(repositoryName="shop")
    assert Aws().find_repository(ECR, "shop") == RepositoryFacts()


def state(stubbed: Stubbed) -> object:
    return stubbed.aws.find_repository(ECR, "team/shop")


def not_found(stubbed: Stubbed) -> None:
    stubbed.stub.add_client_error("describe_repositories", "RepositoryNotFoundException", "not there", 400)


def test_repository_without_the_right_to_describe_it_is_unknown(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.stub.add_client_error("describe_repositories", "AccessDeniedException", "no", 400)
        assert state(stubbed) == "unknown"


TEMPLATES = {
    "no template": ([], "missing"),
    "one for all": ([{"prefix": "ROOT", "appliedFor": ["CREATE_ON_PUSH"]}], "unknown"),
    "one for its prefix": ([{"prefix": "team", "appliedFor": ["CREATE_ON_PUSH"]}], "unknown"),
    "one for another": ([{"prefix": "other", "appliedFor": ["CREATE_ON_PUSH"]}], "missing"),
    "one for replication": ([{"prefix": "ROOT", "appliedFor": ["REPLICATION"]}], "missing"),
}


@pytest.mark.parametrize(("templates", "expected"), TEMPLATES.values(), ids=TEMPLATES)
def test_repository_created_on_push_is_not_missing(
    stubs: Stubbed, templates: list[dict[str, Any]], expected: str
) -> None:
    with stubs as stubbed:
        not_found(stubbed)
        stubbed.stub.add_response(
            "describe_repository_creation_templates", {"repositoryCreationTemplates": templates}, {}
        )
        assert state(stubbed) == expected


def test_template_on_a_later_page_is_found(stubs: Stubbed) -> None:
    mine = {"prefix": "team", "appliedFor": ["CREATE_ON_PUSH"]}
    other = {"prefix": "other", "appliedFor": ["CREATE_ON_PUSH"]}
    with stubs as stubbed:
        stubbed.stub.add_response(
            "describe_repository_creation_templates", {"repositoryCreationTemplates": [other], "nextToken": "more"}, {}
        )
        stubbed.stub.add_response(
            "describe_repository_creation_templates", {"repositoryCreationTemplates": [mine]}, {"nextToken": "more"}
        )
        assert stubbed.aws.is_made_on_push(ECR, "team/shop") is True


@pytest.mark.parametrize("code", ["AccessDeniedException", "ServerException", "ThrottlingException", "500"])
def test_denied_templates_leave_the_repository_unknown(stubs: Stubbed, code: str) -> None:
    with stubs as stubbed:
        not_found(stubbed)
        stubbed.stub.add_client_error("describe_repository_creation_templates", code, "no", 400)
        assert state(stubbed) == "unknown"


def test_answer_without_templates_is_none(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.stub.add_response("describe_repository_creation_templates", {}, {})
        assert stubbed.aws.is_made_on_push(ECR, "team/shop") is None


def test_lookalike_host_is_not_answered_by_the_token(stubs: Stubbed) -> None:
    with stubs as stubbed:
        stubbed.token(ECR_HOST, account=ACCOUNT)
        look_alike = Registry.parse(f"{ACCOUNT}.dkr.ecr.eu-west-1.evil.example")
        token = stubbed.aws.token(region=look_alike.region, account=look_alike.account)
    assert not look_alike.is_answered_by(token.host, [("amazonaws.com",)])
