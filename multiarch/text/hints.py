"""Hints for a name that is not known. Pure."""

import difflib
from collections.abc import Iterable


def nearest_hint(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant; all of them where none is near."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
