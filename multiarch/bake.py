"""Settings -> bake definition: what `docker buildx bake` is told, as data. Pure.

https://docs.docker.com/build/bake/reference/
"""

import os.path
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from multiarch.settings import Settings

TARGET = "image"
# https://github.com/opencontainers/image-spec/blob/main/annotations.md
REVISION = "org.opencontainers.image.revision"
CREATED = "org.opencontainers.image.created"

_URL = re.compile(r"[a-z+]+://|git@|github\.com/")


def is_remote(context: str) -> bool:
    """Whether the context is a URL, which BuildKit reads by itself."""
    return bool(_URL.match(context))


def dockerfile_of(settings: Settings) -> str:
    """Return the Dockerfile's path as BuildKit wants it: relative to the context."""
    if not settings.dockerfile:
        return "Dockerfile"
    return settings.dockerfile if is_remote(settings.context) else _relative(settings.dockerfile, settings.context)


def _relative(path: str, start: str) -> str:
    # Both against one root: os.path.relpath would ask the process for its folder where only one of them is absolute.
    if PurePath(path).is_absolute() and not PurePath(start).is_absolute():
        return path
    return os.path.relpath(path, start)


def bake_definition(
    settings: Settings,
    *,
    output: str,
    cache_from: Sequence[str],
    cache_to: Sequence[str],
    annotations: Mapping[str, str],
) -> Mapping[str, object]:
    """Make the definition of one target.

    Args:
        settings: what the user wants.
        output: the exporter and its options.
        cache_from: the caches that are read.
        cache_to: the caches that are written.
        annotations: what the image, and its index, says of itself.
    """
    target: dict[str, object] = {
        "context": settings.context,
        "dockerfile": dockerfile_of(settings),
        "platforms": list(settings.platforms),
        "output": [output],
        "attest": [_attestation("provenance", settings.provenance), _attestation("sbom", settings.sbom)],
    }
    optional: dict[str, object] = {
        "target": settings.target,
        "args": dict(settings.build_args),
        "labels": dict(settings.labels),
        "annotations": _annotations(settings, annotations),
        "cache-from": list(cache_from),
        "cache-to": list(cache_to),
        "secret": list(settings.secrets),
        "ssh": list(settings.ssh),
        "pull": settings.pull,
        "no-cache": settings.no_cache,
    }
    target |= {key: value for key, value in optional.items() if value}
    definition = {"target": {TARGET: target}}
    return {key: _without_templates(value) for key, value in definition.items()}


def _attestation(kind: str, words: str) -> str:
    match words:
        case "false":
            return f"type={kind},disabled=true"
        case "true":
            return f"type={kind}"
        case _:
            return f"type={kind},{words}"


def _annotations(settings: Settings, annotations: Mapping[str, str]) -> list[str]:
    # An image of one platform has no index, and BuildKit refuses an annotation for what is not there.
    level = "index,manifest" if len(settings.platforms) > 1 else "manifest"
    return [f"{level}:{name}={value}" for name, value in annotations.items()]


def _without_templates(value: object) -> object:
    """Escape what bake would read as a template in a text: https://docs.docker.com/build/bake/expressions/."""
    match value:
        case str():
            return re.sub(r"([$%])\{", r"\1\1{", value)
        case Mapping():
            return {key: _without_templates(each) for key, each in value.items()}
        case list():
            return [_without_templates(each) for each in value]
        case _:
            return value


def outside_paths(settings: Settings, *, written: Sequence[str]) -> list[str]:
    """Return the `--allow` words for what bake refuses by default: paths outside the folder, and SSH.

    https://docs.docker.com/reference/cli/docker/buildx/bake/#allow
    """
    read = [] if is_remote(settings.context) else [settings.context]
    if settings.dockerfile and not is_remote(settings.context):
        read.append(os.path.dirname(settings.dockerfile) or ".")  # noqa: PTH120 - pure text
    read += [path for secret in settings.secrets if (path := secret_fields(secret).get("src"))]
    words = [f"fs.read={path}" for path in read if _is_outside(path)]
    words += [f"fs.write={path}" for path in written if _is_outside(path)]
    words += ["ssh"] if settings.ssh else []
    return [word for each in dict.fromkeys(words) for word in ("--allow", each)]


def _is_outside(path: str) -> bool:
    normal = os.path.normpath(path)
    return PurePath(normal).is_absolute() or normal.split("/")[0] == ".."


def secret_fields(secret: str) -> Mapping[str, str]:
    """Read `id=…,src=…` or `id=…,env=…`; `source` is docker's other word for `src`."""
    fields = dict(part.partition("=")[::2] for part in secret.split(","))
    return {("src" if key == "source" else key): value for key, value in fields.items()}
