"""What an image in the registry must have before it gets a name. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from multiarch.errors import RegistryError
from multiarch.image.manifest import Manifest, PlatformImage, platform_of
from multiarch.image.platform import Platform


@dataclass(frozen=True, kw_only=True)
class VerifiedImage:
    """An image that was read back and is what was asked for."""

    manifest: Manifest
    platforms: tuple[PlatformImage, ...]

    @property
    def digest(self) -> str:
        return self.manifest.digest


def same_layers(images: Sequence[PlatformImage]) -> list[Platform]:
    """Return the platforms whose layers are another one's too: right for data alone, and wrong for programs."""
    digests = [tuple(layer.digest for layer in image.layers) for image in images]
    counts = Counter(digests)
    return [image.platform for image, each in zip(images, digests, strict=True) if counts[each] > 1]


def missing_platforms(wanted: Sequence[Platform], top: Manifest) -> list[Platform]:
    """Return the platforms that an index does not have."""
    there = top.platforms()
    return [platform for platform in wanted if platform not in there]


def verify_image(
    wanted: Sequence[Platform],
    top: Manifest,
    *,
    manifest: Callable[[str], Manifest],
    config: Callable[[str], bytes],
    map_all: Callable[[Callable[[Platform], PlatformImage], Sequence[Platform]], Sequence[PlatformImage]],
) -> VerifiedImage:
    """Check that an image has every platform that was asked for, and that each is what the index says.

    Args:
        wanted: the platforms that were asked for.
        top: what the digest stands for: an index, or the manifest of an image of one platform.
        manifest: reads a manifest by digest.
        config: reads an image's configuration by digest.
        map_all: applies a function to all platforms, at once where that is faster.

    Raises:
        RegistryError: a platform is missing, or is another one in its own configuration.
    """
    if top.is_index and (missing := missing_platforms(wanted, top)):
        msg = f"the image {top.digest} lacks {', '.join(map(str, missing))}"
        raise RegistryError(msg, hint="it was not published; build again, and report it if it happens again")
    digests = top.platforms() if top.is_index else {}

    def check(platform: Platform) -> PlatformImage:
        image = manifest(digests[platform]) if top.is_index else top
        said = config(image.config)
        found = platform_of(said)
        if not found:
            msg = f"the image for {platform} does not say what it was built for: {image.digest}"
            raise RegistryError(msg, hint="is it an image? It was not published")
        if found != platform:
            msg = f"the image for {platform} was built for {found}: {image.digest}"
            raise RegistryError(
                msg, hint="does a FROM line name a platform, or an image of one platform? It was not published"
            )
        return PlatformImage(platform=platform, digest=image.digest, size=image.size, layers=image.layers(said))

    return VerifiedImage(manifest=top, platforms=tuple(map_all(check, wanted)))
