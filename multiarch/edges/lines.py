"""Reads the lines of a pipe in bounded memory."""

from collections.abc import Iterator
from typing import IO

# Longer than any event of BuildKit, whose messages have at most 16 MiB before base64: https://github.com/moby/buildkit
_LONGEST_LINE = 24 << 20


def read_lines(stream: IO[bytes], *, longest: int = _LONGEST_LINE) -> Iterator[str]:
    """Yield lines as they arrive, with invalid UTF-8 replaced; a line longer than `longest` bytes comes in pieces."""
    while line := stream.readline(longest):
        yield line.decode(errors="replace").removesuffix("\n")
