"""The fingerprint of an image: a hash of each setting that changes its content. Pure.

The fingerprint is an annotation of the image. A later run of the same commit reuses the image only if its fingerprint
is the same, else it names the settings that differ. The fingerprint contains no values: the value of a build argument
is hashed with the commit and the repository, and the value of an argument that looks like a secret is left out.
"""

import hashlib
import json
import posixpath
from collections.abc import Collection, Mapping

from multiarch.plan.build.bake import dockerfile_of, is_remote
from multiarch.settings.image import ImageSettings
from multiarch.text.csv_words import Secret

ANNOTATION = "io.github.multiarch-codebuild.settings"
_VERSION = "1"
_DIGITS = 12

# Settings that change the content or the format of the image.
_DECISIVE = (
    "platforms",
    "target",
    "labels",
    "annotations",
    "oci_labels",
    "provenance",
    "sbom",
    "for_",
    "reproducible",
    "compression",
    "compression_level",
    "force_compression",
)
# Settings that change only the place, the tags or the speed of the build; all others have code below.
INDECISIVE = frozenset(
    {"repository", "commit_tag", "tags", "flavor", "force_move", "if_exists", "pull", "no_cache", "containers"}
)

Fingerprint = Mapping[str, str]
"""Hashes by setting: `target`, `build-arg:ENV`."""


def fingerprint(
    settings: ImageSettings, *, salt: str, arguments: Mapping[str, str], secret: Collection[str]
) -> Fingerprint:
    """Return the hashes of all settings that differ from their default.

    Args:
        settings: of the image.
        salt: hashed together with the value of a build argument.
        arguments: the values of the build arguments, including those from the environment.
        secret: build arguments that look like secrets; only their names are hashed.
    """
    defaults = ImageSettings()
    found = {
        name.rstrip("_").replace("_", "-"): value
        for name in _DECISIVE
        if (value := getattr(settings, name)) != getattr(defaults, name)
    }
    context = settings.context if is_remote(settings.context) else posixpath.normpath(settings.context)
    named: dict[str, object] = {
        **({} if context == "." else {"context": context}),
        **({} if dockerfile_of(settings) == "Dockerfile" else {"file": dockerfile_of(settings)}),
        **found,
        **{
            f"build-arg:{name}": [salt, "" if name in secret else arguments.get(name, "")]
            for name in settings.build_args
        },
        **{f"secret:{Secret.parse(each).id}": "secret" for each in settings.secrets},
        **{f"ssh:{each.partition('=')[0]}": "ssh" for each in settings.ssh},
    }
    return {name: _hash([name, value]) for name, value in named.items()}


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def fingerprint_text(found: Fingerprint) -> str:
    """Return the fingerprint as the value of an annotation: JSON without spaces."""
    return json.dumps({"version": _VERSION, **found}, separators=(",", ":"), sort_keys=True)


def parse_fingerprint(text: str) -> Fingerprint | None:
    """Parse the value of an annotation; None if it is empty, or of another version."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.pop("version", "") != _VERSION:
        return None
    return {name: each for name, each in value.items() if isinstance(each, str)}


def differences(first: Fingerprint, second: Fingerprint) -> list[str]:
    """Return the settings that differ, sorted."""
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
