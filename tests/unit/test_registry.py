"""The registry's HTTP API, asked over a real connection to a server on loopback."""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.registry.addresses import is_loopback, proxy_for
from multiarch.edges.registry.client import RegistryClient
from multiarch.edges.registry.transport import Response, Transport
from multiarch.errors import OperationFailedError
from multiarch.failures import understand
from multiarch.image.manifest import Manifest, digest_of
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.text.redaction import Redaction
from tests.unit.conftest import Reply, Request, Server
from tests.unit.fakes import ECR_HOST, INDEX_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.unit.conftest import MakeServer

CONTENT = b'{"schemaVersion": 2, "manifests": []}'
DIGEST = digest_of(CONTENT)
INDEX = Manifest(content=CONTENT, media_type=INDEX_TYPE)
FOUND = Reply(body=CONTENT, headers={"Content-Type": f"{INDEX_TYPE}; charset=utf-8"})
BASIC = f"Basic {base64.b64encode(b'AWS:pass-word').decode()}"
LOGIN = Credentials(username="AWS", password="pass-word")
TAG = "/v2/team/shop/manifests/v1"


class Asked:
    """A client of a server, and how often its credentials were asked for."""

    def __init__(
        self,
        host: str,
        credentials: Credentials | None = LOGIN,
        *,
        ecr: bool = False,
        certificates: tuple[Path, ...] = (),
    ) -> None:
        registry = Registry(host=host, account="123456789012" if ecr else "", region="eu-west-1" if ecr else "")
        self.repository = Repository(registry=registry, name="team/shop")
        self.redaction = Redaction()
        self.asked = 0
        self._credentials = credentials
        transport = Transport(host, certificates=certificates, redaction=self.redaction)
        self.client = RegistryClient(registry, self._login, transport, self.redaction)

    def _login(self) -> Credentials | None:
        self.asked += 1
        return self._credentials

    def read(self, reference: str = "v1") -> Manifest | None:
        return self.client.manifest(self.repository, reference)

    def error(self, reference: str = "v1") -> OperationFailedError:
        with pytest.raises(OperationFailedError) as caught:
            self.read(reference)
        return caught.value


