"""The prose linter: it finds what it is for, and leaves alone what only looks like it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest

from dev.prose.__main__ import main
from dev.prose.check import findings
from dev.prose.rules import IDIOMS, idioms, long_sentences
from dev.prose.texts import Text, all_texts, command_help, markdown, schemas, strings, templates

if TYPE_CHECKING:
    from pathlib import Path

# One text for each row of the table, in its order.
FOUND = (
    "X is made anew",
    "the builder that is wanted",
    "Take what is in the registry",
    "the builder is one that multiarch made",
    "X:latest is there already",
    "nobody knows the branch",
    "the branch is not known",
    "the role may not push",
    "{} cannot be had: 404",
    "a cause that can pass",
    "mend it, or move it away",
    "what cures it",
    "after 5 tries",
    "push: 503, try {} of {} in {} s",
    "it is tried again",
    "values are blackened",
    "branch and so on",
    "ECR had trouble of its own",
    "in docker's own words",
    "said: denied",
    "Say whether it works",
    "where the image is to run",
    "X is no folder",
    "AWS knows us",
    "by a mistake of ours",
    "not examined: docker",
    "a moving tag",
    "a fixed tag",
    "--for contradicts --platform",
    "the hand-over",
    "the identity of a build",
    "nothing but for the base",
    "it shall be built",
    "the very same layers",
    "the tag stands in the file",
    "the wanted driver",
    "docker is asked",
    "{host} limits how often it may be asked",
    "the version has to be set",
    "the run went well",
    "when it is red",
    "a very small image",
    "pull the the image",
)
NEAR_MISSES = (
    "a new builder",
    "There is no Dockerfile in that folder",
    "Is there a proxy?",
    "nothing to build",
    "the fields of the role",
    "may be written, if it exists",
    "a commit with amendments",
    "it is secure and obscure",
    "it tries to connect, and every retry waits",
    "the owner of the repository",
    "it says which driver, and AWS says why",
    "there is no builder yet",
    "it is no longer used",
    "the cost of moving a tag",
    "a prefixed tag",
    "aws sts get-caller-identity, the caller identity",
    "an identity provider of IAM",
    "butter and forks",
    "a stand-in for ECR",
    "it stands for the digest",
    "the task asks for it",
    "red, green, refactor",
    "what goes wrong",
    "every layer",
    "in repository REPOSITORY",
    "the then current tag",
)  # fmt: skip


@pytest.mark.parametrize(("text", "row"), tuple(zip(FOUND, IDIOMS, strict=True)), ids=FOUND)
def test_idioms_text_with_an_old_idiom_is_found_by_its_row(text: str, row: tuple[str, str]) -> None:
    _, better = row
    assert any(found.endswith(f": {better}") for found in idioms(text)), idioms(text)


@pytest.mark.parametrize("text", NEAR_MISSES)
def test_idioms_near_miss_is_accepted(text: str) -> None:
    assert idioms(text) == []


def test_idioms_finding_shows_its_surroundings() -> None:
    assert idioms("builder X is made anew, with its cache") == [
        '"anew" in "builder X is made anew, with its cache": again, or recreate'
    ]


TEN = "one two three four five six seven eight nine ten"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (TEN, 0),
        (f"{TEN} eleven", 1),
        (f"{TEN}. {TEN}", 0),
        (f"{TEN}: {TEN}", 0),
        (f"{TEN}\n{TEN}", 0),
        (f"{TEN}; {TEN}", 1),  # two thoughts in one sentence
        ("one two three four e.g. five six seven eight nine ten", 1),
        (f"{TEN} - …", 0),  # dashes are no words
        ("v1.2 a.b three four five six seven eight nine ten", 0),
    ],
)
def test_long_sentences_counts_words_of_each_sentence(text: str, count: int) -> None:
    assert len(long_sentences(text, 10)) == count


def checked(text: str, *, is_summary: bool = False) -> list[str]:
    texts = (Text(place="a", text="Fine", words=20), Text(place="b", text=text, words=20, is_summary=is_summary))
    return [f"{found.place}: {found.complaint}" for found in findings(texts)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Add an additional extra tag in order to be very unique", "uncomparables"),
        ("Collaborate together on it", "redundancy"),
    ],
)
def test_findings_of_proselint_stand_at_their_text(text: str, complaint: str) -> None:
    [first, *_] = checked(text)
    assert first.startswith("b: ")
    assert any(complaint in found for found in checked(text))


def test_findings_text_that_begins_as_another_ends_is_accepted() -> None:
    texts = (Text(place="a", text="a future", words=20), Text(place="b", text="plans of a team", words=20))
    assert list(findings(texts)) == []


@pytest.mark.parametrize(("length", "count"), [(60, 0), (61, 1)])
def test_findings_summary_of_a_command_fits_its_line(length: int, count: int) -> None:
    assert len(checked("x" * length, is_summary=True)) == count
    assert checked("x" * length) == []


PAGE = """\
# A heading

