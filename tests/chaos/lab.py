"""Runs a case on the real engine, and checks what came of it."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from dev import stack
from dev.project import Project
from dev.stack import engine, layout
from dev.stack.ecr import control
from dev.stack.state import State
from tests.chaos.view import Behind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.chaos.case import Case

# Prints a line that no other run prints: a step that runs twice is seen.
_DOCKERFILE: Final = """ARG BASE_IMAGE
FROM ${BASE_IMAGE}
ARG GREETING
RUN --mount=type=secret,id=npm,required=true test -s /run/secrets/npm && uname -m > /machine \\
  && echo "$GREETING" > /greeting && echo "ran $(cat /proc/sys/kernel/random/uuid) on $(uname -m)"
ARG NAP=0
RUN echo napping && sleep "$NAP" && date > /date
"""
_RAN: Final = re.compile(r"ran ([0-9a-f-]{36}) on (\w+)")
_NAPPING: Final = "] napping"
_LIMIT: Final = 300
_EXHAUSTED: Final = 7


@dataclass(kw_only=True)
class Outcome:
    """How a case ended."""

    code: int
    said: str
    seconds: float
    result: Mapping[str, Any]
    tags: Mapping[str, str]
    fired: tuple[str, ...]
    problems: list[str] = field(default_factory=list)


class Lab:
    """One checkout, one home and one builder for all cases; a commit and a repository for each."""

    def __init__(self, folder: Path, running: stack.Stack) -> None:
        self._number = secrets.token_hex(3)
        self.project = Project.create(folder, running, repository=f"chaos-{self._number}")
        self._running = running
        self._folder = folder
        (self.project.folder / "Dockerfile").write_text(_DOCKERFILE)
        self.project.commit("A step that says that it ran")
        self._secret = f"npm_{secrets.token_hex(18)}"
        self._key = secrets.token_urlsafe(30)

    def close(self) -> None:
        self.project.remove_builder()

    def run(self, case: Case) -> Outcome:
        """Run a case when it is its turn: a fault of connections hits whoever connects."""
        with stack.turn("engine", alone=case.deed == "restart docker"), stack.turn("ecr", alone=True):
            lane = f"chaos-{secrets.token_hex(5)}"
            if not case.missing:
                control.create_repository(lane, mutability=case.mutability)
            try:
                return self._run(case, lane)
            finally:
                control.close_lane(lane)

    def _run(self, case: Case, lane: str) -> Outcome:
        variables = self._variables(case, lane)
        behind = Behind(lane)
        said = ""
        control.open_lane(lane)
        earlier: Mapping[str, str] = {}
        if case.before:
            self.project.commit("An earlier commit")
            first = self._build(case, {**variables, "MULTIARCH_BUILD_ARGS": self._arguments(case, lane, "before")})
            assert first.returncode == 0, first.stderr
            said += first.stdout + first.stderr
            earlier = behind.tags()
        self.project.commit(f"For {case}")
        if case.cold:
            Behind(layout.BASE).push_variant(layout.BASE_TAG, lane)
        control.open_lane(lane, case.faults, rules=case.rules)
        begin = time.perf_counter()
        ended = self._build(case, variables)
        seconds = time.perf_counter() - begin
        told = control.told(lane)
        said += ended.stdout + ended.stderr
        try:
            result = json.loads(ended.stdout)
        except ValueError:
            result = {}
        outcome = Outcome(
            code=ended.returncode, said=said, seconds=seconds, result=result, tags=behind.tags(), fired=told.fired
        )
        outcome.problems = [
            *self._ending(case, outcome, ended.stdout + ended.stderr),
            *self._registry(case, outcome, behind, earlier),
            *self._left(told, said),
        ]
        if outcome.code == 0 and not told.secrets:
            outcome.problems.append("it went well without a token: what was it that signed in?")
        unmet = [str(fault) for fault in case.faults if str(fault) not in told.fired]
        if unmet and not case.by_chance:
            outcome.problems.append(f"nobody met {unmet}; the requests were {told.requests}")
        return outcome

    def _variables(self, case: Case, lane: str) -> dict[str, str]:
        environment = {
            **self._running.environment(layout.PROXIED),
            "AWS_ACCESS_KEY_ID": control.access_key(lane),
            "AWS_SECRET_ACCESS_KEY": self._key,
            "AWS_ECR_REPOSITORY_NAME": lane,
            "CODEBUILD_BUILD_ARN": f"arn:aws:codebuild:{layout.PROXIED.region}:{layout.PROXIED.account}:build/chaos:1",
            "MULTIARCH_BUILD_ARGS": self._arguments(case, lane, "now"),
            "MULTIARCH_SECRETS": "id=npm,env=NPM_TOKEN",
            "NPM_TOKEN": self._secret,
        }
        untrusted = str(control.untrusted_port())
        return environment | {name: value.replace("UNTRUSTED", untrusted) for name, value in case.environment}

    def _arguments(self, case: Case, lane: str, greeting: str) -> str:
        base = self._running.base
        if case.cold and greeting == "now":
            base = f"{layout.PROXIED.host}/{lane}/{layout.BASE}:{lane}"
        nap = "NAP=0"
        if case.deed:
            nap = "NAP=6"
        return f"BASE_IMAGE={base}\nGREETING={lane} {greeting}\n{nap}"

    def _build(self, case: Case, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        with subprocess.Popen(
            [sys.executable, "-m", "multiarch", "build", "--output", "json", *case.words],
            cwd=self.project.folder,
            env=self.project.variables(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            watchdog = threading.Timer(_LIMIT, process.kill)
            watchdog.start()
            assert process.stdout
            assert process.stderr
            lines: list[str] = []
            deed = case.deed
            with ThreadPoolExecutor() as pool:
                output = pool.submit(process.stdout.read)
                for line in process.stderr:
                    lines.append(line)
                    if deed and line.rstrip().endswith(_NAPPING):
                        pool.submit(self._do, deed)
                        deed = ""
                stdout = output.result()
            process.wait()
            watchdog.cancel()
        stderr = "".join(lines)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def _do(self, deed: str) -> None:
        if deed == "kill builder":
            engine.docker("kill", f"buildx_buildkit_{self.project.builder}0")
        else:
            engine.restart(State())

    def _ending(self, case: Case, outcome: Outcome, said: str) -> list[str]:
        """Whether it ended as it had to, and said what it had to."""
        problems = []
        if outcome.code != case.code and not (case.by_chance and outcome.code == _EXHAUSTED):
            problems.append(f"exit code {outcome.code}, not {case.code}")
        problems += [f"does not say {words!r}" for words in case.says if words not in said]
        problems += [f"says {words!r}" for words in (*case.silent, "Traceback") if words in said]
        retries = len(re.findall(r"\(attempt \d+ of \d+\)", said))
        if case.retries is not None and not (retries == 0 if case.retries == 0 else retries >= case.retries):
            problems.append(f"{retries} retries, not {case.retries}")
        ran = set(_RAN.findall(said))
        again = [machine for machine in ("x86_64", "aarch64") if sum(each[1] == machine for each in ran) > 1]
        if again and not (case.deed or case.before):
            problems.append(f"the step ran again on {again}")
        return problems

    def _registry(self, case: Case, outcome: Outcome, behind: Behind, earlier: Mapping[str, str]) -> list[str]:
        """Whether every tag points at a complete image, of the commit that it should be of."""
        problems = []
        for tag in outcome.tags:
            problem = behind.cache_problem(tag) if tag == "cache" else behind.problem(tag)
            if problem:
                problems.append(f"the tag {tag}: {problem}")
        images = {tag: digest for tag, digest in outcome.tags.items() if tag != "cache"}
        names = {self.project.tag: "COMMIT"}
        new = {names.get(tag, tag) for tag, digest in images.items() if earlier.get(tag) != digest}
        if outcome.code == 0:
            wanted = {"COMMIT"} if case.mutability == "IMMUTABLE" and case.before else {"COMMIT", "latest"}
            if new != wanted:
                problems.append(f"published {sorted(new)}, not {sorted(wanted)}")
            elif len({images[tag] for tag in images if names.get(tag, tag) in wanted}) != 1:
                problems.append("its tags point at different images")
            elif behind.revision(self.project.tag) != self.project.sha:
                problems.append(f"{self.project.tag} is of {behind.revision(self.project.tag)}")
        elif not new <= ({"COMMIT"} if case.by_chance else case.tags):
            problems.append(f"published {sorted(new)} although it failed")
        return problems

    def _left(self, told: control.Told, said: str) -> list[str]:
        """No login left behind, and no secret in any output."""
        problems = []
        config = self.project.home / ".docker" / "config.json"
        if config.exists() and "auth" in config.read_text():
            problems.append("a login is left in the user's configuration")
        if folders := self.project.private_folders():
            problems.append(f"left behind: {folders}")
        # A run that never signed in was given no token; whatever it was given itself it must not print either.
        return [*problems, *leaks(said, (*told.secrets, self._secret, self._key, layout.PROXIED.password))]


def leaks(said: str, secrets: Sequence[str]) -> list[str]:
    """Return the secrets that stand in an output, each by its beginning."""
    if not any(secrets):
        return ["no secret is known that could have been printed"]
    return [f"a secret is printed: {each[:8]}…" for each in secrets if each and each in said]
