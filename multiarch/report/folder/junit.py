"""A run as test cases for CodeBuild's Reports tab: one for each step and each check. Pure.

CodeBuild accepts 500 cases in a report, names of 1,000 and messages of 5,000 characters:
https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from multiarch.record import BuildStep, Record, StepKind, StepState
from multiarch.report.text import cut, last_lines
from multiarch.report.timeline import group_of, is_shown, qualified

MOST_CASES = 500
LONGEST_NAME = 1000
LONGEST_MESSAGE = 5000
# The message begins with the reason; the end of the output fills the rest.
_LONGEST_REASON = 2000

# The suite of the run itself.
_RUN = "multiarch"


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A test case. Its name is the same in every run, so that CodeBuild can compare runs.

    Attributes:
        message: why it failed or was skipped.
        output: the end of a failed step's output.
        details: values that differ from run to run, for the system output.
    """

    suite: str
    name: str
    seconds: float = 0.0
    outcome: Literal["passed", "failed", "skipped"] = "passed"
    message: str = ""
    output: str = ""
    details: str = ""


def junit_as_xml(record: Record) -> bytes:
    """Return the report as XML."""
    xml = JUnitXml(name=record.run.name or _RUN)
    cases = _within_limit(list(_cases(record)))
    for name in dict.fromkeys(case.suite for case in cases):
        suite = TestSuite(name)
        if record.run.begin:
            suite.timestamp = record.run.begin.strftime("%Y-%m-%dT%H:%M:%S")
        suite.add_testcases([_element(case) for case in cases if case.suite == name])
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]  # the one method that has no types
    buffer = BytesIO()
    xml.write(buffer)
    return buffer.getvalue()


def _cases(record: Record) -> Iterator[_Case]:
    outcome = record.outcome
    failure = outcome.failure
    yield _Case(
        suite=_RUN,
        name="build",
        seconds=outcome.seconds,
        outcome="failed" if outcome.status in ("failed", "interrupted", "unfinished") else "passed",
        message="\n".join(filter(None, (failure.message, *failure.more))) if failure else outcome.status,
        details=" ".join(filter(None, (outcome.status, *(image.image for image in outcome.images)))),
    )
    for image in outcome.images:
        for each in image.platforms:
            name = qualified(record.run, image.name, str(each.platform))
            yield _Case(suite=_RUN, name=f"verify {name}", details=each.digest)
    for image in outcome.images:
        for tag in image.tags:
            yield _Case(suite=_RUN, name=f"tag {qualified(record.run, image.name, tag.tag)}", details=tag.action)
    for cache in record.caches:
        failed = cache.status == "failed"
        # A failed cache export does not fail the build, so it does not fail the report.
        yield _Case(
            suite=_RUN,
            name=f"cache {cache.direction} {cache.reference}",
            seconds=cache.interval.seconds if cache.interval else 0.0,
            outcome="skipped" if failed else "passed",
            message=cache.error,
            details=cache.status,
        )
    for step in record.steps:
        if is_shown(step) and step.kind not in (StepKind.CACHE_IMPORT, StepKind.CACHE_EXPORT):
            yield _of_step(step)


def _of_step(step: BuildStep) -> _Case:
    failed = step.state in (StepState.FAILED, StepState.UNFINISHED)
    skipped = step.state in (StepState.CANCELED, StepState.WAITING)
    lines, _ = last_lines(step.output, LONGEST_MESSAGE - _LONGEST_REASON)
    return _Case(
        suite=group_of(step),
        name=step.title,
        seconds=0.0 if step.cached else step.seconds,
        outcome="failed" if failed else "skipped" if skipped else "passed",
        message=step.error or str(step.state),
        output="\n".join(lines) if failed else "",
        details="cached" if step.cached else "",
    )


def _within_limit(cases: Sequence[_Case]) -> Sequence[_Case]:
    """Leave out the last passed cases first, and add a case that states how many."""
    if len(cases) <= MOST_CASES:
        return cases
    by_worth = sorted(range(len(cases)), key=lambda place: (cases[place].outcome == "passed", place))
    kept = sorted(by_worth[: MOST_CASES - 1])
    rest = _Case(suite=_RUN, name=f"{len(cases) - len(kept)} more cases in report.html")
    return [*(cases[place] for place in kept), rest]


def _element(case: _Case) -> TestCase:
    element = TestCase(name=_line(case.name, LONGEST_NAME), classname=case.suite, time=round(case.seconds, 3))
    if case.details:
        element.system_out = case.details
    reason = _line(case.message, _LONGEST_REASON)
    match case.outcome:
        case "failed":
            result = Failure(message=reason)
            result.text = cut("\n".join(filter(None, (reason, case.output))), LONGEST_MESSAGE)
            element.result = [result]
        case "skipped":
            element.result = [Skipped(message=reason)]
        case "passed":
            pass
    return element


def _line(text: str, longest: int) -> str:
    return cut(" ".join(text.split()), longest)
