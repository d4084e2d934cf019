"""Makes the definition of `docker buildx bake` from the settings. Pure.

https://docs.docker.com/build/bake/reference/
"""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

from multiarch.plan.build.labels import Description, has_index
from multiarch.plan.build.secrets import secret_reason
from multiarch.settings.image import ImageSettings
from multiarch.text.csv_words import Secret

TARGET = "image"

# A name that both a shell and bake accept for a variable; Python accepts more.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(r"[a-z+]+://|git@|github\.com/")


def is_remote(context: str) -> bool:
    """Return whether the context is a URL, which BuildKit fetches."""
    return bool(_URL.match(context))


def dockerfile_of(settings: ImageSettings) -> str:
    """Return the path of the Dockerfile relative to the context, as BuildKit expects it."""
    if not settings.dockerfile:
        return "Dockerfile"
    return settings.dockerfile if is_remote(settings.context) else _relative(settings.dockerfile, settings.context)


def _relative(path: str, start: str) -> str:
    # With one absolute path, posixpath.relpath would read the current folder.
    if PurePath(path).is_absolute() and not PurePath(start).is_absolute():
        return path
    return posixpath.relpath(path, start)


@dataclass(frozen=True, kw_only=True)
class BakeTarget:
    """A target of bake: all platforms, or a single one with `--cache-per-platform`.

    Attributes:
        name: of the bake target.
        platforms: in docker's spelling.
        cache_from: the caches to read, in bake's syntax.
        cache_to: the caches to write, in bake's syntax.
    """

    name: str
    platforms: tuple[str, ...]
    cache_from: tuple[str, ...]
    cache_to: tuple[str, ...]


def target_name(platform: str) -> str:
    """Return the name of the target for one platform; BuildKit prefixes the names of its steps with it."""
    return f"{TARGET}-{platform.replace('/', '-')}"


def bake_definition(
    settings: ImageSettings,
    targets: Sequence[BakeTarget],
    *,
    output: str,
    description: Description,
    epoch: int | None = None,
) -> Mapping[str, object]:
    """Return the definition; its target or group is named `TARGET`.

    Args:
        settings: of the image.
        targets: one for all platforms, or one per platform.
        output: the exporter and its options.
        description: labels and annotations of the image.
        epoch: the timestamp of all files in the image, in seconds since 1970; None for the build time.
    """
    common: dict[str, object] = {
        "context": settings.context,
        "dockerfile": dockerfile_of(settings),
        "output": [output],
        "attest": [_attestation("provenance", settings.provenance), _attestation("sbom", settings.sbom)],
    }
    literal = {name: value for name, value in settings.build_args.items() if value is not None}
    # A build argument that every Dockerfile has: https://docs.docker.com/build/ci/github-actions/reproducible-builds/
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
    is_part = target.name != TARGET  # of an index that Assemble makes
    optional = {
        "annotations": description.annotations_for(has_index=has_index(settings) and not is_part),
        "cache-from": list(target.cache_from),
        "cache-to": list(target.cache_to),
    }
    found = {"platforms": list(target.platforms), **{key: value for key, value in optional.items() if value}}
    return {key: _without_templates(value) for key, value in found.items()}


def hidden_arguments(settings: ImageSettings) -> Mapping[str, str]:
    """Return, by build argument, the environment variable that bake reads its value from.

    These values are not in the definition: arguments without a value use the variable of their name; arguments that
    look like secrets use a variable that only docker's environment has.
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
    """Return the variables of `hidden_arguments` with their values, for docker's environment."""
    given = argument_values(settings, environment)
    return {variable: given[name] for name, variable in hidden_arguments(settings).items()}


def argument_values(settings: ImageSettings, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the values of all build arguments; one that was passed by name alone has the environment's."""
    return {name: environment.get(name, "") if value is None else value for name, value in settings.build_args.items()}


def _attestation(kind: str, words: str) -> str:
    match words:
        case "false":
            return f"type={kind},disabled=true"
        case "true":
            return f"type={kind}"
        case _:
            return f"type={kind},{words}"


def _without_templates(value: object) -> object:
    """Escape bake's templates: https://docs.docker.com/build/bake/expressions/."""
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
    """Return the `--allow` flags for paths outside the current folder and for SSH, which bake denies by default.

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
