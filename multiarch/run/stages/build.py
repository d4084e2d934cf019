"""Builds all targets of a run in one bake, and pushes an index for an image of several parts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from multiarch.errors import BuilderError, FailureClass, MultiarchError, OperationFailedError
from multiarch.failures import understand
from multiarch.image.manifest import make_index, short_digest
from multiarch.plan.build.cache.move import Move, move_all, move_entries
from multiarch.plan.model import Target
from multiarch.plan.steps import Assemble, Build
from multiarch.record import BuildReader, EventLog, ImageInfo, Record, RunInfo, make_record
from multiarch.record.steps import in_file
from multiarch.run.context import Context
from multiarch.run.stages.builder import ReadyBuilder
from multiarch.run.stages.registry import RegistryState
from multiarch.text.redaction import Redaction

_RETRIED = (FailureClass.AUTH_EXPIRED, FailureClass.TRANSIENT, FailureClass.THROTTLED)
# The failure rule for a 403 without a cause.
_DENIED = "registry-forbidden"
# Lines of the failed step's output to log.
_OUTPUT_LINES = 20


@dataclass(frozen=True, kw_only=True)
class BuiltImage:
    """An image that exists by digest, and has no tag of this run yet: built, assembled, or reused."""

    target: Target
    digest: str


class BuildStage:
    """Builds, and keeps BuildKit's events of the last attempt.

    Attributes:
        about: the head of the record, with the caches that are really written.
        reader: the events of the last attempt; None before the first one.
        attempts: the number of attempts.
    """

    def __init__(self, context: Context, about: RunInfo, events: EventLog | None, redaction: Redaction | None) -> None:
        self._context = context
        self._redaction = redaction
        self._events = events
        self.about = about
        self.reader: BuildReader | None = None
        self.attempts = 0

    def begin(self) -> None:
        if self._events:
            self._events.begin(self.about)

    def build(
        self, step: Build, targets: Sequence[Target], builder: ReadyBuilder, registry: RegistryState
    ) -> list[BuiltImage]:
        """Build these targets in one bake.

        Raises:
            MultiarchError: the build failed.
        """
        step = self._adapted(step, targets, builder, registry)
        self._context.log.info(f"building for {', '.join(map(str, _platforms(targets)))}", phase="build")
        for target in targets:
            if target.build and target.build.archive:
                self._context.runtime.make_parent(target.build.archive)
        metadata = self._bake(step)
        digests = {part: _digest(metadata.get(part.name)) for target in targets for part in target.parts}
        if not all(digests.values()):
            msg = "buildx succeeded, but reported no digest"
            raise BuilderError(msg, hint="update buildx: version 0.11 or later writes the digest to its metadata file")
        self._warn_of_cache()
        return [self.assembled(target, [digests[part] for part in target.parts]) for target in targets]

    def assembled(self, target: Target, digests: Sequence[str]) -> BuiltImage:
        """Return the image of a target whose parts exist by digest, in the registry or in an archive."""
        digest = self._assemble(target.assemble, target, digests) if target.assemble else digests[0]
        self._context.journal.built(target, digest)
        return BuiltImage(target=target, digest=digest)

    def record(self) -> Record:
        """Return the record of the last attempt, also of a failed one."""
        return make_record(self.reader, run=self.about)

    def _bake(self, step: Build) -> Mapping[str, object]:
        definition = json.dumps(step.definition).encode()

        def bake() -> Mapping[str, object]:
            self.attempts += 1
            if self._events:
                self._events.attempt(self.attempts)
            self.reader = BuildReader(self.about, self._events, self._redaction)
            try:
                return self._context.runtime.bake(step.command, definition, self.reader)
            except OperationFailedError as error:
                lines = [*self.reader.text, *error.lines]
                failed = OperationFailedError(error.phase, lines, steps=self.reader.failed_steps())
                raise self._expired_login(failed) or failed from None

        try:
            return self._context.recovery.run("build", bake)
        except MultiarchError as error:
            self._show_failed_step()
            platforms = self._context.runtime.builder_platforms(step.builder) if isinstance(error, BuilderError) else ()
            if platforms:
                error.hint = f"{error.hint}\nbuilder {step.builder} supports {', '.join(platforms)}"
            raise

    def _adapted(self, step: Build, targets: Sequence[Target], builder: ReadyBuilder, registry: RegistryState) -> Build:
        """Return the build step with only the chosen targets, and with cache tags that can be overwritten."""
        journal = self._context.journal
        for warning in registry.cache_warnings:
            journal.warn("cache", warning)
        shares = [target.build for target in targets if target.build]
        is_overwritten = any(share.is_shared and share.cache_to for share in shares)
        if len(builder.nodes) > 1 and is_overwritten and len(_platforms(targets)) > 1:
            # https://github.com/docker/buildx/issues/1044
            nodes = f"builder {step.builder} has {len(builder.nodes)} nodes, which overwrite each other's cache"
            journal.warn("cache", f"{nodes}. To keep the cache of every platform: --cache-per-platform")
        built = [target.name for target in targets]
        images = tuple(_as_built(image, built, registry.moves) for image in self.about.images)
        if self.about.images != images:
            self.about = replace(self.about, images=images)
            self.begin()
        chosen = step.only([share.name for share in shares])
        return replace(chosen, definition=move_all(step.definition, registry.moves))

    def _assemble(self, step: Assemble, target: Target, digests: Sequence[str]) -> str:
        """Push one index of all parts, and return its digest."""

        def push() -> str:
            parts = zip(target.parts, digests, strict=True)
            found = {part.platforms[0]: self._context.read(step.repository, None, digest) for part, digest in parts}
            index = make_index(found, step.annotations)
            self._context.runtime.tag(step.repository, index.digest, index)
            return index.digest

        digest = self._context.recovery.run("push", push)
        self._context.log.info(f"pushed index of {len(digests)} images: {short_digest(digest)}", phase="build")
        return digest

    def _warn_of_cache(self) -> None:
        use = self.record().cache_use
        if use and (reason := use.export_error):
            found = self._context.diagnose(understand(OperationFailedError("cache-export", [reason])))
            text = f"cache export failed, the image is not affected: {reason}"
            self._context.journal.warn("cache", "; ".join(filter(None, (text, found))))

    def _expired_login(self, failed: OperationFailedError) -> OperationFailedError | None:
        """Return the error of an expired login behind a 403 without a body, as HEAD gets: read a manifest to see it."""
        found = understand(failed)
        for target in self._context.plan.targets:
            repository = target.repository
            if not repository or found.rule != _DENIED or repository.registry.host not in found.line:
                continue
            try:
                self._context.runtime.manifest(repository, None, target.commit_tag)
            except OperationFailedError as error:
                # A permanent failure of this request shows nothing about the login.
                return error if understand(error).failure_class in _RETRIED else None
            return None
        return None

    def _show_failed_step(self) -> None:
        failed = self.record().failed_step
        if failed:
            place = in_file(self.about.dockerfile, failed.line)
            lines = [
                f"failed: {failed.title}{place}",
                *(f"  {line}" for line in failed.output[-_OUTPUT_LINES:]),
                failed.error,
            ]
            self._context.log.error("\n".join(lines), phase="build")


def _as_built(image: ImageInfo, built: Sequence[str], moves: Sequence[Move]) -> ImageInfo:
    """Return an image with the caches that it gets, and without parts if it is not built."""
    return replace(
        image,
        parts=image.parts if image.name in built else (),
        cache_from=tuple(move_entries(image.cache_from, moves, is_written=False)),
        cache_to=tuple(move_entries(image.cache_to, moves, is_written=True)),
    )


def _platforms(targets: Sequence[Target]) -> list[object]:
    return list(dict.fromkeys(platform for target in targets for platform in target.platforms))


def _digest(fields: object) -> str:
    return str(fields.get("containerimage.digest", "")) if isinstance(fields, Mapping) else ""
