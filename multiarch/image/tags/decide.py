"""Rules -> names: which tags this build gives its image, and which of them move. Pure."""

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
# The commit's first digits, for whoever chose no other name for it.
_DIGITS = TagRule(type="raw", text="the commit's digits", words={"value": "{{sha}}"})
# The action's own prefixes, where a rule says none.
_PREFIXES = {"sha": "sha-", "pr": "pr-"}


@dataclass(frozen=True, kw_only=True)
class TagName:
    """A tag that a rule came to.

    Attributes:
        moves: it names whatever is newest; one that does not move names this commit for good.
        version: what is newest is decided by this version; empty where history and time decide.
    """

    tag: str
    moves: bool
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class TagNames:
    """All names of an image.

    Attributes:
        commit_tag: the one that names the commit.
        fixed: the further ones that name this commit for good, the most important one first.
        moving: those that name whatever is newest.
        version: what the image says its version is: the version of a git tag, else a name that does not move.
    """

    commit_tag: str
    pinned: tuple[str, ...]
    floating: tuple[TagName, ...]
    version: str


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What a rule came to.

    Attributes:
        text: the name without prefix and suffix.
        latest: with `latest=auto`, the name `latest` goes with it.
        by_version: versions decide what is newest, where there are any.
    """

    text: str
    moves: bool = True
    latest: bool = False
    by_version: bool = False
    version: str = ""
    tag: str = ""
    rule: TagRule = field(default=_DIGITS)

    @property
    def says_whether_it_moves(self) -> bool:
        return "floating" in self.rule.words


def decide_tags(commit_tag: str, tags: Sequence[str], flavor: Flavor, moment: TagContext) -> TagNames:
    """Follow all rules.

    A changed tree gets one name alone, that of its commit with `-dirty`: no rule gives it a clean one.

    Args:
        commit_tag: the rule, or the plain name, that names the commit; empty for its first digits, which are also taken
            where the rule comes to nothing.
        tags: rules and plain names.
        flavor: what holds for all of them.
        moment: what is built, and when.

    Raises:
        ConfigurationError: a rule comes to no tag, two contradict each other, or a rule needs what nobody knows.
    """
    chosen = (_follow(parse_rule(commit_tag), moment) if commit_tag else None) or _follow(_DIGITS, moment)
    if not chosen:
        msg = "no commit to name the image after"
        raise ConfigurationError(msg, hint="set --commit-tag TAG, or GIT_TAG=TAG")
    commit_name = _name(chosen, flavor, moment)
    if moment.source.is_dirty:
        dirty = check_tag(f"{commit_name}-dirty")
        return TagNames(commit_tag=dirty, pinned=(), floating=(), version=dirty)
    rules = sorted(map(parse_rule, tags), key=lambda rule: -rule.priority)
    found = [replace(each, tag=_name(each, flavor, moment)) for rule in rules if (each := _follow(rule, moment))]
    # As in the action, the most important rule decides.
    says_latest = found[0].latest if flavor.latest == "auto" and found else flavor.latest == "true"
    if says_latest:
        found.append(_Found(text=_LATEST, by_version=True, tag=_latest(flavor, moment)))
    version = next((each.version for each in found if each.version), "") or _own_version(moment, chosen)
    commit = replace(chosen, tag=commit_name, moves=False)
    named = _without_doubles([commit, *found])[1:]
    pinned = tuple(each.tag for each in named if not each.moves)
    floating = tuple(
        TagName(tag=each.tag, moves=True, version=version if each.by_version else "") for each in named if each.moves
    )
    return TagNames(
        commit_tag=commit_name, pinned=pinned, floating=floating, version=version or next(iter(pinned), commit_name)
    )


def _own_version(moment: TagContext, chosen: _Found) -> str:
    """Return the version that is built where no rule reads one: that of the git tag, or of the commit's own name."""
    return version_of(moment.source.tag) or (version_of(chosen.text) if chosen.rule is not _DIGITS else "")


def _without_doubles(found: Iterable[_Found]) -> list[_Found]:
    """Keep each name once, the first time; a name that one rule fixes does not move for another."""
    kept: dict[str, _Found] = {}
    for each in found:
        first = kept.setdefault(each.tag, each)
        if first is each or first.moves == each.moves:
            continue
        if each.says_whether_it_moves and (first.says_whether_it_moves or each.moves):
            msg = (
                f"the tag {each.tag} is floating by one rule and pinned by another: {first.rule.text}; {each.rule.text}"
            )
            raise ConfigurationError(msg, hint="remove one of them, or give both the same floating=")
        kept[each.tag] = replace(first, moves=False)
    return list(kept.values())


def _latest(flavor: Flavor, moment: TagContext) -> str:
    prefix = fill(flavor.prefix, moment, "flavor") if flavor.prefix_latest else ""
    suffix = fill(flavor.suffix, moment, "flavor") if flavor.suffix_latest else ""
    return _legal(f"{prefix}{_LATEST}{suffix}", "flavor")


