"""What is written of a run, view by view; the page has a test of its own, and another one in a browser."""

from __future__ import annotations

import itertools
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from multiarch.record import CacheAccess, Record
from multiarch.report.folder.files import report_files
from multiarch.report.folder.junit import LONGEST_MESSAGE, LONGEST_NAME, MOST_CASES, junit_as_xml
from multiarch.report.folder.names import VIEWS
from multiarch.report.folder.summary import summary
from multiarch.report.folder.trace import trace_as_json
from tests.unit.large_records import hostile, large
from tests.unit.records import ALL, BUILT, FAILED, KILLED, step, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

RECORDS = {**ALL, "large": large(), "hostile": hostile()}


def all_records(function: Any) -> Any:  # noqa: ANN401 - a test
    return pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)(function)


def cases_of(record: Record) -> Mapping[str, ET.Element]:
    """The test cases by suite and name."""
    root = ET.fromstring(report_files(record)["junit.xml"])  # noqa: S314 - our own
    return {f"{suite.get('name')}: {case.get('name')}": case for suite in root for case in suite.iter("testcase")}


@all_records
def test_report_files_of_any_record_are_all_views(record: Record) -> None:
    files = report_files(record)
    assert tuple(files) == VIEWS
    report = json.loads(files["report.json"])
    assert (report["breakdown"] is None) == (not record.steps)
    assert len(report["steps"]) == len(record.steps)


def test_report_json_step_has_indexes_of_inputs_and_critical_path() -> None:
    found = json.loads(report_files(BUILT)["report.json"])["steps"]
    by_title = {each["title"]: each for each in found}
    copied = by_title["[linux/arm64 stage-1 2/2] COPY --from=compile /app /app"]
    assert [found[place]["title"] for place in copied["inputs"]] == [
        "[linux/arm64 compile 1/3] FROM base@sha256:b",
        "[linux/arm64 compile 3/3] RUN npm ci",
    ]
    assert copied["critical"]
    assert not by_title["[linux/amd64 compile 3/3] RUN npm ci"]["critical"]


def test_junit_has_a_case_for_each_step_and_check() -> None:
    cases = cases_of(BUILT)
    for name in (
        "multiarch: build",
        "multiarch: verify linux/arm64",
        "multiarch: tag latest",
        "linux/amd64: [linux/amd64 compile 3/3] RUN npm ci",
        "all platforms: exporting to image",
    ):
        assert name in cases
    assert cases["multiarch: tag latest"].findtext("system-out") == "moved"
    assert float(cases["linux/arm64: [linux/arm64 compile 3/3] RUN npm ci"].get("time", 0)) == 71.0
    assert not [case for case in cases.values() if case.find("failure") is not None or case.find("skipped") is not None]


def test_junit_failed_build_fails_its_step_and_skips_the_later_ones() -> None:
    cases = cases_of(FAILED)
    failure = cases["linux/arm64: [linux/arm64 compile 3/3] RUN npm ci"].find("failure")
    assert failure is not None
    assert "exit code: 1" in failure.get("message", "")
    assert "npm ERR! code ENOENT\nnpm ERR! no such file" in (failure.text or "")
    skipped = {name for name, case in cases.items() if case.find("skipped") is not None}
    assert skipped == {
        "linux/amd64: [linux/amd64 compile 3/3] RUN npm ci",
        "linux/amd64: [linux/amd64 stage-1 2/2] COPY --from=compile /app /app",
        "linux/arm64: [linux/arm64 stage-1 2/2] COPY --from=compile /app /app",
    }
    of_the_run = cases["multiarch: build"].find("failure")
    assert of_the_run is not None
    assert of_the_run.get("message", "").startswith("build: npm found no lock file")


def test_junit_case_names_are_equal_after_success_and_failure() -> None:
    """CodeBuild tells by its name which case of one report is which of the next."""
    assert set(cases_of(FAILED)) <= set(cases_of(BUILT))


