"""The context that the stages of a run share."""

from collections.abc import Callable
from dataclasses import dataclass

from multiarch.errors import Diagnosis, OperationFailedError
from multiarch.image.manifest import Manifest
from multiarch.image.reference import Repository
from multiarch.log import Log
from multiarch.plan.model import Plan
from multiarch.run.journal import Journal
from multiarch.run.recovery import Recovery
from multiarch.run.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Context:
    """One run: its plan, its runtime, log and journal, its retries and its clock.

    Attributes:
        diagnose: returns the cause of a failure that AWS reports; empty if it reports none.
        clock: seconds.
        sleep: waits for some seconds.
    """

    plan: Plan
    runtime: Runtime
    log: Log
    journal: Journal
    recovery: Recovery
    diagnose: Callable[[Diagnosis], str]
    clock: Callable[[], float]
    sleep: Callable[[float], None]

    def manifest(self, repository: Repository, reference: str, phase: str) -> Manifest | None:
        """Read a manifest with retries; None if it does not exist."""
        return self.recovery.run(phase, lambda: self.runtime.manifest(repository, None, reference))

    def read(self, repository: Repository | None, layout: str | None, digest: str) -> Manifest:
        """Read a manifest that must exist, without retries.

        Raises:
            OperationFailedError: the registry or the layout does not have it.
        """
        found = self.runtime.manifest(repository, layout, digest)
        if not found:
            raise OperationFailedError("manifest", [f"manifest unknown: {digest} cannot be read back: 404 Not Found"])
        return found
