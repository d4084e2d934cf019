"""What the declarations say, for those who make flags, variables, schema and pages of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args, get_origin

from multiarch.settings.declare import FromFile
from multiarch.settings.image import ImageSettings
from multiarch.settings.model import Settings
from multiarch.settings.run import RunSettings

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
    scope: Literal["run", "image"]
    derived: str
    from_file: FromFile
    is_common: bool

    def value_in(self, settings: Settings) -> object:
        return getattr(getattr(settings, self.scope), self.name)


# The headings of the help and of the reference, in their order.
_GROUPS = (
    "Image",
    "Registry",
    "Source",
    "Build",
    "Cache",
    "Builder",
    "Retries",
    "Deploy files",
    "Report",
    "Logs",
    "Local",
)

_SINGULAR = {"tags": "tag", "platforms": "platform", "build_args": "build-arg", "labels": "label", "secrets": "secret",
             "annotations": "annotation", "builder_options": "builder-option", "cache_options": "cache-option",
             "containers": "container"}  # fmt: skip


def _info(
    name: str, declared: type, default: object, told: Mapping[str, Any], scope: Literal["run", "image"]
) -> SettingInfo:
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
        scope=scope,
        derived=told["derived"],
        from_file=told["from_file"],
        is_common=told["common"],
    )


def _infos() -> tuple[SettingInfo, ...]:
    scopes: tuple[tuple[Literal["run", "image"], ImageSettings | RunSettings], ...] = (
        ("image", ImageSettings()),
        ("run", RunSettings()),
    )
    found = [
        _info(each.name, cast("type", each.type), getattr(defaults, each.name), each.metadata, scope)
        for scope, defaults in scopes
        for each in fields(defaults)
    ]
    return tuple(sorted(found, key=lambda info: _GROUPS.index(info.group)))


SETTINGS: tuple[SettingInfo, ...] = _infos()
