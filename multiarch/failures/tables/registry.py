"""What registries answer, and the network between them and the builder."""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import (
    AGAIN,
    AUTH_EXPIRED,
    CONFIG,
    KNOWN_HOST,
    LOCAL_HOST,
    NETWORK,
    PERMANENT,
    PRIVATE_HOST,
    REQUEST,
    SERVER_ERROR,
    T,
)

ANSWER_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "account-id-empty",
        FailurePhase.LOGIN, CONFIG, r"lookup \.|https?://\.|(?:^|\s)\.dkr\.ecr",
        "the registry host starts with a dot: the account id is empty",
            "set AWS_ACCOUNT_ID (or what the host is made of)", "the variable stays empty",
    ),
    FailureRule(
        "not-a-registry",
        None, CONFIG, r"error parsing http 40[0-9] response body|invalid character '<' looking for beginning of value"
        r"|unexpected (?:http )?status(?: code)?:? 200\b",
        "something else than a registry answers at {host}",
            "check host, port and path of the image name, and the proxy", "a web page is no registry",
    ),
    FailureRule(
        "anonymous-pull-denied",
        FailurePhase.BASE_PULL, PERMANENT, r"failed to fetch anonymous token.{0,300}\b40[0134]\b",
        "{image} does not exist in {host}, or is private",
            "correct the name, or log in to {host}: docker login {host}", "the registry said no",
    ),
    FailureRule(
        "registry-login-missing",
        None, AUTH_EXPIRED, r"no basic auth credentials",
        "{host} was asked without a login", "log in again: aws ecr get-login-password | docker login",
            "ECR's login lasts 12 hours",
    ),
    FailureRule(
        "registry-login-malformed",
        FailurePhase.LOGIN, CONFIG,
        r"login attempt to .{0,200}failed\s+with\s+status:\s+400|400 bad request.{0,80}login",
        "{host} did not understand the login",
            "log in as AWS with --password-stdin; check account and region of the host",
        "the same password is refused again",
    ),
    FailureRule(
        "registry-credentials-wrong",
        FailurePhase.LOGIN, PERMANENT, r"login attempt to .{0,200}failed\s+with\s+status:\s+40[13]"
        r"|incorrect username or password|bad username or password"
        r"|wrong (?:username|password)|unauthorized: (?:incorrect|invalid|your account)",
        "{host} refused user or password", "correct the credentials of {host}", "the same secret is refused again",
    ),
    FailureRule(
        "ecr-login-expired",
        None, AUTH_EXPIRED, r"401 unauthorized|unauthorized: authentication required|authentication required",
        "{host} refused the login", "log in again: aws ecr get-login-password | docker login",
            "ECR's login lasts 12 hours",
        given=r"\.dkr[.-]ecr[.-]",
    ),
    FailureRule(
        "registry-login-required",
        None, CONFIG, r"\b401\b|unauthorized|no basic auth credentials|authentication required"
        r"|failed to find supported auth scheme"
        r"|must be logged in|unauthenticated|failed to handle basic auth|no credentials|login required"
        r"|non[- ]tty device",
        "{host} wants a login", "log in to {host} before the build: docker login {host}", "nobody else logs in there",
        unless="^.{0,60}non[- ]tty",
    ),
    FailureRule(
        "image-access-denied",
        None, CONFIG, r"(?:pull|push) access denied|no pull access|insufficient_scope"
        r"|requested access to the resource is denied"
        r"|authorization failed",
        "{host} does not have {image}, or does not show it without a login",
        "check the name; log in to {host} with an account that may use it",
            "permission or name; neither changes by itself",
    ),
    FailureRule(
        "github-packages-denied",
        None, CONFIG, r"write_package|(?:create|write) organization package|does not match expected scopes"
        r"|ghcr\.io.{0,300}\b403\b",
        "{host} refused access",
        "give the job the permission packages: write (or read), and let the package be used by this repository (its "
            "settings, Manage Actions access)",
        "a permission stays missing",
    ),
    FailureRule(
        "ecr-public-denied",
        None, CONFIG, r"public\.ecr\.aws.{0,300}\b403\b|\b403\b.{0,300}public\.ecr\.aws",
        "public.ecr.aws refused the login that it was sent",
        "docker logout public.ecr.aws, or log in again: aws ecr-public get-login-password --region us-east-1 "
            "| docker login -u AWS --password-stdin public.ecr.aws",
        "an old login is worse there than none",
    ),
    FailureRule(
        "artifact-registry-denied",
        None, CONFIG, r"artifactregistry\.\w+\.\w+",
        "Google's Artifact Registry refused access",
        "give the account roles/artifactregistry.writer (or reader), or log in: gcloud auth configure-docker {host}",
        "a role stays missing", given=r"denied|\b403\b|forbidden",
    ),
    FailureRule(
        "registry-forbidden",
        None, CONFIG, r"\b403\b|forbidden|\bdenied\b(?! path)|permission_denied|no push access|operation is disallowed",
        "{host} refused access",
        "check what the login may do there (ECR: the role's ecr actions and the repository's policy), quotas, and the "
            "filter of outgoing connections",
        "a refusal stays one", unless="permission denied",
    ),
    FailureRule(
        "push-repository-missing",
        None, CONFIG, r"\b(?:put|post|patch|head) request to .{0,300}\b404\b|unexpected status(?: code)?:? 404.{0,20}"
        r"|^unknown: not found$",
        "the repository does not exist in {host}", "create it: aws ecr create-repository; check account and region",
            "pushing does not create it",
        given=r"fail\w* to push|push(?:ing)? (?:image|layer|manifest)|exporting|/blobs/uploads|retrying in \d+ second"
        r"|the push refers",
    ),
    FailureRule(
        "image-not-found",
        None, PERMANENT,
        r"manifest unknown|manifest for .{0,200}not found|failed to resolve (?:source metadata"
        r"|reference).{0,400}: not found|: not found$"
        r"|\b404 not found|\b404\b|no such image|name unknown|not_found|tag .{0,120}not found"
        r"|image .{0,120}not found|could not find the requested",
        "{image} does not exist in {host}", "correct the name, the tag or the digest", "it stays missing",
    ),
    FailureRule(
        "push-rejected",
        None, CONFIG, r"\b(?:400 bad request|405 method not allowed|412 precondition failed"
        r"|413 request entity too large|415 unsupported)\b"
        r"|manifest[ _]invalid|tag[ _]invalid"
        r"|request entity too large|name[ _]invalid|unsupported: |status(?: code)?:? 40[05]\b",
        "{host} refused what was pushed", "for a cache: image-manifest=true,oci-mediatypes=true; else a new tag "
            "(immutable?) or --provenance false",
        "the same push is refused again",
    ),
    FailureRule(
        "ecr-upload-cut",
        FailurePhase.PUSH, CONFIG, r"post \\?\"?https?://[^\s\"]*\.dkr[.-]ecr[^\s\"]*/blobs/uploads/\\?\"?: eof\b",
        "ECR cut the upload off as it began, which it does where the repository or a permission is missing",
        "create the repository (aws ecr create-repository), or allow ecr:InitiateLayerUpload to the role",
        "BuildKit tried it several times already; https://github.com/aws/containers-roadmap/issues/1970",
    ),
    FailureRule(
        "ecr-push-cut",
        FailurePhase.PUSH, CONFIG, r"^eof$",
        "ECR cut the push off, which it does when a permission is missing",
        "allow ecr:InitiateLayerUpload, ecr:UploadLayerPart and ecr:CompleteLayerUpload to the role (CloudTrail "
            "names the refused call)",
        "docker tried each layer several times already", given=r"retrying in \d+ second",
    ),
    FailureRule(
        "context-stream-broken",
        FailurePhase.DOCKERFILE, PERMANENT, r"stream terminated by rst_stream|invalid utf-8|cross-device link",
        "BuildKit could not read what the build sent it",
            "look for files that are not UTF-8, and for odd file systems", "the same files again",
    ),
    FailureRule(
        "manifest-part-missing",
        None, PERMANENT, r"no such manifest|missing in your target registry|(?:imagetools|manifest (?:create"
        r"|annotate)).{0,400}blob[ _]unknown",
        "the registry does not have what the manifest names", "push every platform to the same repository first",
            "it stays missing",
    ),
    FailureRule(
        "push-tag-invalid",
        FailurePhase.PUSH, CONFIG,
        r"tag is needed when pushing|can't push with no tags|can't push tagged ref by digest",
        "what is to be pushed has no tag, or a tag and push-by-digest both",
        "give it a tag with --tag; with push-by-digest=true give a name only", "the same call is refused again",
    ),
    FailureRule(
        "docker-usage-invalid",
        FailurePhase.OTHER, CONFIG,
        r"requires (?:at least|at most|exactly) \d+ argument"
        r"|see 'docker.{1,40}--help'",
        "docker was not called as it wants to be", "correct the arguments", "the same call is refused again",
    ),
)  # fmt: skip

