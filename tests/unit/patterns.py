"""Takes regular expressions apart: the alternatives inside of their groups, and the simplest text of each."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]])*\]|\(\?(?::|P<\w+>|<?[=!])|\{\d+(?:,\d*)?\}|[?*+]\??|.", re.DOTALL)
_OPENS = ("(?:", "(?P")
_CLASSES = {"d": "1", "w": "w", "s": " ", "S": "x", "b": "", ".": "."}


def alternatives(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield each alternative of each group, and the pattern with that group named `group`."""
    opened: list[tuple[str, int, int, list[int]]] = []
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if text.startswith("("):
            opened.append((text, token.start(), token.end(), []))
        elif text == "|" and opened:
            opened[-1][3].append(token.start())
        elif text == ")":
            head, start, inner, bars = opened.pop()
            if bars and head.startswith(_OPENS):
                named = f"{pattern[:start]}(?P<group>{pattern[inner:]}"
                cuts = [inner - 1, *bars, token.start()]
                yield from ((pattern[left + 1 : right], named) for left, right in itertools.pairwise(cuts))


def simplest(pattern: str) -> str:
    """Return a text that the pattern matches: the first of alternatives, nothing where that is possible."""
    frames: list[tuple[str, list[list[str]]]] = [("", [[]])]
    for token in _TOKEN.findall(pattern):
        atoms = frames[-1][1][-1]
        if token.startswith("("):
            frames.append((token, [[]]))
        elif token == "|":
            frames[-1][1].append([])
        elif token == ")":
            head, found = frames.pop()
            frames[-1][1][-1].append("".join(found[0]) if head == "(" or head.startswith(_OPENS) else "")
        elif token[0] in "?*":
            atoms[-1] = ""
        elif token[0] == "{":
            atoms[-1] *= int(re.findall(r"\d+", token)[0])
        elif token[0] not in "+^$":
            atoms.append(_atom(token))
    return "".join(frames[0][1][0])


def _atom(token: str) -> str:
    if token.startswith("\\"):
        return _CLASSES.get(token[1], token[1])
    if token.startswith("["):
        return "x" if token[1] == "^" else _atom(re.findall(r"\\.|.", token[1:])[0])
    return " " if token == "." else token
