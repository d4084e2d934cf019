"""`python -m dev.samples` builds images on this machine, and writes their output into the samples of the documentation.

A sample is the block of code behind a comment `<!-- sample: NAME -->`. Its lines are real ones; some are left out.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev import stack
from dev.picture import shop
from dev.project import ROOT, Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dev.project import Run

PAGES: Final = ("README.md", "docs/tutorial.md", "docs/how-to.md", "docs/report.md")
_DOCKERFILE: Final = """\
ARG BASE_IMAGE=busybox
FROM ${BASE_IMAGE}
RUN uname -m > /machine
COPY hello.txt /hello.txt
CMD ["cat", "/machine"]
"""
_LOG: Final = ROOT / "tests" / "unit" / "failures" / "bake_arm64_compile_error.log"
# The log has more lines: other settings, docker's version, the steps of BuildKit, and those of the other platform.
_SHOWN: Final = (
    r"settings +(repository|commit|tags) |^ +[\d.]+ s +(login|builder|verify|tag) |building for"
    r"|^\[linux/amd64 [2-9]|^(\d{12}\.dkr|tag|platform|cache|time)\b"
)
_MARK: Final = re.compile(r"<!-- sample: (\S+) -->\n```(?:text)?\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


def main() -> None:
    with stack.turn("engine", alone=True), tempfile.TemporaryDirectory() as folder:
        texts = {**small_samples(Path(folder) / "small"), **_shop_samples(Path(folder) / "shop")}
    for page in PAGES:
        write(ROOT / page, texts)


def samples(page: str) -> Mapping[str, str]:
    """Return the samples of a page by name."""
    return {match[1]: match[2] for match in _MARK.finditer(page)}


def write(page: Path, texts: Mapping[str, str]) -> None:
    """Replace the samples of a page."""
    before = page.read_text(encoding="utf-8")
    after = _MARK.sub(lambda match: match[0].replace(match[2], texts[match[1]]), before)
    page.write_text(after, encoding="utf-8")
    for name, text in samples(after).items():
        print(f"{page.relative_to(ROOT)}: {name}{'' if samples(before)[name] == text else ', changed'}")


def small_samples(folder: Path) -> Mapping[str, str]:
    """Build a small image: a second time, the same commit again, and into a folder."""
    folder.mkdir()
    project = _small(folder)
    try:
        _build(project)
        (project.folder / "hello.txt").write_text("Good day\n")
        project.commit("Greet politely")
        project.remove_builder()
        stack.cold()
        second = _build(project)
        again = _build(project)
        local = _run(project, "build", "--local")
        doctor = project.multiarch("doctor", CODEBUILD_BUILD_ARN=None, AWS_DEFAULT_REGION=None, AWS_REGION=None)
    finally:
        project.remove_builder()
    return {
        "second-build": _lines(second.stderr, _SHOWN) + _lines(second.stdout, _SHOWN),
        "same-commit": _lines(again.stdout, r"^(cache|time) "),
        "local": _lines(local.stdout, r"^(load|run) "),
        # Left out: the places of docker and its images on this machine.
        "doctor": _lines(doctor.stdout, r"^(?!\w+ +(docker|docker host|builder image|disk) )"),
        "explain": project.multiarch("explain", str(_LOG)).stdout,
    }


def _shop_samples(folder: Path) -> Mapping[str, str]:
    """Build the shop of the pictures: cold, wholly from the cache, and with other packages."""
    folder.mkdir()
    project = shop(folder)
    try:
        _build(project)
        project.commit("Change nothing")
        _build(project, "--report", "monday")
        (project.folder / "packages.lock").write_text("router 9\nrender 15\nicons 3\n")
        project.commit("Raise render")
        tuesday = _build(project, "--report", "tuesday")
        for day in ("monday", "tuesday"):
            (project.folder / day / "events.jsonl").rename(project.folder / f"{day}.jsonl")
        compared = _run(project, "report", "monday.jsonl", "tuesday.jsonl")
    finally:
        project.remove_builder()
    return {
        "breakdown": _lines(tuesday.stdout, r"^(steps|missed|build|emulated|layers|hint) "),
        # The name of the base image is the test stack's.
        "comparison": _lines(compared.stdout, r"^(?!.* FROM localhost)"),
    }


def _small(parent: Path) -> Project:
    stack.create_repository("shop")
    project = Project.create(parent, stack.load(), repository="shop")
    project.environment["MULTIARCH_BUILDER_NAME"] = "multiarch"
    (project.folder / "Dockerfile").write_text(_DOCKERFILE)
    (project.folder / "hello.txt").write_text("Hello\n")
    # A file in the context must not change from build to build.
    (project.folder / ".dockerignore").write_text(".git\ndist\n")
    project.commit("Greet")
    return project


def _build(project: Project, *words: str) -> Run:
    return _run(project, "build", *words)


def _run(project: Project, *words: str) -> Run:
    run = project.multiarch(*words)
    if run.code:
        raise SystemExit(run.said)
    return run


def _lines(text: str, pattern: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if re.search(pattern, line))


if __name__ == "__main__":
    main()
