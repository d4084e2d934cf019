"""What decides if no other rule does: consequences, a missing cache, and unknown failures."""

from multiarch.errors import FailureClass, FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CONFIG, CREDENTIALS, PERMANENT

# Lines that are consequences, for an output without any other line.
LAST_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "login-password-empty", FailurePhase.LOGIN, CONFIG,
        {r"non[- ]tty device": "Error: Cannot perform an interactive login from a non TTY device"},
        cause="docker login got an empty password: the command before it printed none",
        advice="see the error of that command; " + CREDENTIALS, why="an empty password stays empty",
    ),
)  # fmt: skip

# A failure that no rule knows is never retried. Where the output tells the phase, the advice names what mostly fixes
# that phase.
_LOGIN_ADVICE = "check credentials, account, region and registry host"
_BUILDER_ADVICE = "run `python -m multiarch doctor`; recreate the builder (docker buildx rm, then docker buildx create)"
_CACHE_ADVICE = "build with --cache none; then correct --cache-from and --cache-to"
UNKNOWN_RULE = "unknown"
UNKNOWN: dict[FailurePhase | None, tuple[FailureClass, str]] = {
    FailurePhase.PUSH: (CONFIG, "check the login, the repository (name, tag mutability) and the role's ecr actions"),
    FailurePhase.ECR_API: (CONFIG, "check region, account and the role's ecr actions"),
    FailurePhase.STS: (CONFIG, _LOGIN_ADVICE),
    FailurePhase.LOGIN: (CONFIG, _LOGIN_ADVICE),
    FailurePhase.CACHE_IMPORT: (CONFIG, _CACHE_ADVICE),
    FailurePhase.CACHE_EXPORT: (CONFIG, _CACHE_ADVICE),
    FailurePhase.BUILDER_CREATE: (CONFIG, _BUILDER_ADVICE),
    FailurePhase.BUILDER_BOOT: (CONFIG, _BUILDER_ADVICE),
    None: (PERMANENT, "read the lines before this one"),
}

# A missing cache fails no build: it decides only where nothing else does.
HARMLESS_IMPORT = r"importing cache manifest|cache importer|failed to load cache manifest"
CACHE_RULE = FailureRule(
    "cache-missing", FailurePhase.CACHE_IMPORT, CONFIG, {
        "importing cache manifest":
            "#4 importing cache manifest from registry.example.com/shop:cache\n"
            "#4 ERROR: registry.example.com/shop:cache: not found",
        "cache importer": "#4 ERROR: failed to configure registry cache importer: registry.example.com/shop: not found",
        "failed to load cache manifest": "#4 ERROR: failed to load cache manifest: not found",
    },
    cause="no cache found at {image}",
    advice="nothing to do: the first build writes the cache (--cache none skips it)",
    why="a missing cache fails no build",
)  # fmt: skip
