"""The checks of a text: the project's rules, and proselint's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proselint.checks import __register__ as checks
from proselint.config import DEFAULT, Config
from proselint.registry import CheckRegistry
from proselint.tools import LintFile

from dev.prose.rules import COMMAND_SUMMARY, IGNORED, idioms, long_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dev.prose.texts import Text

_OTHERS: Final = {name: wanted for name, wanted in DEFAULT["checks"].items() if name not in IGNORED}
# The first name that fits a check decides.
_CONFIG: Final = Config(max_errors=10_000, checks={**dict.fromkeys(IGNORED, False), **_OTHERS})
# Keeps the end of a text and the start of the next one apart.
_BORDER: Final = "\n--\n"
CheckRegistry().register_many(checks)


@dataclass(frozen=True, kw_only=True)
class Finding:
    place: str
    complaint: str


def findings(texts: Sequence[Text]) -> Iterator[Finding]:
    """Yield what breaks a rule, text by text, then what proselint finds in all of them."""
    for text in texts:
        complaints = [*idioms(text.text), *long_sentences(text.text, text.words)]
        if text.is_summary and len(text.text) > COMMAND_SUMMARY:
            complaints.append(f"{len(text.text)} characters, at most {COMMAND_SUMMARY}")
        yield from (Finding(place=text.place, complaint=complaint) for complaint in complaints)
    # All in one go: a call for each text would run each of its hundreds of patterns thousands of times.
    lines = _BORDER.join(" ".join(text.text.split()) for text in texts)
    for result in LintFile("texts", lines).lint(_CONFIG):
        line, _ = result.pos  # counted from 1
        checked = result.check_result
        yield Finding(place=texts[(line - 1) // 2].place, complaint=f"{checked.message} ({checked.check_path})")
