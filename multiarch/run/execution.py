"""Carries a plan out, step by step, and says what came of it. No I/O of its own: that is the runtime's."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TypeVar, assert_never

from multiarch.errors import BuilderError, InterruptedRunError, MultiarchError, OperationFailedError, RegistryError
from multiarch.failures import Diagnosis, FailureClass
from multiarch.image.ecr import RepositoryFacts, create_command, let_move
from multiarch.image.manifest import Manifest, make_index
from multiarch.image.reference import Repository
from multiarch.image.verify import VerifiedImage, same_layers, verify_image
from multiarch.log import Log
from multiarch.plan.builder import REJECTED_HINT, BuilderAction, Node, decide, native_platforms, parse_inspect
from multiarch.plan.cache.move import Move, move_all, move_cache, move_entries, move_warnings
from multiarch.plan.deploy_files import render_deploy_files
from multiarch.plan.steps import (
    Assemble,
    Build,
    EnsureBuilder,
    FindRepository,
    Login,
    Plan,
    RemoveBuilder,
    Replace,
    Reuse,
    ShowVersions,
    Step,
    Tag,
    Unpack,
    Verify,
    WriteDeployFiles,
)
from multiarch.record import BuildReader, EventLog, Record, RunInfo, make_record, masked
from multiarch.record.outcome import Failure, Outcome, Retry, RunPhase, RunStatus
from multiarch.record.steps import Interval
from multiarch.report.breakdown import breakdown_of
from multiarch.report.breakdown.hints import in_file
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.run.aws_diagnosis import diagnose_with_aws
from multiarch.run.publish import Publisher
from multiarch.run.recovery import Recovery, understand
from multiarch.run.result import Result, cache_as_text
from multiarch.run.runtime import Runtime
from multiarch.run.threads import at_once, map_all, start
from multiarch.text.redaction import Redaction

_Outcome = TypeVar("_Outcome")

_Step = TypeVar("_Step")

_EXISTS = "existing instance for"

_NO_BUILDER = "no builder "

# Its state may be many gigabytes; whoever interrupts a run does not wait for that.
_REMOVAL_SECONDS = 120.0

_LAST_SECONDS = 5.0

_MAY_PASS = (FailureClass.AUTH_EXPIRED, FailureClass.TRANSIENT, FailureClass.THROTTLED)

# Lines of the failed step's output that end the log.
_SHOWN = 20

# Seconds of a build after which it is found out what was emulated, and that the answer has, beside the rest of the run.
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
    ) -> None:
        """Prepare.

        Args:
            plan: what is to be done.
            runtime: the world.
            log: is told what happens.
            clock: tells the seconds.
            sleep: waits for some seconds.
            begin: the clock's time when the run began, for its deadline: something may have been tried already.
            about: what the record says of the run before it begins.
            events: is given the build's events, to keep them.
        """
        self._plan = plan
        self._runtime = runtime
        self._log = log
        self._clock = clock
        self._start = clock()
        self._begin = self._start if begin is None else begin
        self._about = about or RunInfo()
        self._events = events
        self._phases: list[RunPhase] = []
        self._tries = 0
        self._native: tuple[str, ...] = ()
        self._asked: SimpleQueue[BaseException | None] | None = None
        self._failure: MultiarchError | InterruptedRunError | None = None
        self._result: Result | None = None
        self._retries: list[Retry] = []
        self._warnings: list[str] = []
        self._reader: BuildReader | None = None
        self._digest = ""
        self._nodes: tuple[Node, ...] = ()
        self._moves: list[Move] = []
        self._cache_warnings: list[str] = []
        self._parts: list[str] = []
        self._cache_to: tuple[str, ...] = ()
        self._reused = False
        self._facts: RepositoryFacts | None = None
        self._image: VerifiedImage | None = None
        fixes = {
            FailureClass.AUTH_EXPIRED: lambda: self._each(Login, lambda step: self._log_in(step, fresh=True)),
            FailureClass.BUILDER_LOST: lambda: self._each(EnsureBuilder, self._repair_builder),
        }
        self._recovery = Recovery(
            plan.retry,
            fixes=fixes,
            announce=self._announce,
            evidence=self._evidence,
            sleep=sleep,
            clock=clock,
            begin=begin,
        )
        self._publisher = Publisher(runtime, self._recovery.run, warn=self._warn, clock=clock, sleep=sleep)

    def run(self) -> Result:
        """Carry out every step.

        Raises:
            MultiarchError: a step failed for good; nothing that was not verified has a published name.
        """
        if self._events:
            self._events.begin(self._about)
        try:
            self._result = self._carry_out()
        except (MultiarchError, InterruptedRunError) as error:
            self._failure = error
            for line in breakdown_as_text(breakdown_of(self._record())):
                self._log.info(line, phase="breakdown")
            raise
        return self._result

    def record(self, redaction: Redaction) -> Record:
        """Return what the run did, however far it got, without secrets."""
        return masked(self._record(), redaction.clean)

    def _record(self) -> Record:
        if self._asked:
            with suppress(Empty):
                self._asked.get(timeout=_ANSWER_SECONDS)
            self._asked = None
        return make_record(
            self._reader,
            run=self._about,
            phases=self._phases,
            outcome=self._outcome(),
            attempt=self._tries,
            native=self._native,
        )

    def _carry_out(self) -> Result:
        first = [step for step in self._plan.steps if _is_preparation(step)]
        for warning in self._plan.warnings:
            self._warn("plan", warning)
        try:
            with self._timed("prepare"):
                self._prepare(first)
            for step in self._plan.steps[len(first) :]:
                with self._timed(_phase(step)):
                    self._do(step)
        except BaseException as error:
            # Its making may still be under way beside what failed.
            seconds = _LAST_SECONDS if isinstance(error, InterruptedRunError) else _REMOVAL_SECONDS
            try:
                self._each(RemoveBuilder, lambda step: self._remove_builder(step, seconds=seconds))
            except InterruptedRunError:
                self._each(RemoveBuilder, lambda step: self._remove_builder(step, seconds=_LAST_SECONDS))
                raise
            raise
        return self._make_result()

    def _prepare(self, steps: Sequence[Step]) -> None:
        """Make the builder, and find out what the registry has: two things that need not wait for each other.

        Nothing waits for the versions: they are for whoever reads the log, and asked for beside the slower of the two.
        """
        versions = [step for step in steps if isinstance(step, ShowVersions)]
        builder = [step for step in steps if isinstance(step, EnsureBuilder)]
        registry = [step for step in steps if step not in versions and step not in builder]
        outcomes = at_once([builder, registry], self._do)
        is_kept = not any(isinstance(step, RemoveBuilder) for step in self._plan.steps)
        for error in outcomes:
            if error:
                raise error
            if self._reused and is_kept:
                return  # there is nothing to build, so nobody needs the builder that may still boot
            if versions:
                start([[versions.pop()]], self._do)

    def _do(self, step: Step) -> None:
        match step:
            case ShowVersions():
                said = self._try("docker", lambda: self._runtime.run(step.command, phase="daemon"))
                self._log.info(said.strip(), phase="docker")
            case Login():
                self._log_in(step, fresh=False)
            case FindRepository():
                self._find_repository(step)
            case EnsureBuilder():
                self._try("builder", lambda: self._ensure_builder(step))
            case Reuse():
                self._reuse(step)
            case Build():
                if not self._digest:
                    self._build(step)
            case Assemble():
                if not self._reused:
                    self._assemble(step)
            case Unpack():
                self._try("unpack", lambda: self._runtime.unpack(step.archive, step.layout))
            case Verify():
                self._verify(step)
            case Tag():
                self._tag(step)
            case Replace():
                self._runtime.replace(step.fresh, step.layout)
            case RemoveBuilder():
                self._remove_builder(step, seconds=_REMOVAL_SECONDS)
            case WriteDeployFiles():
                self._write_deploy_files(step)
            case _:
                assert_never(step)

    def _log_in(self, step: Login, *, fresh: bool) -> None:
        said = self._try("login", lambda: self._runtime.log_in(step.registry, fresh=fresh))
        self._log.info(said, phase="login")

    def _find_repository(self, step: FindRepository) -> None:
        """Find out whether a repository is there, and where its caches have to be."""
        state = self._runtime.find_repository(step.repository)
        if isinstance(state, RepositoryFacts):
            self._facts = state if step.holds_image else self._facts
            moves = (move_cache(step.repository, tag, state, self._plan.tags) for tag in step.cache_tags)
            found = [move for move in moves if move]
            self._moves += found
            if found:
                lost = [move.tag for move in found if not move.to]
                self._cache_warnings += move_warnings(found, let_move(step.repository, state, lost) if lost else "")
        elif state == "missing":
            registry, name = step.repository.registry, step.repository.name
            msg = f"the repository {name} does not exist in account {registry.account}, {registry.region}"
            command = create_command(step.repository)
            if step.holds_image:
                raise RegistryError(msg, hint=f"make it once, as that account: {command}")
            self._moves += [Move(repository=step.repository, tag=tag, to="") for tag in step.cache_tags]
            self._cache_warnings.append(f"no cache is written: {msg}; make it once: {command}")
        if step.holds_image and self._plan.source.is_dirty:
            self._check_moves()

    def _ensure_builder(self, step: EnsureBuilder) -> None:
        if step.create:
            try:
                self._runtime.run(step.create, phase="builder-create")
            except OperationFailedError as error:
                if _EXISTS not in str(error):
                    raise
            else:
                self._log.info(f"made {step.name}: {', '.join((step.driver, *step.options))}", phase="builder")
                return
        try:
            said = self._runtime.run(step.inspect, phase="builder-boot")
        except OperationFailedError as error:
            if not step.create:
                raise
            self._warn("builder", f"{step.name} does not boot, and is made anew: {_last(error.lines)}")
            self._recreate(step)
            return
        there = parse_inspect(said)
        self._native, self._nodes = native_platforms(said), there.nodes
        fate, reason = decide(step, there)
        if fate is BuilderAction.USE:
            self._log.info(f"took {step.name}, which was there", phase="builder")
        elif fate is BuilderAction.RECREATE:
            self._log.info(f"{step.name} is made anew, with its cache: {reason}", phase="builder")
            self._recreate(step)
        else:
            msg = f"the builder {step.name} is not the one that is wanted: {reason}"
            raise BuilderError(msg, hint=REJECTED_HINT)

    def _recreate(self, step: EnsureBuilder) -> None:
        assert step.create
        self._runtime.run(step.remove, phase="builder-create")
        self._runtime.run(step.create, phase="builder-create")

    def _repair_builder(self, step: EnsureBuilder) -> None:
        if step.create:
            self._ensure_builder(step)

    def _reuse(self, step: Reuse) -> None:
        """Find this commit's image in the registry: then nothing is to be built."""
        found = self._publisher.find(step, self._facts)
        if found:
            self._log.info(
                f"{step.repository.tagged(step.tags[0])} is there already: nothing to build", phase="registry"
            )
            self._digest = found.digest
        self._check_moves()
        self._reused = bool(found)

    def _check_moves(self) -> None:
        if self._facts:
            tags = [step for step in self._plan.steps if isinstance(step, Tag)]
            self._publisher.check_moves(tags, self._facts, self._digest)

    def _build(self, step: Build) -> None:
        step = self._adapted(step)
        definition = json.dumps(step.definition).encode()

        def bake() -> Mapping[str, object]:
            self._tries += 1
            if self._events:
                self._events.attempt(self._tries)
            self._reader = BuildReader(self._about, self._events)
            try:
                return self._runtime.bake(step.command, definition, self._reader)
            except OperationFailedError as error:
                lines = [*self._reader.failure_lines(), *error.lines]
                failed = OperationFailedError(error.phase, lines)
                raise self._ended_login(failed) or failed from None

        self._log.info(f"building for {', '.join(map(str, self._plan.platforms))}", phase="build")
        if step.archive:
            self._runtime.make_parent(step.archive)
        begin = self._clock()
        try:
            metadata = self._try("build", bake)
        except MultiarchError as error:
            self._show_failed_step()
            if isinstance(error, BuilderError) and (platforms := self._runtime.builder_platforms(step.builder)):
                error.hint = f"{error.hint}\nthe builder {step.builder} runs {', '.join(platforms)}"
            raise
        self._parts = [_digest(metadata.get(target)) for target in step.targets]
        self._digest = self._parts[0]
        if not all(self._parts):
            msg = "buildx ended well but names no digest"
            raise BuilderError(msg, hint="its metadata file has none; is it too old? buildx 0.11 and later write it")
        if not self._native and self._clock() - begin >= _LONG_BUILD:
            builders = [each for each in self._plan.steps if isinstance(each, EnsureBuilder)]
            self._asked = start([builders], self._find_native)
        use = self._build_record().cache_use
        if use and (reason := use.export_error):
            found = self._evidence(understand(OperationFailedError("cache-export", [reason])))
            text = f"the cache could not be written, the image is good: {reason}"
            self._warn("cache", "; ".join(filter(None, (text, found))))

    def _find_native(self, step: Step) -> None:
        """Find out which platforms ran without emulation: in a long build that is worth a command beside the rest."""
        assert isinstance(step, EnsureBuilder)
        self._native = native_platforms(self._runtime.run(step.inspect, phase="builder-boot"))

    def _build_record(self) -> Record:
        return make_record(self._reader, run=self._about)

    def _adapted(self, step: Build) -> Build:
        """Move caches to where they may be written, and say so; nothing is tried that cannot pass."""
        for warning in self._cache_warnings:
            self._warn("cache", warning)
        if len(self._nodes) > 1 and step.is_shared and step.cache_to and len(self._plan.platforms) > 1:
            # https://github.com/docker/buildx/issues/1044
            nodes = f"{step.builder} has {len(self._nodes)} nodes, which overwrite each other's cache"
            self._warn("cache", f"{nodes}: only one platform's is kept; --cache-per-platform keeps all of them")
        cache_to = move_entries(step.cache_to, self._moves, is_written=True)
        self._cache_to = tuple(cache_to)
        if self._about.cache_to != self._cache_to:
            self._about = replace(self._about, cache_to=self._cache_to)
            if self._events:
                self._events.begin(self._about)
        return replace(step, definition=move_all(step.definition, self._moves), cache_to=self._cache_to)

    def _assemble(self, step: Assemble) -> None:
        """Make one index of what the targets pushed, each for its platform."""

        def read(digest: str) -> Manifest:
            return self._read(step.repository, None, digest)

        def push() -> str:
            index = make_index(dict(zip(step.platforms, map(read, self._parts), strict=True)), step.annotations)
            self._runtime.tag(step.repository, index.digest, index)
            return index.digest

        self._digest = self._try("push", push)
        self._log.info(f"one index of {len(self._parts)} images: {self._digest}", phase="build")

    def _read(self, repository: Repository | None, layout: str | None, digest: str) -> Manifest:
        found = self._runtime.manifest(repository, layout, digest)
        if not found:
            raise OperationFailedError("manifest", [f"manifest unknown: {digest} cannot be read back: 404 Not Found"])
        return found

    def _evidence(self, diagnosis: Diagnosis) -> str:
        return diagnose_with_aws(self._plan, diagnosis, self._runtime.ask_aws)

    def _ended_login(self, failed: OperationFailedError) -> OperationFailedError | None:
        """Find out whether a 403 to a HEAD, whose answer has no words, is a login that has ended: ask once more."""
        repository, found = self._plan.repository, understand(failed)
        if not repository or repository.registry.host not in found.line or "HEAD request" not in found.line:
            return None
        try:
            self._runtime.manifest(repository, None, self._plan.commit_tag)
        except OperationFailedError as error:
            # Trouble of its own tells nothing of the login: it is what passes, and the next try asks once more.
            return error if understand(error).failure_class in _MAY_PASS else None
        return None

    def _show_failed_step(self) -> None:
        failed = self._build_record().failed_step
        if failed:
            place = in_file(self._about.dockerfile, failed.line)
            lines = [f"failed: {failed.title}{place}", *(f"  {line}" for line in failed.output[-_SHOWN:]), failed.error]
            self._log.error("\n".join(lines), phase="build")

    def _verify(self, step: Verify) -> None:
        def read(digest: str) -> Manifest:
            return self._read(step.repository, step.layout, digest)

        def verify() -> VerifiedImage:
            return verify_image(
                step.platforms,
                read(self._digest),
                manifest=read,
                config=lambda digest: self._runtime.blob(step.repository, step.layout, digest),
                map_all=map_all,
            )

        self._image = self._try("verify", verify)
        for image in self._image.platforms:
            self._log.info(f"{image.platform} is there: {image.digest}", phase="verify")
        if same := same_layers(self._image.platforms):
            names = " and ".join(map(str, same))
            self._warn("verify", f"{names} have the very same layers: does a FROM line name one platform?")

    def _tag(self, step: Tag) -> None:
        def adopt(digest: str) -> VerifiedImage:
            self._digest = digest
            self._verify(Verify(repository=step.repository, layout=None, platforms=self._plan.platforms))
            return self._image or image

        assert self._image
        image = self._image
        outcome, self._image = self._publisher.publish(step, image, adopt)
        self._log.info(f"{outcome.reference} {outcome.action}", phase="tag")
        if step is [each for each in self._plan.steps if isinstance(each, Tag)][-1]:
            self._publisher.settle(self._image)

    def _remove_builder(self, step: RemoveBuilder, *, seconds: float) -> None:
        try:
            self._runtime.run_last(step.command, phase="builder-create", seconds=seconds)
        except OperationFailedError as error:
            if _NO_BUILDER not in str(error):
                self._warn("builder", f"the builder is left behind: {_last(error.lines)}")

    def _write_deploy_files(self, step: WriteDeployFiles) -> None:
        assert self._image
        files = {name: text.encode() for name, text in render_deploy_files(step, self._image.digest).items()}
        self._runtime.write_files(step.folder, files)
        self._log.info(f"wrote {', '.join(files)} to {step.folder}", phase="deploy-files")

    def _make_result(self) -> Result:
        assert self._image
        repository = self._plan.repository
        layouts = [step.layout for step in self._plan.steps if isinstance(step, Replace)]
        record = self._record()
        result = Result(
            status="reused" if self._reused else "built" if repository else "local",
            image=repository.at(self._image.digest) if repository else layouts[0],
            digest=self._image.digest,
            commit=self._plan.commit.name if self._plan.commit else "",
            tags=self._publisher.outcomes,
            platforms=self._image.platforms,
            cache=record.cache_use,
            breakdown=breakdown_of(record),
            caches=record.caches,
            cache_to=self._cache_to,
            phases=_seconds_by_phase(self._phases),
            seconds=round(self._clock() - self._start, 2),
            retries=tuple(self._retries),
            warnings=tuple(self._warnings),
        )
        self._log.debug(cache_as_text(result), phase="cache")
        return result

    def _outcome(self) -> Outcome:
        result, failure = self._result, self._failure
        status: RunStatus = "unfinished"
        if result:
            status = result.status
        elif failure:
            status = "interrupted" if isinstance(failure, InterruptedRunError) else "failed"
        return Outcome(
            status=status,
            image=result.image if result else "",
            digest=self._digest,
            tags=self._publisher.outcomes,
            platforms=self._image.platforms if self._image else (),
            failure=_failure(failure) if failure else None,
            retries=tuple(self._retries),
            warnings=tuple(self._warnings),
            seconds=round(self._clock() - self._begin, 2),
        )

    def _try(self, name: str, operation: Callable[[], _Outcome]) -> _Outcome:
        return self._recovery.run(name, operation)

    def _each(self, kind: type[_Step], action: Callable[[_Step], object]) -> None:
        for step in self._plan.steps:
            if isinstance(step, kind):
                action(step)

    def _announce(self, retry: Retry) -> None:
        self._retries.append(retry)
        self._log.warning(retry.as_line(), phase=retry.step)

    def _warn(self, phase: str, text: str) -> None:
        self._warnings.append(text)
        self._log.warning(text, phase=phase)

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        begin = self._clock() - self._begin
        try:
            yield
        finally:
            end = self._clock() - self._begin
            last = self._phases[-1] if self._phases else None
            if last and last.name == phase:
                begin = last.interval.start
                self._phases.pop()
            self._phases.append(RunPhase(name=phase, interval=Interval(start=round(begin, 3), end=round(end, 3))))


def _failure(error: MultiarchError | InterruptedRunError) -> Failure:
    return Failure(type=type(error).__name__, message=error.message, hint=error.hint, exit_code=error.exit_code)


def _seconds_by_phase(phases: Sequence[RunPhase]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for phase in phases:
        found[phase.name] = round(found.get(phase.name, 0.0) + phase.interval.seconds, 2)
    return found


def _is_preparation(step: Step) -> bool:
    return isinstance(step, ShowVersions | Login | FindRepository | EnsureBuilder | Reuse)


def _phase(step: Step) -> str:
    match step:
        case Build() | Assemble() | Unpack():
            return "build"
        case Verify() | Replace():
            return "verify"
        case Tag():
            return "tag"
        case WriteDeployFiles():
            return "deploy-files"
        case _:
            return "clean up"


def _digest(said: object) -> str:
    return str(said.get("containerimage.digest", "")) if isinstance(said, Mapping) else ""


def _last(lines: Sequence[str]) -> str:
    return next((line.strip() for line in reversed(lines) if line.strip()), "no word")
