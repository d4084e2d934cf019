"""Keeps secrets out of everything that is printed. Pure but for its list."""

import base64
import re
import threading
from collections.abc import Iterable

REDACTED = "<redacted>"
# Whoever writes a password into a URL did not mean it for the log.
_IN_URL = re.compile(r"(://)[^\s/:@]+:[^\s/@]+@")
# Shorter ones would blacken innocent words; a secret this short is none.
_SHORTEST = 4


class Redaction:
    """The secrets of this run."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self._lock = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Keep a secret out from now on: whole, line by line, and in base64."""
        whole = secret.strip()
        lines = [line.strip() for line in secret.splitlines()]
        encoded = [_base64(each) for text in (secret, whole, *lines) for each in (text, f"{text}\n")]
        # The base64 command parts its lines at 76.
        wrapped = [each[start : start + 76] for each in encoded for start in range(0, len(each), 76)]
        forms = {whole, *lines, *encoded, *wrapped}
        with self._lock:
            known = {*self._secrets, *(form for form in forms if len(form) >= _SHORTEST)}
            # The longest first: a secret may hold another.
            self._secrets = tuple(sorted(known, key=lambda each: (-len(each), each)))

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

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, REDACTED)
        return _IN_URL.sub(rf"\1{REDACTED}@", text) if "@" in text else text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode(errors="surrogateescape")).decode()
