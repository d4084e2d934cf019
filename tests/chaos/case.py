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
    """One run of `multiarch build` in a world that misbehaves, and how it has to end.

    Attributes:
        name: what happens, in words; the test's name.
        faults: the schedule; a fault that is not met fails the case.
        code: the exit code.
        says: words that the output must hold: for a failure, its cause and its cure.
        silent: words that it must not hold.
        retries: tries beyond the first that multiarch makes itself: at least these, and none where it is 0. What
            BuildKit and docker try again by themselves does not count.
        tags: tags that a failed run may leave beside its cache; those of a good run are the commit's and `latest`.
        by_chance: a schedule that was drawn: faults may be left over, and tries may run out.
        rules: what the repository refuses, beyond what AWS knows of it.
        missing: AWS knows no such repository.
        cold: the base image comes through the proxy, with a layer that nobody has pulled before.
        before: a build of an earlier commit comes first, without faults: a cache and `latest` are there.
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
