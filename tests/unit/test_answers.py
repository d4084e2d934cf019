"""The bounds of an answer, whoever sends it."""

from __future__ import annotations

import socket
import threading
import time

import msgspec
import pytest

from multiarch.deadline import Deadline
from multiarch.edges import answers
from multiarch.edges.answers import Bounds, bounds_until, exchange, one_line, parse, seconds_to_wait
from multiarch.edges.aws import Aws
from multiarch.edges.registry.transport import Transport
from multiarch.errors import OperationFailedError
from multiarch.failures import understand
from multiarch.image.ecr import fits
from multiarch.text.redaction import Redaction
from tests.hostile.answers import then_drip
from tests.hostile.server import Hostile


def test_exchange_that_never_answers_is_given_up() -> None:
    begin, late = time.monotonic(), OperationFailedError("login", ["late"])
    with pytest.raises(OperationFailedError) as caught:
        exchange(lambda: threading.Event().wait(60), Bounds(deadline=Deadline(0.1)), late=late)
    assert time.monotonic() - begin < 5
    assert caught.value is late


def test_exchange_returns_the_value_and_raises_what_the_call_raises() -> None:
    late, error = OperationFailedError("login", ["late"]), OperationFailedError("sts", ["no"])
    assert exchange(lambda: 7, Bounds(), late=late) == 7

    def fail() -> None:
        raise error

    with pytest.raises(OperationFailedError) as caught:
        exchange(fail, Bounds(), late=late)
    assert caught.value is error


def test_aws_that_never_answers_is_a_failure_that_can_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "WHOLE", 0.1)
    with pytest.raises(OperationFailedError) as caught:
        Aws()._ask(lambda: threading.Event().wait(60))
    assert understand(caught.value).failure_class == "transient"


LEFT = {"no deadline": (None, 60), "a late one": (1000, 60), "a near one": (30, 30), "one that is over": (0, 20)}


@pytest.mark.parametrize(("left", "seconds"), LEFT.values(), ids=LEFT)
def test_exchange_near_the_runs_deadline_is_shorter(left: float | None, seconds: float) -> None:
    bounds = bounds_until(None if left is None else Deadline(left))
    assert bounds.deadline.seconds == pytest.approx(seconds, abs=1)


def test_connect_to_many_silent_addresses_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address has a time limit of its own, and a name may have hundreds."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]  # more than the backlog: further connects hang
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)] * 300
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        monkeypatch.setattr(answers, "WHOLE", 0.4)
        monkeypatch.setattr("multiarch.edges.registry.transport._PATIENCE", 0.2)
        begin = time.monotonic()
        transport = Transport("registry.example", certificates=(), redaction=Redaction())
        with pytest.raises(OperationFailedError, match="i/o timeout") as caught:
            transport.request("GET", "https://registry.example/v2/", {}, size=1)
        assert (caught.value.host, understand(caught.value).failure_class) == ("registry.example", "transient")
        assert time.monotonic() - begin < 5
        for each in waiting:
            each.close()


class _Wanted(msgspec.Struct):
    name: str = ""


CONTENTS = {
    "another type": b'{"name": 7}',
    "a list": b"[]",
    "no JSON": b"<html>",
    "too deep": b'{"x":' + b"[" * 100_000,
    "too deep, with its end": b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "no UTF-8": b'{"name": "\xff"}',
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_parse_of_another_form_raises_value_error(content: bytes) -> None:
    assert parse(b'{"name": "a", "more": [1]}', _Wanted).name == "a"
    with pytest.raises(ValueError, match=r"."):
        parse(content, _Wanted)


LINES = {
    "a line": ("not found", "not found"),
    "several lines": ("a\r\n  b\tc", "a b c"),
    "a terminal's codes": ("\x1b[31mred\x07", "[31mred"),
    "letters that turn the line around": ("a\u202eb\u2028c", "a b c"),
    "other letters": ("größe 大", "größe 大"),
    "without end": ("x" * 5_000, "x" * 1_000 + "…"),
}


@pytest.mark.parametrize(("text", "expected"), LINES.values(), ids=LINES)
def test_one_line_is_short_and_printable(text: str, expected: str) -> None:
    assert one_line(text) == expected


WAITS = {
    "7": 7.0,
    "0": 0.0,
    "999999": 999999.0,
    "9999999": None,
    "": None,
    "²": None,
    "٣": None,
    "-1": None,
    "1.5": None,
    "1e3": None,
    "inf": None,
    "7\n": None,
    "7, 8": None,
    "Wed, 21 Oct 2026 07:28:00 GMT": None,
}


@pytest.mark.parametrize(("header", "seconds"), WAITS.items(), ids=map(repr, WAITS))
def test_seconds_to_wait_are_digits_alone(header: str, seconds: float | None) -> None:
    assert seconds_to_wait(header) == seconds


WILDCARDS = {
    ("cache", "cache"): True,
    ("cache", "cache-1"): False,
    ("cache*", "cache-1"): True,
    ("*cache", "my-cache"): True,
    ("a*b*c", "a-b-c"): True,
    ("a*b*c", "a-c-b"): False,
    ("ab*ba", "aba"): False,
    ("ab*ba", "abba"): True,
    ("*", ""): True,
    ("v.*", "vx1"): False,
    ("*a" * 40 + "b", "a" * 128): False,
}


@pytest.mark.parametrize(("words", "expected"), WILDCARDS.items(), ids=[f"{a[:9]} {b[:9]}" for a, b in WILDCARDS])
def test_fits_follows_the_stars_in_short_time(words: tuple[str, str], expected: bool) -> None:  # noqa: FBT001
    begin = time.monotonic()
    assert fits(*words) is expected
    assert time.monotonic() - begin < 1


def test_request_after_the_runs_deadline_takes_the_least_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LEAST", 0.3)
    begin = time.monotonic()
    with Hostile(then_drip(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n")) as server:
        transport = Transport(server.host, certificates=(), redaction=Redaction(), deadline=Deadline(0))
        with pytest.raises(OperationFailedError, match=r"Client\.Timeout of 0 s exceeded"):
            transport.request("GET", f"https://{server.host}/v2/", {}, size=1)
    assert time.monotonic() - begin < 5


def test_aws_after_the_runs_deadline_takes_the_least_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LEAST", 0.3)
    begin = time.monotonic()
    with pytest.raises(OperationFailedError, match="no answer within 0 s"):
        Aws(Deadline(0))._ask(lambda: threading.Event().wait(60))
    assert time.monotonic() - begin < 5
