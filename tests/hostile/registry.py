"""A hostile registry and a hostile token server, as a table: what is asked, what comes, and how it ends."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.registry.client import RegistryClient
from multiarch.edges.registry.transport import Transport
from multiarch.image.manifest import INDEX_TYPE, Manifest, digest_of
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.text.redaction import Redaction
from tests.hostile.answers import (
    CONTENTS,
    DEEP,
    DEEP_OBJECT,
    ENCODED,
    HEADERS_ARE_GOOD,
    OK,
    TRANSPORT,
    answer,
    raw,
    then_drip,
    then_flood,
    then_silence,
)
from tests.hostile.check import SECRET, Met, is_endless, meet
from tests.hostile.server import Hostile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hostile.answers import Behavior
    from tests.hostile.server import Peer

CONTENT = b'{"schemaVersion": 2, "manifests": []}'
DIGEST = digest_of(CONTENT)
OTHER_DIGEST = digest_of(b"")
INDEX = Manifest(content=CONTENT, media_type=INDEX_TYPE)
FOUND = answer(body=CONTENT, content_type=INDEX_TYPE)
CREATED = answer("201 Created", docker_content_digest=DIGEST)
TOKEN_SIZE = 64 * 1024
LOGIN = Credentials(username="AWS", password=SECRET)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request.

    Attributes:
        name: for people.
        behave: what the registry does.
        ask: what is asked of it.
        tokens: what its token server does; it has none by default.
        says: the words that the error has to hold; None where the request has to succeed.
        is_proxy: the server is a proxy on the way to a registry.
    """

    name: str
    behave: Behavior
    ask: Callable[[RegistryClient, Repository], object]
    tokens: Behavior | None = None
    says: str | None = ""
    is_proxy: bool = False

    def __str__(self) -> str:
        return self.name

    def meet(self) -> Met:
        with ExitStack() as stack:
            behave = self.behave
            if self.tokens:
                tokens = stack.enter_context(Hostile(self.tokens))
                behave = _wants_token(behave, f"http://{tokens.host}/token")
            server = stack.enter_context(Hostile(behave))
            registry = Registry(host="registry.example" if self.is_proxy else server.host)
            proxy = f"http://user:{SECRET}@{server.host}" if self.is_proxy else ""
            repository = Repository(registry=registry, name="team/shop")
            redaction = Redaction()
            transport = Transport(registry.host, certificates=(), redaction=redaction, proxy=proxy)
            client = RegistryClient(registry, lambda: LOGIN, transport, redaction)
            short = is_endless(self.name) and self.says in ("", "i/o timeout", "registry.example")
            return meet(lambda: self.ask(client, repository), short=short)

    def check(self, met: Met) -> None:
        if self.says is None:
            assert met.error is None, met.text
        else:
            assert met.error is not None, met.value
            assert self.says in met.text


def read(client: RegistryClient, repository: Repository) -> object:
    found = client.manifest(repository, "v1")
    return found and found.fields


def read_digest(client: RegistryClient, repository: Repository) -> object:
    return client.manifest(repository, DIGEST)


def has(client: RegistryClient, repository: Repository) -> object:
    return client.has(repository, "v1")


def blob(client: RegistryClient, repository: Repository) -> object:
    return client.blob(repository, DIGEST)


def tag(client: RegistryClient, repository: Repository) -> object:
    client.tag(repository, "v1", INDEX)
    return "written"


ASKS = {"manifest": read, "blob": blob, "tag": tag, "exists": has}


WORDS = {
    "floods headers": "got more than 100 headers",
    "floods long headers": "the response headers are larger than 256 KiB",
    "floods chunks": "the response is larger than 4 MiB",
    "floods a body of 10 GB": "the response is larger than 4 MiB",
    "is binary": "the response is not valid HTTP",
    "resets at once": "connection reset by peer",
    "closes within the body": "connection reset by peer",
    "says nothing": "i/o timeout",
    "drips headers": "i/o timeout",
    "redirects to itself": "too many redirects",
}


