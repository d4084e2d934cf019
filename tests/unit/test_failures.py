"""Failures: a table of outputs with near misses, and logs of any size."""

import json
import random
import re
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from multiarch.errors import Diagnosis, FailureClass, FailurePhase
from multiarch.failures import diagnose
from multiarch.failures.reading import LINE_LIMIT, clean, read
from multiarch.show.explain import explanation_as_json

LOGS = Path(__file__).parent / "failures"
ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
HUB = "https://registry-1.docker.io/v2/library/alpine"
RETRYABLE = {FailureClass.TRANSIENT, FailureClass.THROTTLED, FailureClass.AUTH_EXPIRED, FailureClass.BUILDER_LOST}


def step(command: str, *output: str, code: int = 1) -> str:
    """A RUN step that failed, as BuildKit's plain progress shows it."""
    lines = [f"#9 [linux/arm64 2/4] RUN {command}", *(f"#9 {1 + i / 10:.3f} {line}" for i, line in enumerate(output))]
    error = f'process "/bin/sh -c {command}" did not complete successfully: exit code: {code}'
    return "\n".join([*lines, f"#9 ERROR: {error}", "------", f"ERROR: failed to build: failed to solve: {error}"])


def solve(chain: str) -> str:
    return f"#8 ERROR: {chain}\n------\nERROR: failed to build: failed to solve: {chain}"


def aws(code: str, operation: str, message: str) -> str:
    return f"An error occurred ({code}) when calling the {operation} operation: {message}"


