"""Joins the status of a registry's answer with its error, where a log has the error on the next line. Pure.

containerd prints the errors of the answer on separate lines: core/remotes/docker/registry/errcode.go. The status alone,
403 or 400, names no cause.
"""

import re
from collections.abc import Iterable, Iterator

# The longest status with its phrase.
_LONGEST = 60
_STATUS = re.compile(r"\b[45]\d\d(?: [A-Z][A-Za-z'-]*)+$")
# The codes of https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes, as containerd prints
# them, and those that registries have added.
_WORDS = re.compile(
    r"(?:denied|unauthorized|unsupported|unknown|unavailable|toomanyrequests|internal error"
    r"|(?:blob|manifest|manifest blob|name|blob upload) unknown"
    r"|(?:blob upload|digest|manifest|name|size|tag) invalid): \S"
)


def unwrapped(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines, a status and its error as one; a line is held back until the next one is known."""
    held: str | None = None
    for line in _split(lines):
        if held is not None and _STATUS.search(held[-_LONGEST:].rstrip()) and _WORDS.match(line):
            yield f"{held.rstrip()}: {line}"
            held = None
            continue
        if held is not None:
            yield held
        held = line
    if held is not None:
        yield held


def _split(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield from line.split("\n")
