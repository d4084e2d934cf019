"""What an image was built from beside its commit: a hash for each setting that decides its content. Pure.

An image carries its fingerprint as an annotation. A later run of the same commit takes the image as it is only if its
own fingerprint is the same, and can name the settings that differ. Values never stand in it: that of a build argument
is hashed with the commit and the repository, and that of an argument that looks like a secret is left out.
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

# Settings whose value decides what is in the image, or which form the image has.
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
# Settings that decide where the image goes, what it is called, and how quickly it is built; the others have code below.
INDECISIVE = frozenset(
    {"repository", "commit_tag", "tags", "flavor", "force_move", "if_exists", "pull", "no_cache", "containers"}
)

Fingerprint = Mapping[str, str]
"""A hash by the name of what it is of: `target`, `build-arg:ENV`."""


def fingerprint(
    settings: ImageSettings, *, salt: str, arguments: Mapping[str, str], secret: Collection[str]
) -> Fingerprint:
    """Return the hashes of what is not at its default.

    Args:
        settings: of the image.
        salt: what a hash of a build argument is of, too.
        arguments: the values of the build arguments, those from the environment among them.
        secret: the build arguments that look like secrets; their names count, and their values do not.
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
    """Print a fingerprint as an annotation's value: JSON without spaces."""
    return json.dumps({"version": _VERSION, **found}, separators=(",", ":"), sort_keys=True)


def parse_fingerprint(text: str) -> Fingerprint | None:
    """Read an annotation's value; None where there is none that this version understands."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.pop("version", "") != _VERSION:
        return None
    return {name: each for name, each in value.items() if isinstance(each, str)}


def differences(ours: Fingerprint, theirs: Fingerprint) -> list[str]:
    """Return the names of what two images were built from differently, sorted."""
    return sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
