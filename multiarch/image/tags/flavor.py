"""Parses flavors: `latest`, prefix and suffix of all tags. Pure.

https://github.com/docker/metadata-action#flavor-input
"""

from dataclasses import dataclass, replace

from multiarch.errors import ConfigurationError
from multiarch.image.tags.template import check_template
from multiarch.text.csv_words import parse_line
from multiarch.text.hints import nearest_hint

_KNOWN = ("latest", "prefix", "suffix", "onlatest")
_LATEST = ("auto", "true", "false")


@dataclass(frozen=True, kw_only=True)
class Flavor:
    """Prefix, suffix and `latest` of all tags.

    Attributes:
        latest: true, false, or auto: with a version, a git tag or a match, but not with a pre-release.
        prefix: the prefix of each tag whose rule has no prefix.
        suffix: the suffix of each tag whose rule has no suffix.
        prefix_latest: `latest` has the prefix, too.
        suffix_latest: `latest` has the suffix, too.
    """

    latest: str = "auto"
    prefix: str = ""
    suffix: str = ""
    prefix_latest: bool = False
    suffix_latest: bool = False


def check_flavor(text: str) -> str:
    """Return an entry if it is valid.

    Raises:
        ConfigurationError: a word or its value is unknown.
    """
    parse_flavor((text,))
    return text


def parse_flavor(entries: tuple[str, ...]) -> Flavor:
    """Parse entries such as `latest=false` and `suffix=-alpine,onlatest=true`.

    Raises:
        ConfigurationError: as `check_flavor`, or two entries conflict.
    """
    flavor = Flavor()
    seen: dict[str, str] = {}
    for entry in entries:
        about = ""
        for field in parse_line(entry, bare_quotes=True):
            word, equals, value = (part.strip() for part in field.partition("="))
            if not equals or word not in _KNOWN or (word == "onlatest" and not about):
                msg = f"flavor {entry!r}: {word!r} is unknown"
                hint = "prefix=TEXT,onlatest=true" if word == "onlatest" else nearest_hint(word, _KNOWN)
                raise ConfigurationError(msg, hint=hint)
            if word != "onlatest" and seen.setdefault(word, value) != value:
                msg = f"flavor has two values of {word}: {seen[word]} and {value}"
                raise ConfigurationError(msg, hint="remove one of them")
            flavor = _with(flavor, about, word, value, entry)
            about = word if word in ("prefix", "suffix") else about
    return flavor


def _with(flavor: Flavor, about: str, word: str, value: str, entry: str) -> Flavor:
    allowed = {"latest": _LATEST, "onlatest": _LATEST[1:]}.get(word, ())
    if allowed and value not in allowed:
        msg = f"flavor {entry!r}: {word} is {value!r}, not one of {', '.join(allowed)}"
        raise ConfigurationError(msg, hint=nearest_hint(value, allowed))
    match word:
        case "latest":
            return replace(flavor, latest=value)
        case "prefix" | "suffix":
            check_template(value, entry)
            return replace(flavor, prefix=value) if word == "prefix" else replace(flavor, suffix=value)
        case _:
            is_on = value == "true"
            return replace(flavor, prefix_latest=is_on) if about == "prefix" else replace(flavor, suffix_latest=is_on)