CASES: dict[str, tuple[str, str, str]] = {
    # name of the behavior: (phase, class, text)
    # AWS: credentials, permissions, throttling, outages
    "expired session credentials want a new login": (
        "sts", "auth-expired", aws("ExpiredToken", "GetCallerIdentity", "The security token included is expired")),
    "an expired ECR token wants a new login": (
        "push", "auth-expired", "denied: Your authorization token has expired. Reauthenticate and try again."),
    "an ended SSO session is a person's to renew": (
        "sts", "config", "The SSO session associated with this profile has expired or is otherwise invalid."),
    "a missing permission names its action": (
        "push", "config", ("denied: User: arn:aws:sts::111122223333:assumed-role/build/x is not authorized to perform: "
        "ecr:PutImage on resource: arn:aws:ecr:eu-west-1:111122223333:repository/shop\nno basic auth credentials")),
    "a permission refused over two lines": (
        "push", "config", ("User: arn:aws:iam::111122223333:user/ci\nis not authorized to "
            "perform:\necr:UploadLayerPart on resource: x")),
    "keys that AWS does not know": (
        "ecr-api", "config", aws("UnrecognizedClientException", "GetAuthorizationToken",
            "The security token included in "
        "the request is invalid.") + "\nError: Cannot perform an interactive login from a non TTY device"),
    "a clock that is wrong": (
        "sts", "config", aws("SignatureDoesNotMatch", "GetCallerIdentity", "Signature expired: 20260101T000000Z is now "
        "earlier than 20260101T001000Z")),
    "no credentials at all": ("sts", "config",
        "Unable to locate credentials. You can configure credentials by running aws configure"),
    "credentials that did not come in time": (
        "sts", "transient",
            ("Error when retrieving credentials from container-role: Error retrieving metadata: Received "
        'error when attempting to retrieve ECS metadata: Connect timeout on endpoint URL: "http://169.254.170.2/v2/x"')),
    "no region": ("other", "config",
        'You must specify a region. You can also configure your region by running "aws configure".'),
    "an endpoint of a region that exists is away": (
        "ecr-api", "transient", 'Could not connect to the endpoint URL: "https://api.ecr.eu-west-1.amazonaws.com/"'),
    "near miss: a region that does not exist is no outage": (
        "ecr-api", "config", 'Could not connect to the endpoint URL: "https://api.ecr.eu-wst-1.amazonaws.com/"'),
    "ECR throttles": ("ecr-api", "throttled", aws("ThrottlingException", "GetAuthorizationToken", "Rate exceeded")),
    "near miss: a quota is no throttling": (
        "ecr-api", "config", aws("LimitExceededException", "CreateRepository", "The operation failed, quota exceeded")),
    "AWS has trouble of its own": ("ecr-api", "transient", aws("ServerException", "GetAuthorizationToken", "internal")),
    "near miss: a page of HTML is no answer of AWS": (
        "ecr-api", "config", aws("404", "GetAuthorizationToken", "<!DOCTYPE html><title>Page Not Found</title>")),
    "a repository that is not there": (
        "ecr-api", "config", aws("RepositoryNotFoundException", "DescribeImages",
            "The repository with name 'shop' does "
        "not exist in the registry with id '111122223333'")),
    "a tag that may not be overwritten": (
        "push", "config", solve(
            "failed to push x: tag invalid: The image tag '1.4' already exists in the 'shop' repository "
        "and cannot be overwritten because the tag is immutable.")),
    # base images
    "a TLS handshake that timed out": (
        "base-pull", "transient", solve(f'alpine:3: failed to resolve source metadata for docker.io/library/alpine:3: '
        f'failed to do request: Head "{HUB}/manifests/3": net/http: TLS handshake timeout')),
    "the token server is down: not the login's fault": (
        "base-pull", "transient", solve("failed to authorize: failed to fetch oauth token: unexpected status from GET "
        "request to https://auth.docker.io/token: 503 Service Unavailable")),
    "near miss: the token server refuses": (
        "base-pull", "config", solve(
            "failed to authorize: failed to fetch oauth token: unexpected status from GET request "
        "to https://registry.example.com/token: 401 Unauthorized")),
    "a private or missing image of GHCR": (
        "base-pull", "permanent", solve("failed to fetch anonymous token: unexpected status from GET request to "
        "https://ghcr.io/token?scope=x: 403 Forbidden")),
    "Docker Hub's limit": (
        "base-pull", "throttled", solve(f"alpine:3: failed to resolve source metadata for docker.io/library/alpine:3: "
        f"unexpected status from HEAD request to {HUB}/manifests/3: 429 Too Many Requests")),
    "ECR Public's limit": ("base-pull", "throttled",
        "Step 1/3 : FROM public.ecr.aws/x\ntoomanyrequests: Rate exceeded"),
    "a tag that does not exist": (
        "base-pull", "permanent", solve("alpine:99: failed to resolve source metadata for docker.io/library/alpine:99: "
        "docker.io/library/alpine:99: not found")),
    "a base image without that platform": (
        "base-pull", "permanent", solve("x/y:1: failed to resolve source metadata for docker.io/x/y:1: no match for "
        "platform in manifest: not found")),
    "a resolver that fails": (
        "base-pull", "transient", (f'Error response from daemon: Get "{HUB}/manifests/3": dial tcp: lookup '
        "registry-1.docker.io on 10.0.0.2:53: server misbehaving")),
    "near miss: a host that does not exist": (
        "base-pull", "config", solve('failed to do request: Head "https://registry.exmaple.internal/v2/x/manifests/1": '
        "dial tcp: lookup registry.exmaple.internal on 10.0.0.2:53: no such host")),
    "near miss: an account id that is empty is no DNS trouble": (
        "login", "config", "dial tcp: lookup .dkr.ecr.eu-west-1.amazonaws.com: no such host"),
    "a certificate of a proxy": (
        "base-pull", "config", solve(
            f'failed to do request: Head "{HUB}/manifests/3": tls: failed to verify certificate: '
        "x509: certificate signed by unknown authority")),
    "a proxy that is not there": (
        "base-pull", "config", solve(f'failed to do request: Head "{HUB}/manifests/3": proxyconnect tcp: dial tcp '
        "10.0.0.9:3128: connect: connection refused")),
    "a registry that speaks plain HTTP": (
        "base-pull", "config", ('Error response from daemon: Get "https://10.0.0.7:5000/v2/": http: server gave HTTP '
        "response to HTTPS client")),
    "a layer that arrived damaged": (
        "base-pull", "transient", solve(
            'failed to copy: failed commit on ref "layer-sha256:00": "layer-sha256:00" failed '
        "size validation: 12 != 34: failed precondition")),
    "a verdict that a terminal wrapped": (
        "base-pull", "transient", (f'ERROR: failed to build: failed to solve: failed to load cache key:\nfailed to '
            f'do request: Head "{HUB}/1":\n'
        "net/http: TLS handshake timeout")),
    # push, manifest, caches
    "a push that broke": (
        "push", "transient", solve(
            f'failed to push {ECR}/shop:1: failed to copy: failed to do request: Put "https://{ECR}/'
        'v2/shop/blobs/uploads/1": write tcp 10.0.0.3:5->10.0.0.4:443: write: broken pipe')),
    "a registry's server error": (
        "push", "transient", solve(
            f"failed to push {ECR}/shop:1: unexpected status from PUT request to https://{ECR}/v2/"
        "shop/manifests/1: 502 Bad Gateway")),
    "near miss: 403 is a refusal, not an outage": (
        "push", "config", solve(f"failed to push {ECR}/shop:1: unexpected status from POST request to https://{ECR}/v2/"
        "shop/blobs/uploads/: 403 Forbidden")),
    "near miss: docker push's bare EOF is a missing permission": (
        "push", "config", (f"The push refers to repository [{ECR}/shop]\n1f2e: Retrying in 1 second\n1f2e: Retrying "
            f"in 1 second\nEOF")),
    "no login yet": ("push", "auth-expired", f"The push refers to repository [{ECR}/shop]\nno basic auth credentials"),
    "a push that is refused": (
        "push", "config", solve("failed to push docker.io/x/y:1: push access denied, repository does not exist or may "
        "require authorization: server message: insufficient_scope: authorization failed")),
    "a cache that ECR refuses": (
        "cache-export", "config", solve(
            'error writing manifest blob: failed commit on ref "sha256:00": unexpected status '
        f"from PUT request to https://{ECR}/v2/shop/manifests/cache: 400 Bad Request")),
    "a driver that exports no cache": ("cache-export", "config",
        "ERROR: Cache export is not supported for the docker driver."),
    "a cache that is not there yet": (
        "cache-import", "config",
            f"#4 importing cache manifest from {ECR}/shop:cache\n#4 ERROR: {ECR}/shop:cache: not found"),
    "a cache whose layer is gone": (
        "cache-import", "config", solve(
            "failed to copy: httpReadSeeker: failed open: could not fetch content descriptor "
        "sha256:00 (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found")),
    "platforms that cannot be loaded": (
        "manifest", "config", solve("docker exporter does not currently support exporting manifest lists")),
    "a list of a list": ("manifest", "config", "docker.io/x/y:1 is a manifest list"),
    # builder, daemon
    "the builder died": (
        "builder-boot", "builder-lost", ("ERROR: failed to receive status: rpc error: code = Unavailable desc = error "
        "reading from server: EOF")),
    "the builder's container is gone": ("builder-boot", "builder-lost",
        "ERROR: No such container: buildx_buildkit_multiarch0"),
    "near miss: the socket exists and may not be opened": (
        "builder-boot", "config",
            ('error: failed to list workers: Unavailable: connection error: desc = "transport: Error '
        'while dialing: dial unix /run/buildkit/buildkitd.sock: connect: permission denied"')),
    "a snapshot is gone": (
        "push", "builder-lost", solve(
            'failed to prepare extraction snapshot "extract-1": parent snapshot sha256:00 does '
        "not exist: not found")),
    "a content store that is damaged": (
        "push", "builder-lost", solve("failed to get reader from content store: content digest sha256:00: not found")),
    "a builder that is not there": ("builder-create", "builder-lost", 'ERROR: no builder "multiarch" found'),
    "near miss: a builder of that name exists": (
        "builder-create", "config",
            'ERROR: existing instance for "multiarch" but no append mode, specify the node name'),
    "a driver without platforms": (
        "builder-create", "config", "ERROR: Multi-platform build is not supported for the docker driver."),
    "no buildx": ("builder-create", "config", "docker: 'buildx' is not a docker command.\nSee 'docker --help'"),
    "the builder's image is limited": (
        "builder-boot", "throttled",
            ("#1 pulling image moby/buildkit:v0.26.2\n#1 ERROR: toomanyrequests: You have reached "
        "your unauthenticated pull rate limit.")),
    "no daemon": ("daemon", "config", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."),
    "a daemon without privileges": ("daemon", "config", "failed to register layer: unshare: operation not permitted"),
    # login
    "a wrong password": (
        "login", "permanent",
            f"Error response from daemon: login attempt to https://{ECR}/v2/ failed with status: 401 Unauthorized"),
    "near miss: a login that is not understood": (
        "login", "config",
            f"Error response from daemon: login attempt to https://{ECR}/v2/ failed with status: 400 Bad Request"),
    "an empty password, and no word of why": (
        "login", "config", "Error: Cannot perform an interactive login from a non TTY device"),
    "a credential helper that is not there": (
        "login", "config", ('error getting credentials - err: exec: "docker-credential-ecr-login": executable file '
            'not found in $PATH')),
    # Dockerfile and context
    "a word that is no instruction": (
        "dockerfile", "permanent", solve("dockerfile parse error on line 3: unknown instruction: RUNN")),
    "a file that is not in the context": (
        "dockerfile", "permanent", solve(
            'failed to compute cache key: failed to calculate checksum of ref a::b: "/dist": not found')),
    "near miss: a cache key that fails on a broken disk": (
        "dockerfile", "builder-lost", solve(
            'failed to compute cache key: failed commit on ref "layer-sha256:00": rename '
        "/var/lib/buildkit/content/ingest/1/data /var/lib/buildkit/content/blobs/sha256/00: no such file or "
            "directory")),
    "no Dockerfile": ("dockerfile", "config", solve(
        "failed to read dockerfile: open Dockerfile: no such file or directory")),
    "no such stage": ("dockerfile", "config", solve('target stage "prod" could not be found')),
    "an empty build argument in FROM": ("dockerfile", "config", solve("base name (${BASE}) should not be blank")),
    "a secret that was not handed over": ("dockerfile", "config", solve("secret npmrc: not found")),
    "privileges that were not granted": ("other", "config", "ERROR: additional privileges requested"),
    "a full disk": (
        "base-pull", "config", solve(
            "failed to copy: write /var/lib/docker/buildkit/content/ingest/1/data: no space left on device")),
    # git, CodeBuild
    "git is cut off": (
        "git", "transient",
            "fatal: unable to access 'https://github.com/x/y.git/': Could not resolve host: github.com"),
    "near miss: git is refused": (
        "git", "config", "fatal: could not read Username for 'https://github.com': No such device or address"),
    "a checkout of another user": ("git", "config",
        "fatal: detected dubious ownership in repository at '/codebuild/output/src'"),
    "a branch that does not exist": ("git", "permanent", "fatal: couldn't find remote ref release/9"),
    "a buildspec that is not there": (
        "other", "config", ("[Container] 2026/01/02 03:04:05 Phase context status code: YAML_FILE_ERROR Message: stat "
        "/codebuild/output/src1/src/buildspec.yml: no such file or directory")),
    "CodeBuild has trouble of its own": ("other", "transient",
        "INTERNAL_SERVICE_ERROR: CodeBuild is experiencing an issue"),
    "a command of the buildspec": (
        "other", "permanent",
            "[Container] 2026/01/02 03:04:05 Command did not exit successfully ./release.sh exit status 3"),
    "words that no rule knows: not retried": ("other", "permanent", "frobnicator: fatal error 17 in module quux"),
    # RUN steps: what they could not fetch
    "apt cannot resolve": (
        "run-step", "transient", step("apt-get update", "Err:1 http://deb.debian.org/debian bookworm InRelease",
        "  Temporary failure resolving 'deb.debian.org'", code=100)),
    "a package that is missing because the index is": (
        "run-step", "transient", step("apt-get update; apt-get install -y curl",
            "W: Failed to fetch http://deb.debian.org/"
        "debian/dists/bookworm/InRelease  Connection timed out [IP: 10.0.0.1 80]",
            "W: Some index files failed to download.",
        "E: Package 'curl' has no installation candidate", code=100)),
    "near miss: a package that is misspelt": (
        "run-step", "permanent", step("apt-get install -y crul", "E: Unable to locate package crul", code=100)),
    "near miss: a package list that is too old": (
        "run-step", "permanent", step("apt-get install -y curl",
            "E: Failed to fetch http://deb.debian.org/c.deb  404  Not "
        "Found [IP: 10.0.0.1 80]", code=100)),
    "apk cannot reach its mirror": (
        "run-step", "transient", step("apk add curl",
            "WARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.22/main: "
        "temporary error (try again later)", "ERROR: unable to select packages:", "  curl (no such package):", code=2)),
    "dnf cannot reach its mirror": (
        "run-step", "transient", step("dnf install -y git",
            "Errors during downloading metadata for repository 'baseos':",
        "  - Curl error (28): Timeout was reached for https://mirror.example.org/repodata/repomd.xml")),
    "near miss: a distribution that has ended": (
        "run-step", "permanent", step("yum install -y git", "Error: Failed to download metadata for repo 'appstream': "
        "Cannot prepare internal mirrorlist: No URLs in mirrorlist")),
    "npm is cut off": (
        "run-step", "transient", step("npm ci", "npm error code ECONNRESET", "npm error network aborted")),
    "near miss: npm is refused": ("run-step", "permanent", step("npm ci", "npm ERR! code E401",
        "npm ERR! Unable to authenticate")),
    "near miss: versions that do not fit": ("run-step", "permanent", step("npm ci", "npm ERR! code ERESOLVE")),
    "pip is cut off": (
        "run-step", "transient", step("pip install .",
            "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool("
        "host='files.pythonhosted.org', port=443): Read timed out.", code=2)),
    "near miss: pip was cut off, went on, and then the build failed": (
        "run-step", "permanent", step("pip install .", "WARNING: Retrying (Retry(total=4)) after connection broken by "
        "'NewConnectionError'", "Successfully installed wheel", "gcc: fatal error: cannot execute cc1plus",
        "error: metadata-generation-failed")),
    "go is cut off": (
        "run-step", "transient", step("go mod download",
            'go: example.org/x@v1.0.0: Get "https://proxy.golang.org/x": dial '
        "tcp: lookup proxy.golang.org on 10.0.0.2:53: i/o timeout")),
    "cargo is cut off": (
        "run-step", "transient", step("cargo build",
            "error: failed to download from `https://index.crates.io/config.json`",
        "Caused by:", "  [28] Timeout was reached", code=101)),
    "maven is cut off": (
        "run-step", "transient", step("mvn -B package",
            "[ERROR] Could not transfer artifact org.x:y:pom:1 from/to central "
        "(https://repo.maven.apache.org/maven2): Connection reset -> [Help 1]")),
    "curl gets a server error": (
        "run-step", "transient", step("curl -f https://x.example.org/a",
            "curl: (22) The requested URL returned error: 503", code=22)),
    "near miss: curl gets a 404": (
        "run-step", "permanent", step("curl -f https://x.example.org/a",
            "curl: (22) The requested URL returned error: 404", code=22)),
    "near miss: curl asks the step's own server": (
        "run-step", "permanent", step("./start.sh",
            "curl: (7) Failed to connect to localhost port 8080: Connection refused", code=7)),
    "a mirror that limits": ("run-step", "throttled", step("npm ci", "npm error code E429",
        "npm error 429 Too Many Requests")),
    "git clone in a step is cut off": (
        "run-step", "transient", step("git clone https://github.com/x/y",
            "error: RPC failed; curl 92 HTTP/2 stream 5 was not "
        "closed cleanly: CANCEL (err 8)", "fatal: early EOF", code=128)),
    # RUN steps: the user's build fails, whatever words it prints
    "near miss: a test prints 503": (
        "run-step", "permanent", step("npm ci && npm test", "  ● api answers", "    Expected: 200",
            "    Received: 503 Service Unavailable")),
    "near miss: a test prints a timeout of the network": (
        "run-step", "permanent", step("pytest -q",
            "E   requests.exceptions.ConnectTimeout: HTTPSConnectionPool(host='api."
        "example.org', port=443): connect timeout=5", "FAILED tests/test_api.py::test_get")),
    "near miss: a test asks a server of the internet": (
        "run-step", "permanent", step("npm ci && npm test", "FAIL src/api.test.ts", "  FetchError: request to "
        "https://api.example.org failed, reason: connect ETIMEDOUT")),
    "nuget is cut off": (
        "run-step", "transient", step("dotnet restore", "error NU1301: Unable to load the service index for source "
        "https://api.nuget.org/v3/index.json.", "  Resource temporarily unavailable: connection timed out")),
    "near miss: nuget is refused": (
        "run-step", "permanent", step("dotnet restore", "error NU1301: Response status code does not indicate success: "
        "401 (Unauthorized).")),
    "near miss: a test prints connection refused": (
        "run-step", "permanent", step("go test ./...", "dial tcp 127.0.0.1:5432: connect: connection refused",
            "--- FAIL: TestStore")),
    "near miss: the command itself holds the words": (
        "run-step", "permanent", step("echo '503 Service Unavailable: i/o timeout, connection reset by peer'; false")),
    "near miss: make repeats what the compiler said": (
        "run-step", "permanent", step("make", "main.c:3:1: error: expected ';'",
            "make: *** [Makefile:2: main.o] Error 1", code=2)),
    "killed for its memory": ("run-step", "config", step("npm run build", "Killed", code=137)),
    "a full disk inside a step": ("run-step", "config", step("npm ci",
        "npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device")),
    "no emulation": ("qemu", "config", step("uname -m", "exec /bin/sh: exec format error", code=255)),
    "an emulator that crashed": (
        "qemu", "permanent", step("apt-get install -y x",
            "qemu: uncaught target signal 11 (Segmentation fault) - core dumped", code=100)),
    "near miss: runc's own pipe is no network": (
        "run-step", "permanent",
            "runc run failed: unable to start container process: read init-p: connection reset by peer"),
    "a proxy's certificate inside a step": (
        "run-step", "config", step("curl https://x.example.org",
            "curl: (60) SSL certificate problem: self-signed certificate in chain", code=60)),
}  # fmt: skip


def told(text: str, *, phase: FailurePhase | None = None) -> Diagnosis:
    diagnosis = diagnose(text.splitlines(), phase=phase)
    assert diagnosis is not None
    return diagnosis


@pytest.mark.parametrize("name", CASES)
def test_diagnose_output_gives_phase_and_class(name: str) -> None:
    phase, failure_class, text = CASES[name]
    diagnosis = told(text)
    assert (diagnosis.failure_class, diagnosis.phase) == (failure_class, phase), diagnosis
    assert diagnosis.cause
    assert diagnosis.advice
    assert not re.search(r"[{}]", diagnosis.cause.replace("${", "")), diagnosis.cause


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[1] in {"permanent", "config"}])
def test_diagnose_permanent_failure_between_other_lines_stays_permanent(name: str) -> None:
    noise = [
        f"#4 importing cache manifest from {ECR}/shop:cache",
        f"#4 ERROR: failed to configure registry cache importer: {ECR}/shop:cache: not found",
        "WARN[0000] Get https://auth.docker.io/token: net/http: TLS handshake timeout; retrying",
    ]
    after = ["[Container] 2026/01/02 03:04:05 Phase complete: BUILD State: FAILED"]
    diagnosis = diagnose([*noise, *CASES[name][2].splitlines(), *after])
    assert diagnosis is not None
    assert diagnosis.failure_class not in RETRYABLE


