"""Runs all checks of a plan, and prints their report as text or JSON. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from multiarch.doctor.docker import docker_checks
from multiarch.doctor.model import Check, CheckStatus, Observed, failed, ok, warning
from multiarch.doctor.registry import registry_checks
from multiarch.plan.model import Plan
from multiarch.text.plain import as_json


@dataclass(frozen=True, kw_only=True)
class DoctorReport:
    """The report of doctor.

    Attributes:
        ready: the build can be expected to succeed.
        exit_code: of the process: 0, or the exit code of the first problem.
        checks: in the order of the report.
    """

    ready: bool
    exit_code: int
    checks: tuple[Check, ...]


def examine(plan: Plan, observed: Observed) -> tuple[Check, ...]:
    """Return all checks of a plan, in the order of the report."""
    return (*_project_checks(plan, observed), *docker_checks(plan, observed), *registry_checks(plan, observed))


def _project_checks(plan: Plan, observed: Observed) -> Iterator[Check]:
    for name, why in observed.refusals.items():
        yield failed(name, why)
    if "inputs" not in observed.refusals:
        yield ok("inputs", "the Dockerfile and all other inputs of the build exist")
    deploy_files = plan.finish.deploy_files
    if deploy_files and "deploy files" not in observed.refusals:
        yield ok("deploy files", f"folder {deploy_files.folder} is writable")
    if "commit" in observed.refusals:
        return
    commit = plan.commit
    tag = ", ".join(dict.fromkeys(target.commit_tag for target in plan.targets))
    if not commit:
        yield ok("commit", f"unknown; the image is tagged {tag} (--commit-tag)")
    elif commit.dirty:
        files = f"{', '.join(commit.changes[:3])}{' …' if len(commit.changes) > 3 else ''}"  # noqa: PLR2004 - a line
        text = f"{commit.sha[:12]} (from {commit.origin}), uncommitted changes: {files}; the image is tagged {tag}"
        yield warning(
            "commit",
            text,
            "commit the changes; with uncommitted changes, floating tags are not moved and every run builds",
        )
    else:
        yield ok("commit", f"{commit.sha[:12]} (from {commit.origin}); the image is tagged {tag}")


def exit_code(checks: Sequence[Check]) -> int:
    """Return the exit code of the first problem, as the build would; 0 without problems."""
    return next((check.exit_code for check in checks if check.status is CheckStatus.PROBLEM), 0)


def report_as_text(checks: Sequence[Check]) -> Iterator[str]:
    width = max(len(check.name) for check in checks)
    for check in checks:
        yield f"{check.status:<8} {check.name:<{width}}  {check.found}"
        if check.fix:
            yield f"{'':<8} {'':<{width}}  fix: {check.fix}"
        if check.output and check.output not in check.found:
            yield f"{'':<8} {'':<{width}}  output: {check.output}"
    yield verdict(checks)


def verdict(checks: Sequence[Check]) -> str:
    problems = sum(check.status is CheckStatus.PROBLEM for check in checks)
    warnings = sum(check.status is CheckStatus.WARNING for check in checks)
    counts = ", ".join(
        _count(number, noun) for number, noun in ((problems, "problem"), (warnings, "warning")) if number
    )
    state = "not ready to build" if problems else "ready to build"
    return f"{state} ({counts})" if counts else state


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def report_as_json(checks: Sequence[Check]) -> str:
    code = exit_code(checks)
    return as_json("doctor", DoctorReport(ready=code == 0, exit_code=code, checks=tuple(checks)))
