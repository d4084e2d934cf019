"""The forms in which a secret may be printed, as what finds them in a text. Pure.

Two ways, each fast where the other is not:

* `Pattern`: a regular expression that is tried only where a plain piece of the form, its anchor, is in the text.
* `Fragments`: long base64 and hexadecimal text, of which also a part is found: programs break it into lines. All
  digits beside such a part are taken for the secret's.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

Span = tuple[int, int]

_PLAIN = re.compile(r"[A-Za-z0-9]+")
_BASE64 = "[A-Za-z0-9+/_-]"
_PADDING = "(?:=|%3[dD]){0,2}"
_URL_SAFE = str.maketrans("+/", "-_")
_STANDARD = str.maketrans("-_", "+/")

# Each 3rd piece of 8 characters of a form is known, and each 8th position of a text is looked at: the two meet in
# whatever both have in common of 31 characters or more. The base64 command breaks lines at 76, OpenSSL and PEM at 64.
_PIECE = 8
_FORM_STEP = 3
_LEAST = _PIECE * _FORM_STEP + _PIECE - 1
# A form that repeats itself has a piece in many places.
_PLACES = 64


@dataclass(frozen=True)
class Pattern:
    """One form of a secret.

    Attributes:
        form: the text, which may be escaped.
        is_base64: the form is a part of base64: the character before and the one after may hold bits of the secret.
        anchor: is part of every text that the pattern matches.
    """

    form: str
    is_base64: bool = False

    @cached_property
    def anchor(self) -> str:
        return max(_PLAIN.findall(self.form), key=len, default="")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Compiled when it is needed: that takes milliseconds, and most secrets are never printed."""
        escaped = _escaped(self.form)
        return re.compile(f"{_BASE64}?{escaped}{_BASE64}?{_PADDING}" if self.is_base64 else escaped)

    def spans(self, text: str) -> Iterator[Span]:
        for found in self._pattern.finditer(text):
            yield found.span()


@dataclass(frozen=True)
class Encoded:
    """What is the same wherever in an encoded text a secret begins.

    Attributes:
        is_base64: the character before and the one after may hold bits of the secret, too.
    """

    text: str
    is_base64: bool


class Fragments:
    """Parts of long encoded forms, in one alphabet."""

    def __init__(self, digits: str, normal: Callable[[str], str]) -> None:
        """Prepare.

        Args:
            digits: the alphabet, as a regular expression.
            normal: returns digits in one of the spellings that the alphabet has for them.
        """
        self._word = re.compile(f"{digits}{{{_LEAST},}}")
        self._normal = normal
        self._forms: set[str] = set()
        self._pieces: dict[str, list[tuple[str, int]]] = {}

    def add(self, form: str) -> None:
        form = self._normal(form)
        if form in self._forms:
            return
        self._forms.add(form)
        for start in range(0, len(form) - _PIECE + 1, _FORM_STEP):
            places = self._pieces.setdefault(form[start : start + _PIECE], [])
            if len(places) < _PLACES:
                places.append((form, start))

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where the words are that hold a part of a form."""
        if self._pieces:
            for word in self._word.finditer(text):
                if self._holds(self._normal(word.group())):
                    yield word.span()

    def _holds(self, word: str) -> bool:
        """Whether a word holds a part of a form that is too long for chance."""
        for position in range(0, len(word) - _PIECE + 1, _PIECE):
            for form, offset in self._pieces.get(word[position : position + _PIECE], ()):
                if _common(word, position, form, offset) >= _LEAST:
                    return True
        return False


def _common(word: str, position: int, form: str, offset: int) -> int:
    """Return how many characters a word and a form have in common around a piece."""
    before = 0
    while before < min(position, offset) and word[position - before - 1] == form[offset - before - 1]:
        before += 1
    after = _PIECE
    end = min(len(word) - position, len(form) - offset)
    while after < end and word[position + after] == form[offset + after]:
        after += 1
    return before + after


def base64_fragments() -> Fragments:
    return Fragments(_BASE64, lambda word: word.translate(_STANDARD) if "-" in word or "_" in word else word)


def hexadecimal_fragments() -> Fragments:
    return Fragments("[0-9A-Fa-f]", str.lower)


def encoded_forms(text: str) -> Iterable[Encoded]:
    """Yield a text's base64, wherever it begins in what is encoded, as in `user:secret`, and its hexadecimal digits."""
    content = text.encode(errors="surrogateescape")
    forms: dict[Encoded, None] = {}
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + content).decode().rstrip("=")
        # The first characters also hold bits of what stands before, and the last one of what follows.
        first = (0, 2, 3)[before]
        inner = encoded[first : len(encoded) - ((before + len(content)) % 3 != 0)]
        forms[Encoded(inner, is_base64=True)] = None
        forms[Encoded(inner.translate(_URL_SAFE), is_base64=True)] = None
    forms[Encoded(content.hex(), is_base64=False)] = None
    forms[Encoded(content.hex().upper(), is_base64=False)] = None
    return forms


def is_long(encoded: Encoded) -> bool:
    """Whether parts of it can be told from chance."""
    return len(encoded.text) > _LEAST


def _escaped(text: str) -> str:
    """Return a regular expression for a text, each character as it is or escaped."""
    parts = re.findall(r"[A-Za-z0-9]+|\\+|[^A-Za-z0-9\\]", text)
    return "".join(part if _PLAIN.fullmatch(part) else _escaped_character(part) for part in parts)


def _escaped_character(character: str) -> str:
    if character[0] == "\\":
        # Each level of quotes doubles them.
        return rf"(?:\\{{{len(character)},{16 * len(character)}}}|(?:%(?:25)?5[cC]){{{len(character)}}})"
    code = ord(character)
    content = character.encode(errors="surrogatepass")
    in_url = "".join(rf"%(?:25)?{_either_case(byte)}" for byte in content)
    utf_16 = character.encode("utf-16-be", errors="surrogatepass")
    in_json = "".join(
        rf"\\{{1,8}}u{_either_case(utf_16[each])}{_either_case(utf_16[each + 1])}" for each in range(0, len(utf_16), 2)
    )
    in_shell = "".join(rf"\\{{1,8}}(?:x{_either_case(byte)}|{byte:03o})" for byte in content)
    forms = [rf"\\{{0,8}}{re.escape(character)}", in_url, in_json, in_shell, *_OTHERS.get(character, ())]
    if code < ord(" ") or "\ud800" <= character <= "\udfff":
        forms.append("\N{REPLACEMENT CHARACTER}")
    return f"(?:{'|'.join(forms)})"


def _either_case(byte: int) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{byte:02x}")


_OTHERS = {
    " ": (r"\+",),
    "\n": (r"\r\n", r"\\{1,8}r\\{1,8}n", r"\\{1,8}n", "%0[dD]%0[aA]"),
    "\t": (r"\\{1,8}t",),
    "\r": (r"\\{1,8}r",),
    "'": ("'\"'\"'", r"'\\{1,4}''", "&#0?39;"),
    '"': ("&quot;", "&#0?34;"),
    "&": ("&amp;",),
    "<": ("&lt;",),
    ">": ("&gt;",),
}
