"""The form of each value, checked where it is read: what is a name, a path, a reference, a branch. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import (
    check_container,
    check_repository,
    check_tag,
    names_registry,
    parse_reference,
    parse_repository,
)
from multiarch.image.registry import Registry
from multiarch.image.tags import check_flavor, check_tag_rule
from multiarch.settings.declare import ValueCheck, form
from multiarch.text.csv_words import CacheEntry, CsvWords, DriverOption, Secret
from multiarch.text.shown import shown

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LATEST_TIME = 253_402_300_799  # the end of the year 9999, which is the last that `datetime` knows

Texts = tuple[str, ...]


def _plain(value: object) -> str:
    """Return a text or a number as text, and nothing of any other value."""
    return shown(value) if type(value) is int else value.strip() if isinstance(value, str) else ""


def _seconds(value: object) -> int:
    match = re.fullmatch(r"([0-9]{1,9})([smh]?)", _plain(value))
    if not match:
        msg = f"{shown(value)} is not a duration"
        raise ConfigurationError(msg, hint="write a number of seconds, or a number with a unit: 90, 90s, 15m, 2h")
    return int(match[1]) * _UNITS[match[2]]


def _time(value: object) -> int:
    text = value.isoformat() if isinstance(value, datetime) else _plain(value)
    try:
        time = datetime.fromtimestamp(int(text), UTC) if re.fullmatch(r"[0-9]{1,12}", text) else _iso_time(text)
        seconds = int(time.timestamp())
    except (ValueError, OverflowError, OSError):
        seconds = -1
    if 0 <= seconds <= _LATEST_TIME:
        return seconds
    msg = f"{shown(value)} is not a time from 1970 to 9999"
    raise ConfigurationError(msg, hint="write seconds since 1970, or ISO 8601: 2026-01-31T12:00:00Z")


def _iso_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _optional(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text else text


def _kept(parse: Callable[[str], object]) -> Callable[[str], str]:
    """Keep a text as it was written once it was parsed."""

    def check(text: str) -> str:
        parse(text)
        return text

    return check


def _attestation(text: str) -> str:
    return text if text in ("true", "false") else str(CsvWords.parse(text))


def _git_ref(text: str) -> str:
    """Return a branch or a tag without its prefix: https://git-scm.com/docs/git-check-ref-format."""
    name = re.sub(r"^refs/(heads|tags)/", "", text)
    bad = re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(/|\Z)", name)
    if not name or bad or name[0] in "-/." or name[-1] in "/." or name == "@":
        msg = f"{shown(text)} is not a git branch or tag name"
        raise ConfigurationError(msg, hint="use a name that git check-ref-format --branch accepts")
    return name


def _cache_ref(text: str) -> str:
    return _cache_reference(text) if set(text) & set(":/@") else check_tag(text)


def _cache_reference(text: str) -> str:
    _, tag = parse_reference(text)
    if ":" in tag:
        msg = f"{shown(text)} names a digest"
        raise ConfigurationError(msg, hint="use a tag: HOST/NAME:TAG")
    return text


def _cache_repository(text: str) -> str:
    return _kept(parse_repository)(text) if names_registry(text) else check_repository(text)


def _cache_entry(text: str) -> str:
    entry = CacheEntry.parse(text)
    if entry.type == "registry":
        parse_reference(entry.reference)
    return text


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Namespace
_NAMESPACE = form(
    r"(?!:|AWS/)[A-Za-z0-9._#:/ -]{1,255}",
    "a CloudWatch namespace",
    "use letters, digits, spaces and . - _ / # : but do not start with : or AWS/",
)
_ACCOUNT = form(r"[0-9]{12}", "an AWS account ID", "an account ID has 12 digits: 123456789012")
_REGION = form(r"[a-z0-9]+(-[a-z0-9]+)*", "a region", "for example eu-west-1")
_SHA = form(
    r"[0-9a-f]{40}([0-9a-f]{24})?", "a whole commit ID", "git rev-parse HEAD prints it: 40 or 64 hexadecimal digits"
)
_URL = form(r"[!-~]{1,2048}", "a URL", "for example https://github.com/team/shop")
# A path that begins with a hyphen would be read as an option.
_PATH_PATTERN = r"(?!-)[^\x00-\x1f\x7f-\x9f]{1,4096}"
_PATH_HINT = "write ./-x for a path that begins with a hyphen, and . for the current folder"
_PATH = form(_PATH_PATTERN, "a path", _PATH_HINT)
_NEEDED_PATH = form(_PATH_PATTERN, "a path", _PATH_HINT, optional=False)
# https://github.com/moby/buildkit/blob/master/frontend/dockerfile/instructions/parse.go (validStageName)
_STAGE = form(r"[A-Za-z0-9][A-Za-z0-9_.-]*", "a build stage", "use the NAME of FROM … AS NAME, or the stage's number")
# Letters of any language and digits: no space, no control character, no character that a shell knows.
_ARGUMENT = form(
    r"[^\x00-/:-@\[-\^`{-\xa0\u2028\u2029][^\x00-,/:-@\[-\^`{-\xa0\u2028\u2029]*",
    "the name of a build argument",
    "use letters, digits, _ . and -, as ARG NAME does",
    optional=False,
)
_LABEL = form(
    r"[^\s\x00-\x20\x7f-\x9f=]+",
    "the name of a label",
    "a name has no spaces: org.opencontainers.image.title",
    optional=False,
)
_SSH = form(
    r"[A-Za-z0-9_][A-Za-z0-9_.-]*(=[^\x00-\x1f]+)?",
    "an SSH agent or key",
    "write default, or ID=SOCKET, or ID=KEY",
    optional=False,
)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and ARNs of access points
_BUCKET = form(
    r"[A-Za-z0-9]([A-Za-z0-9._-]{0,253}[A-Za-z0-9])?|arn:[A-Za-z0-9:/_-]+",
    "an S3 bucket",
    "name the bucket alone, without s3://",
)
_PREFIX = form(r"[^\x00-\x1f\x7f]{1,512}", "a prefix of S3 keys", "for example ci/")
# https://github.com/docker/buildx/blob/master/store/util.go (ValidateName)
_BUILDER = form(r"[A-Za-z0-9][A-Za-z0-9._-]*", "the name of a builder", "use letters, digits, _ . and -")
_ENDPOINT = form(
    r"[A-Za-z0-9][!-~]*", "a builder's endpoint", "name a docker context, or an address: tcp://buildkit.internal:1234"
)
_CACHE_OPTION = form(r"[a-z][a-z0-9_-]*=.*", "an option of a cache", "write NAME=VALUE", optional=False)
_LEVEL = form(r"[0-9]|1[0-9]|2[0-2]", "a compression level", "levels are 0 to 22")

