"""Failures of many tools: a table of cases a subject, with near misses beside them."""

import pytest

from multiarch.errors import FailureClass, FailurePhase
from multiarch.failures import diagnose
from tests.unit.test_failures import ECR, RETRYABLE, solve, step, told

KINDS: dict[str, tuple[str, str, str]] = {
    # name of the behavior: (phase, class, text)
    # AWS, by its SDK for Go, and by its actions
    "the SDK names the operation that was refused": (
        "ecr-api",
        "config",
        (
            "operation error ECR: GetAuthorizationToken, https response error StatusCode: "
            "400, "
            "RequestID: 1, api error UnrecognizedClientException: The security token included in the request is "
            "invalid."
        ),
    ),
    "the SDK was refused for no reason that it tells": (
        "cache-export",
        "config",
        solve(
            "failed to check file presence in cache: operation error S3: "
            "HeadObject, https "
            "response error StatusCode: 400, RequestID: 1, HostID: 2, api error BadRequest: Bad Request"
        ),
    ),
    "near miss: the SDK found the service down": (
        "cache-export",
        "transient",
        solve(
            "failed to check file presence in cache: operation error S3: "
            "HeadObject, "
            "exceeded maximum number of attempts, 3, https response error StatusCode: 503, RequestID: 1"
        ),
    ),
    "a bucket that may not be read": (
        "cache-import",
        "config",
        (
            "#6 ERROR: operation error S3: GetObject, https response error "
            "StatusCode: 403, "
            "RequestID: 1, api error AccessDenied: Access Denied"
        ),
    ),
    "a role that the identity provider may not take": (
        "sts",
        "config",
        ("Error: Could not assume role with OIDC: Not authorized to perform sts:AssumeRoleWithWebIdentity"),
    ),
    "an identity provider that the account lacks": (
        "sts",
        "config",
        ("Error: Could not assume role with OIDC: No OpenIDConnect provider found in your account"),
    ),
    "images that a list names and the repository lacks": (
        "push",
        "permanent",
        (
            f"failed to put manifest {ECR}/shop:1: manifest blob unknown: Images with "
            f"digests "
            "'[sha256:00]' required for pushing image into repository with name 'shop' do not exist"
        ),
    ),
    "near miss: a blob that was just sent": (
        "push",
        "transient",
        ("The push refers to repository [registry.example.com/shop]\n1f2e: Pushed\npush failed: unknown blob"),
    ),
    # other tools that build and push
    "kaniko asks before it builds": (
        "push",
        "config",
        (
            "error checking push permissions -- make sure you entered the correct tag name: "
            "checking push "
            'permission for "registry.example.com/shop:1": POST '
            "https://registry.example.com/v2/shop/blobs/uploads/: "
            "UNAUTHORIZED: unauthorized to access repository: shop, action: push"
        ),
    ),
    "kaniko reached a page for people": (
        "push",
        "config",
        (
            "error checking push permissions: checking push permission for "
            '"registry.example.com/shop:1": '
            "GET https://example.com/login: unexpected status code 200 OK: <!DOCTYPE html>"
        ),
    ),
    "kaniko's step failed": (
        "run-step",
        "permanent",
        (
            "INFO[0012] Running: [/bin/sh -c tsc]\nsh: tsc: not found\nerror building "
            "image: error "
            "building stage: failed to execute command: waiting for process to exit: exit status 127"
        ),
    ),
    "kaniko's step was killed": (
        "run-step",
        "config",
        (
            "INFO[0012] Running: [/bin/sh -c tsc]\nerror building image: error building "
            "stage: failed "
            "to execute command: waiting for process to exit: exit status 137"
        ),
    ),
    "buildah's step failed": (
        "run-step",
        "permanent",
        (
            "STEP 5/9: RUN make docs\nmake: *** No rule to make target 'docs'.  Stop.\n"
            'Error: building at STEP "RUN make docs": while running runtime: exit status 2'
        ),
    ),
    "podman pushes to a registry that is ill": (
        "push",
        "transient",
        (
            "Error: writing blob: initiating layer upload to /v2/shop/blobs/uploads/ in "
            "registry.example.com: received unexpected HTTP status: 503 Service Unavailable"
        ),
    ),
    "near miss: podman's token is refused": (
        "push",
        "config",
        ("Error: writing blob: Requesting bearer token: invalid status code from registry 403 (Forbidden)"),
    ),
    "podman is not there": (
        "daemon",
        "config",
        (
            "Error: unable to connect to Podman socket: dial unix "
            "/run/user/1000/podman/podman.sock: connect: no such file or directory"
        ),
    ),
    "podman wants a whole name": (
        "base-pull",
        "config",
        ('Error: short-name "base" did not resolve to an alias and no unqualified-search registries are defined'),
    ),
    "a rootless user has no ids": (
        "daemon",
        "config",
        (
            "Error: adding layer with blob: processing tar file(potentially insufficient "
            "UIDs or GIDs "
            "available in user namespace: Check /etc/subuid and /etc/subgid): exit status 1"
        ),
    ),
    "skopeo meets the limit": (
        "base-pull",
        "throttled",
        (
            "FATA[0002] copying system image from manifest list: reading blob "
            "sha256:00: "
            "toomanyrequests: You have reached your pull rate limit."
        ),
    ),
    "jib's push is refused": (
        "push",
        "config",
        (
            "[ERROR] Failed to execute goal "
            "com.google.cloud.tools:jib-maven-plugin:3.4.0:build on project "
            "shop: Build image failed: Unauthorized for registry.example.com/shop: 401 Unauthorized"
        ),
    ),
    "skaffold says so as a warning, and nothing else": (
        "push",
        "config",
        ("WARN[0001] build: running push: denied: requested access to the resource is denied"),
    ),
    # registries' refusals
    "a registry is full": (
        "push",
        "config",
        (
            "denied: adding 2 GiB of storage resource, which when updated "
            "to current "
            "usage of 9 GiB will exceed the configured upper limit of 10 GiB."
        ),
    ),
    "a policy of the registry": (
        "push",
        "config",
        (
            "error pushing image: failed to push to destination registry.example.com/shop:1: "
            "unexpected "
            "status code 412 Precondition Failed"
        ),
    ),
    "the registry's own firewall": (
        "login",
        "config",
        (
            'Error response from daemon: Get "https://shop.azurecr.io/v2/": denied: client '
            "with IP "
            "'192.0.2.1' is not allowed access"
        ),
    ),
    "a repository that Docker Hub does not show": (
        "base-pull",
        "config",
        ("Error response from daemon: repository shop/api not found: does not exist or no pull access"),
    ),
    "near miss: git's repository is another thing": (
        "git",
        "permanent",
        ("remote: Repository not found.\nfatal: repository 'https://git.example.com/shop.git/' not found"),
    ),
    "the body of an upload was used up": (
        "push",
        "transient",
        solve(f"failed to push {ECR}/shop:1: failed to copy: cannot reuse body, request must be retried"),
    ),
    "nothing listens on a private address": (
        "base-pull",
        "config",
        (
            'Error response from daemon: Get "https://10.0.0.7:5000/v2/": dial tcp '
            "10.0.0.7:5000: "
            "connect: connection refused"
        ),
    ),
    "near miss: a public registry refuses the connection": (
        "base-pull",
        "transient",
        (
            'Error response from daemon: Get "https://registry-1.docker.io/v2/": '
            "dial tcp "
            "192.0.2.7:443: connect: connection refused"
        ),
    ),
    # caches of GitHub
    "GitHub's cache throttles": (
        "cache-export",
        "throttled",
        solve(
            "error writing layer blob: failed to parse error response 429: "
            '{"message":"Request was blocked due to exceeding usage of resource"}: invalid character'
        ),
    ),
    "GitHub's cache is away": (
        "cache-export",
        "transient",
        (
            "#14 exporting to GitHub Actions Cache\n#14 ERROR: failed to parse "
            "error response "
            "400: <h2>Our services aren't available right now</h2>: invalid character '<' looking for beginning "
            "of value"
        ),
    ),
    # context, Dockerfile, bake
    "a file of the context that may not be read": (
        "dockerfile",
        "config",
        "error checking context: 'no permission to read from '/src/data/pg''.",
    ),
    "BuildKit may not read it either": (
        "dockerfile",
        "config",
        solve("error from sender: open /src/data/pg: permission denied"),
    ),
    "a bake file with a variable that is not there": (
        "dockerfile",
        "permanent",
        ('ERROR: docker-bake.hcl:12,15-24: Unknown variable; There is no variable named "X".'),
    ),
    "a compose file with a wrong key": (
        "dockerfile",
        "permanent",
        ("validating compose.yml: services.web Additional property buildd is not allowed"),
    ),
    "the credential helper's version": (
        "login",
        "config",
        "[ERROR] Error getting the version of the configured credential helper",
    ),
    "BuildKit's image was never pulled": (
        "builder-boot",
        "config",
        ("ERROR: Error response from daemon: No such image: moby/buildkit:buildx-stable-1"),
    ),
    # steps that fetch
    "nuget's index is away": (
        "run-step",
        "transient",
        step(
            "dotnet restore",
            "/src/a.csproj : error NU1301: Unable to load the "
            "service index "
            "for source https://api.nuget.org/v3/index.json.",
            "Failed to restore /src/a.csproj (in 6 sec).",
        ),
    ),
    "near miss: a feed that wants a login": (
        "run-step",
        "permanent",
        step(
            "dotnet restore",
            "/src/a.csproj : error NU1301: Unable to load the "
            "service index "
            "for source https://feed.example.com/index.json.",
            "Response status code: 401 (Unauthorized).",
        ),
    ),
    "every mirror was in the middle of an update": (
        "run-step",
        "transient",
        step(
            "dnf install -y git",
            "Error: Failed to download metadata for repo 'baseos': Yum repo downloading error:",
            "  x-primary.xml.gz - Cannot download, all mirrors were already tried without success",
        ),
    ),
    "near miss: every mirror said that it is not there": (
        "run-step",
        "permanent",
        step(
            "dnf install -y x",
            "  - Status code: 404 for https://rpm.example.com/repomd.xml",
            "Error: Failed to download metadata for repo 'x': Cannot download repomd.xml: All mirrors were tried",
        ),
    ),
    "apk's warning after its error": (
        "run-step",
        "transient",
        step(
            "apk add git",
            "ERROR: https://dl-cdn.alpinelinux.org/x: network error (check Internet connection)",
            "WARNING: opening from cache https://dl-cdn.alpinelinux.org/x: No such file or directory",
            "ERROR: unable to select packages:",
            "  git (no such package):",
        ),
    ),
    "corepack could not ask": (
        "run-step",
        "transient",
        step(
            "pnpm i",
            "Internal Error: Error when performing the request to "
            "https://registry.npmjs.org/pnpm; for troubleshooting help, see the manual",
        ),
    ),
    "gradle's wrapper was cut off": (
        "run-step",
        "transient",
        step(
            "./gradlew jar",
            'Exception in thread "main" javax.net.ssl.SSLHandshakeException: Remote host terminated the handshake',
        ),
    ),
    "near miss: gradle's wrapper does not know the certificate": (
        "run-step",
        "config",
        step(
            "./gradlew jar", 'Exception in thread "main" javax.net.ssl.SSLHandshakeException: PKIX path building failed'
        ),
    ),
    "php could not resolve": (
        "run-step",
        "transient",
        step(
            "php setup.php",
            "Warning: copy(): php_network_getaddresses: getaddrinfo failed: Try again in Command line code on line 1",
            "Could not open input file: composer-setup.php",
        ),
    ),
    "rustc was killed": (
        "run-step",
        "config",
        step(
            "cargo build",
            "error: could not compile `shop`",
            "  process didn't exit successfully: `rustc --crate-name shop` (signal: 9, SIGKILL: kill)",
            code=101,
        ),
    ),
    "a refusal in the rest of a log in JSON": (
        "push",
        "config",
        (
            '{"errorDetail":{"message":"denied: User: arn:aws:iam::111122223333:user/ci is '
            "not authorized "
            'to perform: ecr:PutImage on resource: shop"},"error":"denied"}'
        ),
    ),
    # registries' refusals, and who can lift them
    "ECR cut an upload off as it began": (
        "push",
        "config",
        solve(f'failed to push {ECR}/shop:1: failed to do request: Post "https://{ECR}/v2/shop/blobs/uploads/": EOF'),
    ),
    "near miss: an upload broke off in the middle": (
        "push",
        "transient",
        solve(
            f'failed to push {ECR}/shop:1: failed to do request: Put "https://{ECR}/v2/shop/blobs/uploads/1": '
            "unexpected EOF"
        ),
    ),
    "near miss: an upload's first request was reset": (
        "push",
        "transient",
        solve(
            f'failed to push {ECR}/shop:1: failed to do request: Post "https://{ECR}/v2/shop/blobs/uploads/": '
            "read tcp 10.0.0.2:4711->10.0.0.3:443: read: connection reset by peer"
        ),
    ),
    "the job may not write packages": (
        "push",
        "config",
        solve("failed to push ghcr.io/o/shop:1: denied: installation not allowed to Write organization package"),
    ),
    "near miss: the packages' host was down": (
        "push",
        "transient",
        solve(
            "failed to push ghcr.io/o/shop:1: unexpected status from HEAD request to "
            "https://ghcr.io/v2/o/shop/blobs/sha256:00: 503 Service Unavailable"
        ),
    ),
    "a role of Artifact Registry": (
        "push",
        "config",
        (
            "denied: Permission 'artifactregistry.repositories.uploadArtifacts' denied on resource "
            "'projects/p/locations/l/repositories/r' (or it may not exist)"
        ),
    ),
    "near miss: Artifact Registry was down": (
        "base-pull",
        "transient",
        solve(
            "failed to resolve source metadata for l-docker.pkg.dev/p/r/a:1: failed to fetch oauth token: "
            "artifactregistry.example.com answered: 503 Service Unavailable"
        ),
    ),
    "a push without a name": (
        "push",
        "config",
        "ERROR: failed to build: failed to solve: tag is needed when pushing to registry",
    ),
    "a closed port of an own network": (
        "push",
        "config",
        solve(
            'failed to push 10.1.2.3:5000/a: failed to do request: Head "http://10.1.2.3:5000/v2/": '
            "dial tcp 10.1.2.3:5000: connect: connection refused"
        ),
    ),
    "near miss: a registry that is being restarted": (
        "push",
        "transient",
        solve(
            'failed to push reg.example.com/a: failed to do request: Head "https://reg.example.com/v2/": '
            "dial tcp 203.0.113.7:443: connect: connection refused"
        ),
    ),
    # contexts and sources
    "a build may use what it was not allowed": (
        "other",
        "config",
        (
            "ERROR: failed to build: failed to solve: granting entitlement security.insecure is not allowed by build "
            "daemon configuration"
        ),
    ),
    "git could not fetch a context": (
        "git",
        "permanent",
        solve(
            "failed to load cache key: failed to fetch remote https://git.example.com/o/r.git: git exited: status 128"
        ),
    ),
    "near miss: git could not reach a context's host": (
        "git",
        "transient",
        solve(
            "failed to load cache key: failed to fetch remote https://github.com/o/r.git: fatal: unable to access "
            "'https://github.com/o/r.git/': Could not resolve host: github.com"
        ),
    ),
    "CodeBuild does not find the commit": (
        "git",
        "permanent",
        (
            "[Container] 2026/01/02 03:04:05 Phase context status code: YAML Message: "
            "reference not found for primary source and source version deadbeef"
        ),
    ),
    "CodeBuild's time was up": (
        "other",
        "permanent",
        "[Container] 2026/01/02 03:04:05 Build has timed out.",
    ),
    "the role's service did not answer": (
        "sts",
        "transient",
        "Retry AssumeRole: attempt 2 of 9 failed: Could not assume role with OIDC: connect ETIMEDOUT 203.0.113.7:443",
    ),
    "near miss: the role is not to be had": (
        "sts",
        "config",
        "Retry AssumeRole: attempt 2 of 9 failed: Could not assume role with OIDC: the role is not for you",
    ),
    "aws was called as it does not want to be": (
        "other",
        "config",
        "aws: error: argument operation: Invalid choice, valid choices are:",
    ),
    "a mount of an old frontend": (
        "dockerfile",
        "permanent",
        (
            "failed to solve with frontend dockerfile.v0: failed to create LLB definition: Dockerfile parse error "
            "line 9: Unknown flag: mount"
        ),
    ),
    "near miss: a flag of an old buildx": (
        "builder-create",
        "config",
        "unknown flag: --attest",
    ),
    "the cache's service hung up": (
        "cache-export",
        "transient",
        solve('error writing layer blob: Patch "https://c.example.com/caches/1": http: read on closed response body'),
    ),
    "near miss: the cache's service refused": (
        "cache-export",
        "config",
        solve("error writing layer blob: the cache is not for this branch"),
    ),
    "cargo's git lost the connection": (
        "run-step",
        "transient",
        step(
            "cargo fetch",
            "error: failed to fetch `https://git.example.com/index`",
            "Caused by:",
            "  error reading from the stream; class=Net (12)",
            code=101,
        ),
    ),
    "near miss: cargo's git found nothing": (
        "run-step",
        "permanent",
        step(
            "cargo fetch",
            "error: failed to fetch `https://git.example.com/index`",
            "Caused by:",
            "  unexpected http status code: 404; class=Http (34)",
            code=101,
        ),
    ),
    "a docker service that does not start": (
        "daemon",
        "config",
        "Jan  2 03:04:05 host systemd[1]: docker.service: Failed with result 'exit-code'.",
    ),
    "a repository that an own registry lacks": (
        "push",
        "config",
        "The push refers to repository [r.example.com/a]\n00aa: Retrying in 1 second\nunknown: Not Found",
    ),
    "a gateway after a login that succeeded": (
        "push",
        "transient",
        (
            "docker login r.example.com\nLogin Succeeded\ndocker push r.example.com/a\n00aa: Retrying in 1 second\n"
            "received unexpected HTTP status: 502 Bad Gateway"
        ),
    ),
    "Windows' words for no answer": (
        "base-pull",
        "transient",
        (
            'failed to copy: Get "https://r.example.com/v2/": dial tcp 203.0.113.7:443: connectex: A connection '
            "attempt failed because the connected party did not properly respond"
        ),
    ),
    "the emulator crashed": (
        "qemu",
        "permanent",
        step("./x", "aarch64-binfmt-P: QEMU internal SIGSEGV {code=MAPERR, addr=0x20}"),
    ),
    "a builder whose settings are wrong": (
        "builder-create",
        "config",
        'ERROR: failed to initialize builder b (b0): invalid replicas "many"',
    ),
    "near miss: a builder that is not there": (
        "builder-create",
        "builder-lost",
        "ERROR: failed to initialize builder b (b0): no such context",
    ),
    "pods that do not get ready": (
        "builder-boot",
        "config",
        "#1 [internal] booting buildkit\nERROR: expected 2 replicas to be ready, got 1",
    ),
    "a cluster that lets nobody make a builder": (
        "builder-boot",
        "config",
        'ERROR: error for bootstrap "b": deployments.apps is forbidden: User "u" cannot get resource "deployments"',
    ),
    "a list of an image that was not pushed": (
        "manifest",
        "permanent",
        "no such manifest: r.example.com/shop:amd64",
    ),
    "a distribution that the mirrors have no list for": (
        "run-step",
        "permanent",
        (
            "Step 2/3 : RUN dnf -y install git\n"
            "Error: Failed to download metadata for repo 'x': Cannot prepare internal mirrorlist: Status code: 404"
        ),
    ),
    # steps
    "a lock file of yesterday": (
        "run-step",
        "permanent",
        step("pnpm i --frozen-lockfile", "ERR_PNPM_OUTDATED_LOCKFILE  Cannot install, for pnpm-lock.yaml is old"),
    ),
    "near miss: a lock file, and a registry that broke off": (
        "run-step",
        "transient",
        step(
            "npm ci",
            "npm warn old lockfile",
            "npm error code ECONNRESET",
            "npm error network aborted",
        ),
    ),
    "a distribution's end": (
        "run-step",
        "permanent",
        step(
            "apt-get update",
            "E: The repository 'http://deb.debian.org/debian oldname Release' does not have a Release file.",
            code=100,
        ),
    ),
    "an index whose key is missing": (
        "run-step",
        "permanent",
        step(
            "apt-get update",
            "W: GPG error: https://r.example.com stable InRelease: NO_PUBKEY 00AA",
            "E: The repository 'https://r.example.com stable InRelease' is not signed.",
            code=100,
        ),
    ),
    "a download that wants a login": (
        "run-step",
        "permanent",
        step("curl -fO https://r.example.com/x", "curl: (22) The requested URL returned error: 403", code=22),
    ),
    "near miss: a download whose server was down": (
        "run-step",
        "transient",
        step("curl -fO https://r.example.com/x", "curl: (22) The requested URL returned error: 503", code=22),
    ),
    "a system that keeps its python to itself": (
        "run-step",
        "permanent",
        step("pip install x", "error: externally-managed-environment"),
    ),
    "a git server that went silent": (
        "run-step",
        "transient",
        step(
            "git clone https://github.com/o/r",
            "error: RPC failed; curl 56 Recv failure: Operation timed out",
            "fatal: early EOF",
            code=128,
        ),
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_diagnose_output_of_tool_gives_phase_and_class(name: str) -> None:
    phase, failure_class, text = KINDS[name]
    diagnosis = told(text)
    assert (diagnosis.failure_class, diagnosis.phase) == (failure_class, phase), diagnosis
    assert "{" not in diagnosis.cause.replace("${", "").replace('{"', "")


REFUSED = solve(
    f"failed to push {ECR}/shop:1: unexpected status from POST request to https://{ECR}/v2/shop/: 403 Forbidden"
)

# What a step that ended well printed is no reason, and a build that ended well has none.
ENDED_WELL = {
    "a step that did not mind": [
        "#7 [2/3] RUN apt-get update || true",
        "#7 1.2 W: Failed to fetch http://deb.debian.org/x  Temporary failure resolving 'deb.debian.org'",
        "#7 DONE 2.0s",
    ],
    "a cache that was not there yet": [
        "#5 importing cache manifest from registry.example.com/shop:cache",
        "#5 ERROR: failed to configure registry cache importer: registry.example.com/shop:cache: not found",
        "#7 exporting to image",
        "#7 pushing manifest for registry.example.com/shop:1@sha256:00 1.2s done",
        "#7 DONE 5.0s",
    ],
    "tests that name errors": [
        "Step 3/3 : RUN npm test",
        "  ✓ answers 503 on a timeout",
        "  ✓ fails with ECONNREFUSED",
        "Successfully built 540204d7c73e",
        "Successfully tagged shop:1",
    ],
    "a push that tried twice": [
        "1f2e: Retrying in 5 seconds",
        "1f2e: Pushed",
        "1.0: digest: sha256:00 size: 1570",
        "[Container] 2026/01/02 03:04:05 Phase complete: BUILD State: SUCCEEDED",
    ],
}


@pytest.mark.parametrize("name", ENDED_WELL)
def test_diagnose_successful_output_gives_none(name: str) -> None:
    assert diagnose(ENDED_WELL[name]) is None


@pytest.mark.parametrize("name", ENDED_WELL)
def test_diagnose_failure_after_success_is_found(name: str) -> None:
    diagnosis = diagnose([*ENDED_WELL[name], *REFUSED.splitlines()])
    assert diagnosis is not None
    assert diagnosis.failure_class is FailureClass.CONFIG


def test_diagnose_step_number_of_second_build_is_another_step() -> None:
    lines = [
        "#7 1.0 npm error network aborted",
        "#7 DONE 2.0s",
        "#7 1.0 main.go:3: undefined: x",
        ('#7 ERROR: process "/bin/sh -c go build" did not complete successfully: exit code: 1'),
    ]
    diagnosis = diagnose(lines)
    assert diagnosis is not None
    assert diagnosis.failure_class is FailureClass.PERMANENT


_FIRM = [name for name, kind in KINDS.items() if kind[1] in {"permanent", "config"} and "as a warning" not in name]


@pytest.mark.parametrize("name", _FIRM)
def test_diagnose_permanent_failure_after_noise_stays_permanent(name: str) -> None:
    noise = ["#3 1.0 curl: (28) Operation timed out", "#3 DONE 2.0s", ("web Warning Get https://x/: i/o timeout")]
    diagnosis = diagnose(
        [*noise, *KINDS[name][2].splitlines(), ("##[error]/usr/bin/docker failed with return code: 1")]
    )
    assert diagnosis is not None
    assert diagnosis.failure_class not in RETRYABLE


CAUSES = {
    "a host behind another one's name": (
        (
            "ERROR: failed to solve: failed to fetch oauth token: unexpected status from GET request to "
            "https://auth.docker.io/token: 401 Unauthorized"
        ),
        "docker.io requires a login",
    ),
    "a page to read is no host": (
        step("git push", "error: x", "See https://docs.example.com/x", "curl: (60) SSL certificate problem: expired"),
        "the certificate of the server is not trusted inside the step",
    ),
    "a command that the image lacks": (
        step("frobnicate it", "/bin/sh: frobnicate: not found", code=127),
        "the image does not contain command frobnicate",
    ),
    "a host that pip names": (
        step(
            "pip install x",
            "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='p.example.com', port=443): "
            "Read timed out.",
        ),
        "pip could not fetch from p.example.com",
    ),
    "what nobody knows, without its heads": (
        "ERROR: failed to build: failed to solve: the moon is in the way",
        "the moon is in the way",
    ),
    "the operation of the SDK for Go": (
        (
            "operation error ECR: GetAuthorizationToken, https response error StatusCode: 400, api error "
            "UnrecognizedClientException: x"
        ),
        "AWS rejected the credentials of the GetAuthorizationToken call",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_cause_of_output(name: str) -> None:
    text, cause = CAUSES[name]
    assert told(text).cause == cause


def test_diagnose_output_after_failed_step_is_not_of_step() -> None:
    text = (
        "Step 2/3 : RUN ./build.sh\n ---> Running in 00aa\nmain.go:3:1: undefined: x\n"
        "The command '/bin/sh -c ./build.sh' returned a non-zero code: 1\ncurl: (28) Operation timed out"
    )
    assert told(text).failure_class is FailureClass.PERMANENT


_LOST = "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF"


@pytest.mark.parametrize(
    ("before", "phase"),
    [
        ("#9 12.3 building", "run-step"),
        ("#9 exporting to image", "push"),
        ("#9 preparing build cache for export", "cache-export"),
        ("#9 [internal] load build context", "dockerfile"),
        ("#9 [internal] load metadata for docker.io/library/alpine:3", "base-pull"),
        ("hello", "builder-boot"),
    ],
)
def test_phase_of_lost_builder_is_last_phase_of_log(before: str, phase: str) -> None:
    diagnosis = told(f"{before}\n{_LOST}")
    assert (diagnosis.failure_class, diagnosis.phase) == ("builder-lost", phase)


def test_phase_of_lost_builder_with_phase_of_caller_is_builder_boot() -> None:
    assert told(f"#9 exporting to image\n{_LOST}", phase=FailurePhase.PUSH).phase is FailurePhase.BUILDER_BOOT


def test_diagnose_failed_boot_without_reason_gives_config() -> None:
    diagnosis = told(" => ERROR [internal] booting buildkit    0.0s")
    assert (diagnosis.failure_class, diagnosis.phase) == ("config", "builder-boot")


def test_advice_without_step_name_mentions_no_step() -> None:
    diagnosis = told("#9 1.0 ERROR: No matching distribution found for x==9")
    assert "the step" not in diagnosis.advice
