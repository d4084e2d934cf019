"""The report folder's content: a run's record as files, by name. Pure."""

from collections.abc import Mapping, Sequence

from multiarch.record import Record
from multiarch.report.data import report_as_json
from multiarch.report.handover import HANDOVER_FILES
from multiarch.report.junit import junit_as_xml
from multiarch.report.page import page
from multiarch.report.summary import summary
from multiarch.report.text import map_texts, printable
from multiarch.report.trace import trace_as_json

EVENTS = "events.jsonl"
VIEWS = ("report.json", "report.html", "junit.xml", "summary.md", "trace.json")
# What one run writes, and the next one removes before it begins: nothing of an old run may be taken for the new one's.
ALL_FILES = (EVENTS, *VIEWS, *HANDOVER_FILES)


def report_files(record: Record, account: Sequence[str]) -> Mapping[str, bytes]:
    """Return the views of a record by file name; the events themselves are the log's own writer's.

    Args:
        record: the run, its secrets taken out.
        account: what is worth knowing of it, in sentences.
    """
    shown, sentences = map_texts((record, tuple(account)), printable)
    return {
        "report.json": report_as_json(shown, sentences).encode(),
        "report.html": page(shown, sentences).encode(),
        "junit.xml": junit_as_xml(shown),
        "summary.md": summary(shown, sentences).encode(),
        "trace.json": trace_as_json(shown).encode(),
    }
