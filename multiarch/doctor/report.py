"""The checks of a plan, in order, and their report. Pure."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

from multiarch.doctor.docker import docker_checks
from multiarch.doctor.model import Check, CheckStatus, Observed, failed, ok, warning
from multiarch.doctor.registry import registry_checks
from multiarch.plan.model import Plan

REPORT_VERSION = 1


def examine(plan: Plan, observed: Observed) -> tuple[Check, ...]:
    """Return all checks of a plan."""
    return (*_project_checks(plan, observed), *docker_checks(plan, observed), *registry_checks(plan, observed))


def _project_checks(plan: Plan, observed: Observed) -> Iterator[Check]:
    for name, why in observed.refusals.items():
        yield failed(name, why)
    if "inputs" not in observed.refusals:
        yield ok("inputs", "the Dockerfile and all else that the build is made from is there")
    deploy_files = plan.finish.deploy_files
    if deploy_files and "deploy files" not in observed.refusals:
        yield ok("deploy files", f"files can be written to {deploy_files.folder}")
    if "commit" in observed.refusals:
        return
    commit = plan.commit
    tag = ", ".join(dict.fromkeys(target.commit_tag for target in plan.targets))
    if not commit:
        yield ok("commit", f"not known; the image is called {tag}, as was passed")
    elif commit.dirty:
        files = f"{', '.join(commit.changes[:3])}{' …' if len(commit.changes) > 3 else ''}"  # noqa: PLR2004 - a line
        text = f"{commit.sha[:12]} (from {commit.origin}), changed: {files}; the image is called {tag}"
        yield warning("commit", text, "commit the changes: a changed tree moves no tag, and is built every time")
    else:
        yield ok("commit", f"{commit.sha[:12]} (from {commit.origin}); the image is called {tag}")


def exit_code(checks: Sequence[Check]) -> int:
    """Return the first problem's, which is how the build would end; 0 where it can be expected to work."""
    return next((check.exit_code for check in checks if check.status is CheckStatus.PROBLEM), 0)


def report_as_text(checks: Sequence[Check]) -> Iterator[str]:
    width = max(len(check.name) for check in checks)
    for check in checks:
        yield f"{check.status:<8} {check.name:<{width}}  {check.found}"
        if check.cure:
            yield f"{'':<8} {'':<{width}}  cure: {check.cure}"
        if check.said and check.said not in check.found:
            yield f"{'':<8} {'':<{width}}  said: {check.said}"
    yield verdict(checks)


def verdict(checks: Sequence[Check]) -> str:
    problems = sum(check.status is CheckStatus.PROBLEM for check in checks)
    warnings = sum(check.status is CheckStatus.WARNING for check in checks)
    counts = f"{_count(problems, 'problem')}, {_count(warnings, 'warning')}"
    return f"{counts}: the build {'will not' if problems else 'can be expected to'} work"


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def report_as_json(checks: Sequence[Check]) -> str:
    code = exit_code(checks)
    shown = [dataclasses.asdict(check) for check in checks]
    report = {"version": REPORT_VERSION, "kind": "examination", "ready": code == 0, "exit_code": code, "checks": shown}
    return json.dumps(report, indent=2)
