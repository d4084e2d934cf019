"""Labels in the configuration of an image, and annotations on its index and manifests. Pure.

https://github.com/opencontainers/image-spec/blob/main/annotations.md
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from multiarch.errors import ConfigurationError
from multiarch.image.manifest import CREATED, OCI, REVISION, VERSION
from multiarch.settings.image import ImageSettings
from multiarch.source import Source
from multiarch.text.hints import nearest_hint

# https://docs.docker.com/build/metadata/annotations/#specify-annotation-level
_LEVELS = ("manifest", "index", "manifest-descriptor", "index-descriptor")

_LEVEL = re.compile(r"(?P<name>[a-z-]+)(?:\[[^\]]+\])?")

_WITH_LEVELS = re.compile(r"(?P<levels>[a-z-]+(?:\[[^\]]+\])?(?:,[a-z-]+(?:\[[^\]]+\])?)*):(?P<name>.+)")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """An annotation; `levels` in docker's syntax, empty for the index if it exists and all manifests."""

    name: str
    value: str
    levels: str = ""

    @property
    def is_of_index(self) -> bool:
        return not self.levels or "index" in self.levels.split(",")


@dataclass(frozen=True, kw_only=True)
class Description:
    """Labels by name, and annotations."""

    labels: Mapping[str, str]
    annotations: tuple[Annotation, ...]

    @property
    def of_index(self) -> Mapping[str, str]:
        """Return the annotations of an index that Assemble makes."""
        return {each.name: each.value for each in self.annotations if each.is_of_index}

    def with_note(self, note: Annotation) -> "Description":
        return replace(self, annotations=(*self.annotations, note))

    def annotations_for(self, *, has_index: bool) -> list[str]:
        """Return docker's words; BuildKit refuses an annotation for an index that is not there."""
        words = [(each, (each.levels or "index,manifest").split(",")) for each in self.annotations]
        kept = [(each, [level for level in levels if has_index or "index" not in level]) for each, levels in words]
        return [f"{','.join(levels)}:{each.name}={each.value}" for each, levels in kept if levels]


def has_index(settings: ImageSettings) -> bool:
    """Return whether the image is an index: several platforms, or one platform with an attestation."""
    return len(settings.platforms) > 1 or settings.provenance != "false" or settings.sbom != "false"


def describe(settings: ImageSettings, source: Source, *, name: str, version: str) -> Description:
    """Return labels and annotations of an image.

    With uncommitted changes, there is no revision label: the image is not of the commit.

    Args:
        settings: labels and annotations to add, to replace or to leave out.
        source: the commit, branch and tag of the build.
        name: of the image, without a registry.
        version: see `TagNames.version`.

    Raises:
        ConfigurationError: an annotation has an unknown level, or one that the image does not have.
    """
    standard = _standard_labels(source, name=name, version=version)
    # Later runs use these two to find existing and newer images.
    required = {key: standard[key] for key in (REVISION, CREATED) if key in standard}
    own = {key: value for key, value in settings.labels.items() if key.startswith(OCI)}
    both = {**(standard if settings.oci_labels else {}), **settings.labels}
    notes = {**(standard if settings.oci_labels else required), **own}
    annotations = {("", key): value for key, value in notes.items()}
    for text, value in settings.annotations.items():
        levels, key = _levels(text)
        if "index" in levels and not has_index(settings):
            msg = f"annotation {text}: an image with one platform and no attestations has no index"
            raise ConfigurationError(msg, hint=f"use --annotation manifest:{key}={value}")
        # An annotation with levels replaces only those levels.
        if not levels:
            annotations = {at: each for at, each in annotations.items() if at[1] != key}
        annotations[levels, key] = value
    return Description(
        labels={key: value for key, value in both.items() if value},
        annotations=tuple(
            Annotation(name=key, value=value, levels=levels) for (levels, key), value in annotations.items() if value
        ),
    )


def _standard_labels(source: Source, *, name: str, version: str) -> Mapping[str, str]:
    commit, url = source.commit, source.repository_url
    revision = commit.sha if commit and not commit.dirty else ""
    time = commit.time if commit and not commit.dirty else None
    values = {
        REVISION: revision,
        CREATED: "" if time is None else datetime.fromtimestamp(time, UTC).isoformat(),
        VERSION: version,
        f"{OCI}title": url.rpartition("/")[2] or name.rpartition("/")[2],
        f"{OCI}source": url,
        f"{OCI}url": url,
    }
    return {key: value for key, value in values.items() if value}


def _levels(text: str) -> tuple[str, str]:
    match = _WITH_LEVELS.fullmatch(text)
    if not match:
        return "", text
    for level in match["levels"].split(","):
        known = _LEVEL.fullmatch(level)
        if not known or known["name"] not in _LEVELS:
            msg = f"annotation {text}: {level!r} is not a level"
            raise ConfigurationError(msg, hint=nearest_hint(level, _LEVELS))
    return match["levels"], match["name"]
