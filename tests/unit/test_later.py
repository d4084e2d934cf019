"""Questions that are given up together."""

from __future__ import annotations

import threading
import time

import pytest

from multiarch.edges.ask.later import Deadline, Later
from multiarch.errors import ConfigurationError, OperationFailedError


def never() -> str:
    threading.Event().wait(60)
    return "late"


def test_an_answer_is_returned() -> None:
    assert Later(lambda: "here", phase="sts", deadline=Deadline(5)).get() == "here"


def test_all_that_share_a_deadline_are_given_up_at_once_however_late_they_were_asked() -> None:
    begin = time.monotonic()
    deadline = Deadline(1)
    questions = [Later(never, phase="daemon", deadline=deadline)]
    time.sleep(0.9)
    questions += [Later(never, phase="daemon", deadline=deadline) for _ in range(5)]
    for question in questions:
        with pytest.raises(OperationFailedError, match="timed out"):
            question.get()
    assert 1 <= time.monotonic() - begin < 1.8


def test_one_that_is_sooner_leaves_the_others_their_time() -> None:
    deadline = Deadline(60)
    soon = deadline.at_most(0.1)
    assert soon.left <= 0.1
    assert deadline.left > 50
    assert soon.at_most(60) is soon
    with pytest.raises(OperationFailedError) as caught:
        Later(never, phase="sts", deadline=soon).get()
    assert (caught.value.phase, caught.value.lines) == ("sts", ("no answer within 0 s: timed out",))


ERRORS = {
    "an edge's own": (OperationFailedError("login", ["no"]), OperationFailedError, "no"),
    "one for people": (ConfigurationError("no region"), ConfigurationError, "no region"),
    "a library's": (KeyError("x"), OperationFailedError, "KeyError: 'x'"),
}


@pytest.mark.parametrize(("error", "kind", "text"), ERRORS.values(), ids=ERRORS)
def test_what_the_question_raises_is_raised(error: Exception, kind: type[Exception], text: str) -> None:
    def ask() -> str:
        raise error

    with pytest.raises(kind) as caught:
        Later(ask, phase="sts", deadline=Deadline(5)).get()
    assert str(caught.value) == text
