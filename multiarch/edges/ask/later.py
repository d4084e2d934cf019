"""Questions that are asked side by side, and given up when their time is over."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from multiarch.errors import MultiarchError, OperationFailedError

_Answer_co = TypeVar("_Answer_co", covariant=True)


class Deadline:
    """The moment at which all that share it are given up, however late they were asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(0.0, self._end - time.monotonic())

    def at_most(self, seconds: float) -> "Deadline":
        """Return one that is no later than this, and so many seconds from now at most."""
        return self if self.left <= seconds else Deadline(seconds)


class Later(Generic[_Answer_co]):
    """An answer that is under way in a thread of its own; a daemon, so that nobody waits for one that hangs."""

    def __init__(self, question: Callable[[], _Answer_co], *, phase: str, deadline: Deadline) -> None:
        """Ask.

        Args:
            question: may raise what an edge raises.
            phase: what to call it when it does not answer, in the words of `failures.Phase`.
            deadline: until when to wait for it.
        """
        self._question = question
        self._phase = phase
        self._deadline = deadline
        self._answer: list[_Answer_co] = []
        self._error: BaseException | None = None
        self._done = threading.Event()
        threading.Thread(target=self._ask, daemon=True).start()

    def get(self) -> _Answer_co:
        """Wait for the answer.

        Raises:
            OperationFailedError: the question raised it, or there was no answer in time.
            MultiarchError: the question raised it.
        """
        if not self._done.wait(self._deadline.left):
            raise OperationFailedError(self._phase, [f"no answer within {self._deadline.seconds:.0f} s: timed out"])
        if self._error:
            raise self._error
        return self._answer[0]

    def _ask(self) -> None:
        try:
            self._answer.append(self._question())
        except (OperationFailedError, MultiarchError) as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - whatever a library raises: the question stays unanswered, no more
            self._error = OperationFailedError(self._phase, [f"{type(error).__name__}: {error}"])
        finally:
            self._done.set()