@pytest.mark.parametrize("name", CASES)
def test_diagnose_decorated_output_gives_same_diagnosis(name: str) -> None:
    """Colors, carriage returns, CodeBuild's stamps and line ends are not part of a message."""
    plain = told(CASES[name][2])
    lines = [
        f"[Container] 2026/01/02 03:04:05.123456 \x1b[31m{line}\x1b[0m\r\n" for line in CASES[name][2].splitlines()
    ]
    decorated = diagnose(lines)
    assert decorated is not None
    assert explanation_as_json(decorated) == explanation_as_json(plain)


def test_cause_contains_names_of_output() -> None:
    diagnosis = told(CASES["a missing permission names its action"][2])
    assert "ecr:PutImage" in diagnosis.cause
    assert "ecr:PutImage" in diagnosis.advice
    assert "repository/shop" in diagnosis.advice
    assert "docker.io/library/alpine:99" in told(CASES["a tag that does not exist"][2]).cause
    assert "/dist" in told(CASES["a file that is not in the context"][2]).cause
    assert "create-repository --repository-name shop" in told(CASES["a repository that is not there"][2]).advice


_NO_MATCH = "no match for platform in manifest: not found"
_NO_S390X = [
    ["#2 [linux/amd64 internal] load metadata for base:1", "#2 CANCELED"],
    ["#3 [linux/s390x internal] load metadata for base:1", f"#3 ERROR: {_NO_MATCH}"],
]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["canceled first", "canceled last"])
def test_cause_after_canceled_step_names_platform_of_failed_step(order: tuple[int, ...]) -> None:
    solve = f"ERROR: failed to solve: base:1: failed to resolve source metadata for base:1: {_NO_MATCH}"
    found = diagnose([*(line for each in order for line in _NO_S390X[each]), solve])
    assert found
    assert found.cause == "base:1 is not available for linux/s390x"