def test_junit_failed_cache_export_is_skipped() -> None:
    access = CacheAccess(direction="export", reference="cache", status="failed", error="400 Bad Request")
    case = cases_of(replace(BUILT, caches=(access,)))["multiarch: cache export cache"]
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "400 Bad Request"


def test_junit_large_build_stays_within_limits_of_codebuild() -> None:
    long = "x" * 20_000
    made = [step(f"linux/amd64 s {n}/700 RUN {long}{n}", 1.0, 2.0, digest=f"{n}") for n in range(1, 701)]
    made[650] = replace(made[650], error=long, output=(long,) * 50, output_lines=50)
    root = ET.fromstring(junit_as_xml(replace(BUILT, steps=steps(*made))))  # noqa: S314 - our own
    cases = list(root.iter("testcase"))
    assert len(cases) == MOST_CASES
    assert all(len(case.get("name", "")) <= LONGEST_NAME for case in cases)
    failures = [case.find("failure") for case in cases if case.find("failure") is not None]
    assert len(failures) == 1, "what failed is kept, wherever it stood"
    assert failures[0] is not None
    assert len(failures[0].get("message", "")) <= LONGEST_MESSAGE
    assert len(failures[0].text or "") <= LONGEST_MESSAGE
    assert [name for case in cases if (name := case.get("name", "")).endswith("in report.html")] == [
        f"{700 + 8 - MOST_CASES} more cases in report.html"
    ]


@all_records
def test_trace_spans_of_a_lane_do_not_overlap(record: Record) -> None:
    """Two spans of one lane are one in the other, or apart: what Perfetto would draw otherwise is no truth."""
    events = json.loads(trace_as_json(record))["traceEvents"]
    lanes: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for event in events:
        assert event["ph"] in ("X", "M")
        if event["ph"] == "X":
            assert event["dur"] >= 0
            lanes.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
    for spans in lanes.values():
        spans.sort()
        # Rounded to microseconds, an end may be one beyond the next beginning.
        assert all(end <= start + 1 for (_, end), (start, _) in itertools.pairwise(spans))
    assert sum(event["ph"] == "X" and event["cat"] not in ("phase", "transfer") for event in events) == sum(
        len(each.intervals) for each in record.steps
    )


def test_trace_step_without_end_is_unfinished() -> None:
    events = json.loads(trace_as_json(KILLED))["traceEvents"]
    unfinished = [event["name"] for event in events if event.get("args", {}).get("unfinished")]
    assert unfinished == ["[linux/amd64 compile 3/3] RUN npm ci", "[linux/arm64 compile 3/3] RUN npm ci"]


def test_summary_has_image_hints_and_failure() -> None:
    text = summary(BUILT)
    for words in (
        "✅ Built",
        "shop:0123456",
        "RUN npm ci on linux/arm64 took 71 s emulated",
        "| linux/arm64 | 109.0 MB |",
        "| `latest` | moved |",
    ):
        assert words in text
    failed = summary(FAILED)
    for words in ("❌ Failed", "npm found no lock file", "> fix: commit package-lock.json", "npm ERR! code ENOENT"):
        assert words in failed


def test_summary_hostile_text_is_escaped() -> None:
    """Outside its blocks of code, each of Markdown's marks is escaped."""
    text = report_files(hostile())["summary.md"].decode()
    outside = re.sub(r"(?ms)^(`{3,})text$.*?^\1$|`+ .*? `+|`[^`]*`", "", text)
    for words in ("<script", "<img", "](javascript", "<!--"):
        assert words not in outside.replace(f"\\{words[0]}", "")
        assert words in text


@all_records
def test_report_files_have_no_control_characters(record: Record) -> None:
    for name, content in report_files(record).items():
        if name.endswith(".json"):
            json.loads(content)
        else:
            assert not {chr(each) for each in content} & set("\x00\x08\x1b\x7f"), name
