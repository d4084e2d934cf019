"""Points tags at verified images, and reads every tag back after writing it.

A registry has no conditional writes, so two runs can write one tag at the same time. A pinned tag is read right before
it is written, and again a little later: runs of one commit then agree on the image that the commit tag points to, and
the rest of the run is about that image. A floating tag only moves forward: after an older build moved it back, it is
moved again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from multiarch.errors import OperationFailedError, RegistryError
from multiarch.failures import understand
from multiarch.futures import map_all
from multiarch.image.manifest import Manifest, short_digest
from multiarch.image.verify import VerifiedImage
from multiarch.plan.model import Target
from multiarch.plan.steps import Tag
from multiarch.record.outcome import PublishedTag
from multiarch.run.context import Context
from multiarch.run.stages.existing import other_settings
from multiarch.run.stages.order import describe_newer, is_newer

_Action = Literal["created", "moved", "unchanged", "kept"]
_Verify = Callable[[Target, str], VerifiedImage]

# The failure rule for a write to an existing immutable tag.
_EXISTS = "tag-immutable"
# Another run can read a tag before this run writes it, and write it afterwards. In between is one request of the other
# run, so this run waits longer than its own requests took, and longest for a pinned tag. Seconds.
_PINNED_WAIT, _FLOATING_WAIT, _MOST_WAIT = 0.1, 0.02, 2.0
_ROUNDS = 3


def publish(
    context: Context,
    images: Sequence[tuple[Target, VerifiedImage]],
    existing: Mapping[str, Mapping[str, str]],
    verify: _Verify,
) -> list[tuple[Target, VerifiedImage]]:
    """Write the pinned tags of all images, then the floating tags; return the images that the tags point to.

    Args:
        context: the run.
        images: all verified images.
        existing: by target, the digests of its tags before the build; these images can be replaced.
        verify: verifies the image of another run of this commit that published it during this run.

    Raises:
        RegistryError: another commit took a pinned tag during this run, or a tag changes after every write.
        MultiarchError: the registry failed.
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
        image: the image that the tags point to; another run's image if that run was faster.
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
        """Write the pinned tags: the commit tag first, because other runs look for it."""
        for steps in (self._pinned[:1], self._pinned[1:]):
            map_all(self._pin, steps)

    def agree(self) -> None:
        """Read the pinned tags back until all point to one image, of this run or of another run of this commit."""
        for _ in range(_ROUNDS):
            if not any(step.tag in self._written for step in self._pinned):
                return
            self._wait(_PINNED_WAIT)
            if self._is_agreed():
                return
            map_all(self._repin, self._pinned)
        raise self._unsettled(self._pinned)

    def move(self) -> None:
        """Move the floating tags to the image, except tags that point to a newer image."""
        map_all(self._move, self._floating)

    def settle(self) -> None:
        """Read the written tags back, and write those again that an older build overwrote."""
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
        """Return whether all pinned tags point to the image; if another run wrote the commit tag, use its image."""
        found = map_all(self._read_back, self._pinned)
        for step, current in zip(self._pinned[:1], found, strict=False):
            if current.digest not in (self.image.digest, self._existing.get(step.tag)):
                self._check_commit(step, current)
                self._adopt(step, current)
        return all(current.digest == self.image.digest for current in found)

    def _adopt(self, step: Tag, current: Manifest) -> None:
        """Use another run's image instead of this run's.

        Raises:
            RegistryError: the image of the other run is not the one that this run is for.
        """
        name = step.repository.tagged(step.tag)
        text = f"kept tag {step.tag} of another build of this commit: {short_digest(current.digest)}"
        self._context.journal.warn("tag", text)
        try:
            self.image = self._verify(self.target, current.digest)
            self._check_settings(current)
        except RegistryError as error:
            msg = f"another build of this commit published {name} during this run, and {error.message}"
            hint = "build a commit once for all its platforms, or use a tag per build: --commit-tag TAG"
            raise RegistryError(msg, hint=hint) from None
        self._note(step, "unchanged", "")

    def _check_settings(self, current: Manifest) -> None:
        reuse = self.target.reuse
        if reuse and (other := other_settings(current, reuse.fingerprint)):
            msg = f"the image was built with other settings: {', '.join(other)}"
            raise RegistryError(msg)

    def _pin(self, step: Tag) -> None:
        """Write a pinned tag, unless another run of this commit wrote it first."""
        self._write_pinned(step, is_agreed=False)

    def _repin(self, step: Tag) -> None:
        """Write a pinned tag that does not point to the image that the runs of this commit agreed on."""
        self._write_pinned(step, is_agreed=True)

    def _write_pinned(self, step: Tag, *, is_agreed: bool) -> None:
        """Write a pinned tag unless it points to the image already.

        Args:
            step: the tag.
            is_agreed: the tag is moved from another image of this commit, too.
        """

        def attempt() -> tuple[_Action, str] | None:
            current = self._read(step)
            if current and current.digest == self.image.digest:
                # The answer to an earlier write can be lost: then the tag is correct already.
                return ("created" if step.tag in self._written else "unchanged"), ""
            self._written[step.tag] = step
            if current and current.digest != self._existing.get(step.tag):
                self._check_commit(step, current)
                if not is_agreed:
                    return None
            try:
                self._write(step)
            except OperationFailedError as error:
                # A registry rejects every write to an existing immutable tag, also with the same digest.
                again = self._read(step) if understand(error).rule == _EXISTS else None
                if not again:
                    raise
                if again.digest != self.image.digest:
                    self._check_commit(step, again)
                    return None
            return ("moved", current.digest) if current else ("created", "")

        outcome = self._context.recovery.run("tag", attempt)
        if outcome:
            self._note(step, *outcome)

    def _move(self, step: Tag) -> None:
        """Move a floating tag forward, and read it before each write."""

        def attempt() -> tuple[_Action, str]:
            begin = self._context.clock()
            current = self._read(step)
            before = self._before.setdefault(step.tag, current.digest if current else "")
            if current and current.digest == self.image.digest:
                is_written = step.tag in self._written
                return ("moved" if before else "created") if is_written else "unchanged", before if is_written else ""
            if current and is_newer(self._context.runtime, current, step):
                text = f"{step.tag} not moved: it already points to {describe_newer(step, current)}"
                self._context.journal.warn("tag", text)
                self._written.pop(step.tag, None)
                return "kept", ""
            self._written[step.tag] = step
            self._write(step)
            self._slowest = max(self._slowest, self._context.clock() - begin)
            return ("moved" if before else "created"), before

        self._note(step, *self._context.recovery.run("tag", attempt))

    def _is_lost(self, step: Tag) -> bool:
        """Return whether a floating tag must be written again."""
        current = self._read_back(step)
        if current.digest == self.image.digest:
            return False
        if current.digest == self._before.get(step.tag):
            return True  # the write had no effect
        newer = is_newer(self._context.runtime, current, step)
        if newer is False:
            text = f"retrying tag {step.tag}, because an older build moved it to {short_digest(current.digest)}"
            self._context.journal.warn("tag", text)
            return True
        image = describe_newer(step, current) if newer else f"another image, {short_digest(current.digest)}"
        self._context.journal.warn("tag", f"another build moved tag {step.tag} to {image}")
        return False

    def _check_commit(self, step: Tag, current: Manifest) -> None:
        """Raise RegistryError if a pinned tag points to another commit's image."""
        is_same_commit = step.commit is not None and current.revision == step.commit.sha
        # The commit tag contains the commit's digits, so an image without a recorded commit is of this commit.
        if is_same_commit or (step is self._pinned[0] and not (current.revision and step.commit)):
            return
        name = step.repository.tagged(step.tag)
        owner = f"for commit {current.revision[:12]}" if current.revision else "with another image"
        digests = f"{short_digest(current.digest)}; the image of this build is {short_digest(self.image.digest)}"
        msg = f"another build published {name} {owner} during this run: {digests}"
        raise RegistryError(
            msg, hint="publish the image of this build under another tag: --commit-tag TAG or --tag TAG"
        )

    def _unsettled(self, steps: Sequence[Tag]) -> RegistryError:
        names = ", ".join(step.repository.tagged(step.tag) for step in steps)
        msg = f"{names} does not stay at {short_digest(self.image.digest)} after {_ROUNDS} writes"
        return RegistryError(
            msg, hint="check for other builds that write the tag, and for a registry that loses writes"
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
            self._context.log.info(f"{tag.action} {tag.reference}", phase="tag")
