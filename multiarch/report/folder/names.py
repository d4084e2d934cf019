"""The names of the report's files. Constants only: the start of a build needs the names, and none of the views."""

FLAG = "--report"

EVENTS = "events.jsonl"
JSON = "report.json"
PAGE = "report.html"
JUNIT = "junit.xml"
SUMMARY = "summary.md"
TRACE = "trace.json"
VIEWS = (JSON, PAGE, JUNIT, SUMMARY, TRACE)
# A run removes the files of the run before it, so that they are not taken for its own.
ALL_FILES = (EVENTS, *VIEWS)
