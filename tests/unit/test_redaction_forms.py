"""Secrets in the forms that programs print them in, drawn at random: none may be shown."""

from __future__ import annotations

import base64
import json
import random
import shlex
import string
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example
from hypothesis import strategies as st

from multiarch.record.reader import _LONGEST_KEPT, _LONGEST_LINE, BuildReader
from multiarch.text.printable import printable
from multiarch.text.redaction import REDACTED, SHORTEST, Redaction
from tests.unit.properties import property_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What secrets consist of; the marker's own characters would be found in it.
CHARACTERS = string.ascii_letters + string.digits + string.punctuation + " éß漢😀"
SECRETS = st.text(CHARACTERS, min_size=6, max_size=80).map(str.strip).filter(lambda each: len(each) >= 6)
TEXTS = st.text(CHARACTERS + "\n\t", max_size=30)


def token(seed: int, size: int) -> str:
    """A long secret, as random as one is."""
    draw = random.Random(seed)  # noqa: S311 - a test's
    return "".join(draw.choices(string.ascii_letters + string.digits + "+/=-._", k=size))


def reflowed(text: str, width: int) -> str:
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


def in_base64(secret: str, before: str, after: str) -> str:
    return base64.b64encode(f"{before}{secret}{after}".encode()).decode()


PLAIN: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "URL": lambda secret: urllib.parse.quote(secret, safe=""),
    "URL, slashes left": urllib.parse.quote,
    "URL, lower case": lambda secret: "".join(
        f"%{byte:02x}" if chr(byte) not in string.ascii_letters + string.digits else chr(byte)
        for byte in secret.encode()
    ),
    "form": urllib.parse.quote_plus,
    "URL, twice": lambda secret: urllib.parse.quote(urllib.parse.quote(secret, safe=""), safe=""),
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON, not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON, as Go writes it": lambda secret: (
        json.dumps(secret, ensure_ascii=False)[1:-1]
        .replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")),
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret))[1:-1],
    "shell, single quotes": shlex.quote,
    "shell, backslashed quote": lambda secret: "'" + secret.replace("'", "'\\''") + "'",
    "shell, backslashes": lambda secret: "".join(
        each if each.isalnum() else f"\\{each}" for each in secret),
    "Python": repr,
}  # fmt: skip
ENCODED: Mapping[str, Callable[[str, str, str], str]] = {
    "base64": in_base64,
    "base64, for URLs": lambda secret, before, after: in_base64(secret, before, after).translate(
        str.maketrans("+/", "-_")),
    "base64, without padding": lambda secret, before, after: in_base64(secret, before, after).rstrip("="),
    "hexadecimal": lambda secret, before, after: f"{before}{secret}{after}".encode().hex(),
    "hexadecimal, upper case": lambda secret, before, after: f"{before}{secret}{after}".encode().hex().upper(),
}  # fmt: skip


