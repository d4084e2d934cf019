"""Settings -> bake definition: what `docker buildx bake` is told, as data. Pure.

https://docs.docker.com/build/bake/reference/
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

from multiarch.plan.labels import Description, has_index
from multiarch.plan.secrets import secret_reason
from multiarch.settings.image import ImageSettings
from multiarch.text.csv_words import Secret

TARGET = "image"

# What a shell and bake both take for a variable's name; Python's identifiers are more.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(r"[a-z+]+://|git@|github\.com/")


def is_remote(context: str) -> bool:
    """Whether the context is a URL, which BuildKit reads by itself."""
    return bool(_URL.match(context))


def dockerfile_of(settings: ImageSettings) -> str:
    """Return the Dockerfile's path as BuildKit wants it: relative to the context."""
    if not settings.dockerfile:
        return "Dockerfile"
    return settings.dockerfile if is_remote(settings.context) else _relative(settings.dockerfile, settings.context)


def _relative(path: str, start: str) -> str:
    # Both against one root: posixpath.relpath would ask the process for its folder where only one of them is absolute.
    if PurePath(path).is_absolute() and not PurePath(start).is_absolute():
        return path
    return posixpath.relpath(path, start)


@dataclass(frozen=True, kw_only=True)
class BakeTarget:
    """What one solve builds: all platforms, or one of them where each has caches of its own.

    Attributes:
        name: what bake calls it.
        platforms: in docker's words.
        cache_from: the caches that are read, in bake's words.
        cache_to: the caches that are written.
    """

    name: str
    platforms: tuple[str, ...]
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]


def target_name(platform: str) -> str:
    """Return what the target of one platform is called; BuildKit puts it before the names of its steps."""
    return f"{TARGET}-{platform.replace('/', '-')}"


def bake_definition(
    settings: ImageSettings,
    targets: Sequence[BakeTarget],
    *,
    output: str,
    description: Description,
    epoch: int | None = None,
) -> Mapping[str, object]:
    """Make the definition, whose target or group is called `TARGET`.

    Args:
        settings: what the user wants.
        targets: one, or one for each platform.
        output: the exporter and its options.
        description: what the image says of itself.
        epoch: the time of everything in the image, in seconds since 1970; None for the time when it is built.
    """
    common: dict[str, object] = {
        "context": settings.context,
        "dockerfile": dockerfile_of(settings),
        "output": [output],
        "attest": [_attestation("provenance", settings.provenance), _attestation("sbom", settings.sbom)],
    }
    literal = {name: value for name, value in settings.build_args.items() if value is not None}
    # https://docs.docker.com/build/ci/github-actions/reproducible-builds/ - a build argument that every Dockerfile has
    dated = {"SOURCE_DATE_EPOCH": str(epoch)} if epoch is not None else {}
    optional: dict[str, object] = {
        "target": settings.target,
        "args": literal | dated,
        "labels": dict(description.labels),
        "secret": list(settings.secrets),
        "ssh": list(settings.ssh),
        "pull": settings.pull,
        "no-cache": settings.no_cache,
    }
    common |= {key: value for key, value in optional.items() if value}
    common = {key: _without_templates(value) for key, value in common.items()}
    variables = hidden_arguments(settings)
    if variables:
        common["args"] = {**dict(cast("Mapping[str, str]", common.get("args", {}))),
                          **{name: f"${{{variable}}}" for name, variable in variables.items()}}  # fmt: skip
    definition: dict[str, object] = {"variable": {each: {} for each in variables.values()}} if variables else {}
    if [each.name for each in targets] != [TARGET]:
        definition["group"] = {TARGET: {"targets": [each.name for each in targets]}}
    definition["target"] = {each.name: {**common, **_own(settings, each, description)} for each in targets}
    return definition


def _own(settings: ImageSettings, target: BakeTarget, description: Description) -> Mapping[str, object]:
    is_part = target.name != TARGET  # of the index that is put together afterwards
    optional = {
        "annotations": description.annotations_for(has_index=has_index(settings) and not is_part),
        "cache-from": list(target.cache_from),
        "cache-to": list(target.cache_to),
    }
    found = {"platforms": list(target.platforms), **{key: value for key, value in optional.items() if value}}
    return {key: _without_templates(value) for key, value in found.items()}


def hidden_arguments(settings: ImageSettings) -> Mapping[str, str]:
    """Return the build arguments whose values stay out of the definition, and the variables that bake finds them in.

    Those that were passed by name alone have theirs; those that look like secrets get one, which the run sets for
    docker alone.
    """
    found: dict[str, str] = {}
    for name, value in settings.build_args.items():
        if value is None and _VARIABLE.fullmatch(name):
            found[name] = name
        elif value is None or secret_reason(name, value):
            variable = f"BUILD_ARG_{re.sub(r'[^A-Za-z0-9]', '_', name)}"
            while variable in (*found.values(), *settings.build_args):
                variable += "_"  # a-b and a.b are two arguments
            found[name] = variable
    return found


def hidden_values(settings: ImageSettings, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables that docker has to be given for `hidden_arguments`."""
    given = {name: environment.get(name, "") if value is None else value for name, value in settings.build_args.items()}
    return {variable: given[name] for name, variable in hidden_arguments(settings).items()}


def _attestation(kind: str, words: str) -> str:
    match words:
        case "false":
            return f"type={kind},disabled=true"
        case "true":
            return f"type={kind}"
        case _:
            return f"type={kind},{words}"


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


def outside_paths(settings: ImageSettings, *, written: Sequence[str]) -> list[str]:
    """Return the `--allow` words for what bake refuses by default: paths outside the folder, and SSH.

    https://docs.docker.com/reference/cli/docker/buildx/bake/#allow
    """
    read = [] if is_remote(settings.context) else [settings.context]
    if settings.dockerfile and not is_remote(settings.context):
        read.append(posixpath.dirname(settings.dockerfile) or ".")
    read += [path for secret in settings.secrets if (path := Secret.parse(secret).file)]
    words = [f"fs.read={path}" for path in read if _is_outside(path)]
    words += [f"fs.write={path}" for path in written if _is_outside(path)]
    words += ["ssh"] if settings.ssh else []
    return [word for each in dict.fromkeys(words) for word in ("--allow", each)]


def _is_outside(path: str) -> bool:
    normal = posixpath.normpath(path)
    return PurePath(normal).is_absolute() or normal.split("/")[0] == ".."