# What passes: after everything that could look like it and does not.
PASSING_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "registry-server-error",
        None, T, SERVER_ERROR, "{host} had trouble of its own: {status}", "try again", "a server's error passes",
    ),
    FailureRule(
        "layer-locked",
        None, T, r"\blocked for \d|ref \S+ locked|: unavailable$|push is on-going",
        "another pull of the same layer held the lock", "try again", "the lock is released",
    ),
    FailureRule(
        "layer-damaged",
        None, T, r"blob[ _]upload[ _](?:unknown|invalid)|blob[ _]unknown|unknown[ _]blob|failed size validation"
        r"|unexpected commit digest"
        r"|filesystem layer verification failed|came back (?:as sha256|with another content)"
        r"|\b416\b|short read: expected|failed to verify digest|size[ _]invalid|download failed after attempts"
        r"|408 request time-?out|cannot reuse body, request must be retried"
        r"|failed commit on ref .{0,100}: no response"
        r"|(?:response body|manifest|token|layer|blob|registry).{0,200}unexpected end of json input",
        "a layer was damaged or lost on its way from or to {host}", "try again", "the next transfer is another one",
    ),
    FailureRule(
        "local-port-closed",
        None, CONFIG, rf"(?:dial tcp |connect to ){LOCAL_HOST}\S*:? .{{0,40}}(?:connection refused|no route)"
        rf"|{LOCAL_HOST}:\d+.{{0,80}}connection refused"
        rf"|dial tcp {PRIVATE_HOST}:(?!443\b)\d+.{{0,40}}connection refused",
        "nothing listens on {host}", "start the registry there, or correct the name", "a local port stays closed",
    ),
    FailureRule(
        "ipv6-unreachable",
        None, CONFIG,
        r"\[[0-9a-f:]{6,}\].{0,60}(?:network is unreachable|cannot assign requested address|no route to host)",
        "{host} was asked over IPv6, which does not work here", "switch IPv6 off for the docker daemon, or route it",
            "a route stays missing",
    ),
    FailureRule(
        "dns-failed",
        None, T, rf"(?:lookup|resolve host:?|failed to resolve"
        rf"|resolve hostname) ['\"]?(?=\w){KNOWN_HOST}['\"]?\b.{{0,80}}(?:no such host|server misbehaving"
        rf"|i/o timeout|name or service not known)"
        rf"|lookup \S+.{{0,80}}(?:server misbehaving|i/o timeout|try again|temporary failure|connection refused"
        rf"|read: )",
        "the name {host} could not be resolved", AGAIN, "the name exists; the resolver failed",
    ),
    FailureRule(
        "host-unknown",
        None, CONFIG, r"no such host|failed to resolve '\S+' \(.{0,40}(?:name or service|nodename nor servname)",
        "there is no host {host}", "correct the name (registry, account, region), or the DNS of the build",
            "a name that does not exist",
    ),
    FailureRule(
        "registry-connection-failed",
        None, T, rf"{REQUEST}.{{0,600}}?(?:{NETWORK}|connection refused)|(?:stream error: stream id"
        rf"|internal_error; received from peer)"
        rf"|(?:error response from daemon|failed to (?:copy|authorize|fetch|solve|resolve|push|build|pull)|registry"
        rf"|pull(?:ing)?|push(?:ing)?|image|token|session|layer|blob"
        rf"|httpreadseeker|error parsing|download).{{0,400}}{NETWORK}",
        "the connection to {host} broke or timed out", AGAIN, "network",
    ),
    FailureRule(
        "connection-failed",
        None, T, rf"^(?:error: |err: |fatal: |net/http: )?{NETWORK}", "the connection to {host} broke or timed out",
        AGAIN, "network",
    ),
)  # fmt: skip
