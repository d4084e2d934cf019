"""Text that a build printed, made fit for a file that is read by people and parsers. Pure."""

from collections.abc import Sequence

# The content of an empty cell.
NOTHING = "\N{EN DASH}"


def cut(text: str, longest: int) -> str:
    """Cut a text to a number of characters; a cut text ends with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def last_lines(lines: Sequence[str], size: int) -> tuple[Sequence[str], int]:
    """Return the last lines that fit into a size in characters, and the number of lines before them."""
    for kept, line in enumerate(reversed(lines)):
        size -= len(line) + 1
        if size < 0:
            return lines[len(lines) - kept :], len(lines) - kept
    return lines, 0


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`."""
    if seconds < 9.95:  # noqa: PLR2004 - 10 s has no fraction
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
