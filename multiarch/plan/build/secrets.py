"""Finds build arguments that look like secrets, by name and by value; they belong in `--secret`. Pure.

The image history contains each argument that a RUN step uses, and a provenance of mode=max contains all arguments.
"""

import re
from collections.abc import Mapping

# The last word, or the last two words, decide: `NPM_TOKEN` is a secret, `TOKENIZER_VERSION` and `TOKEN_FILE` are not.
_SECRET_WORDS = frozenset(
    {"token", "tokens", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential", "credentials",
     "apikey", "authtoken", "accesstoken"}
)  # fmt: skip
_SECRET_PAIRS = frozenset(
    {"api key", "access key", "private key", "secret key", "signing key", "encryption key", "deploy key", "ssh key",
     "auth key", "account key", "license key", "master key", "service key"}
)  # fmt: skip
# Endings that are ignored: `TOKEN_VALUE` and `PASSWORD_1` are secrets.
_IGNORED_ENDINGS = frozenset({"value", "text", "prod", "production", "staging", "dev", "test", "ci", "rw", "ro"})
_PUBLIC = frozenset({"public", "pub"})

_VALUES: Mapping[str, re.Pattern[str]] = {
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "an npm token": re.compile(r"\bnpm_[A-Za-z0-9]{36}\b"),
    "a Slack token": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "a JSON web token": re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+"),
    "a password in a URL": re.compile(r"://[^\s/:@]+:[^\s/@]+@"),
}


def secret_reason(name: str, value: str | None) -> str:
    """Return why a build argument looks like a secret; empty if it does not.

    Args:
        name: of the argument.
        value: of the argument, None if unknown.
    """
    for kind, pattern in _VALUES.items():
        if value and pattern.search(value):
            return f"its value is {kind}"
    # A switch, a number and an empty value are never secrets, regardless of the name.
    if value is not None and (len(value) < _SHORTEST or value.lower() in {"true", "false"} or value.isdigit()):
        return ""
    return "by its name" if _is_secret_name(name) else ""


_SHORTEST = 4


def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    while words and (words[-1].isdigit() or words[-1] in _IGNORED_ENDINGS):
        words.pop()
    if not words or _PUBLIC & set(words):
        return False
    return words[-1] in _SECRET_WORDS or " ".join(words[-2:]) in _SECRET_PAIRS or words == ["key"]


def secret_arguments(arguments: Mapping[str, str | None], environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the build arguments that look like secrets, with the reason.

    Args:
        arguments: values by name, None for the variable of that name.
        environment: all variables.
    """
    found = {
        name: secret_reason(name, environment.get(name) if value is None else value)
        for name, value in arguments.items()
    }
    return {name: reason for name, reason in found.items() if reason}


def secret_warnings(found: Mapping[str, str]) -> list[str]:
    """Return a warning per build argument that looks like a secret, without its value."""
    return [
        f"build argument {name} looks like a secret ({reason}), and is readable in the image history. "
        f"Pass it with --secret id={name},env={name} and RUN --mount=type=secret,id={name}"
        for name, reason in found.items()
    ]
