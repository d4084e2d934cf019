"""Tag rules: what they come to for each kind of build, what moves, and what is refused before anything is built."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.tags import (
    TagContext,
    TagNames,
    check_tag_rule,
    decide_tags,
    is_later_version,
    parse_flavor,
    parse_rule,
)
from multiarch.image.tags.version import version_of
from multiarch.source import Commit, Source, TriggerEvent
from tests.unit.fakes import COMMIT, DIRTY, NOW, SHA, load

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = SHA[:7]
MAIN = Source(commit=COMMIT, branch="main", default_branch="main", event=TriggerEvent.PUSH)
TOPIC = replace(MAIN, branch="feature/Fancy Ünit")
TAG = Source(commit=COMMIT, tag="v1.2.3", event=TriggerEvent.TAG)
PULL_REQUEST = Source(
    commit=COMMIT,
    pull_request=12,
    branch="topic",
    base_branch="main",
    default_branch="main",
    event=TriggerEvent.PULL_REQUEST,
)
NIGHTLY = replace(MAIN, event=TriggerEvent.SCHEDULE)


def tag(name: str) -> Source:
    return replace(TAG, tag=name)


def decide(
    source: Source, *tags: str, commit_tag: str = "", flavor: Sequence[str] = (), now: datetime = NOW
) -> TagNames:
    for each in tags:
        check_tag_rule(each)
    return decide_tags(commit_tag, tags, parse_flavor(tuple(flavor)), TagContext(source=source, now=now))


def told(names: TagNames) -> dict[str, list[str]]:
    """The names beside the commit's, by whether they move."""
    return {"pinned": list(names.pinned), "floating": [name.tag for name in names.floating]}


