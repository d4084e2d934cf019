"""A row of the rule tables."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from multiarch.errors import FailureClass, FailurePhase


@dataclass(frozen=True)
class FailureRule:
    """A row of a table: when one of `signs` is found, the failure has this class and this cause.

    Attributes:
        name: unique and stable; documentation and scripts refer to it.
        phase: where it failed, None where the output decides.
        signs: regular expressions, case ignored, each with a real message that it is there for. An expression starts
            in the deciding line and may run into the next two.
        cause: a template; its {names} come from the groups of the expressions, then from the output.
        advice: a template too.
        why: why this class and no other.
        given: an expression that some line of the output must match.
        unless: an expression that the deciding line and the next two must not match.
        codes: names of errors in answers of AWS and registries, and of botocore's exceptions, that mean this rule, or
            one of several.
        statuses: HTTP statuses of registries' answers that mean this rule, or one of several.
        echo: the line is a warning or a consequence: any other line decides before it.
    """

    name: str
    phase: FailurePhase | None
    failure_class: FailureClass
    signs: Mapping[str, str]
    _: KW_ONLY
    cause: str
    advice: str
    why: str
    given: str = ""
    unless: str = ""
    codes: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    echo: bool = False

    @cached_property
    def pattern(self) -> str:
        """All signs as one regular expression."""
        return "|".join(self.signs)
