"""A point in time at which work is given up."""

import time


class Deadline:
    """The point in time at which all work that shares the deadline is given up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline, 0 afterwards."""
        return max(0.0, self._end - time.monotonic())

    def at_most(self, seconds: float) -> "Deadline":
        """Return this deadline, or one in `seconds` if that is earlier."""
        return self if self.left <= seconds else Deadline(seconds)
