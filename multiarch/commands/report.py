"""The command `report`: shows a saved log as a report, or compares two logs."""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

from multiarch.edges.files.folder import check_folder, write_files
from multiarch.edges.files.output import Output
from multiarch.errors import ConfigurationError
from multiarch.record import Record, masked, read_record
from multiarch.report.compare import compare, comparison_as_json, comparison_as_text
from multiarch.report.folder.files import report_files
from multiarch.report.folder.names import FLAG
from multiarch.report.folder.report_json import report_as_json
from multiarch.report.folder.summary import summary
from multiarch.text.redaction import Redaction

# An event holds at most one message of BuildKit; a file without line ends is not a saved log.
_LONGEST_LINE = 1 << 24
_USAGE = "name one log for its report, or two logs to compare them, the older one first"


def report(streams: Sequence[IO[bytes]], folder: Path | None, *, as_json: bool) -> Sequence[str]:
    """Read one or two saved logs; return the lines to print.

    Args:
        streams: the logs.
        folder: the folder for the report files of one log; None to write no files.
        as_json: return JSON instead of text.

    Raises:
        ConfigurationError: a log cannot be read, a file is not a log, or the folder cannot be written.
    """
    match streams:
        case [stream]:
            return _report(_read(stream), folder, as_json=as_json)
        case [before, after]:
            if folder:
                msg = f"{FLAG} works with one log, and two were named"
                raise ConfigurationError(msg, hint=_USAGE)
            comparison = compare(_read(before), _read(after), (before.name, after.name))
            return [comparison_as_json(comparison)] if as_json else list(comparison_as_text(comparison))
    msg = f"{len(streams)} logs" if streams else "no log"
    raise ConfigurationError(msg, hint=_USAGE)


def _report(record: Record, folder: Path | None, *, as_json: bool) -> Sequence[str]:
    if folder:
        check_folder(folder, flag=FLAG)
        write_files(folder, report_files(record))
    text = report_as_json(record) if as_json else summary(record)
    return [text.removesuffix("\n")]


def _read(stream: IO[bytes]) -> Record:
    """Read a record, and remove secrets and control characters, which a foreign log can contain."""
    output = Output(stream, longest=_LONGEST_LINE)
    try:
        record = read_record(output)
    except OSError as error:
        msg = f"cannot read {stream.name}: {error.strerror}"
        raise ConfigurationError(msg, hint=_USAGE) from None
    except ConfigurationError as error:
        error.message = f"{stream.name}: {'the file is empty' if output.is_empty else error.message}"
        raise
    return masked(record, Redaction().clean)
