"""The files of a report, by name. Constants only: the start of a build needs them, and nothing of the views."""

FLAG = "--report"

EVENTS = "events.jsonl"
JSON = "report.json"
PAGE = "report.html"
JUNIT = "junit.xml"
SUMMARY = "summary.md"
TRACE = "trace.json"
VIEWS = (JSON, PAGE, JUNIT, SUMMARY, TRACE)
# What one run writes, and the next one removes before it begins: nothing of an old run may be taken for the new one's.
ALL_FILES = (EVENTS, *VIEWS)
