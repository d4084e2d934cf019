"""Fills expressions of tag rules: `{{branch}}`, `{{date 'YYYYMMDD' tz='Europe/Berlin'}}`. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from multiarch.errors import ConfigurationError
from multiarch.source import Source
from multiarch.text.hints import nearest_hint

_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
_CALL = re.compile(r"(?P<name>\w+)(?:\s+'(?P<format>[^']*)')?(?:\s+tz='(?P<zone>[^']*)')?")
_DATES = ("date", "commit_date")
_NAMES = ("branch", "tag", "sha", "base_ref", "is_default_branch", "is_not_default_branch", *_DATES)

# The formats of Moment.js, longest first: https://momentjs.com/docs/#/displaying/format/
_MOMENT: Mapping[str, Callable[[datetime], str]] = {
    "YYYY": lambda time: f"{time:%Y}",
    "YY": lambda time: f"{time:%y}",
    "DDDD": lambda time: f"{time:%j}",
    "MM": lambda time: f"{time:%m}",
    "M": lambda time: str(time.month),
    "DD": lambda time: f"{time:%d}",
    "D": lambda time: str(time.day),
    "HH": lambda time: f"{time:%H}",
    "H": lambda time: str(time.hour),
    "mm": lambda time: f"{time:%M}",
    "ss": lambda time: f"{time:%S}",
    "WW": lambda time: f"{time:%V}",
    "GGGG": lambda time: f"{time:%G}",
    "X": lambda time: str(int(time.timestamp())),
}
_TOKEN = re.compile(rf"\[(?P<literal>[^\]]*)\]|{'|'.join(_MOMENT)}|(?P<unknown>[A-Za-z]+)|.", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class TagContext:
    """The values of expressions: the source and the time of a build.

    Attributes:
        now: when the build began.
    """

    source: Source
    now: datetime


def check_template(template: str, rule: str, *, more: Sequence[str] = ()) -> None:
    """Check the expressions of a text, without values.

    Args:
        template: the text.
        rule: the rule of the text, for messages.
        more: further expressions of the type of rule.

    Raises:
        ConfigurationError: an expression, a date format or a time zone is unknown.
    """
    for expression in _EXPRESSION.findall(template):
        call = _call(expression, rule, (*_NAMES, *more))
        if call["name"] in _DATES:
            _format(datetime(2000, 1, 1, tzinfo=_zone(call["zone"], rule)), call["format"] or "", rule)
    if "{{" in _EXPRESSION.sub("", template):
        msg = f"{rule}: an expression has no closing braces"
        raise ConfigurationError(msg, hint="put two braces on each side of an expression: {{branch}}")


def fill(template: str, context: TagContext, rule: str, more: Mapping[str, str] | None = None) -> str:
    """Replace the expressions of a text with their values; an unknown value is empty.

    Raises:
        ConfigurationError: the default branch or the commit time is unknown, for which an empty text would be wrong.
    """
    values = more or {}

    def value(match: re.Match[str]) -> str:
        call = _call(match[1], rule, (*_NAMES, *values))
        return values[call["name"]] if call["name"] in values else _value(call, context, rule)

    return _EXPRESSION.sub(value, template)


def expressions(template: str) -> list[str]:
    """Return the expressions of a text."""
    return [each.strip() for each in _EXPRESSION.findall(template)]


def _call(expression: str, rule: str, known: Sequence[str]) -> re.Match[str]:
    call = _CALL.fullmatch(expression.strip())
    name = call["name"] if call else expression.strip().partition(" ")[0]
    if not call or name not in known or ((name in _DATES) != (call["format"] is not None)):
        msg = f"{rule}: {{{{{expression}}}}} is not an expression"
        hint = "{{" + f"{name} 'YYYYMMDD'" + "}}" if name in _DATES else nearest_hint(name, known)
        raise ConfigurationError(msg, hint=hint)
    return call


def _value(call: re.Match[str], context: TagContext, rule: str) -> str:
    source, commit = context.source, context.source.commit
    match call["name"]:
        case "branch":
            return "" if source.is_pull_request else source.branch
        case "tag":
            return source.tag
        case "sha":
            return commit.short if commit else ""
        case "base_ref":
            return source.base_branch
        case "is_default_branch":
            return str(is_default_branch(source, rule)).lower()
        case "is_not_default_branch":
            return str(not is_default_branch(source, rule)).lower()
        case "commit_date":
            if not commit or commit.time is None:
                msg = f"{rule}: the commit time is unknown"
                raise ConfigurationError(msg, hint="set --commit-time TIME, or MULTIARCH_COMMIT_TIME")
            return _format(datetime.fromtimestamp(commit.time, _zone(call["zone"], rule)), call["format"], rule)
        case _:
            return _format(context.now.astimezone(_zone(call["zone"], rule)), call["format"], rule)


def is_default_branch(source: Source, rule: str) -> bool:
    """Return whether the default branch is built; False without a branch.

    Raises:
        ConfigurationError: the default branch is unknown.
    """
    found = source.is_default_branch
    if found is None and source.branch:
        msg = f"{rule}: the default branch is unknown"
        raise ConfigurationError(msg, hint="set --default-branch main, or MULTIARCH_DEFAULT_BRANCH")
    return bool(found)


def _zone(name: str | None, rule: str) -> tzinfo:
    if not name or name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        msg = f"{rule}: {name!r} is not a time zone on this machine"
        raise ConfigurationError(msg, hint="write for example tz='Europe/Berlin'; the default is UTC") from None


def _format(time: datetime, pattern: str, rule: str) -> str:
    def word(match: re.Match[str]) -> str:
        if match["unknown"]:
            msg = f"{rule}: {match['unknown']!r} is not a date format"
            raise ConfigurationError(msg, hint=f"known: {' '.join(_MOMENT)}; put other text in [brackets]")
        if match["literal"] is not None:
            return match["literal"]
        return _MOMENT[match[0]](time) if match[0] in _MOMENT else match[0]

    return _TOKEN.sub(word, pattern)
