"""Text from outside, made fit for a terminal, a log and a page. Pure."""

import re

# What a terminal takes for commands: colors, titles, moves of the cursor (ECMA-48).
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
# What XML cannot contain (https://www.w3.org/TR/xml/#charsets), what turns the direction of writing around
# (https://www.unicode.org/reports/tr9/), and line ends that only some programs see.
_UNFIT = re.compile(
    "[\x01-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str) -> str:
    """Return a text without what no eye can see: a terminal's commands go, any other control character is marked.

    NUL goes, too: what is left of UTF-16 can be read.
    """
    if "\x1b" in text or "\x9b" in text:
        text = _ESCAPES.sub("", text)
    if "\0" in text:
        text = text.replace("\0", "")
    return _UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
