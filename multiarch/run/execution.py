"""Runs a plan, stage by stage. The runtime does all I/O."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import Any

from multiarch.errors import Diagnosis, FailureClass, InterruptedRunError, MultiarchError, OperationFailedError
from multiarch.futures import completed, start
from multiarch.image.verify import VerifiedImage
from multiarch.log import Log
from multiarch.plan.deploy_files import render_deploy_files
from multiarch.plan.model import Plan, Target
from multiarch.record import EventLog, Record, RunInfo, make_record, masked
from multiarch.run.aws_diagnosis import diagnose_with_aws
from multiarch.run.context import Context
from multiarch.run.journal import Journal
from multiarch.run.recovery import Recovery
from multiarch.run.runtime import Runtime
from multiarch.run.stages.build import BuildStage, BuiltImage
from multiarch.run.stages.builder import BuilderStage, ReadyBuilder
from multiarch.run.stages.publish import publish
from multiarch.run.stages.registry import RegistryStage, RegistryState
from multiarch.run.stages.verify import verify
from multiarch.text.redaction import Redaction

# Removing many gigabytes of state takes long; an interrupted run does not wait for it.
_REMOVAL_SECONDS = 120.0
_LAST_SECONDS = 5.0
# After a build of this many seconds, the run finds out which platforms were emulated.
_LONG_BUILD = 5.0
_ANSWER_SECONDS = 2.0


class Execution:
    """One run of one plan."""

    def __init__(
        self,
        plan: Plan,
        runtime: Runtime,
        log: Log,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        begin: float | None = None,
        about: RunInfo | None = None,
        events: EventLog | None = None,
        redaction: Redaction | None = None,
    ) -> None:
        """Prepare the stages.

        Args:
            plan: the plan to run.
            runtime: docker, AWS, the registry and the files.
            log: the log of the run.
            clock: returns seconds.
            sleep: waits for some seconds.
            begin: the clock's time at the begin of the run, from which the deadline counts; now by default.
            about: the head of the record.
            events: receives the events of the build.
            redaction: cleans what the build prints.
        """
        started = clock() if begin is None else begin
        journal = Journal(plan, log, clock=clock, begin=started)

        def diagnose(diagnosis: Diagnosis) -> str:
            return diagnose_with_aws(plan, diagnosis, runtime.ask_aws)

        recovery = Recovery(
            plan.retry,
            fixes={FailureClass.AUTH_EXPIRED: self._log_in_again, FailureClass.BUILDER_LOST: self._repair_builder},
            announce=journal.retry,
            aws_diagnosis=diagnose,
            sleep=sleep,
            clock=clock,
            begin=started,
        )
        context = Context(
            plan=plan,
            runtime=runtime,
            log=log,
            journal=journal,
            recovery=recovery,
            diagnose=diagnose,
            clock=clock,
            sleep=sleep,
        )
        self._context = context
        self._registry = RegistryStage(context)
        self._builder = BuilderStage(context)
        self._build = BuildStage(context, about or RunInfo(), events, redaction)
        self._native: Future[tuple[str, ...]] | None = None

    def run(self) -> None:
        """Run every step; `record` returns the outcome.

        Raises:
            MultiarchError: a step failed; no image was tagged without verification.
        """
        self._build.begin()
        try:
            self._run_stages()
        except (MultiarchError, InterruptedRunError) as error:
            self._context.journal.end(error)
            raise
        self._context.journal.end()

    def record(self, redaction: Redaction) -> Record:
        """Return the record of the run without secrets, also of a run that ended early."""
        native: tuple[str, ...] = ()
        with suppress(FutureTimeoutError, OperationFailedError):
            native = self._native.result(timeout=_ANSWER_SECONDS) if self._native else ()
        record = make_record(
            self._build.reader,
            run=self._build.about,
            phases=self._context.journal.phases,
            outcome=self._context.journal.outcome(),
            attempt=self._build.attempts,
            native=native,
        )
        return masked(record, redaction.clean)

    def _run_stages(self) -> None:
        plan, journal = self._context.plan, self._context.journal
        for warning in plan.warnings:
            journal.warn("plan", warning)
        try:
            with journal.timed("prepare"):
                registry, builder = self._prepare()
            with journal.timed("build"):
                built = self._build_images(registry, builder)
            with journal.timed("verify"):
                verified = [(each.target, self._verify(each)) for each in built]
            if not plan.is_local:
                with journal.timed("tag"):
                    verified = self._publish(verified, registry)
            self._finish(verified)
        except BaseException as error:
            self._clean_up(error)
            raise

    def _prepare(self) -> tuple[RegistryState, ReadyBuilder]:
        """Prepare builder and registry at the same time.

        The versions are only for the log, so they are read beside the slower of the two and nothing waits for them.
        """
        plan = self._context.plan
        registry = start(self._registry.prepare)
        step = plan.prepare.builder
        builder = start(lambda: self._builder.prepare(step)) if step else None
        is_first = True
        both: list[Future[Any]] = [registry, *([builder] if builder else [])]
        for future in as_completed(both):
            future.result()
            is_all_reused = future is registry and len(registry.result().reused) == len(plan.targets)
            if is_all_reused and not plan.finish.remove_builder:
                break  # nothing is built, so the builder is not needed
            if is_first:
                start(self._show_versions)
            is_first = False
        ready = builder.result() if builder and builder.done() else ReadyBuilder()
        return registry.result(), ready

    def _show_versions(self) -> None:
        command = self._context.plan.prepare.versions.command
        versions = self._context.recovery.run("docker", lambda: self._context.runtime.run(command, phase="daemon"))
        self._context.log.info(versions.strip(), phase="docker")

    def _build_images(self, registry: RegistryState, builder: ReadyBuilder) -> list[BuiltImage]:
        """Return an image for each target: reused, built, or assembled from existing parts."""
        plan, journal = self._context.plan, self._context.journal
        images = []
        for target in plan.targets:
            if found := registry.reused.get(target.name):
                journal.built(target, found.digest, reused=True)
                images.append(BuiltImage(target=target, digest=found.digest))
            elif not target.build:
                images.append(self._build.assembled(target, [part.digest for part in target.parts]))
        missing = [target for target in plan.targets if target.build and target.name not in registry.reused]
        if plan.build and missing:
            begin = self._context.clock()
            self._native = completed(builder.native) if builder.native else None
            images += self._build.build(plan.build, missing, builder, registry)
            step = plan.prepare.builder
            if step and not self._native and self._context.clock() - begin >= _LONG_BUILD:
                self._native = start(lambda: self._builder.native(step))
            for target in missing:
                if unpack := target.unpack:
                    self._context.recovery.run("unpack", lambda: self._unpack(unpack.archive, unpack.layout))
        return images

    def _unpack(self, archive: str, layout: str) -> None:
        self._context.runtime.unpack(archive, layout)

    def _verify(self, built: BuiltImage) -> VerifiedImage:
        image = verify(self._context, built.target, built.digest)
        if step := built.target.replace:
            self._context.runtime.replace(step.fresh, step.layout)
        return image

    def _publish(
        self, verified: Sequence[tuple[Target, VerifiedImage]], registry: RegistryState
    ) -> list[tuple[Target, VerifiedImage]]:
        existing = {name: found.digests for name, found in registry.existing.items()}
        return publish(self._context, verified, existing, lambda target, digest: verify(self._context, target, digest))

    def _finish(self, verified: Sequence[tuple[Target, VerifiedImage]]) -> None:
        finish, journal = self._context.plan.finish, self._context.journal
        if finish.remove_builder:
            with journal.timed("clean up"):
                self._builder.remove(finish.remove_builder, seconds=_REMOVAL_SECONDS)
        if step := finish.deploy_files:
            with journal.timed("deploy-files"):
                rendered = render_deploy_files(step, {target.name: image.digest for target, image in verified})
                self._context.runtime.write_files(step.folder, {name: text.encode() for name, text in rendered.items()})
                self._context.log.info(f"written to {step.folder}: {', '.join(rendered)}", phase="deploy-files")

    def _clean_up(self, error: BaseException) -> None:
        """Remove the builder of a failed run unless it is kept; its creation may still be running."""
        step = self._context.plan.finish.remove_builder
        if not step:
            return
        seconds = _LAST_SECONDS if isinstance(error, InterruptedRunError) else _REMOVAL_SECONDS
        try:
            self._builder.remove(step, seconds=seconds)
        except InterruptedRunError:
            self._builder.remove(step, seconds=_LAST_SECONDS)
            raise

    def _log_in_again(self) -> None:
        for step in self._context.plan.prepare.logins:
            self._registry.log_in(step, fresh=True)

    def _repair_builder(self) -> None:
        if step := self._context.plan.prepare.builder:
            self._builder.repair(step)
