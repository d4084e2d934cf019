"""Platforms, references, tag templates and tags: what is printed parses again, and any text ends in one or an error."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import strategies as st

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository, check_repository, check_tag, legal_repository, parse_reference
from multiarch.image.registry import Registry
from multiarch.image.tags import TagContext, decide_tags, parse_flavor
from multiarch.image.tags.rule import check_tag_rule, parse_rule
from multiarch.image.tags.template import check_template, expressions, fill
from multiarch.source import Commit, Source
from tests.unit.properties import LINES, property_of

PARTS = st.sampled_from(["linux", "windows", "amd64", "x86_64", "aarch64", "arm64", "arm", "armhf", "386", "i386", "v7",
                         "v8", "v1", "v2", "7", "8", "s390x", "", "V7", "v٣"])  # fmt: skip
PLATFORMS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@property_of(PLATFORMS)
def test_platform_any_spelling_parses_to_a_normal_form(text: str) -> None:
    with suppress(ConfigurationError):
        platform = Platform.parse(text)
        assert Platform.parse(str(platform)) == platform
        assert re.fullmatch(r"[a-z]+/[a-z0-9]+(/v[0-9]+)?", str(platform))


HOSTS = st.from_regex(re.compile(r"[a-z0-9]{1,8}(\.[a-z]{2,5}){1,2}(:[1-9][0-9]{1,3})?", re.ASCII), fullmatch=True)
PATHS = st.from_regex(re.compile(r"[a-z0-9]{1,5}((\.|_|__|-{1,3}|/)[a-z0-9]{1,5}){0,4}", re.ASCII), fullmatch=True)
TAGS = st.from_regex(re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", re.ASCII), fullmatch=True)


@property_of(HOSTS, PATHS, TAGS)
def test_reference_printed_parses_again(host: str, path: str, tag: str) -> None:
    repository = Repository(registry=Registry.parse(host), name=path)
    assert parse_reference(repository.tagged(tag)) == (repository, tag)
    digest = f"sha256:{'0' * 64}"
    assert parse_reference(repository.at(digest)) == (repository, digest)


@property_of(LINES)
def test_reference_any_text_ends_in_one_or_an_error(text: str) -> None:
    with suppress(ConfigurationError):
        repository, end = parse_reference(text)
        assert parse_reference(repository.at(end) if ":" in end else repository.tagged(end)) == (repository, end)


@property_of(st.text())
def test_legal_repository_any_text_is_legal_or_empty(text: str) -> None:
    legal = legal_repository(text)
    assert not legal or check_repository(legal) == legal


BRANCHES = st.text(max_size=100)


def context(branch: str) -> TagContext:
    commit = Commit(sha="0123456789abcdef0123456789abcdef01234567", time=1_700_000_000, dirty=False, origin="git")
    return TagContext(source=Source(commit=commit, branch=branch), now=datetime(2026, 1, 31, tzinfo=UTC))


@property_of(BRANCHES)
def test_decide_tags_any_branch_makes_legal_tags(branch: str) -> None:
    rules = ("type=ref,event=branch", "type=raw,value={{branch}}-{{sha}}", "type=match,pattern=(.*),value=x{{branch}}")
    for rule in rules:
        with suppress(ConfigurationError):
            names = decide_tags("", (rule,), parse_flavor(()), context(branch))
            for tag in (names.commit_tag, *names.pinned, *(each.tag for each in names.floating)):
                assert check_tag(tag) == tag


TEMPLATES = st.lists(
    st.sampled_from(
        ["{{", "}}", "branch", "tag", "sha", "date 'YYYY'", "commit_date 'X' tz='UTC'", "base_ref", " ", "x"]
    )
).map("".join)


@property_of(TEMPLATES)
def test_fill_checked_template_has_no_expression_left(template: str) -> None:
    with suppress(ConfigurationError):
        check_template(template, "rule")
        assert expressions(fill(template, context("main"), "rule")) == []


RULES = st.lists(
    st.sampled_from(["type=", "semver", "raw", "match", "ref", "sha", ",", "pattern=", "value=", "group=", "priority=",
                     "event=pr", "enable=", "{{branch}}", "²", "1", '"', "(", "a", "9" * 5000])
).map("".join)  # fmt: skip


@property_of(RULES)
def test_parse_rule_any_text_ends_in_a_rule_or_an_error(text: str) -> None:
    with suppress(ConfigurationError):
        rule = parse_rule(text)
        assert isinstance(rule.priority, int)
        assert check_tag_rule(text) == rule.text


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5000, "-1", ""])
@pytest.mark.parametrize("word", ["priority", "group"])
def test_parse_rule_odd_number_is_refused(word: str, number: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_rule(f"type=match,pattern=(a),{word}={number}")
