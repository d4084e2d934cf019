"""Finds the line that decides, and its rule in the tables.

1. The verdict: BuildKit and buildx end with one line, a chain of clauses, that names the operation (`failed to solve`).
2. If the verdict says that a command failed, the output of that step decides, by the tables in `tables/steps/`.
3. Otherwise the rules of `rules.py` decide, first on the verdict, then on the lines around it.
4. Without a verdict (a fragment, another tool) the rules decide on all lines.

`parts.py` first sets aside the lines that must not mask the cause.
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
    """Return what failed, its class and what to do; None where the output contains no failure.

    Args:
        lines: the output, of any size; it is read once, in bounded memory.
        phase: what the caller knows of the phase; the output may know better.
        steps: the steps that did not succeed, where the caller has the events of the build.
    """
    whole = (*(line for line in read_steps(steps) if line.text), *read(lines))
    if ended_well(whole):
        return None
    log = unfinished(whole)
    kept, importing = set_aside(log)
    command = command_of(log)
    hit = _blame(kept, phase, command, any(compiled(RUN_HEADER).search(line.text) for line in log))
    text: Sequence[Line] = kept
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


def _blame(kept: Sequence[Line], phase: FailurePhase | None, command: str, steps: bool) -> _Hit | None:  # noqa: FBT001
    verdicts = [index for index, line in enumerate(kept) if compiled(VERDICT).search(line.text)]
    for index in reversed(verdicts):
        if compiled(STEP_VERDICT).search(_window(kept, index)):
            return _of_step(kept, command, index)
        if hit := _first(RULES, kept, [index]):
            return hit
    if not verdicts and (phase is FailurePhase.RUN_STEP or steps or any(line.output for line in kept)):
        last = max((index for index, line in enumerate(kept) if line.output), default=-1)
        after = [index for index in range(last + 1, len(kept)) if last >= 0]
        return _first(RULES, kept, after) or _of_step(kept, command) or _unknown(kept)
    solved = any(compiled(OF_BUILDKIT).search(kept[index].text) for index in verdicts)
    printed = [index for index, line in enumerate(kept) if not line.output]
    firm = [index for index in printed if not compiled(WARNING).match(kept[index].text)]
    if hit := _first(RULES, kept, firm) or _first(WRAPPER_RULES, kept, verdicts):
        return hit
    if not solved and (hit := _of_fragment(kept, command)):
        return hit
    warned = [] if verdicts else printed
    return _first(WRAPPER_RULES, kept, printed) or _first(RULES, kept, warned) or _unknown(kept)


def _of_fragment(kept: Sequence[Line], command: str) -> _Hit | None:
    hit = _of_step(kept, command)
    return None if hit and hit[0] is UNEXPLAINED else hit


def _of_step(kept: Sequence[Line], command: str, verdict: int | None = None) -> _Hit | None:
    """Return the rule for a failed RUN step, by the output of that step only."""
    number = kept[verdict].step if verdict is not None else ""
    numbers = [line.step for line in kept if compiled(STEP_VERDICT).search(line.text) and line.step]
    number = number or (numbers[-1] if numbers else "")
    last = len(kept) if verdict is None else verdict
    own = [
        index
        for index, line in enumerate(kept)
        if (not number or line.step in {number, "", "0"}) and (index <= last or line.output)
    ]
    if hit := _first(DECIDED, kept, own):
        return hit
    tests_only = compiled(TESTS).search(command) and not compiled(FETCHES).search(command)
    found: list[_Hit] = []
    for index in own:
        if compiled(STEP_VERDICT).search(kept[index].text):
            continue
        warning = compiled(WARNING).match(kept[index].text)
        tables = (*(() if tests_only else FETCHED), *(() if warning else OWN_FAULT))
        if hit := _first(tables, kept, [index]):
            found.append(hit)
    if hit := _deciding(found, len(kept)):
        return hit
    return _first((UNEXPLAINED,), kept, list(reversed(own)))


_HEAD = r"^(?:error: |failed to build: |failed to solve: )+"  # says that something failed, and not why
_NEAR = 15  # lines: a warning this close to the end is about the failure


def _deciding(found: Sequence[_Hit], total: int) -> _Hit | None:
    """Return the last hit; a warning or a consequence only decides if nothing else does."""
    if firm := [hit for hit in found if not hit[0].echo]:
        return firm[-1]
    missing = any(rule in MISSING for rule, _ in found)
    warned = [hit for hit in found if hit[0] in FETCHED and (missing or total - hit[1] <= _NEAR)]
    return next(iter(reversed(warned or found)), None)


def _first(rules: Iterable[FailureRule], kept: Sequence[Line], indexes: Sequence[int]) -> _Hit | None:
    """Return the first rule of the table that matches one of these lines, and the last such line."""
    windows = [(index, _window(kept, index)) for index in reversed(indexes)]
    for rule in rules:
        pattern = compiled(rule.pattern)
        for index, window in windows:
            match = pattern.search(window)
            if not match or match.start() > len(kept[index].text):
                continue
            if rule.unless and compiled(rule.unless).search(window):
                continue
            if not rule.given or any(compiled(rule.given).search(line.text) for line in kept):
                return rule, index
    return None


_WINDOW = 1600


def _window(kept: Sequence[Line], index: int) -> str:
    """Return the line with the next two, for messages that a terminal or a mail wrapped."""
    text = " ".join(line.text for line in kept[index : index + 3])
    line = kept[index].text
    if len(line) > _WINDOW:
        return f"{line[: _WINDOW // 2]} … {line[-_WINDOW // 2 :]}"
    return text[:_WINDOW]


def _of_consequences(log: Sequence[Line]) -> _Hit | None:
    """Return the rule for an output that has only warnings and consequences."""
    every = range(len(log))
    return _first(LAST_RULES, log, every) or _first(RULES, log, every) or _unknown(log)


def _unknown(kept: Sequence[Line]) -> _Hit | None:
    for index in reversed(range(len(kept))):
        text = kept[index].text
        if compiled(SIGN).search(text) and not compiled(NO_SIGN).search(text):
            booting = any(compiled(BOOTING).search(line.text) for line in kept[max(0, index - 2) : index + 1])
            phase = FailurePhase.BUILDER_BOOT if booting else phase_of(_window(kept, index))
            failure_class, advice = UNKNOWN.get(phase, UNKNOWN[None])
            cause = " ".join(compiled(_HEAD).sub("", text).split())[:300]
            rule = FailureRule(
                UNKNOWN_RULE, phase, failure_class, {}, cause=cause, advice=advice, why="no rule knows it"
            )
            return rule, index
    return None


def _told(hit: _Hit, kept: Sequence[Line], log: Sequence[Line], hint: FailurePhase | None, command: str) -> Diagnosis:
    rule, index = hit
    window = _window(kept, index)
    at = next(position for position, line in enumerate(log) if line is kept[index])
    near = [*_of_its_step(kept[index], log), *log[max(0, at - _NEAR) : at + _NEAR]]
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
        line=kept[index].text,
        retry_after=_retry_after(kept),
        once=phase is FailurePhase.RUN_STEP and rule.failure_class in {FailureClass.TRANSIENT, FailureClass.THROTTLED},
    )


def _of_its_step(kept: Line, log: Sequence[Line]) -> Sequence[Line]:
    """Return the lines of the failed step, without the steps of other platforms that were canceled for it."""
    error = "ERROR: "
    failed = (each.step for each in reversed(log) if each.step and each.text.startswith(error)
              and kept.text.endswith(each.text.removeprefix(error)))  # fmt: skip
    step = kept.step or next(failed, "")
    return [each for each in log if each.step == step] if step else []


_UNITS = {"µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def _retry_after(kept: Sequence[Line]) -> float | None:
    """Seconds, as `Retry-After: 30` or `retry-after: 246.8µs` or `try again in 2 minutes` state them."""
    pattern = (
        r"(?:retry[- ]after|(?:try again|retry) in)[\"': =]+(?P<n>\d{1,6}(?:\.\d{1,6})?) ?(?P<unit>µs|us|ms|s|m|h)?"
    )
    for line in reversed(kept):
        if match := compiled(pattern).search(line.text):
            return float(match["n"]) * _UNITS[(match["unit"] or "s").lower()]
    return None
