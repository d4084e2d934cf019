"""What git and CodeBuild print about the source of a build."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT, T

GIT_RULES: tuple[FailureRule, ...] = (
    FailureRule("git-checkout-unusable", FailurePhase.GIT, CONFIG, {
        "dubious ownership": "fatal: detected dubious ownership in repository at '/codebuild/output/src1/src'",
        "unsafe repository": "fatal: unsafe repository ('/codebuild/output/src1/src' is owned by someone else)",
        "not a git repository": "fatal: not a git repository (or any of the parent directories): .git",
        "cannot change to '": "fatal: cannot change to '/src': No such file or directory",
        "needed a single revision": "fatal: Needed a single revision",
    }, cause="git cannot use this checkout",
        advice="run `git config --global --add safe.directory PATH`, or build from a full clone",
        why="the checkout stays as it is",
    ),
    FailureRule("git-access-denied", FailurePhase.GIT, CONFIG, {
        "could not read (?:username|password)":
            "fatal: could not read Username for 'https://github.com': No such device or address",
        r"permission denied \(publickey": "git@github.com: Permission denied (publickey).",
        "authentication failed for": "fatal: Authentication failed for 'https://github.com/shop/shop.git/'",
        "host key verification failed": "Host key verification failed.",
        "terminal prompts disabled":
            "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
        "^(?:fatal|remote): .{0,40}invalid username or (?:password|token)":
            "remote: Invalid username or token. Password authentication is not supported for Git operations.",
        "support for password authentication was removed":
            "remote: Support for password authentication was removed on August 13, 2021.",
        "requested url returned error: 40[13]":
            "fatal: unable to access 'https://github.com/shop/shop.git/': The requested URL returned error: 403",
        "could not read from remote repository": "fatal: Could not read from remote repository.",
        "write access to repository not granted": "remote: Write access to repository not granted.",
    }, cause="git is not allowed to read repository {repository}",
        advice="provide a token or an SSH key (--secret, --ssh), or the CodeBuild source credential",
        why="the same credential is rejected again",
        unless="could not resolve host|connection (?:timed out|closed|reset)|remote end hung up|dial-stdio",
    ),
    FailureRule("git-not-found", FailurePhase.GIT, PERMANENT, {
        r"(?:fatal|remote|git\b.{0,200}): repository .{1,200}not found":
            "fatal: repository 'https://git.example.com/shop.git/' not found",
        "couldn't find remote ref": "fatal: couldn't find remote ref release/9",
        "remote branch .{1,100} not found": "fatal: Remote branch release/9 not found in upstream origin",
        "reference is not a tree": "fatal: reference is not a tree: 0123456789abcdef0123456789abcdef01234567",
        "unknown revision": "fatal: ambiguous argument 'release/9': unknown revision or path not in the working tree.",
        "pathspec .{1,100} did not match": "error: pathspec 'release/9' did not match any file(s) known to git",
        "not our ref": "fatal: remote error: upload-pack: not our ref 0123456789abcdef0123456789abcdef01234567",
        "requested url returned error: 404":
            "fatal: unable to access 'https://git.example.com/shop.git/': The requested URL returned error: 404",
        "does not appear to be a git repository": "fatal: 'origin' does not appear to be a git repository",
        "repository does not contain ref": 'error: repository does not contain ref release/9, output: ""',
        "bad object": "fatal: bad object 0123456789abcdef0123456789abcdef01234567",
        "no url found for submodule": "fatal: No url found for submodule path 'vendor/lib' in .gitmodules",
        "clone of .{1,200} failed":
            ("fatal: clone of 'https://github.com/example/lm-harness' into submodule path "
             "'/codebuild/output/src123/src/lm-harness' failed"),
    }, cause="git cannot find the repository, branch or commit", advice="correct the address or the revision",
        why="the revision stays missing", unless="rpc failed|hung up|early eof",
    ),
    FailureRule("git-fetch-failed", FailurePhase.GIT, T, {
        ("unable to access .{0,300}(?:could not resolve host|timed? ?out|failed to connect|couldn't connect"
         r"|connection (?:reset|refused|was reset)|recv failure|requested url returned error: (?:429|5\d\d)|gnutls"
         "|ssl_(?:read|connect|error_syscall)|empty reply|http2|http/2|operation too slow|early eof)"):
            "fatal: unable to access 'https://github.com/x/y.git/': Could not resolve host: github.com",
        "rpc failed; (?:curl|http|result)": "error: RPC failed; curl 56 Recv failure: Operation timed out",
        "early eof": "fatal: early EOF",
        "remote end hung up": "fatal: the remote end hung up unexpectedly",
        "unexpected disconnect while reading": "fetch-pack: unexpected disconnect while reading sideband packet",
        "ssh: connect to host .{1,120}(?:timed out|refused|unreachable)":
            "ssh: connect to host github.com port 22: Connection timed out",
        "ssh: could not resolve hostname":
            "ssh: Could not resolve hostname github.com: Temporary failure in name resolution",
        "connection closed by remote host": "Connection closed by remote host",
        "kex_exchange_identification": "kex_exchange_identification: read: Connection reset by peer",
        "fetch-pack: invalid index-pack": "fatal: fetch-pack: invalid index-pack output",
        "body are still expected": "error: 1234 bytes of body are still expected",
    }, cause="git could not fetch from {host}", advice="retry", why="a network error",
    ),
)  # fmt: skip

CODEBUILD_RULES: tuple[FailureRule, ...] = (
    FailureRule("codebuild-source-not-found", FailurePhase.GIT, PERMANENT, {
        "reference not found for primary source":
            ("Phase context status code: YAML Message: reference not found for primary source and source version "
             "deadbeef"),
    }, cause="CodeBuild cannot find the branch or commit", advice="correct the source version of the build",
        why="the revision stays missing",
    ),
    FailureRule("codebuild-source-denied", FailurePhase.GIT, CONFIG, {
        "authentication required for primary source":
            "authentication required for primary source and source version refs/heads/main",
    }, cause="CodeBuild is not allowed to read the source",
        advice="add a source credential to the project, or reconnect it", why="the same credential is rejected again",
    ),
    FailureRule("codebuild-timeout", FailurePhase.OTHER, PERMANENT, {
        "build_timed_out": "Phase context status code: BUILD_TIMED_OUT Message: Build has timed out.",
        "build has timed out": "Build has timed out.",
        "state: timed_out": "Phase complete: BUILD State: TIMED_OUT",
    }, cause="the build exceeded the timeout of the CodeBuild project",
        advice="raise the timeout of the project, or find the step that hangs", why="the build takes as long again",
    ),
    FailureRule("codebuild-buildspec-invalid", FailurePhase.OTHER, CONFIG, {
        "yaml_file_error":
            ("Phase context status code: YAML_FILE_ERROR Message: stat /codebuild/output/src1/src/buildspec.yml: "
             "no such file or directory"),
        "buildspec.{0,80}(?:not found|no such file|invalid)":
            ("Phase context status code: YAML_FILE_ERROR Message: stat /codebuild/output/src1/src/buildspec.yml: "
             "no such file or directory"),
    }, cause="the buildspec is missing or invalid", advice="correct its path or its YAML", why="the file stays wrong",
    ),
    FailureRule("codebuild-setup-failed", FailurePhase.OTHER, CONFIG, {
        "vpc_client_error":
            "Phase context status code: VPC_CLIENT_ERROR Message: The subnet ID 'subnet-1' does not exist",
        "authorization failed for primary source": "authorization failed for primary source and source version main",
        "access token not found": "Access token not found in CodeBuild project for server type github",
        "oauthprovider": "OAuthProviderException: CodeBuild could not use the connection",
    }, cause="CodeBuild could not prepare the build",
        advice="correct the project: image, source credential, VPC, parameters, role",
        why="the project stays as it is",
    ),
    FailureRule("codebuild-internal-error", FailurePhase.OTHER, T, {
        "internal_service_error": "INTERNAL_SERVICE_ERROR: CodeBuild is experiencing an issue",
        "internal service error":
            ("Phase context status code: INTERNAL_ERROR Message: Internal Service Error: CodeBuild is "
             "experiencing issues"),
        "provisioning.{0,60}(?:internal|fault)": "Phase complete: PROVISIONING State: FAULT",
    }, cause="CodeBuild had an internal error", advice="start the build again",
        why="a temporary error of the service",
    ),
)  # fmt: skip

# Messages that wrap the answer of a registry, for an answer that no other rule knows.
WRAPPER_RULES: tuple[FailureRule, ...] = (
    FailureRule("codebuild-image-pull-failed", FailurePhase.OTHER, CONFIG, {
        "unable to pull customer's container image":
            ("Phase context status code: BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE Message: Unable to pull customer's "
             "container image. CannotPullContainerError"),
        "cannotpullcontainer": "CannotPullContainerError: pull image manifest has been retried 1 time(s)",
    }, cause="CodeBuild could not pull the image of the build environment",
        advice="correct the image of the project, its credential, and the role's permission to pull",
        why="the project stays as it is",
    ),
    FailureRule("git-context-fetch-failed", FailurePhase.GIT, PERMANENT, {
        "failed to fetch remote":
            ("failed to load cache key: failed to fetch remote https://git.example.com/o/r.git: git exited: "
             "status 128"),
        "error fetching default branch":
            ("ERROR: failed to build: failed to solve: failed to load cache key: error fetching default branch "
             "for repository https://git.example.com/shop.git: git exited: status 128"),
    }, cause="git could not fetch the build context",
        advice="check the address, the branch, and the credential for it",
        why="the git error, where the log has one, decides first",
    ),
    FailureRule("role-assumption-failed", FailurePhase.STS, CONFIG, {
        "(?:could not|unable to|failed to) assume (?:the )?role":
            "Error: Could not assume role with OIDC: the request was rejected",
    }, cause="the role cannot be assumed",
        advice="check the role's trust policy, its OIDC provider, and the allowed subject",
        why="the trust policy stays as it is",
    ),
)  # fmt: skip
