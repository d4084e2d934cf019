"""A build's output that somebody saved or pipes in."""

from collections.abc import Iterator
from typing import IO

from multiarch.edges.lines import read_lines


class Output:
    """Its lines, read once and in bounded memory.

    Attributes:
        is_empty: nothing but white space was read so far.
    """

    def __init__(self, stream: IO[bytes], *, longest: int) -> None:
        """Prepare.

        Args:
            stream: what is read.
            longest: bytes of a line; a longer one comes in pieces.
        """
        self._stream = stream
        self._longest = longest
        self.is_empty = True

    def __iter__(self) -> Iterator[str]:
        """Yield the lines as they come.

        Raises:
            OSError: it cannot be read, or not any further.
        """
        for line in read_lines(self._stream, longest=self._longest):
            self.is_empty = self.is_empty and not line.strip()
            yield line
