"""Names an image in the registry: finds what is there under a commit's names, and points tags at what was verified.

No I/O of its own: that is the runtime's. A name that does not move is never taken from another build's image. One that
moves goes forward alone; since a registry has no way to write a tag on a condition, it is read back afterwards.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, Protocol, TypeVar

from multiarch.errors import ConfigurationError, OperationFailedError, RegistryError
from multiarch.image.ecr import RepositoryFacts, let_move
from multiarch.image.manifest import Manifest, platform_of
from multiarch.image.reference import Repository
from multiarch.image.tags import is_later_version
from multiarch.image.verify import VerifiedImage, missing_platforms
from multiarch.plan.steps import Reuse, Tag
from multiarch.record.outcome import PublishedTag

_Outcome = TypeVar("_Outcome")
_Action = Literal["created", "moved", "unchanged", "kept"]

_AT_ONCE = 8
_EXISTS = "already exists"
# Another build may have read a tag before we wrote it, and write it afterwards: as long as we took for both, and more.
_LEAST_WAIT, _MOST_WAIT = 0.02, 2.0
_ROUNDS = 3


class ImageRegistry(Protocol):
    """What names need of the world; each raises OperationFailedError where the world does not do it."""

    def manifest(self, repository: Repository | None, layout: str | None, reference: str) -> Manifest | None:
        """Read a manifest from the registry."""

    def blob(self, repository: Repository | None, layout: str | None, digest: str) -> bytes:
        """Read a small blob."""

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        """Point a tag at a manifest."""

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        """Whether one commit is in the other's history; None where that cannot be told."""


class Attempt(Protocol):
    """Tries an operation as often as it can pass: `Recovery.run`."""

    def __call__(self, step: str, operation: Callable[[], _Outcome], /) -> _Outcome:
        """Carry it out."""


