"""The check that an image is what was asked for, before it gets a name."""

from multiarch.futures import map_all
from multiarch.image.manifest import Manifest
from multiarch.image.verify import VerifiedImage, same_layers, verify_image
from multiarch.plan.model import Target
from multiarch.run.context import Context


def verify(context: Context, target: Target, digest: str) -> VerifiedImage:
    """Read an image back from the registry, or from the layout of a local build, and check it.

    Raises:
        MultiarchError: a platform is missing or is not what it says, or the image cannot be read back.
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
        context.log.info(f"{each.platform} is there: {each.digest}", phase="verify")
    if same := same_layers(image.platforms):
        names = " and ".join(map(str, same))
        text = f"{names} have the very same layers: does a FROM line name one platform?"
        context.journal.warn("verify", text)
    return image
