"""What users read: the pages, the help of each command, and the messages in the code."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

import click
from markdown_it import MarkdownIt

from dev.project import ROOT
from dev.prose.rules import DOCS_WORDS, MESSAGE_WORDS
from multiarch.cli import cli
from multiarch.failures.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from markdown_it.token import Token

PAGES: Final = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/*.md")
# A pattern, a line of a shell script, or a tag of HTML: no sentence of ours.
_CODE: Final = re.compile(
    r"\\[bsSwWdD.]|\(\?|\[\^|\.\*|\.\{0,|^\^|\$[({\"\w]|\"\$|&&|\|\| |[12]?>(?:&|/)|<[a-z/]|\}\} *<"
)
_SENTENCE_LIKE: Final = re.compile(r"[A-Za-z]{2,}[,:;.]? +[a-z]{2,}|[a-z]{2,} [A-Za-z{]|\} [a-z]{2,}")


@dataclass(frozen=True, kw_only=True)
class Text:
    """What a user reads in one piece: `place` is a file with its line, or a command; `words` is a sentence's limit.

    `is_summary` marks the line of a command in the list of commands.
    """

    place: str
    text: str
    words: int
    is_summary: bool = False


def all_texts() -> Iterator[Text]:
    """Yield each text once: the help of a setting stands in many commands."""
    seen = set()
    package = ROOT / "multiarch"
    for text in (
        *pages(ROOT),
        *command_help(cli),
        *failure_rules(),
        *messages(package),
        *templates(ROOT),
        *schemas(package),
    ):
        if text.text not in seen:
            seen.add(text.text)
            yield text


def pages(root: Path) -> Iterator[Text]:
    for pattern in PAGES:
        for path in sorted(root.glob(pattern)):
            place = path.relative_to(root).as_posix()
            yield from markdown(path.read_text(encoding="utf-8"), place)


def markdown(page: str, place: str) -> Iterator[Text]:
    """Yield the paragraphs, headings, entries and cells of a page, without its blocks of code."""
    line = 1
    for token in MarkdownIt("commonmark").enable("table").parse(page):
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline" and (text := "".join(_inline(token.children or ())).strip()):
            yield Text(place=f"{place}:{line}", text=text, words=DOCS_WORDS)


def _inline(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        match token.type:
            case "text":
                yield token.content
            case "code_inline":
                yield _one_word(token.content)
            case "softbreak" | "hardbreak" | "html_inline":
                yield " "


def _one_word(code: str) -> str:
    words = "_".join(code.split())
    return f"`{words}`"


def command_help(group: click.Group, name: str = "multiarch") -> Iterator[Text]:
    """Yield the help of a group, of its commands and of their flags."""
    commands = {name: group, **{f"{name} {each}": command for each, command in group.commands.items()}}
    for place, command in commands.items():
        for number, paragraph in enumerate(re.split(r"\n\s*\n", command.help or "")):
            text, is_summary = " ".join(paragraph.split()), number == 0 and command is not group
            yield Text(place=f"{place} --help", text=text, words=DOCS_WORDS, is_summary=is_summary)
        for option in command.params:
            if isinstance(option, click.Option) and option.help:
                yield Text(place=f"{place} {option.opts[-1]}", text=option.help, words=DOCS_WORDS)


def failure_rules() -> Iterator[Text]:
    for number, rule in enumerate(RULES, 1):
        for text in (rule.cause, rule.advice, rule.why):
            yield Text(place=f"failure rule {number}", text=text, words=MESSAGE_WORDS)


def messages(package: Path) -> Iterator[Text]:
    """Yield what looks like a sentence in the strings of a package, but for docstrings and the table of failures."""
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package.parent).as_posix()
        if "failures/tables" not in place:
            yield from strings(path.read_text(encoding="utf-8"), place)


def strings(source: str, place: str) -> Iterator[Text]:
    """Yield the strings of a module that look like sentences; what an f-string fills in is `{}`."""
    tree = ast.parse(source)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    parts |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in parts:
            continue
        match node:
            case ast.Constant(value=str(text)):
                pass
            case ast.JoinedStr(values=values):
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in values)
            case _:
                continue
        if _SENTENCE_LIKE.search(text) and not _CODE.search(text):
            yield Text(place=f"{place}:{node.lineno}", text=text.strip(), words=MESSAGE_WORDS)


def templates(root: Path) -> Iterator[Text]:
    """Yield the texts of the HTML templates; what a template fills in is `{}`."""
    for path in sorted(root.glob("multiarch/**/*.html")):
        parser = _Visible(path.relative_to(root).as_posix())
        parser.feed(re.sub(r"\{%.*?%\}|\{#.*?#\}", "", re.sub(r"\{\{.*?\}\}", "{}", path.read_text(encoding="utf-8"))))
        yield from parser.texts


class _Visible(HTMLParser):
    def __init__(self, place: str) -> None:
        super().__init__()
        self.texts: list[Text] = []
        self._place = place

    def handle_data(self, data: str) -> None:
        if _SENTENCE_LIKE.search(data):
            text = " ".join(data.split())
            self.texts.append(Text(place=f"{self._place}:{self.getpos()[0]}", text=text, words=DOCS_WORDS))


def schemas(package: Path) -> Iterator[Text]:
    """Yield the descriptions in the JSON schemas, which editors show."""
    for path in sorted(package.rglob("*.schema.json")):
        place = path.relative_to(package.parent).as_posix()
        for description in _descriptions(json.loads(path.read_text(encoding="utf-8"))):
            yield Text(place=place, text=description, words=DOCS_WORDS)


def _descriptions(value: object) -> Iterator[str]:
    match value:
        case {"description": str(text), **rest}:
            yield text
            yield from _descriptions(rest)
        case dict():
            yield from (text for each in value.values() for text in _descriptions(each))
        case list():
            yield from (text for each in value for text in _descriptions(each))