def test_diagnosis_contains_deciding_line() -> None:
    diagnosis = told(CASES["npm is cut off"][2])
    assert diagnosis.line == "npm error network aborted"
    explained = json.loads(explanation_as_json(diagnosis))
    assert list(explained)[2:] == ["class", "phase", "rule", "cause", "fix", "output"]
    assert explained["output"] == diagnosis.line


def test_once_is_set_only_for_failed_fetch_of_step() -> None:
    assert told(CASES["npm is cut off"][2]).once
    assert not told(CASES["a push that broke"][2]).once
    assert not told(CASES["near miss: a test prints 503"][2]).once


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("toomanyrequests: Rate exceeded, Retry-After: 30", 30.0),
        ("toomanyrequests: retry-after: 250ms, allowed: 44000/minute", 0.25),
        ("429 Too Many Requests; try again in 2 minutes", 120.0),
        ("toomanyrequests: Rate exceeded", None),
    ],
)
def test_retry_after_is_read_in_its_unit(text: str, seconds: float | None) -> None:
    assert told(text).retry_after == seconds


def test_phase_of_caller_is_used_if_output_has_none() -> None:
    assert told("net/http: TLS handshake timeout").phase is not FailurePhase.LOGIN
    assert told("fatal: unexpected EOF", phase=FailurePhase.LOGIN).phase is FailurePhase.LOGIN
    assert told("curl: (56) Recv failure", phase=FailurePhase.RUN_STEP).once


