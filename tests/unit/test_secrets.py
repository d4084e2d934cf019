"""Build arguments that look like secrets, and those that only sound like it."""

from __future__ import annotations

import pytest

from multiarch.plan.build.secrets import secret_arguments, secret_reason, secret_warnings

BY_NAME = (
    "TOKEN", "NPM_TOKEN", "npmToken", "GITHUB_TOKEN_VALUE", "PASSWORD", "DB_PASSWORD", "db-password", "DB_PASSWORD_1",
    "PASSPHRASE", "CLIENT_SECRET", "SECRET", "API_KEY", "apiKey", "APIKEY", "AWS_SECRET_ACCESS_KEY", "PRIVATE_KEY",
    "SIGNING_KEY", "KEY", "SSH_KEY", "REGISTRY_CREDENTIALS", "PYPI_PASSWORD_PROD",
)  # fmt: skip
NO_SECRETS = (
    "KEYBOARD", "MONKEY", "PUBLIC_KEY", "TOKENIZER_VERSION", "TOKENS_PER_SECOND", "KEY_COUNT", "KEYSTORE_PATH",
    "PASSWORD_FILE", "SECRET_NAME", "TOKEN_URL", "SECRETARY", "PARTITION_KEY", "CACHE_KEY", "VERSION", "COMPASS",
    "SSH_PUBLIC_KEY", "GPG_KEY_ID", "KEYCLOAK_VERSION", "AWS_ACCESS_KEY_ROTATION",
)  # fmt: skip


@pytest.mark.parametrize("name", BY_NAME)
def test_secret_reason_of_secret_name_is_returned(name: str) -> None:
    assert secret_reason(name, "hunter22") == "by its name"
    assert secret_reason(name, None) == "by its name"


@pytest.mark.parametrize("name", NO_SECRETS)
def test_secret_reason_of_similar_name_is_empty(name: str) -> None:
    assert secret_reason(name, "hunter22") == ""


@pytest.mark.parametrize("value", ["", "true", "FALSE", "1", "4096", "abc"])
def test_secret_reason_of_plain_value_is_empty(value: str) -> None:
    assert secret_reason("USE_TOKEN", value) == ""


# Put together here, so that nobody's search for secrets finds them in this file.
KEY = "-----BEGIN {}PRIVATE KEY-----\nMIIE"
VALUES = {
    "AKIA" + "IOSFODNN7EXAMPLE": "an AWS access key",
    "ASIA" + "IOSFODNN7EXAMPLE": "an AWS access key",
    "ghp_" + "a" * 36: "a GitHub token",
    "github_pat_" + "a" * 30: "a GitHub token",
    "glpat-" + "a" * 20: "a GitLab token",
    "npm_" + "a" * 36: "an npm token",
    "xoxb-" + "1234567890-abc": "a Slack token",
    KEY.format(""): "a private key",
    KEY.format("RSA "): "a private key",
    KEY.format("OPENSSH "): "a private key",
    "eyJ" + "hbGciOiJIUzI1NiJ9.eyJ" + "zdWIiOiIxMjM0In0.abc-_": "a JSON web token",
    "https://ada:hunter2@example.com/x": "a password in a URL",
}


@pytest.mark.parametrize(("value", "what"), VALUES.items(), ids=VALUES.values())
def test_secret_reason_of_secret_value_is_returned(value: str, what: str) -> None:
    assert secret_reason("VERSION", value) == f"its value is {what}"


@pytest.mark.parametrize(
    "value",
    ["AKIA", "ghp_short", "eyJhbGciOi.x.y", "-----BEGIN PUBLIC KEY-----", "https://example.com/a@b", "a:b@c",
     "sha256:0123456789abcdef", "0123456789abcdef0123456789abcdef01234567"],
)  # fmt: skip
def test_secret_reason_of_similar_value_is_empty(value: str) -> None:
    assert secret_reason("VERSION", value) == ""


def test_secret_arguments_reads_values_of_variables() -> None:
    found = secret_arguments({"A": None, "B": None, "C_TOKEN": "abcd"}, {"A": "ghp_" + "a" * 36, "B": "x"})
    assert found == {"A": "its value is a GitHub token", "C_TOKEN": "by its name"}


def test_secret_warnings_have_a_fix_and_no_value() -> None:
    (warning,) = secret_warnings({"NPM_TOKEN": "by its name"})
    assert warning == (
        "build argument NPM_TOKEN looks like a secret (by its name), and is readable in the image history. "
        "Pass it with --secret id=NPM_TOKEN,env=NPM_TOKEN and RUN --mount=type=secret,id=NPM_TOKEN"
    )
