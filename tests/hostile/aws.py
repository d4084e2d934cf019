"""A hostile AWS, as a table: what is asked, what comes, and how it ends."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from multiarch.image.registry import Registry
from tests.hostile.answers import CONTENTS, ENCODED, TRANSPORT, answer
from tests.hostile.check import MEMORY, SECRET, Met, is_endless, meet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from multiarch.edges.aws import Aws
    from tests.hostile.answers import Behavior
    from tests.hostile.server import Hostile, Peer

REGION = "eu-west-1"
HOST = f"123456789012.dkr.ecr.{REGION}.amazonaws.com"
REGISTRY = Registry.parse(HOST)
KIND = "application/x-amz-json-1.1"
LOGIN = base64.b64encode(f"AWS:{SECRET}".encode()).decode()

ASKS: dict[str, Callable[[Aws], object]] = {
    "token": lambda aws: aws.token(region=REGION, fresh=True),
    "repository": lambda aws: aws.repository(REGISTRY, "shop"),
    "state": lambda aws: aws.find_repository(REGISTRY, "shop"),
    "templates": lambda aws: aws.is_made_on_push(REGISTRY, "shop"),
    "images": lambda aws: aws.image_count(REGISTRY, "shop"),
    "permission": lambda aws: aws.permission(REGISTRY, "shop", "ecr:BatchGetImage"),
    "caller": lambda aws: aws.caller(REGION),
}
# What never raises says that it does not know.
UNKNOWN = {"state": "unknown", "templates": None, "permission": "unknown"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One question.

    Attributes:
        name: for people.
        behave: what AWS does.
        ask: what is asked, see `ASKS`.
        says: the words that the error has to hold.
        good: the answer is good, however odd.
    """

    name: str
    behave: Behavior
    ask: str
    says: str = ""
    good: bool = False

    def __str__(self) -> str:
        return self.name

    def meet(self, aws: Aws, server: Hostile) -> Met:
        server.behave = self.behave
        # Of XML, expat lets entities grow by 100 beyond 8 MiB before it refuses them.
        memory = MEMORY * (3 if self.ask == "caller" else 1)
        return meet(lambda: ASKS[self.ask](aws), short=is_endless(self.name), memory=memory)

    def check(self, met: Met) -> None:
        if self.good:
            assert met.error is None, met.text
        elif self.ask in UNKNOWN:
            assert met.error is None, met.text
            assert met.value == UNKNOWN[self.ask]
        else:
            assert met.error is not None, met.value
            assert self.says in met.text


def fields(status: str = "200 OK", /, **given: object) -> Behavior:
    return answer(status, json.dumps(given).encode(), content_type=KIND)


def token(**changes: object) -> Behavior:
    """Answer with a token; None as a change leaves the field out."""
    good = {"authorizationToken": LOGIN, "proxyEndpoint": f"https://{HOST}", "expiresAt": 1_800_000_000}
    data = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return fields(authorizationData=[data])


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


MALFORMED = "AWS returned a malformed answer"
DATA: dict[str, object] = {
    "nothing": None,
    "an empty list": [],
    "an object": {},
    "a word": "x",
    "a number": 7,
    "null": [None],
    "numbers": [7],
    "lists": [[]],
    "empty objects": [{}],
}
TOKENS: dict[str, Behavior] = {
    "a number for a token": token(authorizationToken=7),
    "a list for a token": token(authorizationToken=[LOGIN]),
    "no token": token(authorizationToken=None),
    "an empty token": token(authorizationToken=""),
    "a token that is no base64": token(authorizationToken="%%%"),
    "a token of other letters": token(authorizationToken="ü" * 8),
    "a token without a user": token(authorizationToken=encoded(b":word")),
    "a token without a password": token(authorizationToken=encoded(b"AWS:")),
    "a token without a colon": token(authorizationToken=encoded(b"AWS")),
    "a token with a line's end": token(authorizationToken=encoded(b"AWS:a\r\nX-Evil: 1")),
    "a token with a terminal's codes": token(authorizationToken=encoded(b"AWS\x1b[31m:word")),
    "a token that is no text": token(authorizationToken=encoded(b"AWS:\xff\xfe")),
    "no host": token(proxyEndpoint=None),
    "a host that is a number": token(proxyEndpoint=7),
    "an empty host": token(proxyEndpoint=""),
    "a host that is a file": token(proxyEndpoint="file:///etc/passwd"),
    "a host with a space": token(proxyEndpoint="https://a b"),
    "a host with a path": token(proxyEndpoint=f"https://{HOST}/x"),
    "a host with a login": token(proxyEndpoint=f"https://a:b@{HOST}"),
    "a host with a terminal's codes": token(proxyEndpoint="https://\x1b[31m"),
    "a host without end": token(proxyEndpoint="https://" + "a" * 100_000),
    "an end that is a word": token(expiresAt="tomorrow"),
    "an end that is a list": token(expiresAt=[]),
    "an end beyond time": token(expiresAt=1e300),
    "an end before time": token(expiresAt=-1e300),
}
REPOSITORIES: dict[str, object] = {
    "a mutability that is a number": {"imageTagMutability": 7},
    "a mutability with a terminal's codes": {"imageTagMutability": "\x1b[31m"},
    "filters that are a word": {"imageTagMutabilityExclusionFilters": "x"},
    "filters that are numbers": {"imageTagMutabilityExclusionFilters": [7]},
    "filters without a filter": {"imageTagMutabilityExclusionFilters": [{}]},
    "a filter that is a number": {"imageTagMutabilityExclusionFilters": [{"filter": 7}]},
    "a filter of 10,000 stars": {"imageTagMutabilityExclusionFilters": [{"filter": "*" * 10_000}]},
    "a filter with a space": {"imageTagMutabilityExclusionFilters": [{"filter": "a b"}]},
}
ERRORS: dict[str, Behavior] = {
    "a kind that is a number": fields("400 x", __type=7),
    "a kind that is a list": fields("400 x", __type=["a"]),
    "a kind without end": fields("400 x", __type="a" * 200_000),
    "a message that is an object": fields("400 x", __type="AccessDeniedException", message={"a": 1}),
    "a message without end": fields("400 x", __type="ServerException", message="m" * 200_000),
    "a message with a terminal's codes": fields("400 x", __type="X", message="\x1b[31m\r\n\x00"),
    "a wait in superscript": answer("429 x", b"{}", retry_after="\xb2", content_type=KIND),
    "a code in superscript": fields("400 x", __type="²"),
    "a page for 503": answer("503 ", CONTENTS["HTML"], content_type="text/html"),
    "a list": answer("400 x", b"[]", content_type=KIND),
    "a word": answer("400 x", b'"x"', content_type=KIND),
    "lists without end": answer("400 x", CONTENTS["lists without end"], content_type=KIND),
}
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (each, b"&%c;" % (each - 1) * 10) for each in range(ord("b"), ord("k")))
    + b"]><GetCallerIdentityResponse><GetCallerIdentityResult><Arn>&j;</Arn></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)
