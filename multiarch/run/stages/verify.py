"""Verifies an image before it is tagged."""

from multiarch.futures import map_all
from multiarch.image.manifest import Manifest, short_digest
from multiarch.image.verify import VerifiedImage, same_layers, verify_image
from multiarch.plan.model import Target
from multiarch.run.context import Context


def verify(context: Context, target: Target, digest: str) -> VerifiedImage:
    """Read an image back from the registry, or from the layout of a local build, and check it.

    Raises:
        MultiarchError: a platform is missing or wrong, or the image cannot be read.
    """
    step = target.verify

    def read(digest: str) -> Manifest:
        return context.read(step.repository, step.layout, digest)

    def attempt() -> VerifiedImage:
        return verify_image(
            step.platforms,
            read(digest),
            manifest=read,
            config=lambda digest: context.runtime.blob(step.repository, step.layout, digest),
            map_all=map_all,
        )

    image = context.recovery.run("verify", attempt)
    context.journal.verified(target, image)
    for each in image.platforms:
        context.log.info(f"verified {each.platform}: {short_digest(each.digest)}", phase="verify")
    if same := same_layers(image.platforms):
        platforms = " and ".join(map(str, same))
        text = f"{platforms} have identical layers; check whether a FROM line names a platform"
        context.journal.warn("verify", text)
    return image
