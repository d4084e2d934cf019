"""Finds the lines of a log that decide, and looks their rule up. The knowledge stands in the tables.

1. The verdict: BuildKit and buildx end with one line, a chain of clauses, that names the operation (`failed to solve`).
2. If the verdict is that a command failed, that step's own output decides, by the tables of `steps.py`.
3. Otherwise the verdict is looked up in `rules.py`, then what stands around it.
4. Without a verdict (a fragment, another tool) the lines themselves are looked up.

What must not mask the cause is set aside before, by `parts.py`.
"""

from collections.abc import Iterable, Sequence

from multiarch.errors import Diagnosis, FailureClass, FailurePhase, StepFailure
from multiarch.failures.model import FailureRule
from multiarch.failures.parts import (
    NO_SIGN,
    OF_BUILDKIT,
    RUN_HEADER,
    SIGN,
    STEP_VERDICT,
    VERDICT,
    WARNING,
    command_of,
    ended_well,
    set_aside,
    unfinished,
)
from multiarch.failures.reading import Line, compiled, read, read_steps
from multiarch.failures.rules import RULES
from multiarch.failures.tables.sources import WRAPPER_RULES
from multiarch.failures.tables.steps import DECIDED, FETCHED, FETCHES, MISSING, OWN_FAULT, TESTS, UNEXPLAINED
from multiarch.failures.tables.unexplained import CACHE_RULE, LAST_RULES, UNKNOWN, UNKNOWN_RULE
from multiarch.failures.words import BOOTING, fill, interrupted, names_of, phase_of

_Hit = tuple[FailureRule, int]


def diagnose(
    lines: Iterable[str], *, phase: FailurePhase | None = None, steps: Sequence[StepFailure] = ()
) -> Diagnosis | None:
    """Say what failed, of which class it is and what to do; None where nothing in the text speaks of a failure.

    Args:
        lines: the output, of any size; it is read once, in bounded memory.
        phase: what the caller knows of the phase; the output may know better.
        steps: the steps that did not succeed, where the caller has the events of the build.
    """
    whole = (*(line for line in read_steps(steps) if line.text), *read(lines))
    if ended_well(whole):
        return None
    log = unfinished(whole)
    said, importing = set_aside(log)
    command = command_of(log)
    hit = _blame(said, phase, command, any(compiled(RUN_HEADER).search(line.text) for line in log))
    text: Sequence[Line] = said
    if hit is None:
        text = importing or log
        hit = (CACHE_RULE, len(text) - 1) if importing else _of_consequences(log)
    return _told(hit, text, log, phase, command) if hit else None


def diagnose_among(rules: Sequence[FailureRule], lines: Iterable[str], *, phase: FailurePhase) -> Diagnosis | None:
    """Return the diagnosis of an answer whose code or status leaves these rules; the last one is the most general.

    The text only tells which of them it is, and names what the cause names.
    """
    whole = read(lines)
    if not rules or not whole:
        return None
    hit = _first(rules, whole, range(len(whole))) or (rules[-1], len(whole) - 1)
    return _told(hit, whole, whole, phase, "")


def _blame(said: Sequence[Line], phase: FailurePhase | None, command: str, steps: bool) -> _Hit | None:  # noqa: FBT001
    verdicts = [index for index, line in enumerate(said) if compiled(VERDICT).search(line.text)]
    for index in reversed(verdicts):
        if compiled(STEP_VERDICT).search(_window(said, index)):
            return _of_step(said, command, index)
        if hit := _first(RULES, said, [index]):
            return hit
    if not verdicts and (phase is FailurePhase.RUN_STEP or steps or any(line.output for line in said)):
        last = max((index for index, line in enumerate(said) if line.output), default=-1)
        after = [index for index in range(last + 1, len(said)) if last >= 0]
        return _first(RULES, said, after) or _of_step(said, command) or _unknown(said)
    solved = any(compiled(OF_BUILDKIT).search(said[index].text) for index in verdicts)
    printed = [index for index, line in enumerate(said) if not line.output]
    firm = [index for index in printed if not compiled(WARNING).match(said[index].text)]
    if hit := _first(RULES, said, firm) or _first(WRAPPER_RULES, said, verdicts):
        return hit
    if not solved and (hit := _of_fragment(said, command)):
        return hit
    warned = [] if verdicts else printed
    return _first(WRAPPER_RULES, said, printed) or _first(RULES, said, warned) or _unknown(said)


def _of_fragment(said: Sequence[Line], command: str) -> _Hit | None:
    hit = _of_step(said, command)
    return None if hit and hit[0] is UNEXPLAINED else hit


def _of_step(said: Sequence[Line], command: str, verdict: int | None = None) -> _Hit | None:
    """Judge a RUN step by its own output; other steps' lines do not count."""
    number = said[verdict].step if verdict is not None else ""
    numbers = [line.step for line in said if compiled(STEP_VERDICT).search(line.text) and line.step]
    number = number or (numbers[-1] if numbers else "")
    last = len(said) if verdict is None else verdict
    own = [
        index
        for index, line in enumerate(said)
        if (not number or line.step in {number, "", "0"}) and (index <= last or line.output)
    ]
    if hit := _first(DECIDED, said, own):
        return hit
    tests_only = compiled(TESTS).search(command) and not compiled(FETCHES).search(command)
    found: list[_Hit] = []
    for index in own:
        if compiled(STEP_VERDICT).search(said[index].text):
            continue
        warning = compiled(WARNING).match(said[index].text)
        tables = (*(() if tests_only else FETCHED), *(() if warning else OWN_FAULT))
        if hit := _first(tables, said, [index]):
            found.append(hit)
    if hit := _deciding(found, len(said)):
        return hit
    return _first((UNEXPLAINED,), said, list(reversed(own)))


