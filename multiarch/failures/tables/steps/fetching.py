"""What the rules for failed downloads share."""

from collections.abc import Mapping

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import ONCE, T

# A server of a test in the step, and no fetch; port 53 is a DNS resolver.
_OWN_SERVER = r"\blocalhost\b|\b127\.0\.0\.1\b(?!:53\b)|\b0\.0\.0\.0\b|\[::1\](?!:53\b)|(?<![\da-f:])::1:\d"
NO_ANSWER = (
    r"(?:time(?:d)?[- ]?out|connection (?:reset|refused|aborted|closed|broken|was (?:reset|closed))"
    r"|could ?n[o']t (?:resolve|connect)|"
    r"temporary failure|unable to connect|network is unreachable|no route to host|failed to connect"
    r"|remote host (?:closed|terminated)|"
    r"50[0234]\b|52\d\b|bad gateway|service unavailable|eof\b|handshake fail|econn\w+|etimedout|eai_again"
    r"|name or service not known|"
    r"dns error|name resolution|failed to resolve|unknownhost|unknown host|incomplete|prematurely|premature)"
)
# Hosts of packages and sources: next to a network error, a fetch from one of them failed.
SOURCES = (
    r"(?:pypi|pythonhosted|npmjs|yarnpkg|golang\.org|goproxy|crates\.io|rust-lang|maven|gradle|rubygems|packagist"
    r"|nuget|debian|ubuntu|alpinelinux"
    r"|fedora|centos|rocky|redhat|amazonlinux|mirror|github|gitlab|bitbucket|conda|apache\.org|nodejs\.org"
    r"|dl\.google|packages\.|archive\.|repo[.\d-]"
    r"|huggingface|pytorch|download|registry\.|cdn|artifactory|nexus|sourceforge|gnu\.org|kernel\.org|launchpad"
    r"|hackage|hex\.pm|cpan|cran)"
)


def fetch(name: str, signs: Mapping[str, str], *, cause: str, why: str, echo: bool = False) -> FailureRule:
    """Return a rule for a tool that could not fetch: one more attempt of the step may succeed."""
    return FailureRule(
        name, FailurePhase.RUN_STEP, T, signs, cause=cause, advice=ONCE, why=why, unless=_OWN_SERVER, echo=echo
    )