# Each rule by itself, without what `latest=auto` adds: the build, the rule, and the names by whether they move.
RULES: dict[str, tuple[Source, str, Sequence[str], Sequence[str]]] = {
    "a plain name moves": (MAIN, "main", [], ["main"]),
    "raw": (MAIN, "type=raw,value=stable", [], ["stable"]),
    "raw, its value alone": (MAIN, "type=raw,stable", [], ["stable"]),
    "raw with expressions": (MAIN, "type=raw,value={{branch}}-{{sha}}", [], [f"main-{SHORT}"]),
    "raw that stays": (MAIN, "type=raw,value=once,floating=false", ["once"], []),
    "sha": (MAIN, "type=sha", [f"sha-{SHORT}"], []),
    "sha, long": (MAIN, "type=sha,format=long,prefix=", [SHA], []),
    "a branch": (MAIN, "type=ref,event=branch", [], ["main"]),
    "a branch with what no tag has": (TOPIC, "type=ref,event=branch", [], ["feature-Fancy-nit"]),
    "a branch that would begin with a hyphen": (replace(MAIN, branch="-.x"), "type=ref,event=branch", [], ["x"]),
    "a branch of a pull request": (PULL_REQUEST, "type=ref,event=branch", [], []),
    "a branch of a tag's build": (TAG, "type=ref,event=branch", [], []),
    "a pull request": (PULL_REQUEST, "type=ref,event=pr", [], ["pr-12"]),
    "a pull request with another prefix": (PULL_REQUEST, "type=ref,event=pr,prefix=mr", [], ["mr12"]),
    "no pull request": (MAIN, "type=ref,event=pr", [], []),
    "a tag": (TAG, "type=ref,event=tag", ["v1.2.3"], []),
    "no tag": (MAIN, "type=ref,event=tag", [], []),
    "semver": (TAG, "type=semver,pattern={{version}}", ["1.2.3"], []),
    "semver, as it was written": (TAG, "type=semver,pattern={{raw}}", ["v1.2.3"], []),
    "semver, in parts": (TAG, "type=semver,pattern={{major}}.{{minor}}", [], ["1.2"]),
    "semver, one part": (TAG, "type=semver,pattern=v{{major}}", [], ["v1"]),
    "semver, all parts": (TAG, "type=semver,pattern={{major}}.{{minor}}.{{patch}}", ["1.2.3"], []),
    "semver, a pre-release in full": (tag("v2.0.0-rc.1"), "type=semver,pattern={{major}}", ["2.0.0-rc.1"], []),
    "semver, a pre-release as it was written": (tag("v2.0.0-rc.1"), "type=semver,pattern={{raw}}", ["v2.0.0-rc.1"], []),
    "semver with build metadata": (tag("1.2.3+5"), "type=semver,pattern={{version}}", ["1.2.3"], []),
    "semver, build metadata as it was written": (tag("1.2.3+5"), "type=semver,pattern={{raw}}", ["1.2.3-5"], []),
    "semver of a tag that is none": (tag("stable"), "type=semver,pattern={{version}}", [], []),
    "semver of a branch's build": (MAIN, "type=semver,pattern={{version}}", [], []),
    "semver of a value": (MAIN, "type=semver,pattern={{version}},value=v3.0.0", ["3.0.0"], []),
    "semver of a part": (tag("shop/v1.2.3"), "type=semver,pattern={{version}},match=shop/(.*)", ["1.2.3"], []),
    "semver of a part that is not there": (TAG, "type=semver,pattern={{version}},match=shop/(.*)", [], []),
    "pep440": (tag("v1.2.3"), "type=pep440,pattern={{version}}", ["1.2.3"], []),
    "pep440, in parts": (tag("1.2.3"), "type=pep440,pattern={{major}}.{{minor}}", [], ["1.2"]),
    "pep440, a pre-release in full": (tag("1.2.3rc1"), "type=pep440,pattern={{major}}", ["1.2.3rc1"], []),
    "pep440, a post-release in full": (tag("1.2.3.post1"), "type=pep440,pattern={{major}}", ["1.2.3.post1"], []),
    "pep440, in its normal form": (tag("1.2.3-RC1"), "type=pep440,pattern={{version}}", ["1.2.3rc1"], []),
    "pep440 with a local part": (tag("1.2.3+x"), "type=pep440,pattern={{version}}", ["1.2.3-x"], []),
    "pep440 of a tag that is none": (tag("stable"), "type=pep440,pattern={{version}}", [], []),
    "match, a part": (TAG, r"type=match,pattern=v(\d+\.\d+),group=1", [], ["1.2"]),
    "match, the whole": (TAG, r"type=match,pattern=\d+\.\d+\.\d+", ["1.2.3"], []),
    "match between slashes": (tag("V7"), "type=match,pattern=/v(.*)/i,group=1,floating=false", ["7"], []),
    "match with a comma": (tag("v12345"), r'type=match,"pattern=v(\d{1,3})",group=1', [], ["123"]),
    "match that is none": (TAG, "type=match,pattern=x", [], []),
    "match without its group": (TAG, "type=match,pattern=v1(x)?,group=1", [], []),
    "match of a value": (MAIN, "type=match,pattern=a.,value=abc", [], ["ab"]),
    "edge": (MAIN, "type=edge", [], ["edge"]),
    "edge of another branch": (TOPIC, "type=edge", [], []),
    "edge of a branch that is named": (
        replace(TOPIC, default_branch=""), f"type=edge,branch={TOPIC.branch}", [], ["edge"]),
    "edge of a tag": (TAG, "type=edge", [], []),
    "edge of a pull request": (PULL_REQUEST, "type=edge,branch=topic", [], []),
    "a schedule": (NIGHTLY, "type=schedule", [], ["nightly"]),
    "a schedule with a date": (NIGHTLY, "type=schedule,pattern={{date 'YYYYMMDD'}}", [], ["20260131"]),
    "a schedule with a date and words": (
        NIGHTLY, "type=schedule,pattern={{date '[at]-YYYY.MM.DD-HHmmss'}}", [], ["at-2026.01.31-123000"]),
    "a schedule elsewhere": (
        NIGHTLY, "type=schedule,pattern={{date 'DDHH' tz='Pacific/Kiritimati'}}", [], ["0102"]),
    "a schedule with the commit's date": (
        NIGHTLY, "type=schedule,pattern={{commit_date 'YYYYMMDD'}}", [], ["20231114"]),
    "no schedule": (MAIN, "type=schedule", [], []),
    "enabled": (MAIN, "type=raw,value=a,enable={{is_default_branch}}", [], ["a"]),
    "not enabled": (TOPIC, "type=raw,value=a,enable={{is_default_branch}}", [], []),
    "enabled elsewhere": (TOPIC, "type=raw,value=a,enable={{is_not_default_branch}}", [], ["a"]),
    "enabled for no tag": (TAG, "type=raw,value=a,enable={{is_default_branch}}", [], []),
    "disabled": (MAIN, "type=raw,value=a,enable=false", [], []),
    "prefix and suffix": (MAIN, "type=ref,event=branch,prefix=a-,suffix=-{{sha}}", [], [f"a-main-{SHORT}"]),
    "the base of a pull request": (PULL_REQUEST, "type=raw,value={{base_ref}}-{{branch}}x", [], ["main-x"]),
}  # fmt: skip


