"""Reads a log of any size, keeps the few hundred lines that can matter, and cleans them. Pure.

Memory is bounded: long lines are cut, and only the first signals, the last signals and the tail are kept. A line
that is not kept costs a few substring searches: 100 MB take seconds.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from multiarch.errors import StepFailure
from multiarch.failures.unwrap import unwrapped

LINE_LIMIT = 4096
_FIRST_SIGNALS, _LAST_SIGNALS, _LAST_ENDS, _TAIL = 60, 300, 300, 120

# A line without any of these contains no failure; the tail is kept anyway.
_SIGNALS = (
    "error", "err!", "err:", "fail", "fatal", "denied", "refused", "time", "not ", "no ", "unable", "could", "can't",
    "exceed", "many", "unauth", "forbid", "expire", "invalid", "kill", "panic", "exception", "reset", "resol",
    "eof", "missing", "exit", "non-zero", "unexpected", "unknown", "already", "throttl", "cancel", "enospc",
    "unavail", "retry", "corrupt", "must", "segment", "broken", "e: ", "mismatch", "additional", "circular",
    "abort", "too ", "warn", "econn", "etimed", "eai_", "] run ", ": run ", "bad ", "disallow", "limit",
)  # fmt: skip
# BuildKit's mark for a step that succeeded. There is one per step: kept apart, they crowd out no other line.
_END = " DONE "


@dataclass(frozen=True, kw_only=True)
class Line:
    """A cleaned line.

    Attributes:
        step: BuildKit's number of the step that printed the line, empty where there is none.
        output: the command of the step printed the line.
    """

    text: str
    step: str = ""
    output: bool = False


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile on first use: the tables hold hundreds of patterns, and most runs never fail."""
    return re.compile(pattern, re.IGNORECASE)


def read(lines: Iterable[str]) -> tuple[Line, ...]:
    """Return the lines that can matter, cleaned, in their order."""
    first: list[tuple[int, str]] = []
    last: deque[tuple[int, str]] = deque(maxlen=_LAST_SIGNALS)
    ends: deque[tuple[int, str]] = deque(maxlen=_LAST_ENDS)
    tail: deque[tuple[int, str]] = deque(maxlen=_TAIL)
    for number, line in enumerate(_pieces(lines)):
        tail.append((number, line))
        if _END in line:
            ends.append((number, line))
        lower = line.lower()
        for signal in _SIGNALS:
            if signal in lower:
                if len(first) < _FIRST_SIGNALS:
                    first.append((number, line))
                else:
                    last.append((number, line))
                break
    kept = dict([*first, *last, *ends, *tail])
    cleaned = (clean(kept[number]) for number in sorted(kept))
    return tuple(line for line in cleaned if line.text)


def read_steps(steps: Sequence[StepFailure]) -> Iterator[Line]:
    """Yield the lines of a build's steps, as a log of them would be read."""
    for index, step in enumerate(steps, start=1):
        number = str(index)
        yield Line(text=_printable(step.title), step=number)
        yield from (Line(text=_printable(line), step=number, output=True) for line in _pieces(step.output))
        if step.is_canceled:
            yield Line(text="CANCELED", step=number)
        else:
            error = _pieces(unwrapped([f"ERROR: {step.error}"]))
            yield from (Line(text=_printable(line), step=number) for line in error)


def _pieces(lines: Iterable[str]) -> Iterator[str]:
    """Cut into single lines of bounded length; a carriage return ends a line too, as on a terminal."""
    for item in lines:
        stripped = item.rstrip("\r\n")
        if len(stripped) <= LINE_LIMIT and "\r" not in stripped and "\n" not in stripped:
            yield stripped
            continue
        for match in compiled(r"[^\r\n]+").finditer(item):
            start, end = match.span()
            if end - start <= LINE_LIMIT:
                yield item[start:end]
            else:  # both ends: the step is at the head of a line, the cause at the tail of a chain of errors
                half = LINE_LIMIT // 2
                yield f"{item[start : start + half]} … {item[end - half : end]}"


_ANSI = r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[@-_]"
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f�]+"
_STAMPS = (
    r"^\s*(?:"
    r"\[container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?"  # CodeBuild
    r"|\[?\d{4}-\d\d-\d\d[t ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:z|[+-]\d\d:?\d\d)?\]?(?= |$)"  # GitHub, GitLab, Jenkins
    r"|\d\d:\d\d:\d\d(?:\.\d+)?(?= )"
    r"|\d+ \|(?= \S)(?! >>>)"  # the line numbers of CodeBuild's console
    r"|\[ *\d+(?:\.\d+)? ?m?s\](?= )"  # seconds since the start
    r"|##\[error\]|::error::"
    r") ?"
)
_STEP = r"^\s*(?:\d+ )?#(?P<step>\d+) (?:(?P<seconds>\d+\.\d+) )?"
_SECONDS = r"^\s*(?:=> => # |\d+\.\d+ (?=\S))"
# BuildKit's excerpt of the Dockerfile: its commands are no messages.
_EXCERPT = r"^\s*\d+ \|(?: >>>|\s{4,}|\s*$)|^[-\s]+$"


def clean(raw: str) -> Line:
    """Strip colors, control characters, time stamps and BuildKit's step numbers."""
    text = _bare(raw)
    if compiled(_EXCERPT).match(text):
        return Line(text="")
    for _ in range(3):
        text = compiled(_STAMPS).sub("", text, count=1)
    if match := compiled(_STEP).match(text):
        rest = text[match.end() :].strip()
        return Line(text=rest, step=match["step"], output=match["seconds"] is not None)
    if match := compiled(_SECONDS).match(text):
        return Line(text=text[match.end() :].strip(), output=True)
    return Line(text=text.strip())


def _printable(raw: str) -> str:
    return _bare(raw).strip()


def _bare(raw: str) -> str:
    return compiled(_CONTROL).sub("", compiled(_ANSI).sub("", raw))
