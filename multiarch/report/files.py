"""The report folder's content: a run's record as files, by name. Pure."""

from collections.abc import Mapping, Sequence

from multiarch.record import Record, masked
from multiarch.report.data import report_as_json
from multiarch.report.junit import junit_as_xml
from multiarch.report.names import JSON, JUNIT, PAGE, SUMMARY, TRACE
from multiarch.report.page import page
from multiarch.report.summary import summary
from multiarch.report.text import printable
from multiarch.report.trace import trace_as_json


def report_files(record: Record, account: Sequence[str]) -> Mapping[str, bytes]:
    """Return the views of a record by file name; the events themselves are the log's own writer's.

    Args:
        record: the run, its secrets taken out.
        account: what is worth knowing of it, in sentences.
    """
    shown, sentences = masked(record, printable), tuple(map(printable, account))
    return {
        JSON: report_as_json(shown, sentences).encode(),
        PAGE: page(shown, sentences).encode(),
        JUNIT: junit_as_xml(shown),
        SUMMARY: summary(shown, sentences).encode(),
        TRACE: trace_as_json(shown).encode(),
    }
