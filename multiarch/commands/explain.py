"""The command `explain`: finds the cause of a failure in the output of any build."""

from collections.abc import Sequence
from typing import IO

from multiarch.edges.files.output import Output
from multiarch.errors import ConfigurationError
from multiarch.failures import diagnose
from multiarch.show.explain import explanation_as_json, explanation_as_text
from multiarch.text.redaction import Redaction

# No error message is as long; a file without line ends is not the output of a build.
_LONGEST_LINE = 1 << 20


def explain(stream: IO[bytes], *, as_json: bool) -> Sequence[str]:
    """Diagnose the output of a build; return the lines to print.

    Raises:
        ConfigurationError: the output is empty or cannot be read.
    """
    output = Output(stream, longest=_LONGEST_LINE)
    try:
        diagnosis = diagnose(output)
    except OSError as error:
        msg = f"cannot read {getattr(stream, 'name', 'the input')}: {error.strerror}"
        raise ConfigurationError(msg, hint="name a file with the output of a build, or pipe the output") from None
    if output.is_empty:
        msg = "no output to explain: the input is empty"
        raise ConfigurationError(msg, hint="add 2>&1 before the pipe, because buildx writes to standard error")
    if diagnosis:
        # What somebody else saved may contain a login in a URL, and what a terminal obeys.
        diagnosis = diagnosis.cleaned(Redaction().clean)
    return [explanation_as_json(diagnosis)] if as_json else list(explanation_as_text(diagnosis))
