from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dev.docstrings import TEXTS
from dev.reference import PATH, main, reference
from multiarch.errors import EXIT_CODES
from multiarch.settings.info import SETTINGS, SettingInfo

if TYPE_CHECKING:
    from pathlib import Path


def test_reference_file_is_current() -> None:
    assert PATH.read_text(encoding="utf-8") == reference(), "run python -m dev.reference to write it again"


@pytest.mark.parametrize("info", SETTINGS, ids=lambda info: info.key)
def test_reference_setting_has_a_row_with_flags_and_variables(info: SettingInfo) -> None:
    row = next(line for line in reference().splitlines() if line.startswith(f"| `{info.key}` | `--"))
    for word in (info.flags[0], *info.variables, info.text.replace("|", "\\|")):
        assert word in row


@pytest.mark.parametrize(("name", "words"), TEXTS.items(), ids=str)
def test_reference_has_every_text_of_the_generator(name: str, words: str) -> None:
    field = name.partition(".")[2]
    lines = [line for line in reference().splitlines() if f"| {words} |" in line]
    assert lines
    assert not field or any(line.startswith(f"| `{field}` |") for line in lines)


def test_reference_exit_code_has_a_row() -> None:
    for code, meaning in EXIT_CODES:
        assert f"| {code} | {meaning} |" in reference()


def test_main_check_fails_until_the_page_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "reference.md"
    assert main(["--check"], page) == 1
    assert "out of date" in capsys.readouterr().err
    assert main([], page) == 0
    assert main(["--check"], page) == 0
