"""What is told where no row decides: consequences, a cache that is missing, and what no row knows."""

from multiarch.failures.model import FailureClass, FailurePhase, FailureRule
from multiarch.failures.tables.common import CONFIG, CREDENTIALS, PERMANENT

# Lines that are consequences, for a text that holds nothing else.
LAST_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "login-password-empty",
        FailurePhase.LOGIN, CONFIG, r"non[- ]tty device",
        "docker login got no password: the command before it printed none", "look at its own error; " + CREDENTIALS,
        "an empty password stays empty",
    ),
)  # fmt: skip

# What no row knows is stopped, never repeated. Where the text tells the part of the run, the advice names what mostly
# cures that part.
_LOGIN_ADVICE = "check credentials, account, region and the host of the login"
_BUILDER_ADVICE = "run python -m multiarch doctor; create the builder again (docker buildx rm, then create)"
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
    None: (PERMANENT, "read the lines before it"),
}

# A cache that is not there yet: harmless, so only the reason where there is no other.
HARMLESS_IMPORT = r"importing cache manifest|cache importer|failed to load cache manifest"
CACHE_RULE = FailureRule(
    "cache-missing",
    FailurePhase.CACHE_IMPORT, CONFIG, HARMLESS_IMPORT,
    "there is no cache at {image} yet", "nothing to do: the first build writes it (--cache none spares the line)",
    "a missing cache fails no build",
)  # fmt: skip
