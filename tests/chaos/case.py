"""What a case is: data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dev.stack.ecr.lanes import Rules

if TYPE_CHECKING:
    from dev.stack.ecr.faults import Fault

# What the run itself does to the machine, once the build prints that its step runs.
Deed = Literal["", "kill builder", "restart docker"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run of `multiarch build` with injected faults, and its expected outcome.

    Attributes:
        name: the faults in words; the name of the test.
        faults: the schedule; an unused fault fails the case.
        code: the exit code.
        says: words that the output must contain; for a failure, its cause and its fix.
        silent: words that the output must not contain.
        retries: the least number of retries of multiarch, or 0 for none; retries of BuildKit and docker do not count.
        tags: tags that a failed run can leave beside its cache; a successful run leaves the commit tag and `latest`.
        by_chance: a random schedule: faults can be left over, and attempts can be exhausted.
        rules: what the repository rejects, beyond what AWS reports about it.
        missing: the repository does not exist in AWS.
        cold: the base image comes through the proxy, with a layer that was never pulled.
        before: an earlier commit is built first, without faults, so a cache and `latest` exist.
        environment: variables beyond those of CodeBuild; UNTRUSTED stands for a port with a certificate of nobody.
        words: flags.
        deed: what is done to the machine.
        smoke: part of `make test`.
    """

    name: str
    faults: tuple[Fault, ...] = ()
    code: int = 0
    says: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    retries: int | None = None
    tags: frozenset[str] = frozenset()
    by_chance: bool = False
    rules: Rules = field(default_factory=Rules)
    mutability: Literal["MUTABLE", "IMMUTABLE"] = "MUTABLE"
    missing: bool = False
    cold: bool = False
    before: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    deed: Deed = ""
    smoke: bool = False

    def __str__(self) -> str:
        return self.name
