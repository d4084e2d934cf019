"""The outcome of a run: status, images, tags, retries and failure. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from multiarch.errors import FailureClass, FailurePhase, InterruptedRunError, MultiarchError
from multiarch.image.manifest import PlatformImage
from multiarch.record.steps import Interval

RunStatus = Literal["built", "reused", "local", "ended", "failed", "interrupted", "unfinished"]


@dataclass(frozen=True, kw_only=True)
class RunPhase:
    """A part of the run: prepare, build, verify, tag, clean up, deploy-files."""

    name: str
    interval: Interval


@dataclass(frozen=True, kw_only=True)
class PublishedTag:
    """The outcome of a tag.

    Attributes:
        action: kept: the tag names a newer commit, so it did not move.
        previous: the digest that the tag pointed to before; empty if the tag did not exist.
    """

    tag: str
    reference: str
    action: Literal["created", "moved", "unchanged", "kept"]
    previous: str


@dataclass(frozen=True, kw_only=True)
class Retry:
    """A further attempt of a phase, and the seconds before it."""

    step: str
    cause: str
    attempt: int
    attempts: int
    wait: float

    def as_line(self) -> str:
        """Return the line that the log has for it."""
        return f"retrying {self.step} in {self.wait:.1f} s (attempt {self.attempt} of {self.attempts}): {self.cause}"


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a run failed. The diagnosis is None if no operation failed, as with a setting or a missing platform.

    Attributes:
        type: the name of the error's class.
        message: what went wrong.
        fix: what to do about it; may have several lines, or be empty.
        exit_code: of the process.
        class_: what can be done about the failure of this class.
        phase: where it failed.
        rule: the failure rule that decided; `unknown` if none did.
        cause: what went wrong, by the rule.
        output: the line of the output that decided.
    """

    type: str
    message: str
    fix: str
    exit_code: int
    class_: FailureClass | None = None
    phase: FailurePhase | None = None
    rule: str | None = None
    cause: str | None = None
    output: str | None = None

    @property
    def more(self) -> tuple[str, ...]:
        """The lines below the message: the fix after its label, and the output unless the message contains it."""
        output = self.output if self.output and self.output not in self.message else ""
        return (*_labeled(self.fix.splitlines()), *([f"output: {output}"] if output else []))


def _labeled(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a fix after `fix:`, aligned; a line of AWS has its own label."""
    label = "fix: "
    for line in filter(None, lines):
        if line.startswith("AWS reports: "):
            yield line
        else:
            yield f"{label}{line}"
            label = " " * len(label)


def failure_of(error: MultiarchError | InterruptedRunError) -> Failure:
    found = error.diagnosis
    return Failure(
        type=type(error).__name__,
        message=error.message,
        fix=error.hint,
        exit_code=error.exit_code,
        class_=found.failure_class if found else None,
        phase=found.phase if found else None,
        rule=found.rule if found else None,
        cause=found.cause if found else None,
        output=found.line.strip() if found else None,
    )


@dataclass(frozen=True, kw_only=True)
class ImageOutcome:
    """The outcome of one image.

    Attributes:
        name: without the registry.
        repository: empty for a local build.
        status: built; reused: the registry had this commit's image; local: the image is in a folder; unfinished: the
            run ended before the image was done.
        image: the reference by digest, or the folder of the OCI layout; empty if there is no image.
        tags: the written or checked tags, in that order.
        platforms: the verified images, with their layers.
    """

    name: str
    repository: str = ""
    status: RunStatus = "unfinished"
    image: str = ""
    digest: str = ""
    tags: tuple[PublishedTag, ...] = ()
    platforms: tuple[PlatformImage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        status: built, reused or local, as the images; ended: all steps of a log of BuildKit alone succeeded;
            unfinished: the log is incomplete.
        images: one for each image of the plan.
        failure: None unless the run failed.
        retries: the further attempts.
        warnings: of the run, without BuildKit's.
        seconds: of the whole run, as far as known.
    """

    status: RunStatus
    images: tuple[ImageOutcome, ...] = ()
    failure: Failure | None = None
    retries: tuple[Retry, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def tags(self) -> tuple[PublishedTag, ...]:
        """The tags of all images."""
        return tuple(tag for image in self.images for tag in image.tags)

    @property
    def platforms(self) -> tuple[PlatformImage, ...]:
        """The platforms of all images."""
        return tuple(platform for image in self.images for platform in image.platforms)
