"""Questions that are asked side by side and given up when their time is over."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

from multiarch.deadline import Deadline
from multiarch.errors import MultiarchError, OperationFailedError
from multiarch.futures import start

_Answer = TypeVar("_Answer")
_Answer_co = TypeVar("_Answer_co", covariant=True)


class Asked(Protocol[_Answer_co]):
    """The half of a future that returns its result; unlike Future covariant."""

    def result(self, timeout: float | None = None) -> _Answer_co:
        """Wait for the answer."""


class _Question(Future[_Answer]):
    """A future whose result is awaited until a deadline and no longer."""

    def __init__(self, phase: str, deadline: Deadline) -> None:
        super().__init__()
        self._phase = phase
        self._deadline = deadline

    def result(self, timeout: float | None = None) -> _Answer:
        left = self._deadline.left
        try:
            return super().result(left if timeout is None else min(left, timeout))
        except TimeoutError:
            text = f"no answer within {self._deadline.seconds:.0f} s: timed out"
            raise OperationFailedError(self._phase, [text]) from None


def ask(question: Callable[[], _Answer], *, phase: str, deadline: Deadline) -> Future[_Answer]:
    """Ask in a thread of its own.

    Args:
        question: may raise what an edge raises.
        phase: where a question without an answer failed, in the words of `failures.FailurePhase`.
        deadline: how long the future's `result` waits. It raises OperationFailedError where there is no answer by
            then, and what the question raised: OperationFailedError or MultiarchError.
    """

    def answer() -> _Answer:
        try:
            return question()
        except (OperationFailedError, MultiarchError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library raises leaves the question unanswered, no more
            raise OperationFailedError(phase, [f"{type(error).__name__}: {error}"]) from None

    return start(answer, _Question(phase, deadline))


class Questions:
    """Questions that share a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline

    def ask(self, question: Callable[[], _Answer], phase: str) -> Future[_Answer]:
        """Ask in a thread of its own, see `ask`."""
        return ask(question, phase=phase, deadline=self.deadline)
