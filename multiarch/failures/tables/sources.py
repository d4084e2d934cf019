"""What git and CodeBuild say of the sources of a build, and what it means."""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT, T

GIT_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "git-checkout-unusable",
        FailurePhase.GIT, CONFIG,
        r"dubious ownership|unsafe repository|not a git repository|cannot change to '|needed a single revision",
        "git does not accept this checkout",
            "git config --global --add safe.directory PATH; or build from a full clone",
        "the checkout stays as it is",
    ),
    FailureRule(
        "git-access-denied",
        FailurePhase.GIT, CONFIG,
        r"could not read (?:username|password)|permission denied \(publickey|authentication failed for"
        r"|host key verification failed"
        r"|terminal prompts disabled|^(?:fatal|remote): .{0,40}invalid username or (?:password|token)"
        r"|support for password authentication was removed"
        r"|requested url returned error: 40[13]|could not read from remote repository"
        r"|write access to repository not granted",
        "git may not read the repository {repository}",
            "hand over a token or an SSH key (--secret, --ssh); or the CodeBuild source credential",
        "the same credential is refused again",
        unless=r"could not resolve host|connection (?:timed out|closed|reset)|remote end hung up|dial-stdio",
    ),
    FailureRule(
        "git-not-found",
        FailurePhase.GIT, PERMANENT,
        r"(?:fatal|remote|git\b.{0,200}): repository .{1,200}not found|couldn't find remote ref"
        r"|remote branch .{1,100} not found"
        r"|reference is not a tree|unknown revision"
        r"|pathspec .{1,100} did not match|not our ref|requested url returned error: 404"
        r"|does not appear to be a git repository"
        r"|repository does not contain ref|bad object|no url found for submodule|clone of .{1,200} failed",
        "git does not find the repository, the branch or the commit", "correct the address or the revision",
            "it stays missing",
        unless=r"rpc failed|hung up|early eof",
    ),
    FailureRule(
        "git-fetch-failed",
        FailurePhase.GIT, T,
        r"unable to access .{0,300}(?:could not resolve host|timed? ?out|failed to connect|couldn't connect"
        r"|connection (?:reset|refused|was reset)|recv failure"
        r"|requested url returned error: (?:429|5\d\d)|gnutls|ssl_(?:read|connect|error_syscall)|empty reply|http2"
        r"|http/2|operation too slow|early eof)"
        r"|rpc failed; (?:curl|http|result)|early eof|remote end hung up|unexpected disconnect while reading"
        r"|ssh: connect to host .{1,120}(?:timed out|refused|unreachable)"
        r"|ssh: could not resolve hostname|connection closed by remote host|kex_exchange_identification"
        r"|fetch-pack: invalid index-pack|body are still expected",
        "git could not fetch from {host}", "try again", "network",
    ),
)  # fmt: skip

CODEBUILD_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "codebuild-source-not-found",
        FailurePhase.GIT, PERMANENT, r"reference not found for primary source",
        "CodeBuild does not find the branch or the commit", "correct the source version of the build", "it stays "
        "missing",
    ),
    FailureRule(
        "codebuild-source-denied",
        FailurePhase.GIT, CONFIG, r"authentication required for primary source",
        "CodeBuild may not read the sources", "give the project a source credential, or connect it again",
        "the same credential is refused again",
    ),
    FailureRule(
        "codebuild-timeout",
        FailurePhase.OTHER, PERMANENT, r"build_timed_out|build has timed out|state: timed_out",
        "the build took longer than the project lets it", "raise the project's timeout; look for the step that hangs",
        "it takes as long again",
    ),
    FailureRule(
        "codebuild-buildspec-invalid",
        FailurePhase.OTHER, CONFIG,
        r"yaml_file_error|invalid_buildspec|buildspec.{0,80}(?:not found|no such file|invalid)",
        "CodeBuild did not find or not understand the buildspec", "correct its path or its YAML", "it stays wrong",
    ),
    FailureRule(
        "codebuild-setup-failed",
        FailurePhase.OTHER, CONFIG,
        r"vpc_client_error|access_denied:"
        r"|authorization failed for primary source|unable to determine source|access token not found|oauthprovider"
        r"|secrets_manager_error"
        r"|parameter_store_error|decrypted_variables_error|secretsmanager.{0,80}(?:denied|not found)|build_timed_out"
        r"|invalid_input_error",
        "CodeBuild could not prepare the build",
            "correct the project: image, source credential, VPC, parameters, role", "the project stays as it is",
    ),
    FailureRule(
        "codebuild-internal-error",
        FailurePhase.OTHER, T, r"internal_service_error|internal service error|build_container_(?:start|terminated)"
        r"|provisioning.{0,60}(?:internal|fault)",
        "CodeBuild had trouble of its own", "start the build again", "the service's own trouble",
    ),
)  # fmt: skip

# What wraps an answer of a registry, for an answer that no row above knows.
WRAPPER_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "codebuild-image-pull-failed",
        FailurePhase.OTHER, CONFIG,
        r"unable to pull customer's container image|build_container_unable_to_pull_image|cannotpullcontainer",
        "the image that the build runs in could not be pulled",
        "correct the project's image, its credential and the role's right to pull", "the project stays as it is",
    ),
    FailureRule(
        "git-context-fetch-failed",
        FailurePhase.GIT, PERMANENT, r"failed to fetch remote|error fetching default branch",
        "git could not fetch the build's context", "check the address, the branch, and the credential for it",
        "git's own words say more, where the log has them",
    ),
    FailureRule(
        "role-assumption-failed",
        FailurePhase.STS, CONFIG, r"(?:could not|unable to|failed to) assume (?:the )?role",
        "the role could not be assumed",
        "check the role's trust policy, its OIDC provider, and the subject that it allows", "a policy",
    ),
)  # fmt: skip