def _wants_token(behave: Behavior, realm: str) -> Behavior:
    def wanting(peer: Peer) -> None:
        if b"authorization: Bearer" in peer.head or b"Authorization: Bearer" in peer.head:
            behave(peer)
        else:
            refuse(f'Bearer realm="{realm}",service="registry"')(peer)

    return wanting


def _wants_login(behave: Behavior) -> Behavior:
    refusal = refuse('Basic realm="x"')
    return lambda peer: (behave if b"Basic " in peer.head else refusal)(peer)


def refuse(challenge: str) -> Behavior:
    return answer("401 Unauthorized", www_authenticate=challenge)


def error(status: str, body: bytes | object = b"", **headers: str) -> Behavior:
    return answer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), **headers)


def errors(*found: object) -> dict[str, object]:
    return {"errors": list(found)}


SIZES: dict[str, tuple[str, Behavior, str | None]] = {
    "a manifest of 4 MiB": (
        "manifest", answer(body=b"{" + b" " * (4 * 1024 * 1024 - 2) + b"}", content_type=INDEX_TYPE), None),
    "a manifest of 4 MiB and a byte": (
        "manifest", answer(body=b"{" + b" " * (4 * 1024 * 1024 - 1) + b"}"), "the response is larger than 4 MiB"),
    "a configuration of 8 MiB and a byte": (
        "blob", answer(body=b" " * (8 * 1024 * 1024 + 1)), "the response is larger than 8 MiB"),
    "an error of 64 KiB and a byte": ("manifest", error("403 Forbidden", b" " * 65537), "403 Forbidden"),
    "an error's message of 60 KiB": (
        "manifest", error("403 Forbidden", errors({"code": "DENIED", "message": "m" * 60_000})),
        "403 Forbidden: DENIED: mmm"),
}  # fmt: skip

STATUSES: dict[str, tuple[str, Behavior, str | None]] = {
    "429 without words": ("manifest", error("429 "), "429 Too Many Requests"),
    "503 without words": ("manifest", error("503"), "503 Service Unavailable"),
    "503 with the words of 200": ("manifest", error("503 OK"), "503 Service Unavailable"),
    "a status that nobody knows": ("manifest", error("599 Whatever"), "599"),
    "204 for a manifest": ("manifest", answer("204 No Content"), "204 No Content"),
    "206 for a manifest": ("manifest", answer("206 Partial Content", CONTENT), "206 Partial Content"),
    "202 for a manifest": ("manifest", answer("202 Accepted", CONTENT), "202 Accepted"),
    "304 for a manifest": ("manifest", answer("304 Not Modified"), "304 Not Modified"),
    "401 without end": ("manifest", refuse('Basic realm="x"'), "401 Unauthorized"),
    "a wait in superscript": ("manifest", error("429 x", retry_after="²"), "429 Too Many Requests"),
    "a wait of infinity": ("manifest", error("429 x", retry_after="inf"), "429 Too Many Requests"),
    "a wait of 400 digits": ("manifest", error("429 x", retry_after="9" * 400), "429 Too Many Requests"),
    "a wait below zero": ("manifest", error("429 x", retry_after="-1"), "429 Too Many Requests"),
    "a wait in Arabic digits": ("manifest", error("503 x", retry_after="\xb9\xb2\xb3"), "503 Service Unavailable"),
    "a PUT answered with a page": ("tag", answer(body=CONTENTS["HTML"]), "200 OK"),
    "a PUT answered with 200": ("tag", answer(), "200 OK"),
    "a PUT answered with 202": ("tag", answer("202 Accepted"), "202 Accepted"),
    "a PUT answered with 204": ("tag", answer("204 No Content"), "204 No Content"),
    "a PUT that is sent elsewhere": (
        "tag", answer("307 Temporary Redirect", location="/v2/other"), "307 Temporary Redirect"),
    "a PUT answered with 303": ("tag", answer("303 See Other", location="/v2/other"), "303 See Other"),
    "a PUT of another digest": (
        "tag", answer("201 Created", docker_content_digest=OTHER_DIGEST),
        f"unexpected digest {OTHER_DIGEST[:19]} from"),
    "a PUT with a digest that is none": ("tag", answer("201 Created", docker_content_digest="x"), None),
    "a PUT with a good answer": ("tag", CREATED, None),
    "a HEAD answered with 200": ("exists", answer(content_length="100000000000"), None),
    "a HEAD answered with 204": ("exists", answer("204 No Content"), "204 No Content"),
    "a digest in the header of another content": (
        "manifest", answer(body=CONTENT, content_type=INDEX_TYPE, docker_content_digest=OTHER_DIGEST),
        "unexpected digest"),
    "a blob of another content": ("blob", answer(body=b"x"), "unexpected digest"),
}  # fmt: skip

