"""The command `explain`, wired: any build's output, and what it means."""

from collections.abc import Sequence
from typing import IO

from multiarch.edges.files.output import Output
from multiarch.errors import ConfigurationError
from multiarch.failures import diagnose
from multiarch.show.explain import explanation_as_json, explanation_as_text

# No error is as long: what has no line ends is a file of another kind.
_LONGEST_LINE = 1 << 20


def explain(stream: IO[bytes], *, as_json: bool) -> Sequence[str]:
    """Read a build's output, and return the lines to print.

    Raises:
        ConfigurationError: there is nothing in it, or it cannot be read.
    """
    output = Output(stream, longest=_LONGEST_LINE)
    try:
        diagnosis = diagnose(output)
    except OSError as error:
        msg = f"{getattr(stream, 'name', 'the input')} cannot be read: {error.strerror}"
        raise ConfigurationError(msg, hint="name a file that holds a build's output, or pipe it") from None
    if output.is_empty:
        msg = "nothing to explain: the input is empty"
        raise ConfigurationError(msg, hint="buildx writes to its standard error: add 2>&1 before the pipe")
    return [explanation_as_json(diagnosis)] if as_json else list(explanation_as_text(diagnosis))