@pytest.mark.parametrize("text", ["", "#12 DONE 0.3s\npushing manifest done", "0 errors, 0 failed\nall good", "\n\n"])
def test_diagnose_output_without_failure_gives_none(text: str) -> None:
    assert diagnose(text.splitlines()) is None


def test_diagnose_compile_error_among_cache_misses_and_retries_gives_run_step() -> None:
    diagnosis = told((LOGS / "bake_arm64_compile_error.log").read_text())
    assert (diagnosis.phase, diagnosis.failure_class) == (FailurePhase.RUN_STEP, FailureClass.PERMANENT)
    assert "openssl/evp.h" in diagnosis.line


def test_diagnose_expired_token_in_codebuild_log_gives_push() -> None:
    diagnosis = told((LOGS / "codebuild_push_expired.log").read_text())
    assert (diagnosis.phase, diagnosis.failure_class) == (FailurePhase.PUSH, FailureClass.AUTH_EXPIRED)
    assert ECR in diagnosis.cause


def test_clean_line_removes_decoration() -> None:
    line = clean("\x1b[33m#12 3.456 npm ERR! x\x1b[0m")
    assert (line.step, line.output, line.text) == ("12", True, "npm ERR! x")
    assert clean("  41 | >>> COPY error ./failed").text == ""
    assert clean("1069 | fatal: x").text == "fatal: x"
    assert clean("2026-01-02T03:04:05.678Z ##[error]denied").text == "denied"


