"""What the declarations say, for those who make flags, variables, schema and pages of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args, get_origin

from multiarch.settings.model import Settings

ENVIRONMENT_PREFIX = "MULTIARCH_"


@dataclass(frozen=True, kw_only=True)
class SettingInfo:
    """What a declaration says of one setting, for those who make flags, variables and pages from it."""

    name: str
    key: str
    kind: Literal["text", "number", "switch", "choice", "list", "map"]
    choices: tuple[str, ...]
    flags: tuple[str, ...]
    variables: tuple[str, ...]
    separator: str
    metavar: str
    group: str
    text: str
    default: object
    type: Any


_SINGULAR = {"tags": "tag", "platforms": "platform", "build_args": "build-arg", "labels": "label", "secrets": "secret",
             "annotations": "annotation", "builder_options": "builder-option", "cache_options": "cache-option",
             "containers": "container"}  # fmt: skip


def _info(name: str, declared: type, default: object, told: Mapping[str, Any]) -> SettingInfo:
    word = name.rstrip("_")  # one that is a keyword of Python
    choices = get_args(declared) if get_origin(declared) is Literal else ()
    kind: Any = "choice" if choices else "text"
    match default:
        case bool():
            kind = "switch"
        case int():
            kind = "number"
        case tuple():
            kind = "list"
        case dict():
            kind = "map"
    return SettingInfo(
        name=name,
        key=word.replace("_", "-"),
        kind=kind,
        choices=choices,
        flags=(f"--{_SINGULAR.get(word, word.replace('_', '-'))}", *told["flags"]),
        variables=(f"{ENVIRONMENT_PREFIX}{word.upper()}", *told["environment"]),
        separator=told["separator"],
        metavar=told["metavar"],
        group=told["group"],
        text=told["text"],
        default=default,
        type=declared,
    )


def _infos() -> tuple[SettingInfo, ...]:
    defaults = Settings()
    return tuple(
        _info(each.name, cast("type", each.type), getattr(defaults, each.name), each.metadata)
        for each in fields(Settings)
    )


SETTINGS: tuple[SettingInfo, ...] = _infos()
