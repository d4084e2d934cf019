"""What registries answer."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import AUTH_EXPIRED, CONFIG, PERMANENT

ANSWER_RULES: tuple[FailureRule, ...] = (
    FailureRule("account-id-empty", FailurePhase.LOGIN, CONFIG, {
        r"lookup \.": "dial tcp: lookup .dkr.ecr.eu-west-1.amazonaws.com: no such host",
        r"https?://\.":
            'Error response from daemon: Get "https://.dkr.ecr.eu-west-1.amazonaws.com/v2/": it is no host',
        r"(?:^|\s)\.dkr\.ecr": "invalid reference: .dkr.ecr.eu-west-1.amazonaws.com/shop:1",
    }, cause="the registry host starts with a dot: the account ID is empty",
        advice="set AWS_ACCOUNT_ID, or the variable that the host is built from", why="the variable stays empty",
    ),
    FailureRule("not-a-registry", None, CONFIG, {
        "error parsing http 40[0-9] response body":
            ("error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: "
             '"\\n<!DOCTYPE html>\\n<html lang=\\"en\\">\\n<head>\\n  <title>404 - Sonatype Nexus '
             "Repository</title>"),
        "invalid character '<' looking for beginning of value":
            "failed to parse the token: invalid character '<' looking for beginning of value",
        r"unexpected (?:http )?status(?: code)?:? 200\b":
            ('error checking push permissions: checking push permission for "registry.example.com/shop:1": GET '
             "https://example.com/login: unexpected status code 200 OK: <!DOCTYPE html>"),
    }, cause="{host} is not a registry", advice="check host, port and path of the image name, and the proxy",
        why="a web page is not a registry",
    ),
    FailureRule("registry-response-invalid", None, PERMANENT, {
        "is not an image manifest":
            "GET https://registry.example/v2/shop/manifests/v1: Content-Type text/html is not an image manifest",
        "the response is not valid http":
            ("GET https://registry.example/v2/shop/manifests/v1: the response is not valid HTTP: got more than 100 "
             "headers"),
        "the response (?:is|headers are) larger than":
            "GET https://registry.example/v2/shop/manifests/v1: the response is larger than 4 MiB",
        "the response has content-encoding":
            ("GET https://registry.example/v2/shop/manifests/v1: the response has Content-Encoding gzip, which was not "
             "requested"),
        "redirected to an invalid address":
            ("GET https://registry.example/v2/shop/blobs/sha256:00: redirected to an invalid address: 'http://x' is "
             "not HTTPS"),
        "too many redirects": "GET https://registry.example/v2/shop/blobs/sha256:00: too many redirects",
        r"unexpected status from (?:get|head|put) request to \S+: [23]\d\d\b":
            "unexpected status from PUT request to https://registry.example/v2/shop/manifests/v1: 200 OK",
        "failed to authorize: .{0,300} returned no token":
            "failed to authorize: https://auth.registry.example/token returned no token",
        "names an invalid token server":
            ("failed to authorize: registry.example names an invalid token server: 'http://auth.example' is not "
             "HTTPS"),
    }, cause="{host} returned an invalid response", advice="check the proxy on the way to {host}",
        why="the transfer succeeded",
    ),
    FailureRule("anonymous-pull-denied", FailurePhase.BASE_PULL, PERMANENT, {
        r"failed to fetch anonymous token.{0,300}\b40[0134]\b":
            ("failed to fetch anonymous token: unexpected status from GET request to "
             "https://ghcr.io/token?scope=x: 403 Forbidden"),
    }, cause="{image} does not exist in {host}, or is private",
        advice="correct the name, or log in: docker login {host}", why="the registry denied the request",
        statuses=(400, 401, 403, 404),
    ),
    FailureRule("registry-login-missing", None, AUTH_EXPIRED, {
        "no basic auth credentials":
            ('Head "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/shop/manifests/1": no basic auth '
             "credentials"),
    }, cause="not logged in to {host}", advice="log in again: aws ecr get-login-password | docker login",
        why="an ECR login lasts 12 hours",
    ),
    FailureRule("registry-login-malformed", FailurePhase.LOGIN, CONFIG, {
        r"login attempt to .{0,200}failed\s+with\s+status:\s+400":
            ("Error response from daemon: login attempt to "
             "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/ failed with status: 400 Bad Request"),
        "400 bad request.{0,80}login": "400 Bad Request: the login is malformed",
    }, cause="{host} rejected the login as malformed",
        advice="log in as user AWS with --password-stdin; check account and region of the host",
        why="the same password is rejected again",
    ),
    FailureRule("registry-credentials-wrong", FailurePhase.LOGIN, PERMANENT, {
        r"login attempt to .{0,200}failed\s+with\s+status:\s+40[13]":
            "Error response from daemon: login attempt to http://localhost:5001/v2/ failed with status: 401",
        "incorrect username or password":
            ('Error response from daemon: Get "https://registry-1.docker.io/v2/": unauthorized: incorrect '
             "username or password"),
        "bad username or password": "Error: bad username or password",
        "wrong (?:username|password)": "Error: Get https://registry.example.com/v2/: wrong password",
        "unauthorized: (?:incorrect|invalid|your account)":
            ("unauthorized: your account must log in with a Personal Access Token (PAT) - learn more at "
             "docs.docker.com/go/access-tokens"),
    }, cause="{host} rejected the username or password", advice="correct the credentials of {host}",
        why="the same password is rejected again",
        codes=("UNAUTHORIZED",),
        statuses=(401,),
    ),
    FailureRule("ecr-login-expired", None, AUTH_EXPIRED, {
        "401 unauthorized":
            ("unexpected status from HEAD request to "
             "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/shop/manifests/1: 401 Unauthorized"),
        "unauthorized: authentication required":
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com: unauthorized: authentication required",
        "authentication required": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop: authentication required",
    }, cause="{host} rejected the login", advice="log in again: aws ecr get-login-password | docker login",
        why="an ECR login lasts 12 hours", given=r"\.dkr[.-]ecr[.-]",
        codes=("UNAUTHORIZED",),
        statuses=(401,),
    ),
    FailureRule("registry-login-required", None, CONFIG, {
        r"\b401\b":
            ("unexpected status from HEAD request to https://registry.example.com/v2/shop/manifests/1: 401 "
             "Unauthorized"),
        "unauthorized":
            ("error checking push permissions -- make sure you entered the correct tag name: checking push "
             'permission for "registry.example.com/shop:1": POST '
             "https://registry.example.com/v2/shop/blobs/uploads/: UNAUTHORIZED: unauthorized to access "
             "repository: shop, action: push"),
        "authentication required": "Error response from daemon: authentication required",
        "failed to find supported auth scheme": "failed to find supported auth scheme for registry.example.com",
        "must be logged in": "You must be logged in to push to the registry",
        "unauthenticated":
            ("Error response from daemon: Head "
             '"https://us-central1-docker.pkg.dev/v2/example-project/clicked-links/redirect_app_web/manifests/latest": '
             "denied: Unauthenticated request. Unauthenticated requests do not have permission "
             '"artifactregistry.repositories.downloadArtifacts"'),
        "failed to handle basic auth": "failed to handle basic auth because missing username or password",
        "no credentials": "error: no credentials found for registry.example.com",
        "login required": "login required to pull from registry.example.com",
    }, cause="{host} requires a login", advice="log in before the build: docker login {host}",
        why="multiarch logs in to ECR only", unless="^.{0,60}non[- ]tty",
        codes=("UNAUTHORIZED",),
        statuses=(401,),
    ),
    FailureRule("image-access-denied", None, CONFIG, {
        "(?:pull|push) access denied":
            "pull access denied for shop/api, repository does not exist or may require 'docker login'",
        "no pull access":
            "Error response from daemon: repository shop/api not found: does not exist or no pull access",
        "insufficient_scope":
            ("failed to push docker.io/x/y:1: push access denied, repository does not exist or may require "
             "authorization: server message: insufficient_scope: authorization failed"),
        "requested access to the resource is denied":
            "WARN[0001] build: running push: denied: requested access to the resource is denied",
        "authorization failed":
            ("failed to push docker.io/x/y:1: push access denied, repository does not exist or may require "
             "authorization: server message: insufficient_scope: authorization failed"),
    }, cause="access to {image} in {host} is denied, or the image does not exist",
        advice="check the name; log in to {host} with an account that has access",
        why="neither the permission nor the name changes by itself",
        codes=("DENIED",),
        statuses=(403,),
    ),
    FailureRule("github-packages-denied", None, CONFIG, {
        "write_package": "denied: permission_denied: write_package",
        "(?:create|write) organization package":
            "failed to push ghcr.io/o/shop:1: denied: installation not allowed to Write organization package",
        "does not match expected scopes": "permission_denied: The token provided does not match expected scopes.",
        r"ghcr\.io.{0,300}\b403\b":
            "unexpected status from HEAD request to https://ghcr.io/v2/shop/api/blobs/sha256:00: 403 Forbidden",
    }, cause="{host} denied access",
        advice=("give the job the permission packages: write (or read), and give this repository access to the "
                "package (package settings, Manage Actions access)"), why="the permission stays missing",
        codes=("DENIED",),
        statuses=(403,),
    ),
    FailureRule("ecr-public-denied", None, CONFIG, {
        r"public\.ecr\.aws.{0,300}\b403\b":
            ("unexpected status from HEAD request to https://public.ecr.aws/v2/docker/library/alpine/manifests/3: "
             "403 Forbidden"),
        r"\b403\b.{0,300}public\.ecr\.aws": "403 Forbidden was the answer of public.ecr.aws",
    }, cause="public.ecr.aws rejected the login",
        advice=("log out: docker logout public.ecr.aws; or log in again: aws ecr-public get-login-password "
                "--region us-east-1 | docker login -u AWS --password-stdin public.ecr.aws"),
        why="an expired login is rejected where no login is accepted",
        codes=("DENIED",),
        statuses=(403,),
    ),
    FailureRule("artifact-registry-denied", None, CONFIG, {
        r"artifactregistry\.\w+\.\w+":
            ("denied: Permission 'artifactregistry.repositories.uploadArtifacts' denied on resource "
             "'projects/p/locations/l/repositories/r' (or it may not exist)"),
    }, cause="Google Artifact Registry denied access",
        advice=("grant the account roles/artifactregistry.writer (or reader), or log in: gcloud auth "
                "configure-docker {host}"), why="the role stays missing", given=r"denied|\b403\b|forbidden",
        codes=("DENIED",),
        statuses=(403,),
    ),
    FailureRule("registry-forbidden", None, CONFIG, {
        r"\b403\b": "unexpected status from POST request to https://registry.example.com/v2/shop/blobs/uploads/: 403",
        "forbidden": "Error response from daemon: Forbidden",
        r"\bdenied\b(?! path)": "denied: the policy of the project does not allow it",
        "permission_denied": "permission_denied: the package is another's",
        "no push access": "repository shop: no push access",
        "operation is disallowed": "unsupported: The operation is disallowed",
    }, cause="{host} denied access",
        advice=("check the permissions of the login (ECR: the role's ecr actions and the repository policy), "
                "quotas, and egress filters"), why="a denial stays a denial", unless="permission denied",
        codes=("DENIED",),
        statuses=(403,),
    ),
    FailureRule("push-repository-missing", None, CONFIG, {
        r"\b(?:put|post|patch|head) request to .{0,300}\b404\b":
            ("failed to push: unexpected status from POST request to https://host/v2/shop/blobs/uploads/: 404 Not "
             "Found"),
        "unexpected status(?: code)?:? 404.{0,20}": "#6 ERROR: failed to push: unexpected status: 404 Not Found",
        "^unknown: not found$": "The push refers to repository [registry.example.com/shop]\nunknown: Not Found",
    }, cause="the repository does not exist in {host}",
        advice="create it: aws ecr create-repository (check account and region first)",
        why="a push does not create it by default",
        given=(r"fail\w* to push|push(?:ing)? (?:image|layer|manifest)|exporting|/blobs/uploads|retrying in \d"
               "+ second|the push refers"),
        statuses=(404,),
    ),
    FailureRule("image-not-found", None, PERMANENT, {
        "manifest unknown": 'manifest unknown: manifest tagged by "9" is not found',
        "manifest for .{0,200}not found":
            "Error response from daemon: manifest for alpine:99 not found: manifest unknown",
        "failed to resolve (?:source metadata|reference).{0,400}: not found":
            ("alpine:99: failed to resolve source metadata for docker.io/library/alpine:99: "
             "docker.io/library/alpine:99: not found"),
        ": not found$": "failed to solve: docker.io/library/alpine:99: not found",
        r"\b404 not found":
            ("unexpected status from GET request to https://registry.example.com/v2/shop/manifests/9: 404 Not "
             "Found"),
        r"\b404\b": "Error: initializing source docker://registry.example.com/shop:9: status 404",
        "no such image": "Error response from daemon: No such image: shop:1",
        "name unknown": "name unknown: repository name not known to registry",
        "not_found": "NOT_FOUND: artifact shop:1",
        "tag .{0,120}not found": "tag 1.4 was not found in the repository",
        "image .{0,120}not found": "Error: image registry.example.com/shop:9 not found",
        "could not find the requested": "could not find the requested resource",
    }, cause="{image} does not exist in {host}", advice="correct the name, the tag or the digest",
        why="the image stays missing",
        codes=("MANIFEST_UNKNOWN",),
        statuses=(404,),
    ),
    FailureRule("push-rejected", None, CONFIG, {
        r"\b400 bad request\b":
            ("unexpected status from PUT request to https://registry.example.com/v2/shop/manifests/cache: 400 Bad "
             "Request"),
        r"\b405 method not allowed\b":
            ("unexpected status from PUT request to https://registry.example.com/v2/shop/manifests/1: 405 Method "
             "Not Allowed"),
        r"\b412 precondition failed\b":
            ("error pushing image: failed to push to destination registry.example.com/shop:1: unexpected status "
             "code 412 Precondition Failed"),
        r"\b413 request entity too large\b": "413 Request Entity Too Large",
        r"\b415 unsupported\b": "unexpected status: 415 Unsupported Media",
        "manifest[ _]invalid": "manifest invalid: the schema is not known",
        "tag[ _]invalid": "tag invalid: The tag is refused by the repository",
        "request entity too large": "<title>Request Entity Too Large</title>",
        "name[ _]invalid": "name invalid: Invalid repository name",
        "unsupported: ": "unsupported: The operation is unsupported.",
        r"status(?: code)?:? 40[05]\b": "received unexpected HTTP status: 405",
    }, cause="{host} rejected the push",
        advice=("for a cache use image-manifest=true,oci-mediatypes=true; else use a new tag (the tag may be "
                "immutable) or --provenance false"), why="the same push is rejected again",
        codes=("MANIFEST_INVALID", "NAME_INVALID", "TAG_INVALID", "UNSUPPORTED"),
        statuses=(400, 405, 409, 412, 413, 415),
    ),
    FailureRule("ecr-upload-cut", FailurePhase.PUSH, CONFIG, {
        r"post \\?\"?https?://[^\s\"]*\.dkr[.-]ecr[^\s\"]*/blobs/uploads/\\?\"?: eof\b":
            ("ERROR: failed to push 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1: failed to do request: "
             'Post "https://111122223333.dkr.ecr.eu-west-1.amazonaws.com/v2/shop/blobs/uploads/": EOF'),
    }, cause="ECR closed the connection at the start of the upload: the repository or a permission is missing",
        advice="create the repository (aws ecr create-repository), or allow ecr:InitiateLayerUpload for the role",
        why="BuildKit retried it already; https://github.com/aws/containers-roadmap/issues/1970",
    ),
    FailureRule("ecr-push-cut", FailurePhase.PUSH, CONFIG, {
        "^eof$":
            ("The push refers to repository [111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop]\n1f2e: Retrying "
             "in 1 second\nEOF"),
    }, cause="ECR closed the connection during the push: a permission is missing",
        advice=("allow ecr:InitiateLayerUpload, ecr:UploadLayerPart and ecr:CompleteLayerUpload for the role "
                "(CloudTrail names the denied call)"), why="docker retried each layer already",
        given=r"retrying in \d+ second",
    ),
    FailureRule("context-stream-broken", FailurePhase.DOCKERFILE, PERMANENT, {
        "stream terminated by rst_stream":
            ("ERROR: failed to solve: Internal: Internal: Internal: stream terminated by RST_STREAM with error "
             "code: INTERNAL_ERROR"),
        "invalid utf-8":
            "rpc error: code = Internal desc = grpc: error while marshaling: string field contains invalid UTF-8",
        "cross-device link": "ERROR: failed to solve: failed to copy files: cross-device link",
    }, cause="BuildKit could not read the files of the build",
        advice="look for file names that are not UTF-8, and for mounts of unusual file systems",
        why="the files stay the same",
    ),
    FailureRule("manifest-part-missing", None, PERMANENT, {
        "no such manifest": "no such manifest: registry.example.com/shop:1-amd64",
        "missing in your target registry": "errors: manifest blob sha256:00 is missing in your target registry",
        "(?:imagetools|manifest (?:create|annotate)).{0,400}blob[ _]unknown":
            "ERROR: docker buildx imagetools create: failed to copy: blob unknown to registry",
    }, cause="the manifest refers to an image that is missing in the registry",
        advice="push every platform to the same repository first", why="the image stays missing",
    ),
    FailureRule("push-tag-invalid", FailurePhase.PUSH, CONFIG, {
        "tag is needed when pushing":
            "ERROR: failed to build: failed to solve: tag is needed when pushing to registry",
        "can't push with no tags": "ERROR: can't push with no tags specified",
        "can't push tagged ref .{1,200} by digest": "ERROR: can't push tagged ref docker.io/x/y:1 by digest",
    }, cause="the push needs either a tag or push-by-digest, and not both",
        advice="set --tag; with push-by-digest=true use a name without a tag", why="the same command fails again",
    ),
    FailureRule("docker-usage-invalid", FailurePhase.OTHER, CONFIG, {
        r"requires (?:at least|at most|exactly) \d+ argument": '"docker buildx build" requires exactly 1 argument.',
        "see 'docker.{1,40}--help'": "See 'docker buildx build --help'.",
    }, cause="the docker command is invalid", advice="correct the arguments of the command",
        why="the same command fails again",
    ),
)  # fmt: skip