REDIRECTS: dict[str, str] = {
    "to HTTP elsewhere": "http://registry.example/x",
    "to a file": "file:///etc/passwd",
    "to FTP": "ftp://127.0.0.1/x",
    "to a login": "https://user:word@registry.example/x",
    "to no host": "https:///x",
    "to a port that is none": "https://registry.example:99999999/x",
    "to a control character": "https://registry.example/\x1b[31m",
    "to other letters": "https://registry.exämple/x",
    "to an address without end": "https://registry.example/" + "x" * 60_000,
    "to brackets": "https://[::1/x",
}

BODIES: dict[str, object] = {
    "a number": 7,
    "a list": [],
    "errors that are no list": {"errors": 7},
    "an error that is null": errors(None),
    "an error that is a list": errors([]),
    "a code that is a number": errors({"code": 7}),
    "a code that is null": errors({"code": None}),
    "a message that is an object": errors({"code": "DENIED", "message": {"a": 1}}),
    "a message that is null": errors({"code": "DENIED", "message": None}),
    "10,000 errors": errors(*[{"code": "DENIED", "message": "no"}] * 1_500),
    "a terminal's codes": errors({"code": "\x1b[31mDENIED", "message": "a\r\nb\x00\x07\u202e\u2028c"}),
    "the login": errors({"code": "DENIED", "message": f"not {SECRET}"}),
    "lists without end": DEEP[:60_000],
    "objects without end": DEEP_OBJECT[:60_000],
    "no UTF-8": b'{"errors": [{"code": "\xff"}]}',
}

CHALLENGES: dict[str, tuple[str, str]] = {
    "none": ("", "401 Unauthorized"),
    "a word": ("x", "401 Unauthorized"),
    "a kind that nobody knows": ("Negotiate x", "401 Unauthorized"),
    "no realm": ('Bearer service="x"', "invalid token server"),
    "an empty realm": ('Bearer realm=""', "invalid token server"),
    "a realm of HTTP elsewhere": ('Bearer realm="http://tokens.example/x"', "invalid token server"),
    "a realm of a file": ('Bearer realm="file:///etc/passwd"', "invalid token server"),
    "a realm with a login": ('Bearer realm="https://a:b@tokens.example/x"', "invalid token server"),
    "a realm with a control character": ('Bearer realm="https://tokens.example/\x1b[31m"', "invalid token server"),
    "a realm with a space": ('Bearer realm="https://tokens.example/ x"', "invalid token server"),
    "a realm without end": (f'Bearer realm="https://tokens.example/{"x" * 60_000}"', "invalid token server"),
    "quotes without end": ("Bearer " + 'a="' * 20_000, "invalid token server"),
}

TOKENS: dict[str, bytes] = {
    **CONTENTS,
    "a token that is a number": b'{"token": 7}',
    "a token that is a list": b'{"token": ["a"]}',
    "an empty token": b'{"token": ""}',
    "a token with a line's end": b'{"token": "a\\r\\nX-Evil: 1"}',
    "a token with a space": b'{"token": "a b"}',
    "a token of other letters": '{"token": "tökén"}'.encode(),
}