class Publisher:
    """The names of one run's image."""

    def __init__(
        self,
        registry: ImageRegistry,
        attempt: Attempt,
        *,
        warn: Callable[[str, str], None],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._registry = registry
        self._attempt = attempt
        self._warn = warn
        self._clock = clock
        self._sleep = sleep
        self._found: dict[str, str] = {}
        self._slowest = 0.0
        self._is_named = False
        self._moved: list[Tag] = []

    def find(self, step: Reuse, facts: RepositoryFacts | None) -> Manifest | None:
        """Find this commit's image under any of its names; another build's is never replaced unasked.

        Raises:
            ConfigurationError: a name is another image's, or one that is there is not what is wanted.
        """
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            read = pool.map(lambda tag: self._read(step.repository, tag, "registry"), step.tags)
            there = {tag: found for tag, found in zip(step.tags, read, strict=True) if found}
        self._found = {tag: found.digest for tag, found in there.items()}
        if not there:
            return None
        if step.if_exists == "rebuild":
            _check_rebuild(step, there, facts)
            return None
        _check_ours(step, there)
        tag, ours = next(iter(there.items()))
        image = step.repository.tagged(tag)
        if step.if_exists == "fail":
            msg = f"{image} is there already: {ours.digest}"
            raise ConfigurationError(msg, hint="--if-exists skip takes it as it is; rebuild replaces it")
        if lack := self._lack(step, ours):
            msg = f"{image} is there already, {lack}: {ours.digest}"
            raise ConfigurationError(msg, hint="--if-exists rebuild replaces it")
        return ours

    def _lack(self, step: Reuse, there: Manifest) -> str:
        """Say which platforms the image in the registry is not for; empty where it has all of them."""
        if there.is_index:
            missing = missing_platforms(step.platforms, there)
            return f"without {', '.join(map(str, missing))}" if missing else ""
        config = self._attempt("registry", lambda: self._registry.blob(step.repository, None, there.config))
        found = platform_of(config)
        if (found,) == step.platforms:
            return ""
        others = ", ".join(str(each) for each in step.platforms if each != found)
        return f"for {found or 'a platform that it does not name'} alone, without {others}"

    def check_moves(self, tags: Sequence[Tag], facts: RepositoryFacts, digest: str) -> None:
        """Find out before a long build whether the repository lets the tags move that are to be moved.

        Args:
            tags: all of the plan's.
            facts: what the repository is.
            digest: the image that is there already, empty where one is to be built.

        Raises:
            ConfigurationError: a tag is there, has to move, and may not.
        """
        for step in tags:
            if not step.floating or not facts.is_immutable(step.tag):
                continue
            there = self._read(step.repository, step.tag, "registry")
            let = f"let it: {let_move(step.repository, facts, [step.tag])}"
            if not there:
                self._warn("registry", f"{step.tag} will be written once and never move: {facts.shown()}; {let}")
            elif there.digest != digest and not self._is_newer(there, step):
                msg = f"{step.repository.tagged(step.tag)} cannot move from {there.digest}: tags are {facts.shown()}"
                raise ConfigurationError(msg, hint=f"{let}\nor leave it out: --tag '' names the commit alone")

    def publish(
        self, step: Tag, image: VerifiedImage, adopt: Callable[[str], VerifiedImage]
    ) -> tuple[PublishedTag, VerifiedImage]:
        """Point a tag at an image; return what happened, and the image that further tags are for.

        Args:
            step: which tag, and whether it moves.
            image: what was verified.
            adopt: verifies the image of another build of this commit, which was quicker to take the commit's name.

        Raises:
            RegistryError: a name that does not move was meanwhile given to another image.
        """
        if step.floating:
            action, previous = self._attempt("tag", self._moving(step, image.manifest))
            if action in ("created", "moved"):
                self._moved.append(step)
        else:
            there = self._read(step.repository, step.tag, "tag")
            if there and there.digest not in (image.digest, self._found.get(step.tag)):
                self._check_quicker(step, there, image)
                image, previous = adopt(there.digest), ""
                action = "unchanged"
            else:
                action, previous = self._attempt("tag", self._fixing(step, image.manifest, there))
        reference = step.repository.tagged(step.tag)
        outcome = PublishedTag(
            tag=step.tag, reference=reference, action=action, previous=previous if action == "moved" else ""
        )
        self._is_named = True
        return outcome, image

    def _check_quicker(self, step: Tag, there: Manifest, image: VerifiedImage) -> None:
        """Since this run began, another one has published the name."""
        name = step.repository.tagged(step.tag)
        if self._is_named or (there.revision and step.commit and there.revision != step.commit.sha):
            of = f"commit {there.revision}" if there.revision else "another image"
            msg = f"{name} was published for {of} meanwhile: {there.digest}; this build's image is {image.digest}"
            raise RegistryError(msg, hint="the image that was built here does not have that name; give it another tag")
        self._warn("tag", f"{step.tag} was published by another build meanwhile: {there.digest} is kept")

    def settle(self, tags: Sequence[Tag], image: VerifiedImage) -> None:
        """Read back those of an image's tags that moved, and move them again where an older build wrote them later."""
        steps = [step for step in self._moved if step in tags and (step.commit or step.version)]
        for _ in range(_ROUNDS):
            if not steps:
                return
            self._sleep(min(_MOST_WAIT, max(_LEAST_WAIT, 2 * self._slowest)))
            steps = [step for step in steps if self._was_overtaken(step, image)]
            for step in steps:
                self._attempt("tag", self._moving(step, image.manifest))

    def _was_overtaken(self, step: Tag, image: VerifiedImage) -> bool:
        there = self._read(step.repository, step.tag, "tag")
        if not there or there.digest == image.digest:
            return False
        is_newer = self._is_newer(there, step)
        if is_newer:
            self._warn("tag", f"{step.tag} has moved on, to {_newer(step, there)}")
        if is_newer is not False:
            return False
        self._warn("tag", f"{step.tag} was taken by an older build meanwhile, {there.digest}, and is moved again")
        return True

    def _moving(self, step: Tag, manifest: Manifest) -> Callable[[], tuple[_Action, str]]:
        """Return what moves a tag forward, and may be called again: it reads before each write.

        The answer to a try may be lost: then the tag is there already.
        """
        first: list[Manifest | None] = []

        def move() -> tuple[_Action, str]:
            begin = self._clock()
            there = self._registry.manifest(step.repository, None, step.tag)
            first.append(there)
            previous = first[0].digest if first[0] else ""
            if there and there.digest == manifest.digest:
                return ("unchanged", "") if len(first) == 1 else ("moved" if previous else "created", previous)
            if there and self._is_newer(there, step):
                self._warn("tag", f"{step.tag} stays where it is: it names {_newer(step, there)}")
                return "kept", ""
            self._registry.tag(step.repository, step.tag, manifest)
            self._slowest = max(self._slowest, self._clock() - begin)
            return "moved" if previous else "created", previous

        return move

    def _fixing(self, step: Tag, manifest: Manifest, seen: Manifest | None) -> Callable[[], tuple[_Action, str]]:
        """Return what gives the image a name for good, and may be called again: it reads before each further write."""
        reads: Iterator[Callable[[], Manifest | None]] = itertools.chain(
            [lambda: seen], itertools.repeat(lambda: self._registry.manifest(step.repository, None, step.tag))
        )

        def fix() -> tuple[_Action, str]:
            there = next(reads)()
            if there and there.digest == manifest.digest:
                return "unchanged" if seen is there else "created", ""
            try:
                self._registry.tag(step.repository, step.tag, manifest)
            except OperationFailedError as error:
                # An immutable tag refuses to be written once more, also with the digest that it has.
                again = next(reads)() if _EXISTS in str(error) else None
                if not again or again.digest != manifest.digest:
                    raise
            return "moved" if there else "created", there.digest if there else ""

        return fix

    def _is_newer(self, there: Manifest, step: Tag) -> bool | None:
        """Whether what a tag names is newer than our image; None where nothing tells.

        By version, else by history, else by time.
        """
        is_later = is_later_version(there.version, step.version)
        if is_later is not None and there.version != step.version:
            return is_later
        commit = step.commit
        if not commit or not there.revision or there.revision == commit.sha:
            return None
        is_ahead = self._registry.is_ancestor(commit.sha, there.revision)
        if is_ahead is None:
            theirs, ours = there.commit_time, commit.time
            return None if theirs is None or ours is None else _compared(theirs.timestamp(), ours)
        # Branches that went apart: neither is the other's successor.
        return is_ahead or (False if self._registry.is_ancestor(there.revision, commit.sha) else None)

    def _read(self, repository: Repository, tag: str, phase: str) -> Manifest | None:
        return self._attempt(phase, lambda: self._registry.manifest(repository, None, tag))


def _compared(theirs: float, ours: float) -> bool | None:
    return None if theirs == ours else theirs > ours


def _newer(step: Tag, there: Manifest) -> str:
    is_version = is_later_version(there.version, step.version)
    return f"a later version, {there.version}" if is_version else f"a newer commit, {there.revision}"


def _check_ours(step: Reuse, there: Mapping[str, Manifest]) -> None:
    """Refuse names that are another build's, and names of ours that are two images."""
    digests = {tag: found.digest for tag, found in there.items()}
    for tag, found in there.items():
        is_ours = found.revision == step.revision if found.revision else tag in step.digits
        if is_ours:
            continue
        of = f"commit {found.revision}" if found.revision else "it does not say which commit"
        own = next(
            (digest for name, digest in digests.items() if name != tag and there[name].revision == step.revision), ""
        )
        beside = f"; this commit's image is {own}" if own and step.revision else ""
        msg = f"{step.repository.tagged(tag)} is the image of another build: {of}, {found.digest}{beside}"
        hint = "a name for this commit: --commit-tag TAG; one that moves: --tag TAG; --if-exists rebuild replaces it"
        raise ConfigurationError(msg, hint=hint)
    if len(set(digests.values())) > 1:
        listed = ", ".join(f"{tag} is {digest}" for tag, digest in digests.items())
        msg = f"this commit has two images in {step.repository}: {listed}"
        raise ConfigurationError(msg, hint="remove the tag that is wrong, or replace both: --if-exists rebuild")


def _check_rebuild(step: Reuse, there: Mapping[str, Manifest], facts: RepositoryFacts | None) -> None:
    for tag, found in there.items():
        if facts and facts.is_immutable(tag):
            msg = f"{step.repository.tagged(tag)} cannot be replaced: tags are {facts.shown()}, it is {found.digest}"
            raise ConfigurationError(
                msg, hint="--if-exists skip takes it as it is; or give another name: --commit-tag TAG"
            )
