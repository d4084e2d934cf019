"""A report in a real browser: what is seen, by whom, with what, and how soon."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.unit.large_records import hostile, large
from tests.unit.records import ALL, BUILT, CACHED, FAILED

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from multiarch.record import Record
    from tests.browser.conftest import Open

pytestmark = pytest.mark.engine

# https://www.w3.org/TR/WCAG21/#contrast-minimum
READABLE = 4.5
SECOND = 1000.0


def rows(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator(".row summary").all_inner_texts()]


def contrast(first: tuple[float, ...], second: tuple[float, ...]) -> float:
    """The contrast of two colors as WCAG 2.1 counts it."""

    def luminance(color: tuple[float, ...]) -> float:
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (each / 255 for each in color)
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def colors(page: Page, selector: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The color of an element's text, and of what is behind it."""
    found: list[str] = page.locator(selector).first.evaluate(
        """element => {
            let behind = element;
            while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
            return [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
        }"""
    )
    text, behind = (tuple(map(float, re.findall(r"[\d.]+", each)))[:3] for each in found)
    return text, behind


@pytest.mark.parametrize("record", ALL.values(), ids=ALL)
def test_page_opens_without_errors_or_requests(open_report: Open, record: Record) -> None:
    opened = open_report(record)
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in opened.requests if url.startswith("file:")]) == 1
    assert opened.complaints == []


def test_page_step_has_a_row_and_a_bar_under_its_platform(open_report: Open) -> None:
    page = open_report(BUILT).page
    assert [" ".join(each.split()) for each in page.locator(".group h3").all_inner_texts()] == [
        "Run phases",
        "linux/amd64 3 steps, 0 from the cache",
        "linux/arm64 3 steps, 0 from the cache",
        "All platforms",
    ]
    slow = page.locator(".row").filter(has_text="RUN npm ci").nth(1)
    assert "1 min 11 s" in slow.inner_text()
    assert "emulated" in slow.inner_text()
    track, bar = slow.locator(".track").bounding_box(), slow.locator(".bar").bounding_box()
    assert track
    assert bar
    assert bar["width"] / track["width"] == pytest.approx(71 / 85.5, abs=0.01)
    assert (bar["x"] - track["x"]) / track["width"] == pytest.approx(2.6 / 85.5, abs=0.01)


def test_page_rows_open_by_keyboard(open_report: Open) -> None:
    page = open_report(FAILED).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").evaluate("element => element.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#timeline"
    reached: list[str] = []
    for _ in range(100):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") != "SUMMARY":
            continue
        outline: list[str] = page.evaluate(
            "(style => [style.outlineStyle, style.outlineWidth])(getComputedStyle(document.activeElement))"
        )
        assert outline == ["solid", "2px"]
        reached.append(" ".join(page.evaluate("document.activeElement.innerText").split()))
        if len(reached) == len(rows(page)):
            break
    assert reached == rows(page)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_dark_and_light_have_contrast(open_report: Open, scheme: str) -> None:
    page = open_report(FAILED, scheme=scheme).page
    ground = colors(page, "body")[1]
    assert (sum(ground) > 380) == (scheme == "light")
    for selector in ("h1", ".status", ".figures dt", ".failure p", ".hint", "pre", ".row .text", ".badge.is-failed",
                     ".badge.is-emulated", ".took", ".legend li", "td", "th", "footer p"):  # fmt: skip
        found = contrast(*colors(page, selector))
        assert found >= READABLE, (selector, found)
    # A bar is no text: https://www.w3.org/TR/WCAG21/#non-text-contrast
    bar = page.locator(".is-work .bar").first.evaluate("element => getComputedStyle(element).backgroundColor")
    behind = colors(page, ".row .text")[1]
    assert contrast(tuple(map(float, re.findall(r"[\d.]+", bar)))[:3], behind) >= 3


def test_page_states_differ_without_color(open_report: Open) -> None:
    """Each state is a word in its row, and a pattern in its bar, which no other state has."""
    patterns = {}
    for record, state, word in (
        (FAILED, "failed", "failed"),
        (FAILED, "canceled", "canceled"),
        (BUILT, "emulated", "emulated"),
        (CACHED, "cached", "cached"),
        (BUILT, "work", "compile"),
    ):
        row = open_report(record).page.locator(f".row.is-{state}").first
        assert word in row.inner_text()
        patterns[state] = row.locator(".bar").first.evaluate(
            "element => getComputedStyle(element).backgroundImage + getComputedStyle(element).borderTopStyle"
        )
    assert len(set(patterns.values())) == len(patterns)


def test_page_row_has_words_for_a_screen_reader(open_report: Open) -> None:
    tree = open_report(BUILT).page.locator("body").aria_snapshot()
    assert re.search(r"compile 3/3 RUN npm ci.*emulated.*on the critical path.*1 min 11 s", tree)
    for words in ('heading "Timeline"', "table", "columnheader", 'region "Layers"', 'radio "Critical path"', "banner"):
        assert words in tree


def test_page_failed_step_is_visible_first(open_report: Open) -> None:
    page = open_report(FAILED).page
    region = page.get_by_role("region", name="The failing step's output")
    assert region.inner_text().splitlines() == ["npm ERR! code ENOENT", "npm ERR! no such file: package-lock.json"]
    box = region.bounding_box()
    assert box
    assert box["y"] + box["height"] < 900, "it is seen without scrolling"
    assert page.get_by_text("commit package-lock.json, or run npm install").is_visible()


def test_page_filters_rows_without_a_script(open_report: Open) -> None:
    page = open_report(CACHED).page
    every = page.locator(".row:visible").count()
    page.get_by_label("Steps that ran").check()
    ran = page.locator(".row:visible").count()
    page.get_by_label("All steps").check()
    assert page.locator(".row:visible").count() == every == ran + 6
    page = open_report(BUILT).page
    page.get_by_label("Critical path").check()
    assert 0 < page.locator(".row:visible").count() == page.locator(".row.is-critical").count()


@pytest.mark.parametrize("width", [320, 390, 768])
@pytest.mark.parametrize("record", [BUILT, FAILED], ids=["built", "failed"])
def test_page_narrow_screen_scrolls_one_way(open_report: Open, record: Record, width: int) -> None:
    page = open_report(record, width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    names = page.locator(".row .text").first.bounding_box()
    assert names
    assert names["width"] > 0


def test_page_hostile_text_is_shown(open_report: Open) -> None:
    opened = open_report(hostile())
    assert opened.page.title() != "taken"
    assert opened.page.locator("img, script").count() == 0
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    assert "<script>document.title='taken'</script>" in opened.page.get_by_role("heading", level=1).inner_text()


def test_page_large_build_opens_within_a_second(open_report: Open, tmp_path: Path) -> None:
    """A second, on a machine that opens an empty page in the usual time; one that is busy has as much longer."""
    page = open_report(large()).page
    assert (tmp_path / "report.html").stat().st_size < 5_000_000
    loaded = min(_loaded(page) for _ in range(3))
    small = open_report(BUILT).page
    usual = min(_loaded(small) for _ in range(3))
    assert loaded < max(SECOND, 10 * usual)
    assert page.locator(".row").count() == 504


def _loaded(page: Page) -> float:
    """Milliseconds from the request to the end of loading, the first paint included."""
    page.reload()
    return float(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
