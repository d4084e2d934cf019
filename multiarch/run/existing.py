"""What the registry has before a run writes to it: images under the commit's names, and tags that cannot move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from multiarch.errors import ConfigurationError
from multiarch.futures import map_all
from multiarch.image.ecr import RepositoryFacts, mutability_command
from multiarch.image.manifest import Manifest, platform_of
from multiarch.image.verify import missing_platforms
from multiarch.plan.steps import Reuse, Tag
from multiarch.run.context import Context
from multiarch.run.order import is_newer


@dataclass(frozen=True, kw_only=True)
class Existing:
    """What the registry has under an image's pinned tags.

    Attributes:
        digests: by tag, of those that exist.
        image: this commit's image, where it is taken as it is; None where one is to be built.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    image: Manifest | None = None


def find_existing(context: Context, step: Reuse, facts: RepositoryFacts | None) -> Existing:
    """Find this commit's image under any of its pinned tags; another build's image is never replaced unasked.

    Raises:
        ConfigurationError: a tag is another image's, or an existing image is not the one that is wanted.
    """
    found = map_all(lambda tag: context.manifest(step.repository, tag, "registry"), step.tags)
    there = {tag: manifest for tag, manifest in zip(step.tags, found, strict=True) if manifest}
    digests = {tag: manifest.digest for tag, manifest in there.items()}
    if not there:
        return Existing()
    if step.if_exists == "rebuild":
        _check_rebuild(step, there, facts)
        return Existing(digests=digests)
    _check_ours(step, there)
    tag, ours = next(iter(there.items()))
    image = step.repository.tagged(tag)
    if step.if_exists == "fail":
        msg = f"{image} is there already: {ours.digest}"
        raise ConfigurationError(msg, hint="--if-exists skip takes it as it is; rebuild replaces it")
    if lack := _lack(context, step, ours):
        msg = f"{image} is there already, {lack}: {ours.digest}"
        raise ConfigurationError(msg, hint="--if-exists rebuild replaces it")
    return Existing(digests=digests, image=ours)


def check_moves(context: Context, tags: Sequence[Tag], facts: RepositoryFacts, digest: str) -> None:
    """Find out before a long build whether the repository lets the floating tags move.

    Args:
        context: the run.
        tags: all of an image's.
        facts: what the repository is.
        digest: the image that exists already, empty where one is to be built.

    Raises:
        ConfigurationError: a tag exists, has to move, and cannot.
    """
    for step in tags:
        if not step.floating or not facts.is_immutable(step.tag):
            continue
        there = context.manifest(step.repository, step.tag, "registry")
        let = f"let it: {mutability_command(step.repository, facts, [step.tag])}"
        if not there:
            text = f"{step.tag} will be written once and never move: {facts.shown()}; {let}"
            context.journal.warn("registry", text)
        elif there.digest != digest and not is_newer(context.runtime, there, step):
            msg = f"{step.repository.tagged(step.tag)} cannot move from {there.digest}: tags are {facts.shown()}"
            raise ConfigurationError(msg, hint=f"{let}\nor leave it out: --tag '' names the commit alone")


def _lack(context: Context, step: Reuse, there: Manifest) -> str:
    """Say which platforms an existing image is not for; empty where it has all of them."""
    if there.is_index:
        missing = missing_platforms(step.platforms, there)
        return f"without {', '.join(map(str, missing))}" if missing else ""
    config = context.recovery.run("registry", lambda: context.runtime.blob(step.repository, None, there.config))
    found = platform_of(config)
    if (found,) == step.platforms:
        return ""
    others = ", ".join(str(each) for each in step.platforms if each != found)
    return f"for {found or 'a platform that it does not name'} alone, without {others}"


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