def cases() -> Iterator[Case]:
    """Yield the table."""
    for group in (SIZES, STATUSES):
        for name, (ask, behave, says) in group.items():
            yield Case(name=name, behave=behave, ask=ASKS[ask], says=says)
    for name, behave in TRANSPORT.items():
        yield Case(name=f"manifest: {name}", behave=behave, ask=read, says=WORDS.get(name, ""))
    for name, behave in ENCODED.items():
        yield Case(name=f"manifest encoded: {name}", behave=behave, ask=read, says="which was not requested")
    for name, content in CONTENTS.items():
        yield Case(name=f"manifest of {name}", behave=answer(body=content, content_type=INDEX_TYPE), ask=read,
                   says=None if name in ("an empty object", "half a surrogate") else "")  # fmt: skip
        yield Case(
            name=f"manifest without a type of {name}",
            behave=answer(body=content),
            ask=read,
            says="is not an image manifest",
        )
    for name, to in REDIRECTS.items():
        behave = answer("302 Found", location=to.encode().decode("latin-1"))
        yield Case(name=f"blob redirected {name}", behave=behave, ask=blob, says="redirected to an invalid address")
    for name, body in BODIES.items():
        behave = _wants_login(error("403 Forbidden", body))
        yield Case(name=f"error with {name}", behave=behave, ask=read, says="403 Forbidden")
    for name, (challenge, says) in CHALLENGES.items():
        yield Case(name=f"challenge with {name}", behave=refuse(challenge), ask=read, says=says)
    for name, content in TOKENS.items():
        says = "returned no token" if len(content) <= TOKEN_SIZE else "larger than 64 KiB"
        yield Case(name=f"token server with {name}", behave=FOUND, ask=read, tokens=answer(body=content), says=says)
    for name, behave in PROXIES.items():
        yield Case(name=f"proxy: {name}", behave=behave, ask=read, is_proxy=True, says="registry.example")
    yield Case(
        name="token server that is good", behave=FOUND, ask=read, tokens=answer(body=b'{"token": "a"}'), says=None
    )
    yield Case(name="token server with 64 KiB", behave=FOUND, ask=read, says="larger than 64 KiB",
               tokens=answer(body=b'{"token": "' + b"a" * TOKEN_SIZE + b'"}'))  # fmt: skip


PROXIES: dict[str, Behavior] = {
    "refuses": answer("407 Proxy Authentication Required"),
    "refuses with a page": answer("403 Forbidden", CONTENTS["HTML"]),
    "lets through and says nothing": then_silence(OK + b"\r\n"),
    "lets through and answers itself": raw(OK + b"\r\n" + OK + b"Content-Length: 2\r\n\r\n{}"),
    "floods the tunnel's headers": then_flood(OK, b"a: b\r\n" * 1000),
    "floods the tunnel's status": then_flood(b"HTTP/1.1 200 "),
    "drips the tunnel's headers": then_drip(OK, b"a: b\r\n"),
    "is no proxy": raw(b"220 mail.example ESMTP\r\n"),
    "closes at once": raw(b""),
}


def more_cases() -> Iterator[Case]:
    """Yield what any request may meet, for each further kind of request."""
    for name, behave in TRANSPORT.items():
        yield Case(name=f"blob: {name}", behave=behave, ask=blob)
        yield Case(name=f"tag: {name}", behave=behave, ask=tag)
        # What a HEAD is answered with has no body.
        if "redirects" not in name:
            yield Case(name=f"proxy: {name}, always", behave=behave, ask=read, is_proxy=True)
        yield Case(name=f"exists: {name}", behave=behave, ask=has, says=None if name in HEADERS_ARE_GOOD else "")
    for name, behave in (TRANSPORT | ENCODED).items():
        yield Case(name=f"token server: {name}", behave=FOUND, ask=read, tokens=behave)
