r"""The table of what registries, AWS, docker, BuildKit and the Dockerfile frontend say, and what it means.

Order matters: the first row that is found decides. Rows go from the cause to its consequences, and from what no retry
cures to what may pass; so a row that leads to a retry comes after everything that could look like it.

Go errors are chains, `outer: inner: innermost`, and mostly the innermost clause decides. Patterns therefore name the
inner clause, together with an outer one only where the outer one changes the meaning.
"""

from multiarch.failures.model import FailureRule
from multiarch.failures.tables.aws import AWS_RULES
from multiarch.failures.tables.docker import BUILDER_RULES, CACHE_RULES, DOCKERFILE_RULES, HOST_RULES, TLS_RULES
from multiarch.failures.tables.registry import ANSWER_RULES, PASSING_RULES
from multiarch.failures.tables.sources import CODEBUILD_RULES, GIT_RULES, WRAPPER_RULES
from multiarch.failures.tables.steps import DECIDED, FETCHED, OWN_FAULT, UNEXPLAINED
from multiarch.failures.tables.unexplained import CACHE_RULE, LAST_RULES

RULES: tuple[FailureRule, ...] = (
    *AWS_RULES,
    *GIT_RULES,
    *CODEBUILD_RULES,
    *HOST_RULES,
    *TLS_RULES,
    *BUILDER_RULES,
    *CACHE_RULES,
    *DOCKERFILE_RULES,
    *ANSWER_RULES,
    *PASSING_RULES,
)

# Every row of every table, for whoever lists them.
ALL_RULES: tuple[FailureRule, ...] = (
    *RULES,
    *WRAPPER_RULES,
    *DECIDED,
    *FETCHED,
    *OWN_FAULT,
    UNEXPLAINED,
    *LAST_RULES,
    CACHE_RULE,
)
