"""Parses and checks tag rules. Pure.

The syntax is that of docker/metadata-action: https://github.com/docker/metadata-action#tags-input
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from multiarch.errors import ConfigurationError
from multiarch.image.reference import check_tag
from multiarch.image.tags.template import check_template
from multiarch.text.csv_words import parse_line
from multiarch.text.hints import nearest_hint

_START = "type="

_COMMON = ("enable", "priority", "prefix", "suffix", "floating")
# The required and the optional words of each type.
_WORDS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "schedule": ((), ("pattern",)),
    "semver": (("pattern",), ("value", "match")),
    "pep440": (("pattern",), ("value", "match")),
    "match": (("pattern",), ("group", "value")),
    "edge": ((), ("branch",)),
    "ref": (("event",), ()),
    "raw": (("value",), ()),
    "sha": ((), ("format",)),
}
_PRIORITIES = {
    "schedule": 1000,
    "semver": 900,
    "pep440": 900,
    "match": 800,
    "edge": 700,
    "ref": 600,
    "raw": 200,
    "sha": 100,
}
_CHOICES = {"event": ("branch", "tag", "pr"), "format": ("short", "long"), "floating": ("true", "false")}
_VERSION_WORDS = ("raw", "version", "major", "minor", "patch")


@dataclass(frozen=True, kw_only=True)
class TagRule:
    """A rule, or a plain tag, which is a rule of type `raw`.

    Attributes:
        text: the rule as in the settings, for messages.
        words: the words of the rule as in the settings, without the type and without defaults.
    """

    type: str
    text: str
    words: Mapping[str, str]

    @property
    def priority(self) -> int:
        return int(self.words.get("priority", _PRIORITIES[self.type]))


def is_rule(text: str) -> bool:
    """Return whether a text is a rule instead of a plain tag."""
    return text.lstrip().startswith(_START)


def check_tag_rule(text: str) -> str:
    """Return the text if it is a legal tag or a valid rule.

    Raises:
        ConfigurationError: the text is invalid; the hint suggests a similar word.
    """
    return parse_rule(text).text


def parse_rule(text: str) -> TagRule:
    """Parse a rule, such as `type=semver,pattern={{version}}`, or a plain tag.

    Raises:
        ConfigurationError: a word is unknown, missing or invalid, or a pattern does not compile.
    """
    if not is_rule(text):
        return TagRule(type="raw", text=check_tag(text), words={"value": text})
    fields = dict(_field(each, text) for each in _split(text))
    kind = fields.pop("type", "")
    if kind not in _WORDS:
        msg = f"{text}: {kind!r} is not a type of tag rule"
        raise ConfigurationError(msg, hint=nearest_hint(kind, _WORDS))
    needed, optional = _WORDS[kind]
    for word in fields:
        if word not in (*needed, *optional, *_COMMON):
            msg = f"{text}: {word!r} is not an option of type={kind}"
            raise ConfigurationError(msg, hint=nearest_hint(word, (*needed, *optional, *_COMMON)))
    for word in needed:
        if word not in fields:
            msg = f"{text}: {word} is missing"
            example = "|".join(_CHOICES.get(word, ("…",)))
            raise ConfigurationError(msg, hint=f"type={kind},{word}={example}")
    _check_values(kind, fields, text)
    return TagRule(type=kind, text=text, words=fields)


def _split(text: str) -> Sequence[str]:
    try:
        # As docker/metadata-action: https://github.com/docker/metadata-action/blob/master/src/tag.ts
        return parse_line(text.strip(), bare_quotes=True)
    except ConfigurationError:
        msg = f"{text}: unbalanced quote"
        raise ConfigurationError(msg, hint='quote a field that contains a comma: type=match,"pattern=a,b"') from None


def _field(field: str, text: str) -> tuple[str, str]:
    word, equals, value = field.strip().partition("=")
    if not word.strip():
        msg = f"{text}: empty field"
        raise ConfigurationError(msg, hint="write WORD=VALUE fields with commas between them")
    return (word.strip().lower(), value.strip()) if equals else ("value", word.strip())


def _check_values(kind: str, fields: Mapping[str, str], text: str) -> None:
    for word, value in fields.items():
        if word in _CHOICES and value not in _CHOICES[word]:
            msg = f"{text}: {word} is {value!r}, not one of {', '.join(_CHOICES[word])}"
            raise ConfigurationError(msg, hint=nearest_hint(value, _CHOICES[word]))
        if word in ("priority", "group") and not re.fullmatch(r"[0-9]{1,6}", value):
            msg = f"{text}: {word} is {value[:20]!r}, not a number"
            raise ConfigurationError(msg, hint=f"write a number of at most 6 digits: {word}=1")
        if word == "enable" and "{{" not in value and value not in ("true", "false"):
            msg = f"{text}: enable is {value!r}, not true or false"
            raise ConfigurationError(msg, hint="write enable=true, or an expression: enable={{is_default_branch}}")
        if word in ("value", "prefix", "suffix", "enable"):
            check_template(value, text)
        if word == "match" or (word == "pattern" and kind == "match"):
            _check_expression(value, text)
    if kind in ("semver", "pep440"):
        check_template(fields["pattern"], text, more=_VERSION_WORDS)
    if kind == "schedule":
        check_template(fields.get("pattern", ""), text)
    _check_group(kind, fields, text)


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern, also one between slashes with JavaScript's flag i."""
    between = re.fullmatch(r"/(.+)/(i?)", pattern)
    return re.compile(between[1], re.IGNORECASE if between[2] else 0) if between else re.compile(pattern)


def _check_expression(pattern: str, text: str) -> None:
    try:
        compiled(pattern)
    except re.error as error:
        msg = f"{text}: the pattern does not compile: {error}"
        raise ConfigurationError(msg, hint="regular expressions: https://docs.python.org/3/library/re.html") from None


def _check_group(kind: str, fields: Mapping[str, str], text: str) -> None:
    pattern, needed = (
        (fields["pattern"], int(fields.get("group", 0))) if kind == "match" else (fields.get("match", ""), 1)
    )
    if pattern and compiled(pattern).groups < needed:
        msg = f"{text}: the pattern has no group {needed}"
        raise ConfigurationError(msg, hint="put the part for the tag in parentheses: v(.*)")