CALLERS: dict[str, bytes] = {
    "nothing": b"",
    "HTML": CONTENTS["HTML"],
    "JSON": b"{}",
    "no ARN": b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>",
    "an ARN of another form": (
        b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a b</Arn></GetCallerIdentityResult>"
        b"</GetCallerIdentityResponse>"
    ),
    "elements without end": b"<a>" * 50_000,
    "elements that end, 50,000 deep": b"<a>" * 50_000 + b"</a>" * 50_000,
    "a billion laughs": LAUGHS,
}


def _pages(**content: object) -> Behavior:
    """Answer with a page after which another one comes, always."""

    def behave(peer: Peer) -> None:
        fields(**content, nextToken=str(len(peer.server.requests)))(peer)

    return behave


def cases() -> Iterator[Case]:
    """Yield the table."""
    for name, value in DATA.items():
        given: dict[str, object] = {} if value is None else {"authorizationData": value}
        yield Case(name=f"token: data of {name}", behave=fields(**given), ask="token", says=MALFORMED)
        given = {} if value is None else {"repositories": value}
        if name != "empty objects":
            yield Case(name=f"repository: {name}", behave=fields(**given), ask="repository", says=MALFORMED)
        given = {} if value is None else {"imageIds": value}
        if name not in ("an empty list", "an object", "empty objects"):
            yield Case(name=f"images: {name}", behave=fields(**given), ask="images", says=MALFORMED)
        given = {} if value is None else {"repositoryCreationTemplates": value}
        # botocore takes an object for the list of its names.
        if name not in ("an empty list", "an object"):
            yield Case(name=f"templates: {name}", behave=fields(**given), ask="templates")
    for name, behave in TOKENS.items():
        yield Case(name=f"token: {name}", behave=behave, ask="token", says=MALFORMED)
    for name, changes in REPOSITORIES.items():
        yield Case(name=f"repository: {name}", behave=fields(repositories=[changes]), ask="repository", says=MALFORMED)
    for name, behave in ERRORS.items():
        yield Case(name=f"error: {name}", behave=behave, ask="token")
    for name, content in CALLERS.items():
        yield Case(name=f"caller: {name}", behave=answer(body=content, content_type="text/xml"), ask="caller")
    for name, content in CONTENTS.items():
        for ask in ("token", "state", "permission"):
            # Whatever is no refusal lets the role do it.
            good = ask == "permission"
            yield Case(name=f"{ask}: {name}", behave=answer(body=content, content_type=KIND), ask=ask, good=good)
    for name, behave in TRANSPORT.items():
        yield Case(name=f"token: {name}", behave=behave, ask="token")
    for name, behave in ENCODED.items():
        yield Case(name=f"token encoded: {name}", behave=behave, ask="token")
    yield Case(name="images: pages without end", behave=_pages(imageIds=[{"imageDigest": "a"}]), ask="images")
    yield Case(name="templates: pages without end", behave=_pages(repositoryCreationTemplates=[]), ask="templates")
    yield Case(name="token: a good one", behave=token(), ask="token", good=True)
    yield Case(name="repository: a good one", behave=fields(repositories=[{}]), ask="repository", good=True)
