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


def test_there_are_many_cases_each_with_a_name_of_its_own_and_some_are_run_always() -> None:
    assert len(CASES) >= 80
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert 10 <= sum(case.smoke for case in CASES) <= 20


def test_every_place_has_a_case() -> None:
    assert {fault.where for case in CASES for fault in case.faults} == set(PLACES)


def test_a_seed_draws_the_same_cases_again_and_another_one_others() -> None:
    assert list(chance.cases(7)) == list(chance.cases(7))
    assert list(chance.cases(7)) != list(chance.cases(8))


def test_what_breaks_at_one_place_and_ends_alike_shares_a_row() -> None:
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
def test_an_ending_in_words(case: Case, ended: Outcome, words: str) -> None:
    assert in_words(case, ended) == words


def test_a_secret_in_an_output_is_found_wherever_it_stands_and_is_not_printed_again() -> None:
    secret = "c2VjcmV0LXRva2VuLW9mLWEtcmVnaXN0cnk="
    [problem] = leaks(f'{{"hint": "x"}}\nAuthorization: Basic {secret}\n', ["unseen-secret", secret, ""])
    assert problem.startswith("a secret is printed: c2VjcmV0")
    assert secret not in problem
    assert leaks("nothing of it\n", ["unseen-secret", secret]) == []


def test_where_no_secret_is_known_nothing_was_searched_for() -> None:
    assert leaks("anything", []) == ["no secret is known that could have been printed"]


MESSAGES = {
    "a repository": ("chaos-0a1b2c3d4e is missing", "REPOSITORY is missing"),
    "a tag": ("chaos-0a1b2c3d4e:31d6ba4 is there", "REPOSITORY:TAG is there"),
    "a digest": (f"sha256:{'a' * 64} is there", "sha256:… is there"),
    "a port": ("https://127.0.0.1:40123 is not trusted", "https://127.0.0.1:PORT is not trusted"),
    "tries and seconds": ("no (3 attempts in 12 s)", "no, also after retries"),
    "the first line": ("one\ntwo", "one"),
    "what is the same in each run": ("503 Service Unavailable", "503 Service Unavailable"),
}


@pytest.mark.parametrize(("message", "shown"), MESSAGES.values(), ids=MESSAGES)
def test_what_another_run_would_say_otherwise_is_left_out(message: str, shown: str) -> None:
    assert stable(message) == shown


def test_a_folder_of_this_machine_gets_into_no_table() -> None:
    with pytest.raises(ValueError, match="a folder of this machine"):
        stable("no such file: /tmp/pytest-of-root/x")
