"""A browser for all of these tests, and a page of its own for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from dev import stack
from dev.stack.browser import FLAGS
from multiarch.report.folder.files import report_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from multiarch.record import Record


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=stack.load().browser, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass(kw_only=True)
class Opened:
    """A report in the browser, and what the browser did beside showing it."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


if TYPE_CHECKING:
    Open = Callable[..., Opened]


@pytest.fixture
def open_report(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Write a record's page into a file, and open that as a user does."""
    pages: list[Page] = []

    def open_(record: Record, *, scheme: str = "light", width: int = 1280) -> Opened:
        file = tmp_path / "report.html"
        file.write_bytes(report_files(record)[file.name])
        page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]  # light or dark
        pages.append(page)
        opened = Opened(page=page)
        page.on("request", lambda request: opened.requests.append(request.url))
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.goto(file.as_uri())
        return opened

    yield open_
    for page in pages:
        page.close()
