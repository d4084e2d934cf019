"""The table of cases and outcomes, as the documentation has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chaos.case import Case
    from tests.chaos.lab import Outcome

FILE: Final = ROOT / "docs" / "failures.md"
_BEGIN: Final = "<!-- written by `make chaos`: begin -->"
_END: Final = "<!-- written by `make chaos`: end -->"
_INTRODUCTION: Final = """# What happens when something breaks

Each row was run on a real docker engine, against an ECR and an AWS API that misbehave as the row says; the last run of
`make chaos` wrote the table. After each, every tag pointed at a complete image, and no login and no secret was left.
"""


def write(rows: Iterable[tuple[Case, Outcome]]) -> None:
    """Replace the table; what people wrote around it stays."""
    text = FILE.read_text() if FILE.exists() else f"{_INTRODUCTION}\n{_BEGIN}\n{_END}\n"
    head, _, rest = text.partition(_BEGIN)
    FILE.write_text(f"{head}{_BEGIN}\n\n{table(rows)}\n{_END}{rest.partition(_END)[2]}")


def table(rows: Iterable[tuple[Case, Outcome]]) -> str:
    lines = ["| What goes wrong | How it ends |", "|---|---|"]
    lines += [f"| {_cell(case.name)} | {_cell(outcome.in_words)} |" for case, outcome in rows]
    return "".join(f"{line}\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
