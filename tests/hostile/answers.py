"""Answers that no good server gives, as behaviors of a server."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.server import Peer

    Behavior = Callable[[Peer], None]

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
BLOCK = b"x" * 65536
# 64 MiB in 64 KiB.
BOMB = gzip.compress(bytes(64 * 1024 * 1024), 9)


def raw(content: bytes) -> Behavior:
    """Send these bytes and close."""

    def behave(peer: Peer) -> None:
        peer.send(content)
        raise ConnectionAbortedError  # ends the connection

    return behave


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> Behavior:
    """Send an answer; a header's name has _ for -, and content_length replaces the true one."""
    fields = {"content_length": str(len(body)), **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    content = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    return lambda peer: peer.send(content)


def then_flood(begin: bytes, content: bytes = BLOCK) -> Behavior:
    def behave(peer: Peer) -> None:
        peer.send(begin)
        peer.flood(content)

    return behave


def then_drip(begin: bytes, content: bytes = b"x") -> Behavior:
    def behave(peer: Peer) -> None:
        peer.send(begin)
        peer.drip(content)

    return behave


def then_silence(begin: bytes = b"") -> Behavior:
    def behave(peer: Peer) -> None:
        peer.send(begin)
        peer.be_silent()

    return behave


def reset(begin: bytes = b"") -> Behavior:
    def behave(peer: Peer) -> None:
        peer.send(begin)
        peer.reset()

    return behave


def chain(peer: Peer) -> None:
    """Redirect to another path each time."""
    answer("302 Found", location=f"/{len(peer.server.requests)}")(peer)


def slow_chain(peer: Peer) -> None:
    peer.server.wait(0.4)
    chain(peer)


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


# Of every request, whoever asks: what comes is no answer at all, or one without an end.
TRANSPORT: dict[str, Behavior] = {
    "closes at once": raw(b""),
    "resets at once": reset(),
    "resets within the headers": reset(OK + b"Content-Le"),
    "resets within the body": reset(OK + b"Content-Length: 100\r\n\r\nx"),
    "closes within the body": raw(OK + b"Content-Length: 100\r\n\r\n{"),
    "closes within a chunk": raw(OK + CHUNKED + b"64\r\n{"),
    "says nothing": then_silence(),
    "says nothing after the status": then_silence(OK),
    "says nothing after the headers": then_silence(OK + b"Content-Length: 100\r\n\r\n"),
    "says nothing within a chunk": then_silence(OK + CHUNKED + b"64\r\n{"),
    "drips the status": then_drip(b"HTTP/1.1 200 ", b"O"),
    "drips headers": then_drip(OK, b"a: b\r\n"),
    "drips one header": then_drip(OK + b"a: "),
    "drips the body": then_drip(OK + b"Content-Length: 100000\r\n\r\n"),
    "drips the body until it closes": then_drip(OK + b"\r\n"),
    "drips chunks": then_drip(OK + CHUNKED, b"1\r\nx\r\n"),
    "drips a chunk's size": then_drip(OK + CHUNKED, b"0"),
    "drips trailers": then_drip(OK + CHUNKED + b"0\r\n", b"a: b\r\n"),
    "drips a continuation": then_drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "floods a status": then_flood(b"HTTP/1.1 200 "),
    "floods a header": then_flood(OK + b"a: "),
    "floods headers": then_flood(OK, b"a: b\r\n" * 1000),
    "floods long headers": then_flood(OK, b"a: " + b"x" * 60_000 + b"\r\n"),
    "floods continuations": then_flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "floods a chunk's size": then_flood(OK + CHUNKED, b"0" * 65536),
    "floods a chunk's extension": then_flood(OK + CHUNKED + b"1;"),
    "floods trailers": then_flood(OK + CHUNKED + b"0\r\n", b"a: b\r\n" * 1000),
    "floods chunks": then_flood(OK + CHUNKED, chunk(BLOCK)),
    "floods small chunks": then_flood(OK + CHUNKED, chunk(b"x") * 10_000),
    "floods a body without a length": then_flood(OK + b"\r\n"),
    "floods a body of 10 GB": then_flood(OK + b"Content-Length: 10000000000\r\n\r\n"),
    "is no HTTP": raw(b"220 mail.example ESMTP\r\n" * 5),
    "is binary": raw(bytes(range(256)) * 10),
    "has no status": raw(b"HTTP/1.1\r\n\r\n"),
    "has a status that is a word": raw(b"HTTP/1.1 abc OK\r\n\r\n"),
    "has a status of superscripts": raw("HTTP/1.1 ²⁰⁰ OK\r\n\r\n".encode()),
    "has a status without end": raw(b"HTTP/1.1 " + b"2" * 10_000 + b" OK\r\n\r\n"),
    "has two lengths": raw(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "has a chunk's size that is none": raw(OK + CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "has a chunk's size below zero": raw(OK + CHUNKED + b"-5\r\n{}\r\n0\r\n\r\n"),
    "has a chunk of 16 EB": raw(OK + CHUNKED + b"ffffffffffffffff\r\n{}"),
    "redirects to itself": answer("302 Found", location="/"),
    "redirects without end": chain,
    "redirects slowly without end": slow_chain,
}

# Of these, the headers alone are good.
HEADERS_ARE_GOOD = {
    "resets within the body",
    "closes within the body",
    "closes within a chunk",
    "says nothing after the headers",
    "says nothing within a chunk",
    "drips the body",
    "drips the body until it closes",
    "drips chunks",
    "drips a chunk's size",
    "drips trailers",
    "floods a chunk's size",
    "floods a chunk's extension",
    "floods trailers",
    "floods chunks",
    "floods small chunks",
    "floods a body without a length",
    "floods a body of 10 GB",
    "has a chunk's size that is none",
    "has a chunk's size below zero",
    "has a chunk of 16 EB",
}

ENCODED: dict[str, Behavior] = {
    "gzip": answer(body=BOMB, content_encoding="gzip"),
    "gzip, in capitals": answer(body=BOMB, content_encoding="GZIP"),
    "gzip twice": answer(body=gzip.compress(BOMB), content_encoding="gzip, gzip"),
    "gzip, cut off": raw(OK + b"Content-Encoding: gzip\r\n\r\n" + BOMB[:100]),
    "deflate": answer(body=zlib.compress(bytes(1_000_000)), content_encoding="deflate"),
    "br": answer(body=b"x" * 1000, content_encoding="br"),
    "zstd": answer(body=b"\x28\xb5\x2f\xfd" + b"x" * 100, content_encoding="zstd"),
    "one that nobody knows": answer(body=b"x", content_encoding="rot13"),
}

DEEP = b"[" * 200_000
DEEP_OBJECT = b'{"a":' * 200_000
# Contents that are no JSON object of any type that is wanted.
CONTENTS: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "HTML": b"<!DOCTYPE html><html><body>Sign in to the network</body></html>",
    "cut off": b'{"schemaVersion": 2, "manifests": [{"digest"',
    "a list": b"[]",
    "a string": b'"manifest"',
    "a number": b"1",
    "a number without end": b"1" * 100_000,
    "a number beyond a float": b"1e999999",
    "null": b"null",
    "NaN": b"NaN",
    "an empty object": b"{}",
    "lists without end": DEEP,
    "objects without end": DEEP_OBJECT,
    "lists that end, 50,000 deep": b"[" * 50_000 + b"]" * 50_000,
    "no UTF-8": b'{"manifests": "\xff\xfe"}',
    "half a surrogate": b'{"manifests": "\\ud800"}',
    "UTF-16": '{"manifests": []}'.encode("utf-16"),
    "NUL": b"\0" * 100,
    "two documents": b"{}{}",
    "a comment": b"/* */ {}",
}
