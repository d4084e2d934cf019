"""The files of the report folder. Pure."""

from collections.abc import Mapping

from multiarch.record import Record, masked
from multiarch.report.folder.junit import junit_as_xml
from multiarch.report.folder.names import JSON, JUNIT, PAGE, SUMMARY, TRACE
from multiarch.report.folder.page.html import page
from multiarch.report.folder.report_json import report_as_json
from multiarch.report.folder.summary import summary
from multiarch.report.folder.trace import trace_as_json
from multiarch.text.printable import printable


def report_files(record: Record) -> Mapping[str, bytes]:
    """Return the views of a record by file name; the events themselves are the log's own writer's.

    Args:
        record: the run, its secrets taken out.
    """
    shown = masked(record, printable)
    return {
        JSON: report_as_json(shown).encode(),
        PAGE: page(shown).encode(),
        JUNIT: junit_as_xml(shown),
        SUMMARY: summary(shown).encode(),
        TRACE: trace_as_json(shown).encode(),
    }
