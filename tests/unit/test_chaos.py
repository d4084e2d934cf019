"""The cases of `make chaos` as data, and the tables that a run writes of them."""

from __future__ import annotations

from collections import Counter

import pytest

from dev.stack.ecr.faults import PLACES
from tests.chaos import chance
from tests.chaos.case import Case
from tests.chaos.cases import CASES
from tests.chaos.lab import Outcome, leaks
from tests.chaos.report import in_words, stable, table


def outcome(code: int = 0, message: str = "", warnings: tuple[str, ...] = ()) -> Outcome:
    result = {"message": message, "warnings": list(warnings)}
    return Outcome(code=code, said="", seconds=1.0, result=result, tags={}, fired=())


def test_cases_have_distinct_names_and_smoke_cases() -> None:
    assert len(CASES) >= 80
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert 10 <= sum(case.smoke for case in CASES) <= 20


def test_places_all_have_a_case() -> None:
    assert {fault.where for case in CASES for fault in case.faults} == set(PLACES)


def test_drawn_cases_depend_only_on_the_seed() -> None:
    assert list(chance.cases(7)) == list(chance.cases(7))
    assert list(chance.cases(7)) != list(chance.cases(8))


def test_rows_with_one_place_and_outcome_are_merged() -> None:
    rows = [
        ("tag: 500, once", "published"),
        ("tag: reset, once", "published"),
        ("tag: stall, for 9 s", "published"),
        ("tag: 503, always", "exit code 7: a|b"),
    ]
    assert table(rows).splitlines()[2:] == [
        "| tag | 500, reset, once each; stall, for 9 s | published |",
        "| tag | 503, always | exit code 7: a\\|b |",
    ]


ENDINGS = {
    "by itself": (Case(name="x"), outcome(), "published"),
    "by us": (Case(name="x", retries=1), outcome(), "published after a retry"),
    "without retries": (Case(name="x", retries=0), outcome(), "published"),
    "without its cache": (
        Case(name="x"),
        outcome(warnings=("recreated: yes", "cache export failed, the image is not affected: 429")),
        "published; cache export failed, the image is not affected",
    ),
    "half": (
        Case(name="x", code=7, tags=frozenset({"COMMIT"})),
        outcome(7, "tag: 503 (2 attempts in 31 s)"),
        "exit code 7: tag: 503, also after retries; the tag of the commit exists",
    ),
}


@pytest.mark.parametrize(("case", "ended", "words"), ENDINGS.values(), ids=ENDINGS)
def test_in_words_of_outcome_returns_the_cell(case: Case, ended: Outcome, words: str) -> None:
    assert in_words(case, ended) == words


def test_leaks_finds_a_secret_without_printing_it() -> None:
    secret = "c2VjcmV0LXRva2VuLW9mLWEtcmVnaXN0cnk="
    [problem] = leaks(f'{{"hint": "x"}}\nAuthorization: Basic {secret}\n', ["unseen-secret", secret, ""])
    assert problem.startswith("a secret is printed: c2VjcmV0")
    assert secret not in problem
    assert leaks("nothing of it\n", ["unseen-secret", secret]) == []


def test_leaks_without_known_secret_reports_a_problem() -> None:
    assert leaks("anything", []) == ["no secret is known that could have been printed"]


MESSAGES = {
    "a repository": ("chaos-0a1b2c3d4e is missing", "REPOSITORY is missing"),
    "a tag": ("chaos-0a1b2c3d4e:31d6ba4 is there", "REPOSITORY:TAG is there"),
    "a digest": (f"sha256:{'a' * 64} is there", "sha256:… is there"),
    "a port": ("https://127.0.0.1:40123 is not trusted", "https://127.0.0.1:PORT is not trusted"),
    "attempts and seconds": ("no (3 attempts in 12 s)", "no, also after retries"),
    "the first line": ("one\ntwo", "one"),
    "what is the same in each run": ("503 Service Unavailable", "503 Service Unavailable"),
}


@pytest.mark.parametrize(("message", "shown"), MESSAGES.values(), ids=MESSAGES)
def test_stable_replaces_values_that_change(message: str, shown: str) -> None:
    assert stable(message) == shown


def test_stable_folder_of_this_machine_raises_error() -> None:
    with pytest.raises(ValueError, match="a folder of this machine"):
        stable("no such file: /tmp/pytest-of-root/x")
