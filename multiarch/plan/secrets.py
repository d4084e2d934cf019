"""Build arguments that look like secrets, which belong into `--secret`: told by their names and by their values. Pure.

An argument that a RUN step uses stands in the image's history, and every argument in a provenance of mode=max.
"""

import re
from collections.abc import Mapping

# The last word of a name, or the last two: `NPM_TOKEN` is a secret, and `TOKENIZER_VERSION` and `TOKEN_FILE` are none.
_SECRET_WORDS = frozenset(
    {"token", "tokens", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "credential", "credentials",
     "apikey", "authtoken", "accesstoken"}
)  # fmt: skip
_SECRET_PAIRS = frozenset(
    {"api key", "access key", "private key", "secret key", "signing key", "encryption key", "deploy key", "ssh key",
     "auth key", "account key", "license key", "master key", "service key"}
)  # fmt: skip
# What comes after the word that counts, and does not make it harmless: `TOKEN_VALUE`, `PASSWORD_1`.
_HARMLESS_ENDINGS = frozenset({"value", "text", "prod", "production", "staging", "dev", "test", "ci", "rw", "ro"})
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
    """Say why a build argument looks like a secret; empty where it does not.

    Args:
        name: the argument's.
        value: its value, None where that is not known.
    """
    for what, pattern in _VALUES.items():
        if value and pattern.search(value):
            return f"its value is {what}"
    # A switch, a number or nothing at all is no secret, whatever it is called.
    if value is not None and (len(value) < _SHORTEST or value.lower() in {"true", "false"} or value.isdigit()):
        return ""
    return "by its name" if _is_secret_name(name) else ""


_SHORTEST = 4


def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]
    while words and (words[-1].isdigit() or words[-1] in _HARMLESS_ENDINGS):
        words.pop()
    if not words or _PUBLIC & set(words):
        return False
    return words[-1] in _SECRET_WORDS or " ".join(words[-2:]) in _SECRET_PAIRS or words == ["key"]


def secret_arguments(arguments: Mapping[str, str | None], environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the build arguments that look like secrets, and why.

    Args:
        arguments: values by name, None where the environment has it.
        environment: all variables.
    """
    found = {
        name: secret_reason(name, environment.get(name) if value is None else value)
        for name, value in arguments.items()
    }
    return {name: reason for name, reason in found.items() if reason}


def secret_warnings(found: Mapping[str, str]) -> list[str]:
    """Say which build arguments look like secrets, without their values, and what to do."""
    return [
        f"the build argument {name} looks like a secret ({reason}), and stays in the image's history: "
        f"pass it with --secret id={name},env={name} and RUN --mount=type=secret,id={name}"
        for name, reason in found.items()
    ]
