"""The docstrings of dataclasses, for the reference and the schemas: summaries and texts of fields."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Texts for fields whose names are enough in the code, but not on the page.
TEXTS: Final[Mapping[str, str]] = {
    "ShowVersions": "Show docker's version in the log",
    "RemoveBuilder": "Remove the builder",
    "RetryPolicy.attempts": "maximum attempts of each phase",
    "RetryPolicy.deadline": "seconds of the run after which no attempt starts",
    "Check.status": "problem: the build will fail; warning: a risk, a slower build, or an unknown answer",
    "ImageOutcome.digest": "of the index, or of the manifest of an image with one platform",
    "PublishedTag.reference": "registry, repository and tag",
    "PlatformImage.digest": "of this platform's manifest",
    "PlatformImage.size": "compressed bytes",
    "PlatformImage.layers": "the layers of the base image first",
    "Retry.step": "the phase that failed",
    "Retry.cause": "the cause of the failure",
    "Retry.attempt": "the number of the attempt that followed, from 2",
    "Retry.attempts": "maximum attempts",
    "Retry.wait": "seconds waited before it",
}


def summary(kind: type) -> str:
    """Return the first paragraph of a docstring; a text from `TEXTS` for a generated docstring."""
    text = inspect.getdoc(kind) or ""
    return TEXTS.get(kind.__name__, "") if text.startswith(f"{kind.__name__}(") else _plain(text.split("\n\n")[0])


def attributes(kind: type) -> Mapping[str, str]:
    """Return the text of each field, by its name in JSON, from `Attributes:` of a docstring and its bases'."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__[:-1]):
        _, _, text = (inspect.getdoc(each) or "").partition("Attributes:\n")
        prefix = f"{each.__name__}."
        found |= {name.removeprefix(prefix): text for name, text in TEXTS.items() if name.startswith(prefix)}
        fields = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
        found |= {name.rstrip("_"): _plain(meaning) for name, meaning in fields}
    return found


def kebab(name: str) -> str:
    """`EnsureBuilder` -> `ensure-builder`."""
    return re.sub(r"(?<=.)([A-Z])", r"-\1", name).lower()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of Markdown."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n".replace("| --- ", "|---").replace("--- |", "---|") for line in lines)


def code(text: str) -> str:
    """Return a text as code, nothing for nothing."""
    return f"`{text}`" if text else ""


def _plain(text: str) -> str:
    """Return a docstring's text as a cell: one line, and JSON's word for None."""
    return re.sub(r"\bNone\b", "null", " ".join(text.split())).removesuffix(".")
