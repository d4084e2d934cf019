"""The command `explain`, wired: any build's output, and what it means."""

from collections.abc import Iterator, Sequence
from typing import IO

from multiarch.edges.docker import read_lines
from multiarch.errors import ConfigurationError
from multiarch.explain import explanation_as_json, explanation_as_text
from multiarch.failures import diagnose

# No error is as long: what has no line ends is a file of another kind.
_LONGEST_LINE = 1 << 20


def explain(stream: IO[bytes], *, as_json: bool) -> Sequence[str]:
    """Read a build's output, and return the lines to print.

    Raises:
        ConfigurationError: there is nothing in it, or it cannot be read.
    """
    empty = True

    def lines() -> Iterator[str]:
        nonlocal empty
        for line in read_lines(stream, longest=_LONGEST_LINE):
            empty = empty and not line.strip()
            yield line

    try:
        diagnosis = diagnose(lines())
    except OSError as error:
        msg = f"{getattr(stream, 'name', 'the input')} cannot be read: {error.strerror}"
        raise ConfigurationError(msg, hint="name a file that holds a build's output, or pipe it") from None
    if empty:
        msg = "nothing to explain: the input is empty"
        raise ConfigurationError(msg, hint="buildx writes to its standard error: add 2>&1 before the pipe")
    return [explanation_as_json(diagnosis)] if as_json else list(explanation_as_text(diagnosis))
