"""Creates, uses, recreates and removes the builder of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from multiarch.errors import BuilderError, OperationFailedError
from multiarch.failures import understand
from multiarch.plan.build.builder import REJECTED_HINT, BuilderAction, Node, decide, native_platforms, parse_inspect
from multiarch.plan.steps import EnsureBuilder, RemoveBuilder
from multiarch.run.context import Context

# The failure rules for a builder that exists, and for one that does not.
_EXISTS = "builder-exists"
_MISSING = "builder-missing"


@dataclass(frozen=True, kw_only=True)
class ReadyBuilder:
    """A running builder.

    Attributes:
        native: the platforms that run without emulation; empty if unknown.
        nodes: of a builder that existed before the run; empty for a created builder, which has a single node.
    """

    native: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()


class BuilderStage:
    """Prepares the builder before the build, and removes it afterwards unless it is kept."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def prepare(self, step: EnsureBuilder) -> ReadyBuilder:
        """Create the builder or use the existing one, and boot it.

        Raises:
            MultiarchError: the builder cannot be used.
        """
        return self._context.recovery.run("builder", lambda: self._ensure(step))

    def repair(self, step: EnsureBuilder) -> None:
        """Make a lost builder usable again, without retries: the phase that lost the builder retries."""
        if step.create:
            self._ensure(step)

    def native(self, step: EnsureBuilder) -> tuple[str, ...]:
        """Return the platforms that run without emulation, by running `docker buildx inspect`."""
        return native_platforms(self._context.runtime.run(step.inspect, phase="builder-boot"))

    def remove(self, step: RemoveBuilder, *, seconds: float) -> None:
        """Remove the builder within `seconds`; a failure is a warning."""
        try:
            self._context.runtime.run_last(step.command, phase="builder-create", seconds=seconds)
        except OperationFailedError as error:
            if understand(error).rule != _MISSING:
                self._context.journal.warn("builder", f"could not remove the builder: {_last(error.lines)}")

    def _ensure(self, step: EnsureBuilder) -> ReadyBuilder:
        runtime, log = self._context.runtime, self._context.log
        if step.create:
            try:
                runtime.run(step.create, phase="builder-create")
            except OperationFailedError as error:
                if understand(error).rule != _EXISTS:
                    raise
            else:
                log.info(f"created builder {step.name} ({', '.join((step.driver, *step.options))})", phase="builder")
                return ReadyBuilder()
        try:
            inspected = runtime.run(step.inspect, phase="builder-boot")
        except OperationFailedError as error:
            if not step.create:
                raise
            text = f"recreating builder {step.name}, because it does not boot: {_last(error.lines)}"
            self._context.journal.warn("builder", text)
            self._recreate(step)
            return ReadyBuilder()
        existing = parse_inspect(inspected)
        action, reason = decide(step, existing)
        if action is BuilderAction.REJECT:
            msg = f"builder {step.name} {reason}"
            raise BuilderError(msg, hint=REJECTED_HINT)
        if action is BuilderAction.USE:
            log.info(f"using existing builder {step.name}", phase="builder")
        else:
            log.info(f"recreating builder {step.name}, keeping its cache: {reason}", phase="builder")
            self._recreate(step)
        return ReadyBuilder(native=native_platforms(inspected), nodes=existing.nodes)

    def _recreate(self, step: EnsureBuilder) -> None:
        assert step.create
        self._context.runtime.run(step.remove, phase="builder-create")
        self._context.runtime.run(step.create, phase="builder-create")


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "no output")