def big(lines: int) -> Iterator[str]:
    """A long log, the cause near its head, many lines that hold words of errors behind it."""
    yield (
        "#9 ERROR: failed to push x: unexpected status from PUT request to https://x.example.org/v2/: 502 Bad Gateway\n"
    )
    for i in range(lines):
        yield (
            f"#7 {i / 10:.1f} [{i}/{lines}] cc -O2 -Wall -Werror=vla -c src/unit_{i}.c -o build/unit_{i}.o ok, no "
            "time lost\n"
        )
    yield (
        "ERROR: failed to solve: failed to push x: unexpected status from PUT request to "
        "https://x.example.org/v2/: 502 Bad Gateway\n"
    )


def test_diagnose_long_log_needs_bounded_memory_and_time() -> None:
    tracemalloc.start()
    started = time.process_time()
    diagnosis = diagnose(big(100_000))  # 9 MB
    seconds = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert diagnosis is not None
    assert diagnosis.failure_class is FailureClass.TRANSIENT
    assert peak < 8_000_000
    assert seconds < 20


def test_read_endless_line_is_cut() -> None:
    kept = read(["x" * 5_000_000 + " error: failed to push: 502 Bad Gateway"])
    assert sum(len(line.text) for line in kept) <= LINE_LIMIT + 3
    diagnosis = diagnose(["x" * 5_000_000 + " ERROR: failed to solve: failed to push x: 502 Bad Gateway"])
    assert diagnosis is not None
    assert diagnosis.failure_class is FailureClass.TRANSIENT


def test_diagnose_binary_output_ends_in_time() -> None:
    garbage = random.Random(7).randbytes(2_000_000).decode("latin-1")  # noqa: S311 - the same garbage each time
    started = time.process_time()
    diagnose([garbage])
    diagnose(garbage.splitlines(keepends=True))
    diagnosis = diagnose([garbage, "\ntoomanyrequests: Rate exceeded\n"])
    assert diagnosis is not None
    assert diagnosis.failure_class is FailureClass.THROTTLED
    assert time.process_time() - started < 30


@pytest.mark.parametrize(
    "unit",
    [
        "failed to ",
        'Get "https://',
        "[linux/",
        "error: ",
        "time=",
        "a:",
        "((",
        "\\\\",
        "failed to copy: image ",
        "operation error ",
        "lock file ",
        "release file ",
        "registry ",
        'post "https://x.dkr.ecr.',
        "manifest for ",
        "repository ",
        "fatal: unable to access ",
        "error getting credentials ",
        "failed to push ",
        "403 ",
        "curl: (22) ",
    ],
)
def test_diagnose_repeated_words_ends_in_time(unit: str) -> None:
    started = time.monotonic()
    diagnose([unit * 500] * 12)
    assert time.monotonic() - started < 20
