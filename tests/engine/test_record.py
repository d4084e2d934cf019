"""What is read of real builds' events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dev.recordings import CASES, Case, compact, read_case, record_case

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_read_record_of_recorded_build_returns_its_steps(case: Case, tmp_path: Path) -> None:
    lines = record_case(case, tmp_path)
    case.check(read_case(case, lines))
    case.check(read_case(case, list(compact(lines))))
