"""The project's own rules of style, as a table: what a text must not say, and what to say instead. Pure."""

from __future__ import annotations

import re
from typing import Final

# Words of a sentence at most. A message is read in a log, beside others.
DOCS_WORDS: Final = 25
MESSAGE_WORDS: Final = 20
# `multiarch --help` shows a line for each command, and cuts what is longer.
COMMAND_SUMMARY: Final = 60

# A regular expression, case ignored, and what to write instead.
IDIOMS: Final = (
    (r"\banew\b", "again, or recreate"),
    (r"\b(?:what|which|that|who|nothing) (?:is|are|was|were) (?:to be|meant|wanted|said|asked)\b", "name the thing"),
    (r"\bwhat (?:is|are|was|were|has|had|holds|comes|came|goes|moves|stands)\b(?! wrong\b)", "name the thing"),
    (r"\b(?:those|the ones?|that|one) (?:which|that)\b", "name the thing"),
    (r"\b(?:is|are|was|were)(?: not)? there\b(?! (?:a|an|any)\b)", "exists, or does not exist"),
    (r"\b(?:whatever|whoever|somebody|nobody)\b", "name the thing, or unknown"),
    (r"\bnot known\b", "unknown"),
    (r"\bmay not\b", "cannot"),
    (r"\bcan(?:not)? be had\b", "available, or not available"),
    (r"\b(?:can|may|might) pass\b", "transient, or retrying may succeed"),
    (r"\bmend(?:s|ed|ing)?\b", "fix"),
    (r"\bcure[sd]?\b", "fix"),
    (r"\b(?:the|one|more|of|each|every|last|first|another|\d+|\{\}) (?:try|tries)\b(?! to\b)|^tries of\b", "attempt"),
    (r"\btry (?:\d+|\{\}) of\b", "attempt"),
    (r"\btr(?:y|ies|ied) (?:it |them )?again\b", "retry"),
    (r"\bblackened\b", "redacted"),
    (r"\b(?:so|and) and so\b|\band so on\b", "list the things"),
    (r"\bof (?:its|his|our|their|your|my) own\b|\bof (?:ours|theirs|yours)\b", "leave it out"),
    (r"\bown words\b", "syntax, or output"),
    (r"\b(?:it|they|docker|AWS) said\b|\bsaid:", "output:"),
    (r"\bsa(?:y|ys|id) so\b|(?:^|[.;:] )Say\b", "show, check, print, report"),
    (r"\b(?:is|are) to (?:be|run|have|hold)\b", "must"),
    (r"(?<!there )\b(?:is|are) (?:no (?!longer\b|more\b)|none\b)", "is not a"),
    (r"\bknows? us\b", "credentials are valid"),
    (r"\bmistakes? of\b", "bug in multiarch"),
    (r"\bnot examined\b", "skipped"),
    (r"\bmov(?:ing|es) tags?\b|\btags? that moves?\b", "floating tag"),
    (r"\bfixed tags?\b", "pinned tag"),
    (r"\bcontradict\w*", "conflict with"),
    (r"\bhand(?:s|ed|ing)?[- ]?over\b", "deploy files"),
    (r"(?<!caller )(?<!caller-)\bidentity\b(?! provider| center| pool)", "source"),
    (r"\bbut for\b|\bsave (?:for|by|that|where)\b", "except"),
    (r"\b(?:whence|thereof|wherein|hence|thus|shall|upon|lest)\b", "a plain word"),
    (r"\ball the same\b|\bthe same again\b|\bvery same\b", "same, or leave it out"),
    (r"\bstands?\b(?!-|\s+(?:by|for)\b)", "is"),
    (r"\bwanted\b", "expected"),
    (r"\b(?:is|are|was|were|be) asked\b", "requested"),
    (r"\bhow often\b.{0,30}\bmay\b", "rate-limits requests"),
    (r"\b(?:has|have) to be\b", "must be"),
    (r"\b(?:go|goes|went|gone) well\b", "succeed"),
    (r"\bred\b(?= build| run)|\bis red\b", "failed"),
    (r"\bvery\b", "leave it out"),
    (r"(?-i:\b([A-Za-z]+) \1\b)", "the word is there twice"),
)  # fmt: skip

# Checks of proselint that do not fit texts with commands in them.
IGNORED: Final = (
    "typography",  # quotes of a command are straight, and a size is 2x
    "misc.capitalization.days",  # a file may be called mon
    "lexical_illusions",  # a placeholder in capitals after its word: repository REPOSITORY
    "weasel_words.very",  # IDIOMS has it, with a soberer reason
)

_PATTERNS: Final = tuple((re.compile(pattern, re.IGNORECASE), better) for pattern, better in IDIOMS)
_SENTENCE: Final = re.compile(r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<=[.!?])[\"')\]]*\s+|:\s+|\n+")
_WORD: Final = re.compile(r"[^\s]*\w[^\s]*")


def idioms(text: str) -> list[str]:
    """Return the old idioms of a text, each with its surroundings and the better word."""
    return [
        f'"{found.group()}" in "{_around(text, found)}": {better}'
        for pattern, better in _PATTERNS
        for found in pattern.finditer(text)
    ]


def _around(text: str, found: re.Match[str]) -> str:
    characters = 30
    return text[max(0, found.start() - characters) : found.end() + characters].strip()


def sentences(text: str) -> list[str]:
    """Split a text; a colon ends a sentence, as what follows it is a list or the reason."""
    return [sentence for sentence in _SENTENCE.split(text) if sentence]


def long_sentences(text: str, words: int) -> list[str]:
    """Return a complaint for each sentence with more words."""
    counted = ((sentence, len(_WORD.findall(sentence))) for sentence in sentences(text))
    return [f'{count} words, at most {words}: "{_short(sentence)}"' for sentence, count in counted if count > words]


def _short(text: str) -> str:
    limit = 60
    return text if len(text) <= limit else f"{text[:limit]}…"
