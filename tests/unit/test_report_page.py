"""The page as text; what a browser makes of it is tested in tests/browser."""

from __future__ import annotations

import time
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from multiarch.record import StepKind
from multiarch.report.folder.files import report_files
from multiarch.report.folder.page.rows import ticks
from multiarch.report.text import cut, duration, last_lines
from multiarch.report.timeline import critical_path, end_of, groups
from multiarch.text.printable import printable
from tests.unit.large_records import hostile, large
from tests.unit.records import ALL, BUILT, CACHED, EMPTY, FAILED, KILLED, REPOSITORY, REUSED, between, step, steps

if TYPE_CHECKING:
    from multiarch.record import BuildStep, Record

RECORDS = {**ALL, "large": large(), "hostile": hostile()}


def page(record: Record) -> str:
    return report_files(record)["report.html"].decode()


class Elements(HTMLParser):
    """Names and attributes of all elements, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_page_has_no_script_and_no_request(record: Record) -> None:
    text = page(record)
    found = Elements(text)
    assert {"main", "h1"} <= found.names
    assert found.names.isdisjoint({"script", "img", "iframe", "object", "embed", "form", "base", "audio", "video"})
    assert [name for name in found.attributes if name.startswith("on")] == []
    assert [link for link in found.links if not link.startswith(("#", "data:,"))] == []
    assert "default-src 'none'" in text


def test_page_hostile_text_is_escaped() -> None:
    text = page(hostile())
    assert "&lt;script&gt;document.title=" in text
    assert "{{ 7 * 7 }}" in text
    assert "javascript:alert(1)" in text


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (BUILT, ["Built, verified and tagged", "shop:0123456", "0 of 6 steps", "emulated", "on the critical path"]),
        (CACHED, ["6 of 6 steps", "from the cache"]),
        (FAILED, ["Failure", "npm found no lock file", "commit package-lock.json", "npm ERR! code ENOENT"]),
        (KILLED, ["The log is incomplete", "unfinished"]),
        (REUSED, ["Already published", "Layers"]),
        (EMPTY, ["Build", "The log is incomplete"]),
    ],
)
def test_page_shows_the_outcome(record: Record, words: list[str]) -> None:
    text = page(record)
    for each in words:
        assert each in text


def test_page_missing_cache_is_no_failure() -> None:
    name = f"importing cache manifest from {REPOSITORY}:cache"
    lookup = step(name, 1.0, 1.2, kind=StepKind.CACHE_IMPORT, error=f"{REPOSITORY}:cache: not found")
    missing = replace(BUILT.caches[0], status="missing")
    text = page(replace(BUILT, steps=(lookup,), caches=(missing,)))
    assert f"{name}: not found" in text
    assert "is-failed" not in text.partition("</style>")[2]
    assert "is-failed" in page(replace(BUILT, steps=(lookup,))).partition("</style>")[2]


def test_page_large_build_has_bounded_size() -> None:
    text = page(large())
    assert len(text) < 5_000_000
    assert text.count('<li class="row') == 500 + 4
    assert "lines." in text


def ends(*, before: float, after: float) -> dict[str, BuildStep]:
    """A small graph: two platforms, of which `b` is the slow one, and an export of both."""
    return {
        "a": step("linux/amd64 s 1/1 RUN a", 0.0, before, digest="a"),
        "b": step("linux/arm64 s 1/1 RUN b", 0.0, after, digest="b"),
        "c": step("linux/arm64 s 2/2 RUN c", after, after + 1, digest="c", inputs=("b",)),
        "export": step("exporting to image", after + 1, after + 2, digest="export"),
    }


def test_critical_path_has_the_steps_that_the_end_waited_for() -> None:
    made = ends(before=3.0, after=5.0)
    record = replace(BUILT, steps=steps(*made.values()))
    assert [each.digest for each in critical_path(record)] == ["b", "c", "export"]


def test_critical_path_leaves_out_unpacked_cache() -> None:
    """A step from the cache runs for a moment, late, where the next one needs its files: nobody waited for it."""
    made = ends(before=3.0, after=5.0)
    made["base"] = step("linux/arm64 t 1/2 RUN base", 0.0, 0.1, digest="base", cached=True)
    made["base"] = replace(made["base"], intervals=(between(0.0, 0.1), between(6.05, 6.2)))
    made["last"] = step("linux/arm64 t 2/2 COPY --from=s", 6.2, 6.4, digest="last", inputs=("base", "c"))
    made["export"] = step("exporting to image", 6.4, 8.0, digest="export")
    record = replace(BUILT, steps=steps(*made.values()))
    assert [each.digest for each in critical_path(record)] == ["b", "c", "last", "export"]


def test_critical_path_leads_through_a_step_without_time() -> None:
    """A step that BuildKit merged into another has no time of its own, and stands between two that have."""
    made = ends(before=3.0, after=5.0)
    made["b"] = replace(made["b"], intervals=(), inputs=("a",))
    record = replace(BUILT, steps=steps(*made.values()))
    assert [each.digest for each in critical_path(record)] == ["a", "c", "export"]


@pytest.mark.parametrize(
    ("record", "last"),
    [(FAILED, "[linux/arm64 compile 3/3] RUN npm ci"), (KILLED, "[linux/amd64 compile 3/3] RUN npm ci")],
    ids=["failed", "killed"],
)
def test_critical_path_unsuccessful_build_ends_at_the_failure(record: Record, last: str) -> None:
    """Not to what was canceled a moment later."""
    path = critical_path(record)
    assert path[-1].title == last
    assert path[-2].title == last.replace("3/3", "2/3").replace("RUN npm ci", "COPY package.json .")


def test_critical_path_circular_inputs_end() -> None:
    made = steps(
        step("x", 0.0, 1.0, digest="x", inputs=("y",)),
        step("y", 0.0, 2.0, digest="y", inputs=("x",)),
        step("z", 0.0, 1.0, digest="z", inputs=("z",)),
    )
    assert [each.digest for each in critical_path(replace(BUILT, steps=made))] == ["y"]


def test_critical_path_many_steps_is_fast() -> None:
    made = steps(*(step(f"step {n}", n / 10, n / 10 + 0.1, digest=f"{n}") for n in range(20_000)))
    begin = time.perf_counter()
    assert len(critical_path(replace(BUILT, steps=made))) == 20_000
    assert time.perf_counter() - begin < 5


def test_groups_have_the_steps_of_each_platform() -> None:
    assert [group.name for group in groups(BUILT)] == ["linux/amd64", "linux/arm64", "all platforms"]
    assert groups(EMPTY) == ()
    assert end_of(EMPTY) > 0


@pytest.mark.parametrize("end", [0.001, 0.3, 1.0, 7.9, 60.0, 100.0, 3600.0, 86_400.0, 400_000.0])
def test_ticks_are_few_and_round(end: float) -> None:
    marks = ticks(end)
    assert 1 <= len(marks) <= 30
    assert marks[0].at == 0.0
    assert all(0 <= mark.at < 100 for mark in marks)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (185.0, "3 min 05 s"),
        (3725.0, "1 h 02 min"),
    ],
)
def test_duration_has_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ä 漢\ttab", "plain ä 漢\ttab"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("bell\x07 null\x00", "bell� null"),
        ("a\u202eb\ud800c", "a�b�c"),
        ("cut \x1b[", "cut "),
    ],
)
def test_printable_removes_or_marks_control_characters(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_cut_and_last_lines_bound_the_length() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("abcd", 4) == "abcd"
    assert last_lines(["one", "two", "three"], 10) == (["two", "three"], 1)
    assert last_lines(["one", "two"], 100) == (["one", "two"], 0)


def test_page_resumed_step_has_two_bars() -> None:
    twice = replace(FAILED.steps[0], intervals=(between(1.0, 2.0), between(3.0, 4.0)))
    assert page(replace(BUILT, steps=(twice,))).count('<span class="bar" style=') == 2 + 4
