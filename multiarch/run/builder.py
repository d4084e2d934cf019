"""The builder of a run: created, used as it exists, recreated or removed."""

from collections.abc import Sequence
from dataclasses import dataclass

from multiarch.errors import BuilderError, OperationFailedError
from multiarch.plan.builder import REJECTED_HINT, BuilderAction, Node, decide, native_platforms, parse_inspect
from multiarch.plan.steps import EnsureBuilder, RemoveBuilder
from multiarch.run.context import Context

_EXISTS = "existing instance for"
_NO_BUILDER = "no builder "


@dataclass(frozen=True, kw_only=True)
class ReadyBuilder:
    """A builder that runs.

    Attributes:
        native: the platforms that it runs without emulation; empty where that is not known yet.
        nodes: of a builder that existed before; one that was created has one.
    """

    native: tuple[str, ...] = ()
    nodes: tuple[Node, ...] = ()


class BuilderStage:
    """Makes sure that there is a builder, and removes it where it is not kept."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def prepare(self, step: EnsureBuilder) -> ReadyBuilder:
        """Create the builder or use the existing one, and boot it.

        Raises:
            MultiarchError: the builder cannot be used.
        """
        return self._context.recovery.run("builder", lambda: self._ensure(step))

    def repair(self, step: EnsureBuilder) -> None:
        """Make a lost builder usable again, without attempts of its own: it is part of another phase's next attempt."""
        if step.create:
            self._ensure(step)

    def native(self, step: EnsureBuilder) -> tuple[str, ...]:
        """Return the platforms that run without emulation: in a long build that is worth a command beside the rest."""
        return native_platforms(self._context.runtime.run(step.inspect, phase="builder-boot"))

    def remove(self, step: RemoveBuilder, *, seconds: float) -> None:
        """Remove the builder, for so long at most; one that stays behind fails no run."""
        try:
            self._context.runtime.run_last(step.command, phase="builder-create", seconds=seconds)
        except OperationFailedError as error:
            if _NO_BUILDER not in str(error):
                self._context.journal.warn("builder", f"the builder is left behind: {_last(error.lines)}")

    def _ensure(self, step: EnsureBuilder) -> ReadyBuilder:
        runtime, log = self._context.runtime, self._context.log
        if step.create:
            try:
                runtime.run(step.create, phase="builder-create")
            except OperationFailedError as error:
                if _EXISTS not in str(error):
                    raise
            else:
                log.info(f"made {step.name}: {', '.join((step.driver, *step.options))}", phase="builder")
                return ReadyBuilder()
        try:
            said = runtime.run(step.inspect, phase="builder-boot")
        except OperationFailedError as error:
            if not step.create:
                raise
            text = f"{step.name} does not boot, and is made anew: {_last(error.lines)}"
            self._context.journal.warn("builder", text)
            self._recreate(step)
            return ReadyBuilder()
        there = parse_inspect(said)
        action, reason = decide(step, there)
        if action is BuilderAction.REJECT:
            msg = f"the builder {step.name} is not the one that is wanted: {reason}"
            raise BuilderError(msg, hint=REJECTED_HINT)
        if action is BuilderAction.USE:
            log.info(f"took {step.name}, which was there", phase="builder")
        else:
            log.info(f"{step.name} is made anew, with its cache: {reason}", phase="builder")
            self._recreate(step)
        return ReadyBuilder(native=native_platforms(said), nodes=there.nodes)

    def _recreate(self, step: EnsureBuilder) -> None:
        assert step.create
        self._context.runtime.run(step.remove, phase="builder-create")
        self._context.runtime.run(step.create, phase="builder-create")


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "no word")