A paragraph with `some code`
in [two lines](https://example.com/anew).

```
anew
```

<!-- anew -->

- an entry

| cell | other |
|---|---|
| one | two<br>lines |
"""


def test_markdown_yields_what_is_read_and_no_code() -> None:
    found = [(text.place, text.text) for text in markdown(PAGE, "a.md")]
    assert found == [
        ("a.md:1", "A heading"),
        ("a.md:3", "A paragraph with `some_code` in two lines."),
        ("a.md:12", "an entry"),
        ("a.md:14", "cell"),
        ("a.md:14", "other"),
        ("a.md:16", "one"),
        ("a.md:16", "two lines"),
    ]


SOURCE = '''\
"""A docstring of a module."""

PATTERN = r"not found|\\bno such file"
NAME = "latest"

def run(log):
    """A docstring of a function."""
    log.info(f"pushed {NAME} to"
             f" {NAME!r}")
    log.info("docker login >/dev/null && echo yes")
    raise ValueError("no such builder"
                     " in docker")
'''


def test_strings_yields_sentences_and_no_docstrings_patterns_or_scripts() -> None:
    assert [(text.place, text.text) for text in strings(SOURCE, "a.py")] == [
        ("a.py:8", "pushed {} to {}"),
        ("a.py:11", "no such builder in docker"),
    ]


@click.group(help="The group.")
def group() -> None: ...


@group.command(help="The summary\nof it.\n\nMore words.")
@click.option("--flag", help="What it does.")
def command(flag: str) -> None: ...


def test_command_help_yields_summaries_paragraphs_and_flags() -> None:
    assert [(text.place, text.text, text.is_summary) for text in command_help(group, "x")] == [
        ("x --help", "The group.", False),
        ("x command --help", "The summary of it.", True),
        ("x command --help", "More words.", False),
        ("x command --flag", "What it does.", False),
    ]


def test_templates_yield_visible_text(tmp_path: Path) -> None:
    (tmp_path / "multiarch").mkdir()
    page = '{% if x %}\n<p title="a b">Skip {{ count }} steps</p>{% endif %}'
    (tmp_path / "multiarch" / "page.html").write_text(page)
    assert [(text.place, text.text) for text in templates(tmp_path)] == [("multiarch/page.html:2", "Skip {} steps")]


def test_schemas_yield_descriptions_and_no_property_of_that_name(tmp_path: Path) -> None:
    field = {"type": "string", "description": "one"}
    schema = {"description": "all", "properties": {"a": field, "description": {"enum": ["b"]}}, "anyOf": [field]}
    (tmp_path / "x.schema.json").write_text(json.dumps(schema))
    assert [text.text for text in schemas(tmp_path)] == ["all", "one", "one"]


def test_all_texts_reads_every_kind_of_place() -> None:
    places = [text.place for text in all_texts()]
    for start in (
        "README.md:",
        "docs/how-to.md:",
        "multiarch build --",
        "failure rule ",
        "multiarch/run/",
        "multiarch/schemas/",
    ):
        assert any(place.startswith(start) for place in places), start


def test_main_names_place_and_exits_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = (Text(place="a.md:3", text="made anew", words=9), Text(place="b.md:1", text="made anew", words=9))
    monkeypatch.setattr("dev.prose.__main__.all_texts", lambda: bad)
    assert main(["a.md"]) == 1
    assert capsys.readouterr().out == 'a.md:3: "anew" in "made anew": again, or recreate\n'
    assert main(["--count"]) == 1
    assert capsys.readouterr().out == "    1 a.md\n    1 b.md\n"
    assert main(["c.md"]) == 0
