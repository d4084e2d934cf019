"""`python -m dev.picture` builds an image twice, and takes the pictures of its report that the documentation has."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from dev import stack
from dev.project import ROOT, Project
from dev.stack.browser import FLAGS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_DOCS: Final = ROOT / "docs"
_REPOSITORY: Final = "shop"
_WIDTH: Final = 1180
# What is below is tables of few words.
_LAST: Final = "Layers"

_DOCKERFILE: Final = """\
ARG BASE_IMAGE=busybox
FROM ${BASE_IMAGE} AS packages
COPY tools /tools
COPY packages.lock .
RUN /tools/install packages.lock

FROM packages AS site
COPY pages /pages
RUN /tools/render /pages
RUN /tools/check /pages

FROM ${BASE_IMAGE}
COPY --from=packages /opt /opt
RUN echo shop:x:1000:1000::/:/bin/sh >> /etc/passwd
COPY --from=site /site /site
"""
# Each does about as much work as its name says, with what a base image of two megabytes has.
_TOOLS: Final = {
    "install": """\
#!/bin/sh
set -eu
mkdir -p /opt
while read -r package megabytes; do
  echo "install $package"
  head -c "${megabytes}000000" /dev/urandom > "/opt/$package"
  sha256sum "/opt/$package"
done < "$1"
""",
    "render": """\
#!/bin/sh
set -eu
mkdir -p /site
for page in "$1"/*; do
  echo "render $page"
  head -c 40000000 /dev/zero | sha256sum
  head -c 300000 /dev/urandom | gzip > "/site/${page##*/}.gz"
done
""",
    "check": """\
#!/bin/sh
set -eu
for page in /site/*; do
  gzip -t "$page" && echo "$page is well"
done
head -c 90000000 /dev/zero | md5sum
""",
}
_PACKAGES: Final = "router 9\nrender 14\nicons 3\n"
_PAGES: Final = ("index", "basket", "checkout")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = shop(Path(folder))
        try:
            _build(project)
            (project.folder / "pages" / "basket").write_text("What you have chosen, and what it costs\n")
            project.commit("Say what it costs")
            _build(project)
        finally:
            project.remove_builder()
        report = (project.folder / "report" / "report.html").as_uri()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=stack.load().browser, args=list(FLAGS))
            for scheme, name in (("light", "report.png"), ("dark", "report-dark.png")):
                _take(browser, report, scheme, _DOCS / name)
            browser.close()


def shop(parent: Path) -> Project:
    """Make a project whose commits are the same ones each time."""
    stack.create_repository(_REPOSITORY)
    project = Project.create(parent, stack.load(), repository=_REPOSITORY)
    project.environment |= {
        "GIT_AUTHOR_DATE": "2026-01-05T09:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z",
        "MULTIARCH_BUILDER_NAME": "multiarch",
    }
    (project.folder / "Dockerfile").write_text(_DOCKERFILE)
    (project.folder / "packages.lock").write_text(_PACKAGES)
    for name in ("tools", "pages"):
        (project.folder / name).mkdir()
    for name, text in _TOOLS.items():
        (project.folder / "tools" / name).write_text(text)
        (project.folder / "tools" / name).chmod(0o755)
    for name in _PAGES:
        (project.folder / "pages" / name).write_text(f"{name}\n")
    project.commit("Begin to sell")
    return project


def _build(project: Project) -> None:
    run = project.multiarch("build", "--report", "report", "--if-exists", "rebuild")
    if run.code:
        raise SystemExit(run.said)


def _take(browser: Browser, url: str, scheme: str, file: Path) -> None:
    page = browser.new_page(color_scheme=scheme, viewport={"width": _WIDTH, "height": 900})  # type: ignore[arg-type]  # light or dark
    page.goto(url)
    last = page.get_by_role("heading", name=_LAST).locator("xpath=..").bounding_box()
    assert last
    clip = {"x": 0, "y": 0, "width": _WIDTH, "height": last["y"] + last["height"] + 24}
    page.screenshot(path=file, full_page=True, clip=clip)  # type: ignore[arg-type]  # four floats
    page.close()
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
