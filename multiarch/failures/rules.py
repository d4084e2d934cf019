"""The rules for messages of AWS, git, CodeBuild, docker, BuildKit, the Dockerfile frontend and registries, in order.

The first rule that matches decides. Causes come before their consequences, and permanent failures before temporary
ones: a rule that leads to a retry comes after every rule that could look like it.

Go errors are chains, `outer: inner: innermost`, and mostly the innermost clause decides. A sign therefore matches the
inner clause, and an outer clause only where that changes the meaning.
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

# Every rule of every table.
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