_REPOSITORY = r"(?=.{1,255}$)(?![^/]*\.(amazonaws\.com(\.cn)?|on\.aws)(/|$))[a-z0-9]+((\.|_|__|-+|/)[a-z0-9]+)*"
_REFERENCE = r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"
_TAG_OR_RULE = r"\s*type=.*|[A-Za-z0-9_][A-Za-z0-9._-]{0,127}"

RepositoryName = Annotated[str, ValueCheck(check=_optional(check_repository), pattern=f"^({_REPOSITORY})?$")]
RegistryHost = Annotated[
    str, ValueCheck(check=_optional(_kept(Registry.parse)), pattern=r"^([A-Za-z0-9][A-Za-z0-9.:/-]*)?$")
]
Account = Annotated[str, _ACCOUNT]
Region = Annotated[str, _REGION]
Url = Annotated[str, _URL]
CommitId = Annotated[str, _SHA]
GitRef = Annotated[str, ValueCheck(check=_optional(_git_ref), pattern=r"^([^\x00-\x20\x7f~^:?*\[\\]+)?$")]
Path = Annotated[str, _PATH]
NeededPath = Annotated[str, _NEEDED_PATH]
Stage = Annotated[str, _STAGE]
Bucket = Annotated[str, _BUCKET]
Prefix = Annotated[str, _PREFIX]
BuilderName = Annotated[str, _BUILDER]
Endpoint = Annotated[str, _ENDPOINT]
Namespace = Annotated[str, _NAMESPACE]
Level = Annotated[str, ValueCheck(check=str, before=True), _LEVEL]
Reference = Annotated[str, ValueCheck(check=_kept(parse_reference), pattern=f"^{_REFERENCE}$")]
CacheRef = Annotated[str, ValueCheck(check=_cache_ref, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._:/-]*$")]
CacheRepository = Annotated[
    str, ValueCheck(check=_optional(_cache_repository), pattern=r"^([A-Za-z0-9][A-Za-z0-9._:/-]*)?$")
]
Attestation = Annotated[
    str,
    ValueCheck(check=lambda value: str(value).lower() if isinstance(value, bool) else value, before=True),
    ValueCheck(check=_attestation, pattern=r"^(true|false|.+=.*)$"),
]
TagRuleText = Annotated[str, ValueCheck(check=_optional(check_tag_rule), pattern=f"^({_TAG_OR_RULE})?$")]

TagRules = Annotated[Texts, ValueCheck(check=check_tag_rule, pattern=f"^({_TAG_OR_RULE})$")]
FlavorEntries = Annotated[Texts, ValueCheck(check=check_flavor, pattern=r"^\s*\"?(latest|prefix|suffix)\s*=.*$")]
Platforms = Annotated[Texts, ValueCheck(check=Platform.parse, pattern=r"^\s*[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,2}\s*$")]
Containers = Annotated[Texts, ValueCheck(check=check_container, pattern=r"^[A-Za-z0-9_-]{1,255}$")]
CacheEntries = Annotated[Texts, ValueCheck(check=_cache_entry)]
DriverOptions = Annotated[Texts, ValueCheck(check=_kept(DriverOption.parse_all), pattern=r"=")]
Secrets = Annotated[Texts, ValueCheck(check=_kept(Secret.parse), pattern=r"=")]
CacheOptions = Annotated[Texts, _CACHE_OPTION]
SshAgents = Annotated[Texts, _SSH]

BuildArguments = Annotated[Mapping[str, str | None], _ARGUMENT]
Labels = Annotated[Mapping[str, str], _LABEL]

Seconds = Annotated[int, ValueCheck(check=_seconds, before=True, pattern=r"^\s*[0-9]{1,9}[smh]?\s*$")]
Time = Annotated[int, ValueCheck(check=_time, before=True, pattern=r"^\s*([0-9]{1,12}|[0-9]{4}-?([0-9]{2}|W).*)\s*$")]
