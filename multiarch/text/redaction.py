"""Keeps secrets, and what a terminal obeys, out of everything that is shown. Pure but for its list."""

import re
import threading
from collections.abc import Iterable, Iterator

from multiarch.text.printable import printable
from multiarch.text.secret_forms import Pattern, Span, base64_fragments, encoded_forms, hexadecimal_fragments, is_long

REDACTED = "<redacted>"
# Shorter ones would take innocent words out.
SHORTEST = 4

# Whoever writes a login into a URL did not mean it for the log; `ssh://git@host` has a user, and no secret.
_IN_URL = re.compile(r"""(?<=://)[^\s/?#"'<>]+(?=@(?!sha\d+:))""")
_SSH_USER = re.compile(r"ssh://[^:]+$")
# An option of docker's container driver, which sets a variable of the builder: a proxy with its login, a token.
_IN_OPTION = re.compile(r"""(?<![\w.$])(env\.[A-Za-z_]\w*=)[^\s,"']+""")
# A secret may be printed with an escape of 6 characters for each of its own.
_LONGEST_ESCAPE = 6


class Redaction:
    """The secrets of this run.

    Attributes:
        too_short: how many secrets are not redacted, because they have fewer characters than SHORTEST.
        longest: characters that a secret takes at most, in any form.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._patterns: tuple[tuple[str, Pattern], ...] = ()
        self._base64, self._hexadecimal = base64_fragments(), hexadecimal_fragments()
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self.too_short = 0
        self.longest = 0
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Redact a secret from now on: whole and line by line, as it is, escaped or encoded."""
        whole = secret.strip()
        with self._lock:
            if not whole or whole in self._known:
                return
            self._known.add(whole)
            if len(whole) < SHORTEST:
                self.too_short += 1
                return
            self.longest = max(self.longest, _LONGEST_ESCAPE * len(whole))
            patterns: list[Pattern] = []
            for text in dict.fromkeys((whole, *(line.strip() for line in whole.splitlines()))):
                if len(text) < SHORTEST:
                    continue
                patterns.append(Pattern(printable(text)))
                for form in encoded_forms(text):
                    # The encoded lines of a secret are parts of the encoded whole.
                    if not is_long(form):
                        patterns.append(Pattern(form.text, is_base64=form.is_base64))
                    elif text == whole:
                        (self._base64 if form.is_base64 else self._hexadecimal).add(form.text)
            self._patterns = (*self._patterns, *((each.anchor, each) for each in patterns))

    def clean(self, text: str) -> str:
        """Return what may be shown of a text: printable, and without secrets."""
        text = printable(text)
        spans = self._spans(text)
        if spans:
            text = _without(text, spans)
        if "@" in text:
            text = _IN_URL.sub(_url_login, text)
        return _IN_OPTION.sub(rf"\1{REDACTED}", text) if "env." in text else text

    def cut(self, text: str, position: int) -> int:
        """Return where to part a printable text: at this position, or at an end of the secret that stands there."""
        return next((start or end for start, end in self._spans(text) if start < position < end), position)

    def clean_all(self, value: object) -> object:
        """Clean every text in what JSON can hold, before its escapes change the secret's look."""
        match value:
            case str():
                return self.clean(value)
            case dict():
                return {key: self.clean_all(each) for key, each in value.items()}
            case list():
                return [self.clean_all(each) for each in value]
            case _:
                return value

    def _spans(self, text: str) -> list[Span]:
        """Return where secrets stand: in order, none touching another."""
        found = [*self._base64.spans(text), *self._hexadecimal.spans(text)]
        for anchor, pattern in self._patterns:
            if anchor in text:
                found += pattern.spans(text)
        return list(_merged(sorted(found))) if found else found


def _merged(spans: Iterable[Span]) -> Iterator[Span]:
    start, end = -1, -1
    for each in spans:
        if each[0] > end:
            if end >= 0:
                yield start, end
            start, end = each
        end = max(end, each[1])
    yield start, end


def _without(text: str, spans: Iterable[Span]) -> str:
    parts: list[str] = []
    position = 0
    for start, end in spans:
        parts += (text[position:start], REDACTED)
        position = end
    return "".join((*parts, text[position:]))


def _url_login(found: re.Match[str]) -> str:
    is_user = _SSH_USER.search(found.string, max(0, found.start() - len("ssh://")), found.end())
    return found.group() if is_user else REDACTED