def _name(found: _Found, flavor: Flavor, moment: TagContext) -> str:
    rule = found.rule
    own = _PREFIXES.get(rule.words.get("event", rule.type))
    prefix = fill(rule.words.get("prefix", flavor.prefix if own is None else own), moment, rule.text)
    suffix = fill(rule.words.get("suffix", flavor.suffix), moment, rule.text)
    if not found.text:
        msg = f"{rule.text} makes an empty tag"
        raise ConfigurationError(msg, hint="enable the rule only for some builds: enable={{…}}")
    return _legal(f"{prefix}{found.text}{suffix}", rule.text)


def _legal(text: str, rule: str) -> str:
    """Make a tag of a text: each run of characters that no tag has becomes one hyphen, and none of it leads."""
    tag = re.sub(r"[^A-Za-z0-9._-]+", "-", text).lstrip(".-")
    if not tag:
        msg = f"{rule} comes to {text!r}, which has no letter or digit"
        raise ConfigurationError(msg, hint="use letters and digits")
    if len(tag) > _LONGEST:
        msg = f"{rule} makes a tag of {len(tag)} characters: {tag[:40]}…"
        raise ConfigurationError(msg, hint=f"a tag has at most {_LONGEST}; type=match takes a part of a name")
    return tag


def _follow(rule: TagRule, moment: TagContext) -> _Found | None:
    """Return what a rule comes to; None where it does not hold for this build."""
    enabled = fill(rule.words.get("enable", "true"), moment, rule.text)
    if enabled not in ("true", "false"):
        msg = f"{rule.text}: enable is {enabled!r}, not true or false"
        raise ConfigurationError(msg, hint="for example enable={{is_default_branch}}")
    found = _come_to(rule, moment) if enabled == "true" else None
    if not found:
        return None
    moves = rule.words["floating"] == "true" if "floating" in rule.words else found.moves
    return replace(found, moves=moves, rule=rule)


def _come_to(rule: TagRule, moment: TagContext) -> _Found | None:
    source, words = moment.source, rule.words
    match rule.type:
        case "schedule":
            pattern = words.get("pattern", "nightly")
            return _Found(text=fill(pattern, moment, rule.text)) if source.event is TriggerEvent.SCHEDULE else None
        case "semver" | "pep440":
            return _version(rule, moment)
        case "match":
            return _match(rule, moment)
        case "edge":
            wanted = words.get("branch")
            is_it = source.branch == wanted if wanted else is_default_branch(source, rule.text)
            return _Found(text="edge") if is_it and not source.is_pull_request else None
        case "ref":
            return _ref(words["event"], moment)
        case "raw":
            # The commit's digits where there is no commit are no empty name, but none.
            if rule is _DIGITS:
                return _digits(moment, is_long=False)
            return _Found(text=fill(words["value"], moment, rule.text), by_version=True)
        case _:
            return _digits(moment, is_long=words.get("format") == "long")


def _digits(moment: TagContext, *, is_long: bool) -> _Found | None:
    commit = moment.source.commit
    return _Found(text=commit.sha if is_long else commit.short, moves=False) if commit else None


def _ref(event: str, moment: TagContext) -> _Found | None:
    source = moment.source
    if event == "tag":
        return _Found(text=source.tag, moves=False, latest=True) if source.tag else None
    if event == "pr":
        return _Found(text=str(source.pull_request)) if source.pull_request is not None else None
    return _Found(text=source.branch) if source.branch and not source.is_pull_request else None


def _version(rule: TagRule, moment: TagContext) -> _Found | None:
    parse = parse_semver if rule.type == "semver" else parse_pep440
    text = _tag_or_value(rule, moment)
    if text and (pattern := rule.words.get("match")):
        matched = compiled(pattern).search(text)
        text = (matched[1] or "") if matched else ""
    version: Version | None = parse(text) if text else None
    if not version:
        return None
    pattern = rule.words["pattern"]
    asked = expressions(pattern)
    if not version.is_final and asked != ["raw"]:
        pattern, asked = "{{version}}", ["version"]
    is_full = bool({"version", "raw"} & set(asked)) or {"major", "minor", "patch"} <= set(asked)
    return _Found(
        text=fill(pattern, moment, rule.text, version.words),
        moves=not is_full,
        latest=version.is_final,
        by_version=True,
        version=version.text,
    )


def _match(rule: TagRule, moment: TagContext) -> _Found | None:
    text = _tag_or_value(rule, moment)
    matched = compiled(rule.words["pattern"]).search(text) if text else None
    part = matched[int(rule.words.get("group", 0))] if matched else None
    if part is None:
        return None
    # The whole of a git tag names what the tag names; a part of it, as v1 of v1.2, is what other tags have too.
    return _Found(text=part, moves=part != text.removeprefix("v") and part != text, latest=True, by_version=True)


def _tag_or_value(rule: TagRule, moment: TagContext) -> str:
    value = rule.words.get("value")
    return fill(value, moment, rule.text) if value else moment.source.tag
