from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from multiarch.report.compare import ChangeKind, Comparison, compare, comparison_as_json, comparison_as_text
from tests.unit.records import ALL, BUILT, CACHED, EMPTY, FAILED, between, step, steps

if TYPE_CHECKING:
    from multiarch.record import BuildStep, Record

NAMES = ("monday", "tuesday")


def of(*made: BuildStep) -> Record:
    return replace(BUILT, steps=steps(*made))


def changes(comparison: Comparison) -> list[tuple[str, str]]:
    return [(change.kind, change.title.partition("] ")[2] or change.title) for change in comparison.changes]


MAKE = step("linux/amd64 s 2/4 RUN make", 1.0, 11.0, line=2)
TEST = step("linux/amd64 s 3/4 RUN test", 11.0, 12.0, line=3)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ([MAKE, TEST], []),
        ([replace(MAKE, intervals=(between(1.0, 14.0),)), TEST], [(ChangeKind.SLOWER, "RUN make")]),
        ([replace(MAKE, intervals=(between(1.0, 12.5),)), TEST], []),
        ([replace(MAKE, intervals=(between(1.0, 2.0),)), TEST], [(ChangeKind.FASTER, "RUN make")]),
        ([replace(MAKE, cached=True), TEST], [(ChangeKind.CACHED, "RUN make")]),
        ([MAKE, replace(TEST, error="exit code: 1")], [(ChangeKind.FAILED, "RUN test")]),
        ([MAKE, replace(TEST, error="context canceled", canceled=True)], []),
        ([MAKE, replace(TEST, intervals=())], []),
        ([MAKE], [(ChangeKind.REMOVED, "RUN test")]),
        (
            [MAKE, step("linux/amd64 s 3/5 RUN lint", 11.0, 12.0), replace(TEST, number=4, total=5)],
            [(ChangeKind.NEW, "RUN lint")],
        ),
        ([replace(MAKE, stage="t"), TEST], [(ChangeKind.NEW, "RUN make"), (ChangeKind.REMOVED, "RUN make")]),
    ],
    ids=["same", "slower", "noise", "faster", "cached", "failed", "canceled", "never began", "gone", "new", "stage"],
)
def test_compare_pairs_steps_by_instruction(after: list[BuildStep], expected: list[tuple[str, str]]) -> None:
    assert changes(compare(of(MAKE, TEST), of(*after), NAMES)) == expected


def test_compare_marks_the_first_cache_miss() -> None:
    """What builds on it lost its own because of it; it is the one to look at."""
    found = compare(CACHED, BUILT, NAMES)
    lost = [change for change in found.changes if change.kind is ChangeKind.CACHE_MISS]
    assert len(lost) == 6
    assert {change.title for change in lost if change.first} == {
        "[linux/amd64 compile 2/3] COPY package.json .",
        "[linux/arm64 compile 2/3] COPY package.json .",
    }
    assert [change.after for change in lost if "arm64 compile 3/3" in change.title] == [71.0]
    # The first ones, then what cost most.
    assert [change.first for change in lost] == [True, True, False, False, False, False]
    assert lost[2].after == 71.0


def test_comparison_as_text_sums_up_minor_misses() -> None:
    lines = list(comparison_as_text(compare(CACHED, BUILT, NAMES)))
    assert len([line for line in lines if line.startswith(("cache miss", "first cache miss"))]) == 5
    assert [line for line in lines if "caused by these" in line] == [
        "cache miss          2 more steps             caused by these, 0.8 s in total"
    ]


def test_compare_ignores_quick_internal_steps() -> None:
    export = step("exporting to image", 12.0, 12.2)
    assert changes(compare(of(MAKE, export), of(MAKE), NAMES)) == []
    longer = replace(export, intervals=(between(12.0, 13.0),))
    assert changes(compare(of(MAKE, export), of(MAKE, longer), NAMES)) == [(ChangeKind.SLOWER, "exporting to image")]
    assert changes(compare(of(MAKE), of(MAKE, longer), NAMES)) == [(ChangeKind.NEW, "exporting to image")]


def test_compare_equal_lines_are_two_steps() -> None:
    twice = replace(TEST, number=4, digest="again", intervals=(between(12.0, 13.0),))
    assert changes(compare(of(TEST, twice), of(TEST, twice), NAMES)) == []
    assert changes(compare(of(TEST, twice), of(TEST), NAMES)) == [(ChangeKind.REMOVED, "RUN test")]


def test_comparison_as_text_shows_differences_in_seconds() -> None:
    slow = replace(MAKE, intervals=(between(1.0, 14.0),))
    text = "\n".join(comparison_as_text(compare(of(MAKE), of(slow), NAMES)))
    assert "before   monday: built in 1 min 26 s, 0 of 1 steps from the cache" in text
    assert "slower              10 s -> 13 s (+3.0 s)    [linux/amd64 s 2/4] RUN make, Dockerfile:2" in text
    assert "about the same time" in "\n".join(comparison_as_text(compare(BUILT, BUILT, NAMES)))


def test_comparison_as_json_has_the_changes() -> None:
    fields = json.loads(comparison_as_json(compare(CACHED, FAILED, NAMES)))
    assert (fields["version"], fields["kind"]) == (2, "comparison")
    assert fields["before"]["name"] == "monday"
    assert fields["changes"][0]["kind"] == "failed"
    assert fields["phases"][0] == {"name": "prepare", "before": 1.0, "after": 1.0}


@pytest.mark.parametrize("before", ALL.values(), ids=ALL)
@pytest.mark.parametrize("after", ALL.values(), ids=ALL)
def test_compare_takes_any_two_records(before: Record, after: Record) -> None:
    assert list(comparison_as_text(compare(before, after, NAMES)))
    assert json.loads(comparison_as_json(compare(before, after, NAMES)))


def test_compare_empty_records_has_no_changes() -> None:
    assert compare(EMPTY, EMPTY, NAMES).changes == ()