@pytest.mark.parametrize(("source", "rule", "pinned", "floating"), RULES.values(), ids=RULES)
def test_decide_tags_of_one_rule_returns_its_tag(
    source: Source, rule: str, pinned: Sequence[str], floating: Sequence[str]
) -> None:
    names = decide(source, rule, flavor=["latest=false"])
    assert told(names) == {"pinned": list(pinned), "floating": list(floating)}
    assert names.commit_tag == (SHORT if source.commit else "")


COMMIT_TAGS: dict[str, tuple[Source, str, str]] = {
    "the first digits": (MAIN, "", SHORT),
    "a name": (MAIN, "v1", "v1"),
    "a rule": (MAIN, "type=sha,format=long,prefix=", SHA),
    "the git tag": (TAG, "type=ref,event=tag", "v1.2.3"),
    "the git tag, where there is none": (MAIN, "type=ref,event=tag", SHORT),
    "a name without a commit": (Source(), "v1", "v1"),
}


@pytest.mark.parametrize(("source", "text", "expected"), COMMIT_TAGS.values(), ids=COMMIT_TAGS)
def test_decide_tags_of_commit_rule_returns_the_commit_tag(source: Source, text: str, expected: str) -> None:
    assert decide(source, commit_tag=text).commit_tag == expected


SEMVER = ("type=semver,pattern={{version}}", "type=semver,pattern={{major}}.{{minor}}", "type=semver,pattern={{major}}")

# Rules together: build, flavour, rules, all names in their order, and the version that the image says.
TOGETHER: dict[str, tuple[Source, Sequence[str], Sequence[str], Sequence[str], str]] = {
    "the default": (MAIN, [], ["latest"], [SHORT, "latest"], SHORT),
    "none": (MAIN, [], [], [SHORT], SHORT),
    "a version has latest": (TAG, [], SEMVER, [SHORT, "1.2.3", "1.2", "1", "latest"], "1.2.3"),
    "a pre-release has not": (tag("v2.0.0-rc.1"), [], SEMVER, [SHORT, "2.0.0-rc.1"], "2.0.0-rc.1"),
    "nor a branch": (MAIN, [], ["type=ref,event=branch"], [SHORT, "main"], SHORT),
    "but where it is said": (MAIN, ["latest=true"], ["type=ref,event=branch"], [SHORT, "main", "latest"], SHORT),
    "and not where it is said": (TAG, ["latest=false"], SEMVER, [SHORT, "1.2.3", "1.2", "1"], "1.2.3"),
    "a tag has latest": (TAG, [], ["type=ref,event=tag"], [SHORT, "v1.2.3", "latest"], "1.2.3"),
    "the most important rule decides of latest": (
        tag("v2.0.0-rc.1"), [], ["type=ref,event=tag", *SEMVER], [SHORT, "2.0.0-rc.1", "v2.0.0-rc.1"], "2.0.0-rc.1"),
    "priorities order": (
        MAIN, [], ["a", "type=edge", "type=ref,event=branch,priority=900"], [SHORT, "main", "edge", "a"], SHORT),
    "each name once": (MAIN, [], ["a", "type=raw,value=a", SHORT], [SHORT, "a"], SHORT),
    "a name that one rule fixes does not move": (
        tag("v1.2.3"), ["latest=false"], ["1.2.3", SEMVER[0]], [SHORT, "1.2.3"], "1.2.3"),
    "a flavour is part of all names": (
        TAG, ["suffix=-alpine"], [*SEMVER[:2], "x"],
        [f"{SHORT}-alpine", "1.2.3-alpine", "1.2-alpine", "x-alpine", "latest"], "1.2.3"),
    "and of latest where it is said": (
        TAG, ["prefix=a-,onlatest=true"], SEMVER[:1], [f"a-{SHORT}", "a-1.2.3", "a-latest"], "1.2.3"),
    "a rule's own prefix comes first": (
        MAIN, ["prefix=a-"], ["type=ref,event=branch,prefix=b-"], [f"a-{SHORT}", "b-main"], f"a-{SHORT}"),
    "a changed tree has no clean name": (
        replace(TAG, commit=DIRTY), [], [*SEMVER, "latest"], [f"{SHORT}-dirty"], f"{SHORT}-dirty"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "flavor", "tags", "expected", "version"), TOGETHER.values(), ids=TOGETHER)
def test_decide_tags_of_several_rules_returns_all(
    source: Source, flavor: Sequence[str], tags: Sequence[str], expected: Sequence[str], version: str
) -> None:
    names = decide(source, *tags, flavor=flavor)
    assert [names.commit_tag, *names.pinned, *(name.tag for name in names.floating)] == list(expected)
    assert names.version == version