def inner_base64(secret: str) -> list[str]:
    """What of a secret's base64 is the same wherever it begins, in either alphabet."""
    size = len(secret.encode())
    forms = []
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + secret.encode()).decode()
        forms.append(whole[-(-before * 8 // 6) : (before + size) * 8 // 6])
    return forms + [each.translate(str.maketrans("+/", "-_")) for each in forms]


def assert_hidden(shown: str, *forms: str) -> None:
    # What is left must not hold it; that the marker itself does is no leak.
    parts = shown.split(REDACTED)
    for form in forms:
        assert not any(form in part for part in parts), (form, shown)


@example(secret="\\\\\\\\\\\\ab", before="\\", after="\\\\", form="JSON in JSON")
@example(secret="a'b\"c$d`e", before="", after="", form="shell, single quotes")
@property_of(SECRETS, TEXTS, TEXTS, st.sampled_from(sorted(PLAIN)))
def test_clean_escaped_secret_is_not_shown(secret: str, before: str, after: str, form: str) -> None:
    escaped = PLAIN[form](secret)
    shown = Redaction([secret]).clean(f"{before}{escaped}{after}")
    assert_hidden(shown, secret, printable(escaped))


@property_of(SECRETS, TEXTS, TEXTS, st.sampled_from(sorted(ENCODED)))
def test_clean_encoded_secret_is_not_shown(secret: str, before: str, after: str, form: str) -> None:
    encoded = ENCODED[form](secret, before, after)
    shown = Redaction([secret]).clean(f"auth: {encoded} .")
    assert_hidden(shown, *inner_base64(secret), secret.encode().hex(), secret.encode().hex().upper())


@property_of(
    st.builds(token, st.integers(0, 10**9), st.integers(120, 600)),
    TEXTS,
    st.sampled_from([64, 76]),
    st.sampled_from(sorted(ENCODED)),
)
def test_clean_encoded_secret_in_lines_is_not_shown(secret: str, before: str, width: int, form: str) -> None:
    """Each line is shown on its own, with a step's name before it."""
    redaction = Redaction([secret])
    lines = reflowed(ENCODED[form](secret, before, ""), width).split("\n")
    shown = [redaction.clean(f"[amd64 2/3] {line}") for line in lines]
    forms = [*inner_base64(secret), secret.encode().hex(), secret.encode().hex().upper()]
    for line in shown:
        pieces = {form[start : start + 31] for form in forms for start in range(len(form) - 30)}
        assert not any(piece in line for piece in pieces), line


@property_of(
    SECRETS,
    TEXTS,
    st.lists(st.sampled_from(["\x1b[31m", "\x1b[0m", "\x1b]0;x\x07", "\x9b1m", "\0", ""]), min_size=1),
)
def test_clean_terminal_codes_in_a_secret_do_not_hide_it(secret: str, before: str, codes: list[str]) -> None:
    text = "".join(f"{each}{codes[number % len(codes)]}" for number, each in enumerate(secret))
    assert_hidden(Redaction([secret]).clean(f"{before} {text}"), secret)


@property_of(st.lists(SECRETS, min_size=2, max_size=5), TEXTS)
def test_clean_secrets_that_overlap_are_not_shown(secrets: list[str], text: str) -> None:
    joined = text.join([*secrets, secrets[0][:-1] + secrets[1], secrets[0] + secrets[1][1:]])
    assert_hidden(Redaction(secrets).clean(joined), *secrets)


@property_of(st.text(max_size=200), st.lists(SECRETS, max_size=2))
def test_clean_text_is_what_may_be_shown(text: str, secrets: list[str]) -> None:
    shown = Redaction(secrets).clean(text)
    assert all(each in "\n\t" or each.isprintable() or ord(each) > 0x9F for each in shown)
    assert not {"\u202e", "\u2066", "\u200f", "\u2028"} & set(shown)


def test_clean_innocent_text_stays_as_it_is() -> None:
    redaction = Redaction(["s3cret-value", "x" * 300, "p w"])
    text = (
        "sha256:" + "0123456789abcdef" * 4 + " node_modules/a/b/c/d/e/f/g.js\tprocess.env.NODE_ENV=production "
        "docker-image://alpine@sha256:1 ssh://git@host/a mail@example.com https://example.com/a?b=c@d"
    )
    assert redaction.clean(text) == text
    assert redaction.too_short == 1


PLACES = {
    "https://ghp_token@github.com/a/b.git": f"https://{REDACTED}@github.com/a/b.git",
    "https://ada:p@ss@proxy:3128/x": f"https://{REDACTED}@proxy:3128/x",
    "tcp://:pass@host": f"tcp://{REDACTED}@host",
    "ssh://ada:pass@host": f"ssh://{REDACTED}@host",
    "image=a,env.HTTPS_PROXY=http://p,env.B=c d": f"image=a,env.HTTPS_PROXY={REDACTED},env.B={REDACTED} d",
}


@pytest.mark.parametrize(("text", "expected"), PLACES.items(), ids=PLACES)
def test_clean_login_is_known_by_its_place(text: str, expected: str) -> None:
    assert Redaction().clean(text) == expected


@pytest.mark.parametrize("secret", ["", " ", "\n"])
def test_too_short_no_secret_at_all_is_not_counted(secret: str) -> None:
    assert Redaction([secret]).too_short == 0
    assert len("a" * (SHORTEST - 1)) == 3


# The output of a build, in pieces


def logs(text: str, size: int, *, end: bool = True) -> list[str]:
    """BuildKit's events of one step that prints a text in pieces of so many bytes."""
    content = text.encode()
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    events: list[dict[str, Any]] = [
        {"vertexes": [{"digest": "sha256:1", "name": "[2/2] RUN x", "started": "2026-01-01T00:00:00Z"}]}
    ]
    events += [{"logs": [{"vertex": "sha256:1", "data": base64.b64encode(each).decode()}]} for each in pieces]
    if end:
        done = {"digest": "sha256:1", "name": "[2/2] RUN x", "started": "2026-01-01T00:00:00Z"}
        events.append({"vertexes": [{**done, "completed": "2026-01-01T00:00:09Z", "error": "failed"}]})
    return [json.dumps(each) for each in events]


def shown_by(reader: BuildReader, lines: list[str]) -> list[str]:
    return [line for each in lines for event in reader.feed(each) for line in event.lines]


@property_of(SECRETS, TEXTS, st.integers(1, 40))
def test_reader_secret_in_pieces_is_not_shown(secret: str, before: str, size: int) -> None:
    assume("\n" not in secret)
    reader = BuildReader(redaction=Redaction([secret]))
    text = f"{before}\x1b[1m{secret[:3]}\x1b[0m{secret[3:]}\nend\n"
    shown = shown_by(reader, logs(text, size))
    assert_hidden("\n".join(shown), secret)
    steps = [line for step in reader.failed_steps() for line in (step.title, *step.output, step.error)]
    assert_hidden("\n".join([*reader.text, *steps]), secret)


@pytest.mark.parametrize("shift", [0, 1, 5, 17, 39])
@pytest.mark.parametrize("size", [1000, 4096, 65_536])
def test_reader_secret_where_a_long_line_is_parted_is_not_shown(size: int, shift: int) -> None:
    secret = "s3cret-of-a-line-that-does-not-end-anywhere"
    text = "-" * shift + (secret + "." * 3) * (3 * _LONGEST_LINE // len(secret))
    reader = BuildReader(redaction=Redaction([secret]))
    shown = shown_by(reader, logs(text, size))
    rest = "".join(shown).replace(REDACTED, "").replace(".", "").replace("-", "").replace("failed", "")
    assert rest in ("", secret[: len(rest)]), rest[:200]
    assert max(map(len, shown)) <= 2 * _LONGEST_LINE


def test_reader_secret_where_a_kept_line_is_cut_is_not_shown() -> None:
    secret = "s3cret-value"
    reader = BuildReader(redaction=Redaction([secret]))
    shown_by(reader, logs("x" * (_LONGEST_KEPT - 5) + secret + "\n", 4096))
    [vertex] = reader.vertexes.values()
    assert "s3cr" not in vertex.tail[-1]


def test_reader_names_and_errors_are_cleaned() -> None:
    reader = BuildReader(redaction=Redaction(["s3cret-value"]))
    vertex = {"digest": "sha256:1", "name": "[2/2] RUN echo s3cret-value\x1b[2J", "started": "2026-01-01T00:00:00Z"}
    shown = shown_by(reader, [json.dumps({"vertexes": [{**vertex, "error": "no s3cret-value\u202e"}]}), "ERROR: \x07"])
    assert shown[-1] == "ERROR: \N{REPLACEMENT CHARACTER}"
    [kept] = reader.vertexes.values()
    assert (kept.name.name, kept.error) == (f"[2/2] RUN echo {REDACTED}", f"no {REDACTED}\N{REPLACEMENT CHARACTER}")


def test_clean_many_lines_take_little_time() -> None:
    """A fifth of 100,000 lines of 90 characters: about 0.3 s; before fragments and anchors, 0.7 s."""
    redaction = Redaction(["k" * 2700, "t" * 40, "\n".join(f"{number:064}" for number in range(26))])
    line = "Get:7 http://deb.debian.org/debian bookworm/main amd64 libc6 amd64 2.36-9+deb12u4 sha512-" + "aB3/" * 20
    begin = time.process_time()
    for _ in range(20_000):
        redaction.clean(line)
    assert time.process_time() - begin < 3


def test_clean_hostile_text_takes_no_longer() -> None:
    redaction = Redaction(["\\" * 40 + "x" + "'\"" * 20, "%%%%%%%%%%", "a" * 200])
    begin = time.process_time()
    for text in ("\\" * 60_000, "'\"" * 30_000, "%25" * 20_000, "YWFh" * 15_000, "://" + "@" * 60_000):
        redaction.clean(text)
    assert time.process_time() - begin < 5
