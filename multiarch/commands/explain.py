"""The command `explain`, wired: any build's output, and what it means."""

from collections.abc import Iterator, Sequence
from typing import IO

from multiarch.edges.docker import read_lines
from multiarch.errors import ConfigurationError
from multiarch.explain import explanation_as_json, explanation_as_text
from multiarch.failures import diagnose


def explain(stream: IO[bytes], *, as_json: bool) -> Sequence[str]:
    """Read a build's output, and return the lines to print.

    Raises:
        ConfigurationError: there is nothing in it.
    """
    empty = True

    def lines() -> Iterator[str]:
        nonlocal empty
        for line in read_lines(stream):
            empty = empty and not line.strip()
            yield line

    diagnosis = diagnose(lines())
    if empty:
        msg = "nothing to explain: the input is empty"
        raise ConfigurationError(msg, hint="buildx writes to its standard error: add 2>&1 before the pipe")
    return [explanation_as_json(diagnosis)] if as_json else list(explanation_as_text(diagnosis))