def test_decide_tags_only_version_tags_have_a_version() -> None:
    names = decide(replace(MAIN, tag="v1.2.3"), *SEMVER, "type=ref,event=branch", "type=edge", "stable")
    assert {name.tag: name.version for name in names.floating} == {
        "1.2": "1.2.3", "1": "1.2.3", "latest": "1.2.3", "stable": "1.2.3", "main": "", "edge": "",
    }  # fmt: skip


def test_decide_tags_version_in_commit_tag_is_used() -> None:
    names = decide(MAIN, "latest", commit_tag="v1.1.5")
    assert (names.version, names.floating[0].version) == ("1.1.5", "1.1.5")


REFUSED = {
    "type=semvr,pattern={{version}}": ("'semvr' is not a type of tag rule", "did you mean semver?"),
    "type=": ("'' is not a type of tag rule", "known: schedule, semver, pep440, match, edge, ref, raw, sha"),
    "type=semver": ("pattern is missing", "type=semver,pattern=…"),
    "type=ref": ("event is missing", "type=ref,event=branch|tag|pr"),
    "type=ref,event=brunch": ("event is 'brunch', not one of branch, tag, pr", "did you mean branch?"),
    "type=semver,patern=x": ("'patern' is not an option of type=semver", "did you mean pattern?"),
    "type=sha,format=tiny": ("format is 'tiny'", "known: short, long"),
    "type=sha,priority=high": ("priority is 'high', not a number", "priority=1"),
    "type=sha,floating=maybe": ("floating is 'maybe'", "known: true, false"),
    "type=sha,enable=yes": ("enable is 'yes', not true or false", "enable={{is_default_branch}}"),
    "type=raw": ("value is missing", "type=raw,value=…"),
    "type=raw,value={{brunch}}": ("{{brunch}} is not an expression", "did you mean branch?"),
    "type=raw,value={{branch": ("an expression has no closing braces", "{{branch}}"),
    "type=raw,value={{date}}": ("{{date}} is not an expression", "{{date 'YYYYMMDD'}}"),
    "type=raw,value={{date 'Quarter'}}": ("'Quarter' is not a date format", "known: YYYY"),
    "type=raw,value={{date 'YYYY' tz='Mars/Base'}}": ("'Mars/Base' is not a time zone", "tz='Europe/Berlin'"),
    "type=semver,pattern={{mayor}}": ("{{mayor}} is not an expression", "did you mean major?"),
    "type=match,pattern=(": ("the pattern does not compile", "regular expressions"),
    "type=match,pattern=a,group=1": ("the pattern has no group 1", "parentheses"),
    "type=match,pattern=a,group=x": ("group is 'x', not a number", "group=1"),
    "type=semver,pattern={{version}},match=v.*": ("the pattern has no group 1", "parentheses"),
    'type=match,"pattern=a': ("unbalanced quote", "quote a field"),
    "type=sha,,": ("empty field", "WORD=VALUE"),
    "not a tag": ("'not a tag' is not a tag", "letters, digits"),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.items(), ids=REFUSED)
