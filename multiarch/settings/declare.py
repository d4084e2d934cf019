"""How a setting is declared: its types, its checks and its words. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import check_container, check_repository
from multiarch.image.tags import check_flavor, check_tag_rule
from multiarch.text.csv_words import CacheEntry, CsvWords, DriverOption, Secret

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class ValueCheck:
    """What a type cannot say of a text: returns it as it is used, or raises ConfigurationError.

    Attributes:
        check: the rule.
        before: it reads the value as it was written, before its type is looked at.
    """

    check: Callable[[Any], object]
    before: bool = False

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - a text, or a tuple of texts
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(str(self.check(each)) for each in value))
        return self.check(value)


def _seconds(value: object) -> int:
    match = re.fullmatch(r"(\d+)([smh]?)", str(value).strip())
    if not match or isinstance(value, bool):
        msg = f"{value!r} is not a duration"
        raise ConfigurationError(msg, hint="a duration is a number of seconds, or one with a unit: 90, 90s, 15m, 2h")
    return int(match[1]) * _UNITS[match[2]]


def _time(value: object) -> int:
    text = str(value).strip()
    if re.fullmatch(r"\d{1,11}", text):
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a time"
        raise ConfigurationError(msg, hint="seconds since 1970, or ISO 8601: 2026-01-31T12:00:00Z") from None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def _namespace(text: str) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Namespace."""
    if re.fullmatch(r"(?!:|AWS/)[A-Za-z0-9._#:/ -]{1,255}", text):
        return text
    msg = f"{text!r} is not a namespace of CloudWatch"
    raise ConfigurationError(msg, hint="letters, digits, spaces and . - _ / # : not starting with : or AWS/")


def _unless_empty(rule: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: rule(text) if text else text


def _kept(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Keep a text as it was written once it was parsed."""

    def check(text: str) -> str:
        parse(text)
        return text

    return check


def _attestation(text: str) -> str:
    return text if text in ("true", "false") else str(CsvWords.parse(text))


Texts = tuple[str, ...]

CacheEntries = Annotated[Texts, ValueCheck(_kept(CacheEntry.parse))]

DriverOptions = Annotated[Texts, ValueCheck(_kept(DriverOption.parse_all))]

Secrets = Annotated[Texts, ValueCheck(_kept(Secret.parse))]

RepositoryName = Annotated[str, ValueCheck(_unless_empty(check_repository))]

TagRuleText = Annotated[str, ValueCheck(_unless_empty(check_tag_rule))]

TagRules = Annotated[Texts, ValueCheck(check_tag_rule)]

FlavorEntries = Annotated[Texts, ValueCheck(check_flavor)]

Platforms = Annotated[Texts, ValueCheck(Platform.parse)]

Containers = Annotated[Texts, ValueCheck(check_container)]

Namespace = Annotated[str, ValueCheck(_unless_empty(_namespace))]

Seconds = Annotated[int, ValueCheck(_seconds, before=True)]

Time = Annotated[int, ValueCheck(_time, before=True)]

# TOML has words of its own for true and false.
Attestation = Annotated[
    str,
    ValueCheck(lambda value: str(value).lower() if isinstance(value, bool) else value, before=True),
    ValueCheck(_attestation),
]


def setting(
    default: object,
    text: str,
    *,
    group: str,
    flags: Sequence[str] = (),
    environment: Sequence[str] = (),
    metavar: str = "",
    separator: Literal[",", "\n"] = ",",
) -> Any:  # noqa: ANN401 - dataclasses' own field has this type
    """Declare a setting.

    Args:
        default: the value where nothing says otherwise; its type decides how text is read.
        text: one sentence for people.
        group: the heading it stands under in the help and in the reference.
        flags: docker's own words for it, beside the flag that its name gives.
        environment: variables beside `MULTIARCH_NAME`, first one wins.
        metavar: what stands for the value in the help.
        separator: what parts the entries of a list in a variable; lines always do.
    """
    told = {
        "text": text,
        "group": group,
        "flags": flags,
        "environment": environment,
        "metavar": metavar,
        "separator": separator,
    }
    return field(default_factory=dict, metadata=told) if default == {} else field(default=default, metadata=told)
