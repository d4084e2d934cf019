"""Verifies an image before it is tagged. Pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from multiarch.errors import RegistryError
from multiarch.image.manifest import Manifest, PlatformImage, platform_of, short_digest
from multiarch.image.platform import Platform


@dataclass(frozen=True, kw_only=True)
class VerifiedImage:
    """An image that was read back and has all requested platforms."""

    manifest: Manifest
    platforms: tuple[PlatformImage, ...]

    @property
    def digest(self) -> str:
        return self.manifest.digest


def same_layers(images: Sequence[PlatformImage]) -> list[Platform]:
    """Return the platforms that share all layers with another platform: correct for data, wrong for programs."""
    digests = [tuple(layer.digest for layer in image.layers) for image in images]
    counts = Counter(digests)
    return [image.platform for image, each in zip(images, digests, strict=True) if counts[each] > 1]


def missing_platforms(expected: Sequence[Platform], index: Manifest) -> list[Platform]:
    """Return the platforms that an index does not have."""
    existing = index.platforms()
    return [platform for platform in expected if platform not in existing]


def verify_image(
    expected: Sequence[Platform],
    top: Manifest,
    *,
    manifest: Callable[[str], Manifest],
    config: Callable[[str], bytes],
    map_all: Callable[[Callable[[Platform], PlatformImage], Sequence[Platform]], Sequence[PlatformImage]],
) -> VerifiedImage:
    """Check that an image has every expected platform, and that the configuration of each one agrees.

    Args:
        expected: the requested platforms.
        top: an index, or the manifest of an image with one platform.
        manifest: reads a manifest by digest.
        config: reads an image configuration by digest.
        map_all: applies a function to all platforms, concurrently if that is faster.

    Raises:
        RegistryError: a platform is missing, or its configuration has another platform.
    """
    if top.is_index and (missing := missing_platforms(expected, top)):
        msg = f"image {short_digest(top.digest)} lacks {', '.join(map(str, missing))}"
        raise RegistryError(msg, hint="the image was not published; build again, and open an issue if it happens again")
    digests = top.platforms() if top.is_index else {}

    def check(platform: Platform) -> PlatformImage:
        image = manifest(digests[platform]) if top.is_index else top
        content = config(image.config)
        found = platform_of(content)
        if not found:
            msg = f"the image for {platform} has no platform in its configuration: {short_digest(image.digest)}"
            raise RegistryError(msg, hint="the image was not published; check whether it is a container image")
        if found != platform:
            msg = f"the image for {platform} was built for {found}: {short_digest(image.digest)}"
            hint = "the image was not published; check whether a FROM line names a platform or a one-platform image"
            raise RegistryError(msg, hint=hint)
        return PlatformImage(platform=platform, digest=image.digest, size=image.size, layers=image.layers(content))

    return VerifiedImage(manifest=top, platforms=tuple(map_all(check, expected)))
