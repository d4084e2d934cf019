"""Finds existing images of the commit, and immutable tags, before the build."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from multiarch.errors import ConfigurationError
from multiarch.futures import map_all
from multiarch.image.ecr import RepositoryFacts, mutability_command
from multiarch.image.manifest import Manifest, platform_of, short_digest
from multiarch.image.verify import missing_platforms
from multiarch.plan.build.fingerprint import ANNOTATION, Fingerprint, differences, parse_fingerprint
from multiarch.plan.steps import Reuse, Tag
from multiarch.run.context import Context
from multiarch.run.stages.order import is_newer


@dataclass(frozen=True, kw_only=True)
class Existing:
    """The existing images of a target's pinned tags.

    Attributes:
        digests: by tag, of the tags that exist.
        image: this commit's image if it is reused; None if the target is built.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    image: Manifest | None = None


def find_existing(context: Context, step: Reuse, facts: RepositoryFacts | None) -> Existing:
    """Find this commit's image under its pinned tags; without `--if-exists rebuild`, no image is replaced.

    Raises:
        ConfigurationError: a tag belongs to another build, or the existing image lacks a platform.
    """
    found = map_all(lambda tag: context.manifest(step.repository, tag, "registry"), step.tags)
    existing = {tag: manifest for tag, manifest in zip(step.tags, found, strict=True) if manifest}
    digests = {tag: manifest.digest for tag, manifest in existing.items()}
    if not existing:
        return Existing()
    if step.if_exists == "rebuild":
        _check_rebuild(step, existing, facts)
        return Existing(digests=digests)
    _check_commit(step, existing)
    tag, image = next(iter(existing.items()))
    reference = step.repository.tagged(tag)
    if step.if_exists == "fail":
        msg = f"{reference} already exists: {short_digest(image.digest)}"
        raise ConfigurationError(msg, hint="use --if-exists skip to reuse the image, or rebuild to replace it")
    if difference := _missing_platforms(context, step, image):
        msg = f"{reference} already exists {difference}: {short_digest(image.digest)}"
        raise ConfigurationError(msg, hint="use --if-exists rebuild to replace the image")
    if other := other_settings(image, step.fingerprint):
        msg = f"{reference} already exists, built with other settings: {', '.join(other)}"
        hint = "use another tag (--commit-tag TAG or --flavor suffix=TEXT), or --if-exists rebuild to replace the image"
        raise ConfigurationError(msg, hint=hint)
    return Existing(digests=digests, image=image)


def other_settings(image: Manifest, fingerprint: Fingerprint) -> list[str]:
    """Return the settings of an image that differ; empty for an image without a fingerprint."""
    recorded = parse_fingerprint(image.annotation(ANNOTATION))
    return [] if recorded is None else differences(fingerprint, recorded)


def check_moves(context: Context, tags: Sequence[Tag], facts: RepositoryFacts, digest: str) -> None:
    """Check before the build that the repository allows moving the floating tags.

    Args:
        context: the run.
        tags: all tags of an image.
        facts: the settings of the repository.
        digest: of the reused image; empty if the image is built.

    Raises:
        ConfigurationError: a floating tag exists and is immutable.
    """
    for step in tags:
        if not step.floating or not facts.is_immutable(step.tag):
            continue
        existing = context.manifest(step.repository, step.tag, "registry")
        command = mutability_command(step.repository, facts, [step.tag])
        if not existing:
            effect = f"later builds cannot move tag {step.tag}, because tags are {facts.shown()}"
            context.journal.warn("registry", f"{effect}. To allow it: {command}")
        elif existing.digest != digest and not is_newer(context.runtime, existing, step):
            digest_now = short_digest(existing.digest)
            msg = f"cannot move {step.repository.tagged(step.tag)} from {digest_now}: tags are {facts.shown()}"
            raise ConfigurationError(msg, hint=f"allow moving: {command}\nor publish only the commit tag: --tag ''")


def _missing_platforms(context: Context, step: Reuse, image: Manifest) -> str:
    """Return the step's platforms that an existing image does not have, as text; empty if it has all of them."""
    if image.is_index:
        missing = missing_platforms(step.platforms, image)
        return f"without {', '.join(map(str, missing))}" if missing else ""
    config = context.recovery.run("registry", lambda: context.runtime.blob(step.repository, None, image.config))
    found = platform_of(config)
    if (found,) == step.platforms:
        return ""
    others = ", ".join(str(each) for each in step.platforms if each != found)
    return f"for {found or 'an unknown platform'} only, without {others}"


def _check_commit(step: Reuse, existing: Mapping[str, Manifest]) -> None:
    """Check that all existing tags point to one image of this commit."""
    digests = {tag: short_digest(image.digest) for tag, image in existing.items()}
    for tag, image in existing.items():
        # An image without a recorded commit belongs to this commit if the tag contains the commit's digits.
        is_same_commit = image.revision == step.revision if image.revision else tag in step.digits
        if is_same_commit:
            continue
        owner = f"commit {image.revision[:12]}" if image.revision else "no commit recorded on it"
        same_commit = (name for name in existing if name != tag and existing[name].revision == step.revision)
        own = next((digests[name] for name in same_commit), "")
        suffix = f"; the image of this commit is {own}" if own and step.revision else ""
        msg = f"{step.repository.tagged(tag)} already belongs to another build ({owner}): {digests[tag]}{suffix}"
        hint = "use another tag (--commit-tag TAG), a floating tag (--tag TAG), or --if-exists rebuild to replace it"
        raise ConfigurationError(msg, hint=hint)
    if len({image.digest for image in existing.values()}) > 1:
        listed = ", ".join(f"{tag} is {digest}" for tag, digest in digests.items())
        msg = f"this commit has two images in {step.repository}: {listed}"
        raise ConfigurationError(msg, hint="remove the wrong tag, or replace both images: --if-exists rebuild")


def _check_rebuild(step: Reuse, existing: Mapping[str, Manifest], facts: RepositoryFacts | None) -> None:
    for tag, image in existing.items():
        if facts and facts.is_immutable(tag):
            reference, digest = step.repository.tagged(tag), short_digest(image.digest)
            msg = f"cannot replace {reference}, which is {digest}: tags are {facts.shown()}"
            raise ConfigurationError(msg, hint="use --if-exists skip, or another tag: --commit-tag TAG")
