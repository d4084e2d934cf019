"""What is drawn for the tests of parsers: no clock decides, and every run draws the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

# A text of one line: what a flag, a line of a variable or a string of TOML may hold.
LINES = st.text(st.characters(exclude_categories=("Cc", "Cs")))
WORDS = st.text(st.sampled_from("abcXYZ019._-"), min_size=1, max_size=12)
VALUES = st.one_of(LINES, st.text(st.sampled_from('a,"= /:')))


def property_of(
    *drawn: st.SearchStrategy[Any], examples: int = 100
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for many drawn values, the same ones each time."""
    chosen = settings(derandomize=True, database=None, deadline=None, max_examples=examples)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        decorated: Callable[..., None] = chosen(given(*drawn)(test))
        return decorated

    return decorate