def error_body(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


# Reading and tagging


def test_manifest_by_tag_accepts_all_media_types(server: Server) -> None:
    server.on("GET", TAG, FOUND)
    assert Asked(server.host, None).read() == INDEX
    assert server.requests[0].headers["accept"].split(", ") == [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]


def test_manifest_that_does_not_exist_is_none(server: Server) -> None:
    server.on("GET", TAG, Reply(status=404, body=error_body("MANIFEST_UNKNOWN", "manifest unknown")))
    assert Asked(server.host, None).read() is None


def test_manifest_with_another_digest_raises(server: Server) -> None:
    wanted = f"sha256:{'0' * 64}"
    server.on("GET", f"/v2/team/shop/manifests/{wanted}", FOUND)
    line = f"unexpected digest {DIGEST[:19]} from {server.host}/team/shop for manifest sha256:000000000000"
    assert Asked(server.host, None).error(wanted).lines == (line,)


def test_blob_with_another_digest_raises(server: Server) -> None:
    server.on("GET", f"/v2/team/shop/blobs/{DIGEST}", FOUND, Reply(body=b"something else"))
    asked = Asked(server.host, None)
    assert asked.client.blob(asked.repository, DIGEST) == CONTENT
    with pytest.raises(OperationFailedError) as caught:
        asked.client.blob(asked.repository, DIGEST)
    found = digest_of(b"something else")[:19]
    line = f"unexpected digest {found} from {server.host}/team/shop for blob {DIGEST[:19]}"
    assert caught.value.lines == (line,)
    assert understand(caught.value).failure_class == "transient"


def test_blob_that_does_not_exist_raises(server: Server) -> None:
    asked = Asked(server.host, None)
    with pytest.raises(OperationFailedError, match="404 Not Found"):
        asked.client.blob(asked.repository, DIGEST)


def test_tag_puts_the_same_bytes_and_media_type(server: Server) -> None:
    server.on("PUT", TAG, Reply(status=201))
    asked = Asked(server.host, None)
    asked.client.tag(asked.repository, "v1", INDEX)
    put = server.requests[-1]
    assert (put.method, put.path, put.body, put.headers["content-type"]) == ("PUT", TAG, CONTENT, INDEX_TYPE)


# Logins


def test_ecr_gets_basic_at_once_with_one_login_per_action(server: Server) -> None:
    server.on("GET", TAG, FOUND)
    server.on("PUT", TAG, Reply(status=201))
    asked = Asked(server.host, ecr=True)
    asked.read()
    asked.read()
    asked.client.tag(asked.repository, "v1", INDEX)
    assert [each.authorization for each in server.requests] == [BASIC, BASIC, BASIC]
    assert asked.asked == 2


def test_other_registry_gets_the_login_only_after_a_401(server: Server) -> None:
    refused = Reply(status=401, headers={"WWW-Authenticate": 'Basic realm="here"'})
    server.on("GET", TAG, lambda request: FOUND if request.authorization == BASIC else refused)
    asked = Asked(server.host)
    assert asked.read() == INDEX
    assert asked.read() == INDEX
    assert [each.authorization for each in server.requests] == ["", BASIC, BASIC]


def test_forget_login_asks_for_credentials_again(server: Server) -> None:
    server.on("GET", TAG, FOUND)
    asked = Asked(server.host, ecr=True)
    asked.read()
    asked.client.forget_login()
    asked.read()
    assert asked.asked == 2


def bearer(server: Server, tokens: Server, *, token: str = "t0ken-one") -> None:  # noqa: S107 - no secret
    """Let a registry want a token that the other server gives out."""
    realm = f'Bearer realm="http://{tokens.host}/token",service="the registry",scope="repository:team/shop:pull"'
    refused = Reply(status=401, headers={"WWW-Authenticate": realm})
    server.on("GET", TAG, lambda request: FOUND if request.authorization == f"Bearer {token}" else refused)
    server.on("PUT", TAG, lambda request: Reply(status=201) if request.authorization else refused)


def test_token_is_fetched_with_the_login_and_reused(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("GET", "/token", Reply(body=b'{"token": "t0ken-one", "expires_in": 300}'))
    bearer(server, tokens)
    asked = Asked(server.host)
    assert asked.read() == INDEX
    assert asked.read() == INDEX
    [request] = tokens.requests
    assert request.authorization == BASIC
    assert parse_qs(urlsplit(request.path).query) == {
        "service": ["the registry"],
        "scope": ["repository:team/shop:pull"],
    }
    assert [each.authorization for each in server.requests] == ["", "Bearer t0ken-one", "Bearer t0ken-one"]


def test_push_fetches_a_token_for_push(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("GET", "/token", Reply(body=b'{"access_token": "t0ken-one"}'))
    bearer(server, tokens)
    asked = Asked(server.host)
    asked.read()
    asked.client.tag(asked.repository, "v1", INDEX)
    scopes = [parse_qs(urlsplit(each.path).query)["scope"] for each in tokens.requests]
    assert scopes == [["repository:team/shop:pull"], ["repository:team/shop:pull,push"]]


def test_token_without_a_login_is_anonymous(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("GET", "/token", Reply(body=b'{"token": "t0ken-one"}'))
    bearer(server, tokens)
    assert Asked(server.host, None).read() == INDEX
    assert tokens.requests[0].authorization == ""


def test_expired_token_is_fetched_again(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("GET", "/token", Reply(body=b'{"token": "t0ken-one"}'), Reply(body=b'{"token": "t0ken-two"}'))
    bearer(server, tokens)
    asked = Asked(server.host)
    asked.read()
    bearer(server, tokens, token="t0ken-two")
    assert asked.read() == INDEX
    assert len(tokens.requests) == 2


def test_rejected_token_is_fetched_once(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("GET", "/token", Reply(body=b'{"token": "of-no-use"}'))
    bearer(server, tokens)
    asked = Asked(server.host)
    assert "401 Unauthorized" in str(asked.error())
    assert len(tokens.requests) == 1


def test_refresh_token_is_posted_and_never_sent_as_basic(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("POST", "/token", Reply(body=b'{"access_token": "t0ken-one"}'))
    bearer(server, tokens)
    asked = Asked(server.host, Credentials(username="", password="refresh-me", identity_token=True))
    assert asked.read() == INDEX
    [request] = tokens.requests
    assert request.authorization == ""
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["multiarch"],
        "refresh_token": ["refresh-me"],
        "service": ["the registry"],
        "scope": ["repository:team/shop:pull"],
    }


TOKEN_ANSWERS = {
    "refused": (
        Reply(status=401, body=error_body("DENIED", "no pass-word here")),
        "failed to authorize: unexpected status from {realm}: 401 Unauthorized: DENIED: no <redacted> here",
    ),
    "out of order": (Reply(status=503), "failed to authorize: unexpected status from {realm}: 503 Service Unavailable"),
    "no JSON": (Reply(body=b"<html>"), "failed to authorize: {realm} returned no token"),
    "no token": (Reply(body=b"{}"), "failed to authorize: {realm} returned no token"),
    "a list": (Reply(body=b"[]"), "failed to authorize: {realm} returned no token"),
}


@pytest.mark.parametrize(("reply", "line"), TOKEN_ANSWERS.values(), ids=TOKEN_ANSWERS)
def test_token_server_without_a_token_is_named(
    server: Server, make_server: MakeServer, reply: Reply, line: str
) -> None:
    tokens = make_server()
    tokens.on("GET", "/token", reply)
    bearer(server, tokens)
    error = Asked(server.host).error()
    assert (error.phase, error.lines) == ("login", (line.format(realm=f"http://{tokens.host}/token"),))


# Failures


STATUSES = {
    "401": (Reply(status=401), "401 Unauthorized", None),
    "403": (
        Reply(status=403, body=error_body("DENIED", "Your authorization token has expired. Reauthenticate.")),
        "403 Forbidden: DENIED: Your authorization token has expired. Reauthenticate.",
        None,
    ),
    "429 with a wait": (
        Reply(status=429, headers={"Retry-After": "17"}, body=error_body("TOOMANYREQUESTS", "slow down")),
        "429 Too Many Requests: TOOMANYREQUESTS: slow down",
        17.0,
    ),
    "429 with a date, which is no number": (
        Reply(status=429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        "429 Too Many Requests",
        None,
    ),
    "503": (Reply(status=503, body=b"<html>"), "503 Service Unavailable", None),
    "503 with a wait": (Reply(status=503, headers={"Retry-After": "3"}), "503 Service Unavailable", 3.0),
    "500 with JSON that says nothing": (Reply(status=500, body=b'{"errors": 7}'), "500 Internal Server Error", None),
}


@pytest.mark.parametrize(("reply", "words", "retry_after"), STATUSES.values(), ids=STATUSES)
def test_error_names_request_and_status(server: Server, reply: Reply, words: str, retry_after: float | None) -> None:
    server.on("GET", TAG, reply)
    error = Asked(server.host, ecr=True).error()
    assert (error.phase, error.retry_after) == ("manifest", retry_after)
    assert error.lines == (f"unexpected status from GET request to http://{server.host}{TAG}: {words}",)


def test_error_is_not_retried_by_the_client(server: Server) -> None:
    server.on("GET", TAG, Reply(status=503, headers={"Retry-After": "0"}))
    Asked(server.host, ecr=True).error()
    assert len(server.requests) == 1


def test_error_never_contains_the_login(server: Server) -> None:
    def echo(request: Request) -> Reply:
        return Reply(status=403, body=error_body("DENIED", f"{request.authorization} is AWS:pass-word"))

    server.on("GET", TAG, echo)
    text = str(Asked(server.host, ecr=True).error())
    assert text.endswith("403 Forbidden: DENIED: Basic <redacted> is AWS:<redacted>")


def test_error_never_contains_a_refresh_token(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    tokens.on("POST", "/token", Reply(status=400, body=error_body("INVALID", "refresh-me is not known")))
    bearer(server, tokens)
    asked = Asked(server.host, Credentials(username="", password="refresh-me", identity_token=True))
    assert "refresh-me" not in str(asked.error())


def test_registry_that_does_not_listen_is_transient(make_server: MakeServer) -> None:
    gone = make_server()
    gone._server.shutdown()  # else its thread still holds the socket, and the kernel goes on taking connections
    gone._server.server_close()
    error = Asked(gone.host).error()
    assert "Connection refused" in str(error)
    assert understand(error).failure_class == "transient"


def test_unknown_host_is_named() -> None:
    error = Asked("registry.invalid").error()
    assert str(error).startswith("GET https://registry.invalid/v2/team/shop/manifests/v1: ")


# Redirects, HTTP and certificates


def test_redirect_to_another_host_has_no_login(server: Server, make_server: MakeServer) -> None:
    storage = make_server()
    storage.on("GET", "/bucket", FOUND)
    to = Reply(status=307, headers={"Location": f"http://{storage.host}/bucket?signature=1"})
    server.on("GET", f"/v2/team/shop/blobs/{DIGEST}", to)
    asked = Asked(server.host, ecr=True)
    assert asked.client.blob(asked.repository, DIGEST) == CONTENT
    assert server.requests[-1].authorization == BASIC
    assert storage.requests[0].authorization == ""


def test_endless_redirects_raise(server: Server) -> None:
    server.on("GET", TAG, Reply(status=302, headers={"Location": TAG}))
    assert "too many redirects" in str(Asked(server.host, ecr=True).error())


def test_plain_http_is_used_for_loopback_only(server: Server) -> None:
    """The number is 127.0.0.1 for the resolver, but not a name that docker takes for loopback."""
    server.on("GET", TAG, FOUND)
    error = Asked(f"2130706433:{server.port}", ecr=True).error()
    assert str(error).startswith(f"GET https://2130706433:{server.port}{TAG}: ")
    assert server.requests == []


def test_remote_token_server_gets_no_login_over_plain_http(server: Server, make_server: MakeServer) -> None:
    tokens = make_server()
    realm = f'Bearer realm="https://2130706433:{tokens.port}/token",service="x"'
    server.on("GET", TAG, Reply(status=401, headers={"WWW-Authenticate": realm}))
    error = Asked(server.host).error()
    assert str(error).startswith(f"GET https://2130706433:{tokens.port}/token?")
    assert tokens.requests == []


PROXY = "http://proxy.example:3128"
PROXIES: dict[str, tuple[str, dict[str, str], str]] = {
    "none is set": ("ghcr.io", {}, ""),
    "a proxy": ("ghcr.io", {"https_proxy": PROXY}, PROXY),
    "in capitals": ("ghcr.io", {"HTTPS_PROXY": PROXY}, PROXY),
    "the small letters count": ("ghcr.io", {"HTTPS_PROXY": "http://other", "https_proxy": PROXY}, PROXY),
    "one for plain HTTP is another matter": ("ghcr.io", {"http_proxy": PROXY}, ""),
    "not for this host": ("ghcr.io", {"https_proxy": PROXY, "no_proxy": "example.com,ghcr.io"}, ""),
    "not for its domain": (ECR_HOST, {"https_proxy": PROXY, "NO_PROXY": ".amazonaws.com"}, ""),
    "not for another host": ("ghcr.io", {"https_proxy": PROXY, "no_proxy": "hcr.io"}, PROXY),
    "for no host": ("ghcr.io", {"https_proxy": PROXY, "no_proxy": "*"}, ""),
    "never for loopback": ("localhost:5000", {"https_proxy": PROXY}, ""),
}


@pytest.mark.parametrize(("host", "environment", "expected"), PROXIES.values(), ids=PROXIES)
def test_proxy_for_follows_docker(host: str, environment: dict[str, str], expected: str) -> None:
    assert proxy_for(host, environment) == expected


def test_has_sends_head_requests_only(server: Server) -> None:
    server.on("HEAD", TAG, FOUND)
    asked = Asked(server.host, None)
    assert asked.client.has(asked.repository, "v1") is True
    assert asked.client.has(asked.repository, "v2") is False
    assert {each.method for each in server.requests} == {"HEAD"}


LOOPBACK = {
    "localhost": True,
    "localhost:5000": True,
    "127.0.0.1": True,
    "127.1.2.3:5000": True,
    "[::1]:5000": True,
    "[::1]": True,
    "127.evil.example": False,
    "127.0.0.1.evil.example:443": False,
    "localhost.evil.example": False,
    "registry.localhost.example:5000": False,
    "10.0.0.1:5000": False,
    "ghcr.io": False,
}


@pytest.mark.parametrize(("host", "expected"), LOOPBACK.items(), ids=LOOPBACK)
def test_is_loopback_accepts_addresses_and_localhost(host: str, expected: bool) -> None:  # noqa: FBT001
    assert is_loopback(host) is expected


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", "key.pem", "-out", "ca.crt", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def test_certificate_in_certs_d_is_trusted(make_server: MakeServer, certificate: Path, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "ca.crt", certificate / "key.pem")
    server = make_server(context)
    server.on("GET", TAG, FOUND)
    error = Asked(server.host).error()
    assert "certificate verify failed" in str(error)
    folder = tmp_path / "certs.d" / server.host
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes((certificate / "ca.crt").read_bytes())
    assert Asked(server.host, certificates=(tmp_path / "certs.d",)).read() == INDEX


def test_docker_hub_is_asked_by_its_api_names() -> None:
    """No request leaves: the address is all that is looked at."""
    asked: list[str] = []

    class Noted(Transport):
        def request(
            self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, *, size: int
        ) -> Response:
            _ = headers, body, size
            asked.append(f"{method} {url}")
            raise OperationFailedError("manifest", ["enough"])

    registry, redaction = Registry.parse("docker.io"), Redaction()
    transport = Noted(registry.host, certificates=(), redaction=redaction)
    client = RegistryClient(registry, lambda: None, transport, redaction)
    for name in ("alpine", "team/shop"):
        with pytest.raises(OperationFailedError):
            client.manifest(Repository(registry=registry, name=name), "3")
    assert asked == [
        "GET https://registry-1.docker.io/v2/library/alpine/manifests/3",
        "GET https://registry-1.docker.io/v2/team/shop/manifests/3",
    ]


def test_page_in_place_of_a_manifest_is_transient_by_digest_only(server: Server) -> None:
    wanted = f"sha256:{'0' * 64}"
    page = Reply(body=b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})
    server.on("GET", f"/v2/team/shop/manifests/{wanted}", page)
    server.on("GET", TAG, page)
    assert understand(Asked(server.host, None).error(wanted)).failure_class == "transient"
    assert understand(Asked(server.host, None).error()).rule == "registry-response-invalid"
