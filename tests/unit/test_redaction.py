"""Secrets, in every form they may be printed in."""

from __future__ import annotations

import base64

import pytest

from multiarch.text.redaction import REDACTED, Redaction

SECRET = "s3cret-value"
FORMS = {
    "the secret": (SECRET, SECRET, REDACTED),
    "among others": (SECRET, f"x={SECRET}; y={SECRET}", f"x={REDACTED}; y={REDACTED}"),
    "in base64": (SECRET, base64.b64encode(SECRET.encode()).decode(), REDACTED),
    "a line of a secret of many": (
        "-----BEGIN-----\nline-one\nline-two\n", "it says line-two here", f"it says {REDACTED} here"),
    "with the line end of its file": (f"{SECRET}\n", f"[{SECRET}]", f"[{REDACTED}]"),
    "not a part of it": (SECRET, "s3cret", "s3cret"),
    "too short to be one": ("abc", "abc", "abc"),
    "nothing": ("", "text", "text"),
    "spaces alone": ("      ", "a       b", "a       b"),
}  # fmt: skip


@pytest.mark.parametrize(("secret", "text", "expected"), FORMS.values(), ids=FORMS)
def test_clean_replaces_a_secret(secret: str, text: str, expected: str) -> None:
    assert Redaction([secret]).clean(text) == expected


def test_clean_replaces_the_longest_secret() -> None:
    assert Redaction(["token", "token-of-mine"]).clean("token-of-mine token") == f"{REDACTED} {REDACTED}"


def test_clean_replaces_a_secret_added_later() -> None:
    redaction = Redaction()
    assert redaction.clean(SECRET) == SECRET
    redaction.add(SECRET)
    assert redaction.clean(SECRET) == REDACTED


URLS = {
    "https://ada:pass@proxy:3128/": f"https://{REDACTED}@proxy:3128/",
    "x http://a:b@c d": f"x http://{REDACTED}@c d",
    "https://example.com/a@b": "https://example.com/a@b",
    "git@github.com:a/b": "git@github.com:a/b",
    "ssh://git@example.com": "ssh://git@example.com",
    "host:5000/image@sha256:1": "host:5000/image@sha256:1",
    "https://host:5000/v2/shop@sha256:1": "https://host:5000/v2/shop@sha256:1",
}


@pytest.mark.parametrize(("text", "expected"), URLS.items(), ids=URLS)
def test_clean_replaces_a_login_in_a_url(text: str, expected: str) -> None:
    assert Redaction().clean(text) == expected