def test_parse_rule_invalid_rule_raises_error(text: str, said: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_rule(text)
    assert said[0] in caught.value.message
    assert text in caught.value.message
    assert said[1] in caught.value.hint


UNKNOWN = replace(MAIN, default_branch="")
COMES_TO_NOTHING: dict[str, tuple[Source, Sequence[str], str, str]] = {
    "an empty name": (TAG, ["type=raw,value={{branch}}"], "makes an empty tag", "enable="),
    "no letter": (replace(MAIN, branch="ÄÖ"), ["type=ref,event=branch"], "which has no letter or digit", "letters"),
    "an over-long name": (
        replace(MAIN, branch="x" * 129), ["type=ref,event=branch"], "a tag of 129 characters", "at most 128"),
    "enable is a text": (MAIN, ["type=raw,value=a,enable={{branch}}"], "enable is 'main'", "is_default_branch"),
    "the default branch is not known": (
        UNKNOWN, ["type=edge"], "the default branch is unknown", "MULTIARCH_DEFAULT_BRANCH"),
    "nor for an expression": (
        UNKNOWN, ["type=raw,value=a,enable={{is_default_branch}}"],
        "the default branch is unknown", "--default-branch"),
    "the commit's time is not known": (
        replace(MAIN, commit=Commit(sha=SHA, dirty=False, origin="x")), ["type=raw,value={{commit_date 'YYYY'}}"],
        "the commit time is unknown", "--commit-time"),
    "it moves and it does not": (
        MAIN, ["type=raw,value=a,floating=true", "type=raw,value=a,floating=false"],
        "tag a is floating by one rule and pinned by another", "remove one of them"),
    "the commit's tag does not move": (
        MAIN, [f"type=raw,value={SHORT},floating=true"],
        f"tag {SHORT} is floating by one rule", "remove one of them"),
    "no commit": (Source(), ["type=sha"], "no commit to name the image after", "--commit-tag"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "tags", "message", "hint"), COMES_TO_NOTHING.values(), ids=COMES_TO_NOTHING)
def test_decide_tags_impossible_rule_raises_error(source: Source, tags: Sequence[str], message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        decide(source, *tags)
    assert message in caught.value.message
    assert hint in caught.value.hint


FLAVORS = {
    ("lastest=true",): ("'lastest' is unknown", "did you mean latest?"),
    ("latest=always",): ("latest is 'always', not one of auto, true, false", "did you mean false?"),
    ('"suffix=a',): ("unbalanced quote", "double the quotes"),
    ("latest",): ("'latest' is unknown", "did you mean latest?"),
    ("onlatest=true",): ("'onlatest' is unknown", "prefix=TEXT,onlatest=true"),
    ("prefix=a,onlatest=auto",): ("onlatest is 'auto'", "known: true, false"),
    ("latest=true", "latest=false"): ("flavor has two values of latest: true and false", "remove one of them"),
    ("prefix={{brunch}}",): ("{{brunch}} is not an expression", "did you mean branch?"),
}


def test_parse_flavor_quoted_field_keeps_its_comma() -> None:
    assert parse_flavor(("\"suffix=-{{date 'D,M'}}\",onlatest=true",)).suffix == "-{{date 'D,M'}}"


@pytest.mark.parametrize(("entries", "said"), FLAVORS.items(), ids=map(str, FLAVORS))
def test_parse_flavor_invalid_entry_raises_error(entries: tuple[str, ...], said: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_flavor(entries)
    assert said[0] in caught.value.message
    assert said[1] in caught.value.hint


LATER: dict[tuple[str, str], bool | None] = {
    ("1.2.0", "1.1.5"): True,
    ("1.1.5", "1.2.0"): False,
    ("1.10.0", "1.9.0"): True,
    ("v1.2.0", "1.1.5"): True,
    ("1.2.0", "1.2.0-rc.1"): True,
    ("1.2.0", "1.2.0"): False,
    ("1.2.post1", "1.2"): True,
    ("2024.1", "2023.12"): True,
    ("0123456", "1.2.0"): None,
    ("1234567", "1.2.0"): None,
    ("main", "1.2.0"): None,
    ("1.2.0", ""): None,
    ("1.x", "1.2.0"): None,
}


@pytest.mark.parametrize(("versions", "expected"), LATER.items(), ids=map(str, LATER))
def test_is_later_version_compares_versions(versions: tuple[str, str], expected: bool | None) -> None:  # noqa: FBT001
    assert is_later_version(*versions) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("v1.2.3", "1.2.3"), ("1.2", "1.2"), ("1.2.3+5", "1.2.3"), ("1234567", ""), ("stable", ""), ("v1", ""), ("", "")],
)
def test_version_of_tag_returns_the_version(name: str, expected: str) -> None:
    assert version_of(name) == expected


def test_load_settings_tag_rules_keep_their_commas() -> None:
    rules = ("type=ref,event=branch", "type=semver,pattern={{major}}.{{minor}},enable=true")
    assert load({"tags": (*rules, "a,b")}).settings.image.tags == (*rules, "a", "b")
    text = "\n".join((*rules, "a,b"))
    assert load(environment={"MULTIARCH_TAGS": text}).settings.image.tags == (*rules, "a", "b")
    assert load(file={"tags": [*rules, "a"]}).settings.image.tags == (*rules, "a")
    with pytest.raises(ConfigurationError) as caught:
        load({"tags": ("type=rev",)})
    assert caught.value.message == "--tag: type=rev: 'rev' is not a type of tag rule"


def test_decide_tags_flavor_latest_false_has_no_latest() -> None:
    assert load({"flavor": ("latest=false",)}).settings.image.tags == ()
    with pytest.raises(ConfigurationError, match="--tag latest conflicts with --flavor latest=false"):
        load({"flavor": ("latest=false",), "tags": ("latest",)})


def test_decide_tags_date_is_that_of_the_build() -> None:
    new_year = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    rule = "type=schedule,pattern={{date 'YYYY-MM-DD'}}-{{date 'YY.M.D.H' tz='Europe/Berlin'}}"
    assert told(decide(NIGHTLY, rule, now=new_year))["floating"] == ["2026-12-31-27.1.1.0"]
