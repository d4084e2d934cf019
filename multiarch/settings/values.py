"""Text from a flag, a variable or the file, read as the setting's type and checked. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import cast, get_args

from msgspec import ValidationError, convert

from multiarch.errors import ConfigurationError
from multiarch.image.tags.rule import is_rule
from multiarch.settings.declare import ValueCheck
from multiarch.settings.info import ENVIRONMENT_PREFIX, SettingInfo
from multiarch.text.hints import nearest_hint
from multiarch.text.shown import cut, shown

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNPRINTABLE_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

# A message quotes the value, which may be of any length.
_LONGEST_MESSAGE = 300

SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def _split(info: SettingInfo, text: str) -> list[str]:
    # The words of a rule, which begins with type=, are parted by commas of their own.
    has_commas = info.separator == ","
    lines = text.split("\n")
    parts = [part for line in lines for part in (line.split(",") if has_commas and not is_rule(line) else [line])]
    return [part.strip() for part in parts if part.strip()]


def from_text(info: SettingInfo, text: str, environment: Mapping[str, str]) -> object:
    if info.kind not in ("list", "map"):
        return text.strip()
    return from_texts(info, _split(info, text), environment)


def from_texts(info: SettingInfo, value: object, environment: Mapping[str, str]) -> object:
    if info.kind == "list":
        entries = cast("Sequence[str]", value)
        return tuple(part for entry in entries for part in (_split(info, entry) if info.separator == "," else [entry]))
    if info.kind == "map":
        return dict(_pair(info, entry, environment) for entry in cast("Sequence[str]", value))
    return value


def _pair(info: SettingInfo, entry: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
    name, equals, value = entry.partition("=")
    if equals:
        return name, value
    if info.name == "build_args" and name in environment:
        return name, None
    msg = f"{info.flags[0]} {entry}: missing value"
    reason = ", or set the environment variable" if info.name == "build_args" else ""
    raise ConfigurationError(msg, hint=f"write {entry}=VALUE{reason}".strip())


def _check_characters(value: object) -> None:
    """Refuse what a terminal, a shell or a log would take for something else; a map's values may have several lines."""
    match value:
        case str():
            bad = _UNPRINTABLE.search(value)
        case tuple():
            bad = next(filter(None, map(_UNPRINTABLE.search, value)), None)
        case Mapping():
            texts = [text for pair in value.items() for text in pair if text]
            bad = next(filter(None, map(_UNPRINTABLE_IN_LINES.search, texts)), None)
        case _:
            return
    if bad:
        msg = f"the value contains the character {bad[0]!a}"
        raise ConfigurationError(msg, hint="remove control characters, line breaks and bytes that are not UTF-8")


def check(info: SettingInfo, value: object, origin: str, *, strict: bool = False) -> object:
    """Return a value as its setting's type, checked.

    Args:
        info: the setting.
        value: text, or what the file has.
        origin: where the value stands, for the message.
        strict: a text is no number and no switch, as in the file, which has types of its own.

    Raises:
        ConfigurationError: the value is not of the type, or a check refuses it.
    """
    where = origin if origin.startswith(("-", ENVIRONMENT_PREFIX, "AWS_", "GIT_")) else f"{origin}: {info.key}"
    rules = [each for each in get_args(info.type)[1:] if isinstance(each, ValueCheck)]
    try:
        for rule in rules:
            value = rule(value) if rule.before else value
        if info.kind == "switch" and isinstance(value, str) and not strict:
            value = SWITCH.get(value.lower(), value)
        value = convert(value, info.type, strict=strict or info.kind != "number")
        _check_characters(value)
        for rule in rules:
            value = value if rule.before else rule(value)
    except ConfigurationError as error:
        error.message = f"{where}: {cut(error.message, _LONGEST_MESSAGE)}"
        raise
    except ValidationError as error:
        if info.choices:
            msg = f"{where}: {shown(value)} is not one of {', '.join(info.choices)}"
            raise ConfigurationError(msg, hint=nearest_hint(shown(value), info.choices)) from None
        reason = str(error).replace("`", "").removeprefix("Expected ")
        msg = f"{where}: {shown(value)} is not valid: expected {reason}"
        raise ConfigurationError(msg, hint=f"see {info.flags[0]} in --help-all") from None
    return value
