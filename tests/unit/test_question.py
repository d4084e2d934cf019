"""Questions that share a deadline."""

from __future__ import annotations

import threading
import time

import pytest

from multiarch.deadline import Deadline
from multiarch.edges.ask.question import ask
from multiarch.errors import ConfigurationError, OperationFailedError


def never() -> str:
    threading.Event().wait(60)
    return "late"


def test_question_answered_returns_the_answer() -> None:
    assert ask(lambda: "here", phase="sts", deadline=Deadline(5)).result() == "here"


def test_questions_of_one_deadline_end_together() -> None:
    begin = time.monotonic()
    deadline = Deadline(1)
    questions = [ask(never, phase="daemon", deadline=deadline)]
    time.sleep(0.9)
    questions += [ask(never, phase="daemon", deadline=deadline) for _ in range(5)]
    for question in questions:
        with pytest.raises(OperationFailedError, match="timed out"):
            question.result()
    assert 1 <= time.monotonic() - begin < 1.8


def test_deadline_at_most_leaves_the_later_deadline_alone() -> None:
    deadline = Deadline(60)
    soon = deadline.at_most(0.1)
    assert soon.left <= 0.1
    assert deadline.left > 50
    assert soon.at_most(60) is soon
    with pytest.raises(OperationFailedError) as caught:
        ask(never, phase="sts", deadline=soon).result()
    assert (caught.value.phase, caught.value.lines) == ("sts", ("no answer within 0 s: timed out",))


ERRORS = {
    "an edge's own": (OperationFailedError("login", ["no"]), OperationFailedError, "no"),
    "one for people": (ConfigurationError("no region"), ConfigurationError, "no region"),
    "a library's": (KeyError("x"), OperationFailedError, "KeyError: 'x'"),
}


@pytest.mark.parametrize(("error", "kind", "text"), ERRORS.values(), ids=ERRORS)
def test_question_that_raises_raises_in_result(error: Exception, kind: type[Exception], text: str) -> None:
    def fail() -> str:
        raise error

    with pytest.raises(kind) as caught:
        ask(fail, phase="sts", deadline=Deadline(5)).result()
    assert str(caught.value) == text
