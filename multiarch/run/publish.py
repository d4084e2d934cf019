"""Points tags at verified images, and believes no write before it was read back.

A registry writes no tag on a condition, so two runs can write one tag at the same time. A pinned tag is read right
before it is written and again a little later: runs of one commit then agree on the image that the commit's tag ended
at, and everything that follows is about that image. A floating tag goes forward alone: where an older build wrote it
last, it is moved again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal

from multiarch.errors import OperationFailedError, RegistryError
from multiarch.failures import understand
from multiarch.futures import map_all
from multiarch.image.manifest import Manifest
from multiarch.image.verify import VerifiedImage
from multiarch.plan.model import Target
from multiarch.plan.steps import Tag
from multiarch.record.outcome import PublishedTag
from multiarch.run.context import Context
from multiarch.run.order import describe_newer, is_newer

_Action = Literal["created", "moved", "unchanged", "kept"]
_Verify = Callable[[Target, str], VerifiedImage]

# The failure rule for an immutable tag that is written again.
_EXISTS = "tag-immutable"
# Another run may have read a tag before this one wrote it, and write it afterwards. Between the two lies one request of
# the other run: this run waits as long as its own requests took, and more; longer for a tag that is written for good.
_PINNED_WAIT, _FLOATING_WAIT, _MOST_WAIT = 0.1, 0.02, 2.0
_ROUNDS = 3


def publish(
    context: Context,
    images: Sequence[tuple[Target, VerifiedImage]],
    existing: Mapping[str, Mapping[str, str]],
    verify: _Verify,
) -> list[tuple[Target, VerifiedImage]]:
    """Write the pinned tags of all images, then the floating ones; return the images that the tags ended at.

    Args:
        context: the run.
        images: verified, all of them.
        existing: by target, the digests that its tags had before the build: those may be replaced.
        verify: verifies the image of another run of this commit, which published it meanwhile.

    Raises:
        RegistryError: a pinned tag is another commit's meanwhile, or a tag does not stay where it was written.
        MultiarchError: the registry refused.
    """
    all_tags = [_Tags(context, target, image, existing.get(target.name, {}), verify) for target, image in images]
    for tags in all_tags:
        tags.pin()
    for tags in all_tags:
        tags.agree()
    for tags in all_tags:
        tags.move()
    for tags in all_tags:
        tags.settle()
    return [(tags.target, tags.image) for tags in all_tags]


class _Tags:
    """The tags of one image.

    Attributes:
        image: what the tags name; another run's, where that was quicker.
    """

    def __init__(
        self, context: Context, target: Target, image: VerifiedImage, existing: Mapping[str, str], verify: _Verify
    ) -> None:
        self.target = target
        self.image = image
        self._context = context
        self._existing = existing
        self._verify = verify
        self._pinned = [step for step in target.publish if not step.floating]
        self._floating = [step for step in target.publish if step.floating]
        self._written: dict[str, Tag] = {}
        self._before: dict[str, str] = {}
        self._slowest = 0.0

    def pin(self) -> None:
        """Write the pinned tags: the commit's first, since it is the name that the others are found by."""
        for steps in (self._pinned[:1], self._pinned[1:]):
            map_all(self._pin, steps)

    def agree(self) -> None:
        """Read the pinned tags back until all of them name one image, which may be another run's of this commit."""
        for _ in range(_ROUNDS):
            if not any(step.tag in self._written for step in self._pinned):
                return
            self._wait(_PINNED_WAIT)
            if self._is_agreed():
                return
            map_all(self._repin, self._pinned)
        raise self._unsettled(self._pinned)

    def move(self) -> None:
        """Move the floating tags to the image, those that name a newer one left out."""
        map_all(self._move, self._floating)

    def settle(self) -> None:
        """Read back everything that was written, and write again what an older build overwrote."""
        overtaken: list[Tag] = []
        for _ in range(_ROUNDS):
            moved = [step for step in self._floating if step.tag in self._written]
            if not moved:
                return
            self._wait(_FLOATING_WAIT)
            if any(step.tag in self._written for step in self._pinned) and not self._is_agreed():
                map_all(self._repin, self._pinned)
                self.agree()
            overtaken = [step for step, lost in zip(moved, map_all(self._is_lost, moved), strict=True) if lost]
            if not overtaken:
                return
            map_all(self._move, overtaken)
        raise self._unsettled(overtaken)

    def _is_agreed(self) -> bool:
        """Whether all pinned tags name the image; takes the image of the commit's tag where another run wrote it."""
        found = map_all(self._read_back, self._pinned)
        for step, there in zip(self._pinned[:1], found, strict=False):
            if there.digest not in (self.image.digest, self._existing.get(step.tag)):
                self._check_commit(step, there)
                self._adopt(step, there)
        return all(there.digest == self.image.digest for there in found)

    def _adopt(self, step: Tag, there: Manifest) -> None:
        name = step.repository.tagged(step.tag)
        text = f"{step.tag} was published by another build meanwhile: {there.digest} is kept"
        self._context.journal.warn("tag", text)
        try:
            self.image = self._verify(self.target, there.digest)
        except RegistryError as error:
            msg = f"{name} was published by another build of this commit meanwhile, and {error.message}"
            hint = "build all platforms of a commit in one run, or name each build apart: --commit-tag TAG"
            raise RegistryError(msg, hint=hint) from None
        self._note(step, "unchanged", "")

    def _pin(self, step: Tag) -> None:
        """Write a pinned tag; one that another run of this commit wrote meanwhile is left until the runs agree."""
        self._write_pinned(step, replaces=(self._existing.get(step.tag, ""),))

    def _repin(self, step: Tag) -> None:
        """Write a pinned tag that does not name the image that the runs of this commit agreed on."""
        self._write_pinned(step, replaces=None)

    def _write_pinned(self, step: Tag, *, replaces: Collection[str] | None) -> None:
        """Write a pinned tag unless it names the image already.

        Args:
            step: the tag.
            replaces: the digests that it may be moved from; None for those of all images of this commit.
        """

        def attempt() -> tuple[_Action, str] | None:
            there = self._read(step)
            if there and there.digest == self.image.digest:
                # The answer to an earlier write may be lost: then the tag is right already.
                return ("created" if step.tag in self._written else "unchanged"), ""
            self._written[step.tag] = step
            if there and there.digest != self._existing.get(step.tag):
                self._check_commit(step, there)
                if replaces is not None and there.digest not in replaces:
                    return None
            try:
                self._write(step)
            except OperationFailedError as error:
                # An immutable tag refuses to be written again, also with the digest that it has.
                again = self._read(step) if understand(error).rule == _EXISTS else None
                if not again:
                    raise
                if again.digest != self.image.digest:
                    self._check_commit(step, again)
                    return None
            return ("moved", there.digest) if there else ("created", "")

        outcome = self._context.recovery.run("tag", attempt)
        if outcome:
            self._note(step, *outcome)

    def _move(self, step: Tag) -> None:
        """Move a floating tag forward; it is read before each write."""

        def attempt() -> tuple[_Action, str]:
            begin = self._context.clock()
            there = self._read(step)
            before = self._before.setdefault(step.tag, there.digest if there else "")
            if there and there.digest == self.image.digest:
                is_ours = step.tag in self._written
                return ("moved" if before else "created") if is_ours else "unchanged", before if is_ours else ""
            if there and is_newer(self._context.runtime, there, step):
                text = f"{step.tag} stays where it is: it names {describe_newer(step, there)}"
                self._context.journal.warn("tag", text)
                self._written.pop(step.tag, None)
                return "kept", ""
            self._written[step.tag] = step
            self._write(step)
            self._slowest = max(self._slowest, self._context.clock() - begin)
            return ("moved" if before else "created"), before

        self._note(step, *self._context.recovery.run("tag", attempt))

    def _is_lost(self, step: Tag) -> bool:
        """Whether a floating tag that was written has to be written again."""
        there = self._read_back(step)
        if there.digest == self.image.digest:
            return False
        if there.digest == self._before.get(step.tag):
            return True  # the write had no effect
        newer = is_newer(self._context.runtime, there, step)
        if newer is False:
            text = f"{step.tag} was taken by an older build meanwhile, {there.digest}, and is moved again"
            self._context.journal.warn("tag", text)
            return True
        on = describe_newer(step, there) if newer else f"another image, {there.digest}"
        self._context.journal.warn("tag", f"{step.tag} has moved on, to {on}")
        return False

    def _check_commit(self, step: Tag, there: Manifest) -> None:
        """Refuse a pinned tag that was given to another commit since this run looked."""
        is_ours = step.commit is not None and there.revision == step.commit.sha
        # The commit's tag is made of the commit's digits: an image that does not say its commit can be of no other.
        if is_ours or (step is self._pinned[0] and not (there.revision and step.commit)):
            return
        name = step.repository.tagged(step.tag)
        of = f"commit {there.revision}" if there.revision else "another image"
        msg = f"{name} was published for {of} meanwhile: {there.digest}; this build's image is {self.image.digest}"
        raise RegistryError(msg, hint="the image that was built here does not have that name; give it another tag")

    def _unsettled(self, steps: Sequence[Tag]) -> RegistryError:
        names = ", ".join(step.repository.tagged(step.tag) for step in steps)
        msg = f"{names} does not stay at {self.image.digest}, which was written {_ROUNDS} times"
        return RegistryError(
            msg, hint="another build keeps writing the tag, or the registry does not keep what it accepts"
        )

    def _read(self, step: Tag) -> Manifest | None:
        return self._context.runtime.manifest(step.repository, None, step.tag)

    def _read_back(self, step: Tag) -> Manifest:
        return self._context.recovery.run("tag", lambda: self._context.read(step.repository, None, step.tag))

    def _write(self, step: Tag) -> None:
        begin = self._context.clock()
        self._context.runtime.tag(step.repository, step.tag, self.image.manifest)
        self._slowest = max(self._slowest, self._context.clock() - begin)

    def _wait(self, least: float) -> None:
        self._context.sleep(min(_MOST_WAIT, max(least, 2 * self._slowest)))

    def _note(self, step: Tag, action: _Action, previous: str) -> None:
        reference = step.repository.tagged(step.tag)
        previous = previous if action == "moved" else ""
        tag = PublishedTag(tag=step.tag, reference=reference, action=action, previous=previous)
        if self._context.journal.published(self.target, tag):
            self._context.log.info(f"{tag.reference} {tag.action}", phase="tag")
