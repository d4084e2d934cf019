"""The output that the pages show, compared with that of a real build."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dev.project import ROOT
from dev.samples import PAGES, samples, small_samples

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine

# What differs from build to build. Log lines of the login and the builder come in either order.
_CHANGES = (
    (r"sha256:[0-9a-f]{12,64}", "DIGEST"),
    (r"\b[0-9a-f]{40}\b", "COMMIT"),
    (r"\b[0-9a-f]{12}\b", "COMMIT"),
    (r"\b[0-9a-f]{7}\b", "TAG"),
    # A real BuildKit tells its version, and brings emulators.
    (r"BuildKit (of an unknown version|v?\d[\w.+]*)", "BUILDKIT"),
    (r"QEMU of (this machine|BuildKit)", "QEMU"),
    (r" *\b\d+\.\d (s|MB|kB|GB)\b", "NUMBER"),
    (r"\bv?\d+\.\d+\.\d[\w.+]*", "VERSION"),
)


def _shape(text: str) -> list[str]:
    for pattern, name in _CHANGES:
        text = re.sub(pattern, name, text)
    return sorted(text.splitlines())


@pytest.mark.alone
def test_samples_of_a_small_build_match_its_output(tmp_path: Path) -> None:
    shown = {name: text for page in PAGES for name, text in samples((ROOT / page).read_text(encoding="utf-8")).items()}
    for name, text in small_samples(tmp_path / "small").items():
        assert _shape(shown[name]) == _shape(text), f"{name}: python -m dev.samples writes the real output"
