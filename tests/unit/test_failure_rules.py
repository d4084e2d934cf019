"""The tables of failure rules: each sign beside the real message that it is there for."""

import re
from collections.abc import Iterable

import pytest

from multiarch.edges.ask import docker
from multiarch.errors import FailurePhase
from multiarch.failures import diagnose
from multiarch.failures.model import FailureRule
from multiarch.failures.parts import STEP_VERDICT
from multiarch.failures.reading import compiled
from multiarch.failures.rules import ALL_RULES
from multiarch.failures.tables.steps import DECIDED, FETCHED, OWN_FAULT, UNEXPLAINED
from multiarch.run import aws_diagnosis, recovery
from multiarch.run.stages import build, builder, publish
from tests.unit.patterns import alternatives, simplest

_OF_STEPS = {rule.name for rule in (*DECIDED, *FETCHED, *OWN_FAULT, UNEXPLAINED)}
_FAILED = 'process "/bin/sh -c ./build.sh" did not complete successfully: exit code: 1'
SIGNS = [(rule, sign, message) for rule in ALL_RULES for sign, message in rule.signs.items()]


def output_with(rule: FailureRule, message: str) -> list[str]:
    """A build's output with this message: what a RUN step prints stands in the step that failed."""
    lines = message.split("\n")
    if rule.name not in _OF_STEPS or compiled(STEP_VERDICT).search(message) or message.startswith("#"):
        return lines
    step = ["#9 [2/4] RUN ./build.sh", *(f"#9 1.0 {line}" for line in lines), f"#9 ERROR: {_FAILED}"]
    return [*step, f"ERROR: failed to build: failed to solve: {_FAILED}"]


@pytest.mark.parametrize(
    ("rule", "sign", "message"), SIGNS, ids=[f"{rule.name}-{number}" for number, (rule, *_) in enumerate(SIGNS)]
)
def test_sign_matches_its_message_and_decides(rule: FailureRule, sign: str, message: str) -> None:
    lines = message.split("\n")
    windows = [" ".join(line.strip() for line in lines[start : start + 3]) for start in range(len(lines))]
    assert any(compiled(sign).search(window) for window in windows)
    found = diagnose(output_with(rule, message))
    assert found
    assert found.rule == rule.name
    assert found.failure_class is rule.failure_class


@pytest.mark.parametrize(
    ("rule", "sign", "message"), SIGNS, ids=[f"{rule.name}-{number}" for number, (rule, *_) in enumerate(SIGNS)]
)
def test_alternative_inside_sign_is_masked_by_no_other_class(rule: FailureRule, sign: str, message: str) -> None:
    """Each alternative of a group takes its place in the message: another rule may decide then, but no other class."""
    for alternative, named in alternatives(sign):
        match = re.search(named, message, re.IGNORECASE)
        if not match or match["group"] is None or not alternative:
            continue
        text = f"{message[: match.start('group')]}{simplest(alternative)}{message[match.end('group') :]}"
        if compiled(sign).search(text):
            found = diagnose(output_with(rule, text))
            assert found, text
            assert found.failure_class is rule.failure_class, (text, found.rule)


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_rule_is_complete(rule: FailureRule) -> None:
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)+", rule.name)
    assert rule.signs
    assert all((rule.cause, rule.advice, rule.why))
    assert re.compile(rule.pattern)
    for pattern in filter(None, (*rule.signs, rule.given, rule.unless)):
        plain = re.sub(r"\(\?P<\w+>|\\.", "", pattern)
        assert plain == plain.lower(), "case is ignored, so the tables are in lower case"


@pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: rule.name)
def test_sign_has_no_alternative_outside_a_group(rule: FailureRule) -> None:
    for sign in rule.signs:
        depth = 0
        for token in re.findall(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|[()|]", sign):
            depth += {"(": 1, ")": -1}.get(token, 0)
            assert token != "|" or depth, f"{sign} is several signs"


REFERRED = {
    "a docker that restarts": [recovery._NO_DOCKER],
    "builders": [builder._EXISTS, builder._MISSING],
    "a login behind a 403": [build._DENIED],
    "an immutable tag": [publish._EXISTS],
    "an image that docker lacks": docker._NO_IMAGE,
    "what is asked of AWS": aws_diagnosis._AMBIGUOUS,
}


@pytest.mark.parametrize("names", REFERRED.values(), ids=REFERRED)
def test_rule_that_code_refers_to_exists(names: Iterable[str]) -> None:
    assert set(names) <= {rule.name for rule in ALL_RULES}


def test_rule_names_are_unique() -> None:
    names = [rule.name for rule in ALL_RULES]
    assert sorted(set(names)) == sorted(names)


def test_cause_without_names_is_a_sentence() -> None:
    found = diagnose(["ERROR: no valid drivers found"], phase=FailurePhase.BUILDER_CREATE)
    assert found
    assert found.cause == "builder does not exist"
    gone = diagnose(["An error occurred (RepositoryNotFoundException) when calling the PutImage operation:"])
    assert gone
    assert gone.cause == "ECR repository does not exist"
    assert "--repository-name REPOSITORY " in gone.advice


PATTERNS = {
    "first alternative": (r"connection (?:reset|refused)", "connection reset"),
    "optional parts are left out": (r"time(?:d)?[- ]?out\b", "timeout"),
    "classes and counts": (r"status: [45]\d\d.{2}\w{3}", "status: 411  www"),
    "lookaround is no text": (r"(?<!of )\d{1,6} (?!ok)fail(?:ed|ing)", "1 failed"),
    "escapes": (r"\\?\"mirror\.example\S", '"mirror.examplex'),
}


@pytest.mark.parametrize(("pattern", "text"), PATTERNS.values(), ids=PATTERNS)
def test_simplest_text_matches_its_pattern(pattern: str, text: str) -> None:
    assert simplest(pattern) == text
    assert re.search(pattern, text)


def test_alternatives_of_nested_groups_are_all_found() -> None:
    pattern = r"a (?:b|c (?P<name>d|e)) f(?!g|h)"
    assert [each for each, _ in alternatives(pattern)] == ["d", "e", "b", "c (?P<name>d|e)"]
    found = re.search(next(iter(alternatives(pattern)))[1], "a c e f")
    assert found
    assert found["group"] == "e"