_HEAD = r"^(?:error: |failed to build: |failed to solve: )+"  # says that something failed, and not what
_NEAR = 15  # lines: a warning this close to the end is about the failure


def _deciding(found: Sequence[_Hit], total: int) -> _Hit | None:
    """The last word wins; warnings and consequences count only where nothing else was said."""
    if firm := [hit for hit in found if not hit[0].echo]:
        return firm[-1]
    missing = any(rule in MISSING for rule, _ in found)
    warned = [hit for hit in found if hit[0] in FETCHED and (missing or total - hit[1] <= _NEAR)]
    return next(iter(reversed(warned or found)), None)


def _first(rules: Iterable[FailureRule], said: Sequence[Line], indexes: Sequence[int]) -> _Hit | None:
    """The first rule of the table that one of these lines fits; of several lines, the last."""
    windows = [(index, _window(said, index)) for index in reversed(indexes)]
    for rule in rules:
        pattern = compiled(rule.pattern)
        for index, window in windows:
            match = pattern.search(window)
            if not match or match.start() > len(said[index].text):
                continue
            if rule.unless and compiled(rule.unless).search(window):
                continue
            if not rule.given or any(compiled(rule.given).search(line.text) for line in said):
                return rule, index
    return None


_WINDOW = 1600


def _window(said: Sequence[Line], index: int) -> str:
    """Return the line with the next two, for messages that a terminal or a mail wrapped."""
    text = " ".join(line.text for line in said[index : index + 3])
    line = said[index].text
    if len(line) > _WINDOW:
        return f"{line[: _WINDOW // 2]} … {line[-_WINDOW // 2 :]}"
    return text[:_WINDOW]


def _of_consequences(log: Sequence[Line]) -> _Hit | None:
    """Judge a text that holds nothing but lines which elsewhere are warnings or consequences."""
    every = range(len(log))
    return _first(LAST_RULES, log, every) or _first(RULES, log, every) or _unknown(log)


def _unknown(said: Sequence[Line]) -> _Hit | None:
    for index in reversed(range(len(said))):
        text = said[index].text
        if compiled(SIGN).search(text) and not compiled(NO_SIGN).search(text):
            booting = any(compiled(BOOTING).search(line.text) for line in said[max(0, index - 2) : index + 1])
            phase = FailurePhase.BUILDER_BOOT if booting else phase_of(_window(said, index))
            failure_class, advice = UNKNOWN.get(phase, UNKNOWN[None])
            cause = " ".join(compiled(_HEAD).sub("", text).split())[:300]
            rule = FailureRule(
                UNKNOWN_RULE, phase, failure_class, {}, cause=cause, advice=advice, why="no rule knows it"
            )
            return rule, index
    return None


def _told(hit: _Hit, said: Sequence[Line], log: Sequence[Line], hint: FailurePhase | None, command: str) -> Diagnosis:
    rule, index = hit
    window = _window(said, index)
    at = next(position for position, line in enumerate(log) if line is said[index])
    near = [*_of_its_step(said[index], log), *log[max(0, at - _NEAR) : at + _NEAR]]
    around = " ".join(line.text[:_WINDOW] for line in near)
    booting = compiled(BOOTING).search(" ".join(line.text[:_WINDOW] for line in log[max(0, at - 2) : at + 3]))
    cut_off = interrupted(log[:at]) if hint is None and rule.phase is FailurePhase.BUILDER_BOOT else None
    phase = cut_off or (
        rule.phase
        or (FailurePhase.BUILDER_BOOT if booting else phase_of(window))
        or hint
        or phase_of(around)
        or FailurePhase.OTHER
    )
    names = names_of(window, around, phase) | ({"step": " ".join(command.split())[:120]} if command else {})
    if match := compiled(rule.pattern).search(window):
        names |= {name: value for name, value in match.groupdict().items() if value}
    return Diagnosis(
        rule=rule.name,
        phase=phase,
        failure_class=rule.failure_class,
        cause=fill(rule.cause, names),
        advice=fill(rule.advice, names, placeholder=True),
        line=said[index].text,
        retry_after=_retry_after(said),
        once=phase is FailurePhase.RUN_STEP and rule.failure_class in {FailureClass.TRANSIENT, FailureClass.THROTTLED},
    )


def _of_its_step(said: Line, log: Sequence[Line]) -> Sequence[Line]:
    """The lines of the step that failed: the steps of other platforms, which were canceled for it, stand beside it."""
    error = "ERROR: "
    failed = (each.step for each in reversed(log) if each.step and each.text.startswith(error)
              and said.text.endswith(each.text.removeprefix(error)))  # fmt: skip
    step = said.step or next(failed, "")
    return [each for each in log if each.step == step] if step else []


_UNITS = {"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _retry_after(said: Sequence[Line]) -> float | None:
    """Seconds, as `Retry-After: 30` or `retry-after: 246.8µs` or `try again in 2 minutes` state them."""
    pattern = (
        r"(?:retry[- ]after|(?:try again|retry) in)[\"': =]+(?P<n>\d{1,6}(?:\.\d{1,6})?) ?(?P<unit>µs|us|ms|s|m|h)?"
    )
    for line in reversed(said):
        if match := compiled(pattern).search(line.text):
            return float(match["n"]) * _UNITS[(match["unit"] or "s").lower()]
    return None
