"""Text that a build printed, made fit for a file that is read by people and parsers. Pure."""

from collections.abc import Sequence

# What stands in a cell where there is nothing to say.
NOTHING = "\N{EN DASH}"


def cut(text: str, longest: int) -> str:
    """Return a text of so many characters at most; one that lost its end says so with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def last_lines(lines: Sequence[str], size: int) -> tuple[Sequence[str], int]:
    """Return as many of the last lines as fit into a size in characters, and how many were left out before them."""
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
