"""The command `report`, wired: a saved log as a report, or two of them compared."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from multiarch.edges.files.folder import check_folder, write_files
from multiarch.edges.files.output import Output
from multiarch.errors import ConfigurationError
from multiarch.record import Record, masked, read_record
from multiarch.report.compare import compare, comparison_as_json, comparison_as_text
from multiarch.report.data import report_as_json
from multiarch.report.files import report_files
from multiarch.report.names import FLAG
from multiarch.report.summary import summary
from multiarch.text.redaction import Redaction

# A saved event holds at most what BuildKit sends at once; what has no line ends is a file of another kind.
_LONGEST_LINE = 1 << 24
_WANTED = "name one log to see its report, or two to compare them: those of before and of after"


def report(streams: Sequence[IO[bytes]], folder: Path | None, *, as_json: bool) -> Sequence[str]:
    """Read one saved log or two, and return the lines to print.

    Args:
        streams: the logs.
        folder: where to write the report of one log; None to write nothing.
        as_json: print what programs read.

    Raises:
        ConfigurationError: a log cannot be read, or is none; the folder cannot be written.
    """
    match streams:
        case [stream]:
            return _report(_read(stream), folder, as_json=as_json)
        case [before, after]:
            if folder:
                msg = f"two logs are compared, and {FLAG} takes the report of one"
                raise ConfigurationError(msg, hint=_WANTED)
            comparison = compare(_read(before), _read(after), (before.name, after.name))
            return [comparison_as_json(comparison)] if as_json else list(comparison_as_text(comparison))
    msg = f"{len(streams)} logs" if streams else "no log"
    raise ConfigurationError(msg, hint=_WANTED)


def _report(record: Record, folder: Path | None, *, as_json: bool) -> Sequence[str]:
    if folder:
        check_folder(folder, flag=FLAG)
        write_files(folder, report_files(record))
    text = report_as_json(record) if as_json else summary(record)
    return [text.removesuffix("\n")]


def _read(stream: IO[bytes]) -> Record:
    """Read a record; what somebody else saved may hold what we mask, and what a terminal obeys."""
    output = Output(stream, longest=_LONGEST_LINE)
    try:
        record = read_record(output)
    except OSError as error:
        msg = f"{stream.name} cannot be read: {error.strerror}"
        raise ConfigurationError(msg, hint=_WANTED) from None
    except ConfigurationError as error:
        error.message = f"{stream.name}: {'it is empty' if output.is_empty else error.message}"
        raise
    return masked(record, Redaction().clean)
