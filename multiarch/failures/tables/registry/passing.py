"""Temporary errors of registries and of the network. They come after every rule that could look like them."""

from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import (
    AGAIN,
    CONFIG,
    KNOWN_HOST,
    LOCAL_HOST,
    NETWORK,
    PRIVATE_HOST,
    REQUEST,
    SERVER_ERROR,
    T,
)

PASSING_RULES: tuple[FailureRule, ...] = (
    FailureRule("registry-server-error", None, T, {
        f"{SERVER_ERROR}":
            ("unexpected status from PUT request to "
             "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/shop/manifests/1: 503 Service Unavailable"),
    }, cause="{host} returned a server error: {status}", advice="retry", why="a server error is temporary",
        statuses=(500, 502, 503, 504),
    ),
    FailureRule("layer-locked", None, T, {
        r"\blocked for \d":
            ("failed to solve: (*service).Write failed: rpc error: code = Unavailable desc = ref "
             "moby/1/layer-sha256:00 locked for 1.2s (since 2026-01-01 00:00:00)"),
        r"ref \S+ locked": "ref k8s.io/1/layer-sha256:00 locked",
        ": unavailable$": "rpc error: ref layer-sha256:00 cannot be opened: unavailable",
        "push is on-going": "push is on-going",
    }, cause="another pull of the same layer holds the lock", advice="retry", why="the lock is released soon",
    ),
    FailureRule("layer-damaged", None, T, {
        "blob[ _]upload[ _](?:unknown|invalid)": "blob upload unknown to registry",
        "blob[ _]unknown": "manifest blob unknown: blob unknown to registry",
        "unknown[ _]blob": "push failed: unknown blob",
        "failed size validation":
            ('failed commit on ref "layer-sha256:00": "layer-sha256:00" failed size validation: 12 != 34: failed '
             "precondition"),
        "unexpected commit digest":
            ("ERROR: failed commit on ref "
             '"layer-sha256:f050ca02276b14127d4f4a7853392e5c1a4029d31c8337436fc8d7a0dd015ce6": unexpected commit '
             "digest sha256:e85be1e84e11ec25c2492d934aff8a189811fd70377dbe19baf7b16a3aaba659, expected "
             "sha256:f050ca02276b14127d4f4a7853392e5c1a4029d31c8337436fc8d7a0dd015ce6"),
        "filesystem layer verification failed": "filesystem layer verification failed for digest sha256:00",
        r"unexpected digest sha256:\w+ from":
            "unexpected digest sha256:ab12cd34ef56 from registry.example/team/shop for blob sha256:0123456789ab",
        r"\b416\b": "unexpected status code: 416 Requested Range Not Satisfiable",
        "short read: expected": "short read: expected 1024 bytes but got 512",
        "failed to verify digest": "failed to verify digest of the layer",
        "size[ _]invalid": "SIZE_INVALID: provided length did not match content length",
        "download failed after attempts": "download failed after attempts=6",
        "408 request time-?out": "408 Request Time-out",
        "cannot reuse body, request must be retried": "failed to copy: cannot reuse body, request must be retried",
        "failed commit on ref .{0,100}: no response": 'failed commit on ref "layer-sha256:00": no response',
    }, cause="a layer was damaged or lost in transfer with {host}", advice="retry",
        why="the next transfer is a new one",
    ),
    FailureRule("local-port-closed", None, CONFIG, {
        rf"(?:dial tcp |connect to ){LOCAL_HOST}\S*:? .{{0,40}}(?:connection refused|no route)":
            ('Error response from daemon: Get "http://localhost:5000/v2/": dial tcp localhost:5000: connect: '
             "connection refused"),
        rf"{LOCAL_HOST}:\d+.{{0,80}}connection refused": "dial tcp 127.0.0.1:5432: connect: connection refused",
        rf"dial tcp {PRIVATE_HOST}:(?!443\b)\d+.{{0,40}}connection refused":
            ('Error response from daemon: Get "https://10.0.0.7:5000/v2/": dial tcp 10.0.0.7:5000: connect: '
             "connection refused"),
    }, cause="connection refused: nothing listens on {host}",
        advice="start the registry on that host, or correct the name", why="a closed local port stays closed",
    ),
    FailureRule("ipv6-unreachable", None, CONFIG, {
        r"\[[0-9a-f:]{6,}\].{0,60}(?:network is unreachable|cannot assign requested address|no route to host)":
            "dial tcp [2600:1f18::1]:443: connect: network is unreachable",
    }, cause="cannot reach {host} over IPv6", advice="disable IPv6 for the docker daemon, or add a route",
        why="the route stays missing",
    ),
    FailureRule("dns-failed", None, T, {
        (rf"(?:lookup|resolve host:?|failed to resolve|resolve hostname) ['\"]?(?=\w){KNOWN_HOST}['\"]?\b.{{0,80}}"
         "(?:no such host|server misbehaving|i/o timeout|name or service not known)"):
            ('failed to do request: Head "https://registry-1.docker.io/v2/library/alpine/manifests/3": dial tcp: '
             "lookup registry-1.docker.io on 10.0.0.2:53: server misbehaving"),
        (r"lookup \S+.{0,80}(?:server misbehaving|i/o timeout|try again|temporary failure|connection refused"
         "|read: connection)"):
            ('failed to do request: Head "https://registry.example.com/v2/shop/manifests/1": dial tcp: lookup '
             "registry.example.com on 10.0.0.2:53: read udp 10.0.0.3:5->10.0.0.2:53: i/o timeout"),
    }, cause="cannot resolve {host}", advice=AGAIN, why="the host exists: the DNS resolver failed",
    ),
    FailureRule("host-unknown", None, CONFIG, {
        "no such host":
            ('failed to do request: Head "https://registry.nowhere.internal/v2/x/manifests/1": dial tcp: lookup '
             "registry.nowhere.internal on 10.0.0.2:53: no such host"),
        r"failed to resolve '\S+' \(.{0,40}(?:name or service|nodename nor servname)":
            "Failed to resolve 'registry.nowhere.com' ([Errno -2] Name or service not known)",
    }, cause="host {host} does not exist",
        advice="correct the name (registry, account, region), or the DNS of the build", why="the name stays unknown",
    ),
    FailureRule("registry-connection-closed", None, T, {
        rf"{REQUEST}.{{0,600}}?(?:: |unexpected )eof\b":
            'failed to do request: Put "https://registry.example.com/v2/shop/blobs/uploads/1": EOF',
        "(?:response body|manifest|token|layer|blob|registry).{0,200}unexpected end of json input":
            "error parsing the response body: unexpected end of JSON input",
    }, cause="{host} closed the connection before the end of its answer", advice=AGAIN,
        why="a network error; ECR also closes the connection where a permission is missing",
    ),
    FailureRule("registry-connection-failed", None, T, {
        f"{REQUEST}.{{0,600}}?(?:{NETWORK}|connection refused)":
            ('failed to do request: Head "https://registry-1.docker.io/v2/library/alpine/manifests/3": net/http: '
             "TLS handshake timeout"),
        "(?:stream error: stream id|internal_error; received from peer)":
            "stream error: stream ID 5; INTERNAL_ERROR; received from peer",
        ("(?:error response from daemon|failed to (?:copy|authorize|fetch|solve|resolve|push|build|pull)|registry"
         "|pull(?:ing)?|push(?:ing)?|image|token|session|layer|blob|httpreadseeker|error parsing|download).{0,400}"
         f"{NETWORK}"):
            "failed to copy: read tcp 10.0.0.3:5->10.0.0.4:443: read: connection reset by peer",
    }, cause="the connection to {host} failed or timed out", advice=AGAIN, why="a network error",
    ),
    FailureRule("connection-failed", None, T, {
        f"^(?:error: |err: |fatal: |net/http: )?{NETWORK}": "fatal: unexpected EOF",
    }, cause="the connection to {host} failed or timed out", advice=AGAIN, why="a network error",
    ),
)  # fmt: skip
