"""Decides the tags of an image from the rules, and whether each one is pinned or floating. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from multiarch.errors import ConfigurationError
from multiarch.image.reference import check_tag
from multiarch.image.tags.flavor import Flavor
from multiarch.image.tags.rule import TagRule, compiled, parse_rule
from multiarch.image.tags.template import TagContext, expressions, fill, is_default_branch
from multiarch.image.tags.version import Version, parse_pep440, parse_semver, version_of
from multiarch.source import TriggerEvent

_LATEST = "latest"
_LONGEST = 128
# The default commit tag: the first digits of the commit.
_DIGITS = TagRule(type="raw", text="default commit tag", words={"value": "{{sha}}"})
# The default prefixes of docker/metadata-action.
_PREFIXES = {"sha": "sha-", "pr": "pr-"}


@dataclass(frozen=True, kw_only=True)
class TagName:
    """A floating tag.

    Attributes:
        version: decides which image is newer; empty if the commit history and time decide.
    """

    tag: str
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class TagNames:
    """All tags of an image.

    Attributes:
        commit_tag: the tag that names the commit.
        pinned: the other pinned tags, by priority.
        floating: the floating tags, by priority.
        version: for the label: the version of the git tag, else a pinned tag.
    """

    commit_tag: str
    pinned: tuple[str, ...]
    floating: tuple[TagName, ...]
    version: str


@dataclass(frozen=True, kw_only=True)
class _Found:
    """The result of a rule.

    Attributes:
        text: the tag without prefix and suffix.
        latest: `latest=auto` adds the tag `latest`.
        by_version: versions decide which image is newer, if there are any.
    """

    text: str
    is_floating: bool = True
    latest: bool = False
    by_version: bool = False
    version: str = ""
    tag: str = ""
    rule: TagRule = field(default=_DIGITS)

    @property
    def is_explicit(self) -> bool:
        return "floating" in self.rule.words


def decide_tags(commit_tag: str, tags: Sequence[str], flavor: Flavor, context: TagContext) -> TagNames:
    """Return the tags of an image.

    With uncommitted changes, there is only one tag: the commit tag with `-dirty`.

    Args:
        commit_tag: the rule or the plain tag for the commit; the first digits of the commit if it is empty, or if the
            rule does not apply.
        tags: rules and plain tags.
        flavor: prefix, suffix and `latest` of all tags.
        context: the source and the time of the build.

    Raises:
        ConfigurationError: a rule makes an illegal tag, two rules conflict, or a rule needs an unknown value.
    """
    chosen = (_follow(parse_rule(commit_tag), context) if commit_tag else None) or _follow(_DIGITS, context)
    if not chosen:
        msg = "no commit to name the image after"
        raise ConfigurationError(msg, hint="set --commit-tag TAG, or GIT_TAG=TAG")
    commit_name = _name(chosen, flavor, context)
    if context.source.is_dirty:
        dirty = check_tag(f"{commit_name}-dirty")
        return TagNames(commit_tag=dirty, pinned=(), floating=(), version=dirty)
    rules = sorted(map(parse_rule, tags), key=lambda rule: -rule.priority)
    found = [replace(each, tag=_name(each, flavor, context)) for rule in rules if (each := _follow(rule, context))]
    # As in docker/metadata-action, the rule with the highest priority decides.
    has_latest = found[0].latest if flavor.latest == "auto" and found else flavor.latest == "true"
    if has_latest:
        found.append(_Found(text=_LATEST, by_version=True, tag=_latest(flavor, context)))
    version = next((each.version for each in found if each.version), "") or _own_version(context, chosen)
    commit = replace(chosen, tag=commit_name, is_floating=False)
    named = _without_doubles([commit, *found])[1:]
    pinned = tuple(each.tag for each in named if not each.is_floating)
    floating = tuple(
        TagName(tag=each.tag, version=version if each.by_version else "") for each in named if each.is_floating
    )
    return TagNames(
        commit_tag=commit_name, pinned=pinned, floating=floating, version=version or next(iter(pinned), commit_name)
    )


def _own_version(context: TagContext, chosen: _Found) -> str:
    """Return the version without a version rule: of the git tag, or of the commit tag."""
    return version_of(context.source.tag) or (version_of(chosen.text) if chosen.rule is not _DIGITS else "")


def _without_doubles(found: Iterable[_Found]) -> list[_Found]:
    """Return each tag once, in order; a tag that any rule pins is pinned."""
    kept: dict[str, _Found] = {}
    for each in found:
        first = kept.setdefault(each.tag, each)
        if first is each or first.is_floating == each.is_floating:
            continue
        if each.is_explicit and (first.is_explicit or each.is_floating):
            msg = f"tag {each.tag} is floating by one rule and pinned by another: {first.rule.text}; {each.rule.text}"
            raise ConfigurationError(msg, hint="remove one of them, or give both the same floating=")
        kept[each.tag] = replace(first, is_floating=False)
    return list(kept.values())


def _latest(flavor: Flavor, context: TagContext) -> str:
    prefix = fill(flavor.prefix, context, "flavor") if flavor.prefix_latest else ""
    suffix = fill(flavor.suffix, context, "flavor") if flavor.suffix_latest else ""
    return _legal(f"{prefix}{_LATEST}{suffix}", "flavor")


def _name(found: _Found, flavor: Flavor, context: TagContext) -> str:
    rule = found.rule
    own = _PREFIXES.get(rule.words.get("event", rule.type))
    prefix = fill(rule.words.get("prefix", flavor.prefix if own is None else own), context, rule.text)
    suffix = fill(rule.words.get("suffix", flavor.suffix), context, rule.text)
    if not found.text:
        msg = f"{rule.text} makes an empty tag"
        raise ConfigurationError(msg, hint="enable the rule only for some builds: enable={{…}}")
    return _legal(f"{prefix}{found.text}{suffix}", rule.text)


def _legal(text: str, rule: str) -> str:
    """Return a legal tag: each run of illegal characters becomes one hyphen, without a leading hyphen or dot."""
    tag = re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip(".-")
    if not tag:
        msg = f"{rule} makes the tag {text!r}, which has no letter or digit"
        raise ConfigurationError(msg, hint="use letters and digits")
    if len(tag) > _LONGEST:
        msg = f"{rule} makes a tag of {len(tag)} characters: {tag[:40]}…"
        raise ConfigurationError(msg, hint=f"a tag has at most {_LONGEST}; type=match takes a part of a name")
    return tag


def _follow(rule: TagRule, context: TagContext) -> _Found | None:
    """Return the result of a rule; None if it does not apply to this build."""
    enabled = fill(rule.words.get("enable", "true"), context, rule.text)
    if enabled not in ("true", "false"):
        msg = f"{rule.text}: enable is {enabled!r}, not true or false"
        raise ConfigurationError(msg, hint="for example enable={{is_default_branch}}")
    found = _apply_type(rule, context) if enabled == "true" else None
    if not found:
        return None
    is_floating = rule.words["floating"] == "true" if "floating" in rule.words else found.is_floating
    return replace(found, is_floating=is_floating, rule=rule)


def _apply_type(rule: TagRule, context: TagContext) -> _Found | None:
    source, words = context.source, rule.words
    match rule.type:
        case "schedule":
            pattern = words.get("pattern", "nightly")
            return _Found(text=fill(pattern, context, rule.text)) if source.event is TriggerEvent.SCHEDULE else None
        case "semver" | "pep440":
            return _version(rule, context)
        case "match":
            return _match(rule, context)
        case "edge":
            branch = words.get("branch")
            applies = source.branch == branch if branch else is_default_branch(source, rule.text)
            return _Found(text="edge") if applies and not source.is_pull_request else None
        case "ref":
            return _ref(words["event"], context)
        case "raw":
            # Without a commit, the default commit tag does not apply, instead of being empty.
            if rule is _DIGITS:
                return _digits(context, is_long=False)
            return _Found(text=fill(words["value"], context, rule.text), by_version=True)
        case _:
            return _digits(context, is_long=words.get("format") == "long")


def _digits(context: TagContext, *, is_long: bool) -> _Found | None:
    commit = context.source.commit
    return _Found(text=commit.sha if is_long else commit.short, is_floating=False) if commit else None


def _ref(event: str, context: TagContext) -> _Found | None:
    source = context.source
    if event == "tag":
        return _Found(text=source.tag, is_floating=False, latest=True) if source.tag else None
    if event == "pr":
        return _Found(text=str(source.pull_request)) if source.pull_request is not None else None
    return _Found(text=source.branch) if source.branch and not source.is_pull_request else None


def _version(rule: TagRule, context: TagContext) -> _Found | None:
    parse = parse_semver if rule.type == "semver" else parse_pep440
    text = _tag_or_value(rule, context)
    if text and (pattern := rule.words.get("match")):
        matched = compiled(pattern).search(text)
        text = (matched[1] or "") if matched else ""
    version: Version | None = parse(text) if text else None
    if not version:
        return None
    pattern = rule.words["pattern"]
    used = expressions(pattern)
    if not version.is_final and used != ["raw"]:
        pattern, used = "{{version}}", ["version"]
    is_full = bool({"version", "raw"} & set(used)) or {"major", "minor", "patch"} <= set(used)
    return _Found(
        text=fill(pattern, context, rule.text, version.words),
        is_floating=not is_full,
        latest=version.is_final,
        by_version=True,
        version=version.text,
    )


def _match(rule: TagRule, context: TagContext) -> _Found | None:
    text = _tag_or_value(rule, context)
    matched = compiled(rule.words["pattern"]).search(text) if text else None
    part = matched[int(rule.words.get("group", 0))] if matched else None
    if part is None:
        return None
    # A whole git tag is pinned. A part of it, such as v1 of v1.2, is floating, because other git tags have it too.
    is_floating = part not in (text, text.removeprefix("v"))
    return _Found(text=part, is_floating=is_floating, latest=True, by_version=True)


def _tag_or_value(rule: TagRule, context: TagContext) -> str:
    value = rule.words.get("value")
    return fill(value, context, rule.text) if value else context.source.tag
