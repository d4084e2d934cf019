"""A moment at which something is given up."""

import time


class Deadline:
    """The moment at which everything that shares it is given up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then, 0 afterwards."""
        return max(0.0, self._end - time.monotonic())

    def at_most(self, seconds: float) -> "Deadline":
        """Return the sooner one of this deadline and one in so many seconds."""
        return self if self.left <= seconds else Deadline(seconds)
