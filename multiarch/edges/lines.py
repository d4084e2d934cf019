"""Lines of a pipe, whole and in bounded memory."""

from collections.abc import Iterator
from typing import IO

# Longer than any event of BuildKit's, whose messages end at 16 MiB before base64: https://github.com/moby/buildkit
_LONGEST_LINE = 24 << 20


def read_lines(stream: IO[bytes], *, longest: int = _LONGEST_LINE) -> Iterator[str]:
    """Yield lines as they come, whatever their encoding; one that is too long comes in pieces: memory is bounded."""
    while line := stream.readline(longest):
        yield line.decode(errors="replace").removesuffix("\n")
