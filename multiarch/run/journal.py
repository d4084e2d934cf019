"""Notes what a run has done so far, also for the record of a run that ends early."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from multiarch.errors import InterruptedRunError, MultiarchError
from multiarch.image.verify import VerifiedImage
from multiarch.log import Log
from multiarch.plan.model import Plan, Target
from multiarch.record.outcome import ImageOutcome, Outcome, PublishedTag, Retry, RunPhase, RunStatus, failure_of
from multiarch.record.steps import Interval


class Journal:
    """The notes of one run: its stages write them, its record reads them.

    Attributes:
        seconds: since the run began.
    """

    def __init__(self, plan: Plan, log: Log, *, clock: Callable[[], float], begin: float) -> None:
        self._log = log
        self._clock = clock
        self._begin = begin
        self._phases: list[RunPhase] = []
        self._warnings: list[str] = []
        self._retries: list[Retry] = []
        self._images = {target.name: _unfinished(target) for target in plan.targets}
        self._end: float | None = None
        self._failure: MultiarchError | InterruptedRunError | None = None
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """The seconds since the run began; until it ended, once it has, so that every view has the same."""
        return self._clock() - self._begin if self._end is None else self._end

    @property
    def phases(self) -> tuple[RunPhase, ...]:
        return tuple(self._phases)

    def warn(self, phase: str, text: str) -> None:
        self._warnings.append(text)
        self._log.warning(text, phase=phase)

    def retry(self, retry: Retry) -> None:
        self._retries.append(retry)
        self._log.warning(retry.as_line(), phase=retry.step)

    def built(self, target: Target, digest: str, *, reused: bool = False) -> None:
        """Note an image that is not verified yet."""
        status: RunStatus = "reused" if reused else "built" if target.repository else "local"
        self._note(target, status=status, digest=digest, image=_image(target, digest))

    def verified(self, target: Target, image: VerifiedImage) -> None:
        self._note(target, digest=image.digest, image=_image(target, image.digest), platforms=image.platforms)

    def published(self, target: Target, tag: PublishedTag) -> bool:
        """Note a tag, in the order of the plan; return whether it is the first note of this tag."""
        with self._lock:
            known = {each.tag: each for each in self._images[target.name].tags}
            # A tag that was moved twice keeps its first `previous`.
            is_new = tag.tag not in known
            if is_new or tag.action in ("unchanged", "kept"):
                known[tag.tag] = tag
            order = [step.tag for step in target.publish]
            self._note(target, tags=tuple(sorted(known.values(), key=lambda each: order.index(each.tag))))
        return is_new

    def end(self, failure: MultiarchError | InterruptedRunError | None = None) -> None:
        """Note that the run has ended: with a failure, or because every step succeeded."""
        self._end, self._failure = self.seconds, failure

    def outcome(self) -> Outcome:
        images, failure = tuple(self._images.values()), self._failure
        is_done = self._end is not None and not failure
        status: RunStatus = "unfinished"
        if is_done:
            status = next((each.status for each in images if each.status != "reused"), "reused")
        elif failure:
            status = "interrupted" if isinstance(failure, InterruptedRunError) else "failed"
        return Outcome(
            status=status,
            images=images if is_done else tuple(replace(each, status="unfinished") for each in images),
            failure=failure_of(failure) if failure else None,
            retries=tuple(self._retries),
            warnings=tuple(self._warnings),
            seconds=round(self.seconds, 2),
        )

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Note how long a phase takes; a phase that follows itself is noted once."""
        begin = self.seconds
        try:
            yield
        finally:
            last = self._phases[-1] if self._phases else None
            if last and last.name == phase:
                begin = last.interval.start
                self._phases.pop()
            interval = Interval(start=round(begin, 3), end=round(self.seconds, 3))
            self._phases.append(RunPhase(name=phase, interval=interval))

    def _note(self, target: Target, **fields: object) -> None:
        self._images[target.name] = replace(self._images[target.name], **fields)  # type: ignore[arg-type]  # its own


def _unfinished(target: Target) -> ImageOutcome:
    return ImageOutcome(name=target.name, repository=str(target.repository or ""), status="unfinished")


def _image(target: Target, digest: str) -> str:
    if target.replace:
        return target.replace.layout
    return target.repository.at(digest) if target.repository else ""
