"""`make bench`: how long builds take, as ratios to the shell lines that multiarch replaces; the table goes into docs.

Machines are noisy, so each round runs both sides, one right after the other, and a row compares medians of one run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev import stack
from dev.baseline import BASELINE
from dev.project import ROOT, Project

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EXPLANATION: Final = ROOT / "docs" / "explanation.md"
_BEGIN: Final = "<!-- bench -->"
_END: Final = "<!-- /bench -->"
_LINES: Final = 100_000
_STEPS: Final = 500
# An image has 127 layers at most.
_STEPS_OF_STAGE: Final = 25
_MEGABYTE: Final = 1000 * 1000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One comparison: seconds of both sides, and what it may come to at most."""

    what: str
    against: str
    ours: float
    theirs: float
    limit: str
    value: str
    good: bool


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with stack.turn("engine", alone=True), tempfile.TemporaryDirectory(prefix="multiarch-bench-") as folder:
        bench = _Bench(Path(folder), rounds)
        rows = [*bench.builds(), bench.alone(), bench.rerun(), bench.dry_run(), *bench.much_output()]
        bench.close()
    table = _table(rows)
    print(table)
    _write(table)
    return 0 if all(row.good for row in rows) else 1


class _Bench:
    def __init__(self, folder: Path, rounds: int) -> None:
        self._stack = stack.load()
        self._rounds = rounds
        stack.create_repository("bench-ours")
        stack.create_repository("bench-theirs")
        self._projects = []
        for name in ("ours", "theirs"):
            (folder / name).mkdir()
            project = Project.create(folder / name, self._stack, repository=f"bench-{name}")
            project.environment |= {"BUILDER_IMAGE": self._stack.builder_image, "BASE_IMAGE": self._stack.base}
            self._projects.append(project)
        self._ours, self._theirs = self._projects

    def builds(self) -> Sequence[Row]:
        """Cold: nothing was ever built. Warm: a new builder, and the cache in the registry."""
        cold = self._both(prepare=self._change_source)
        warm = self._both(prepare=lambda project: project.commit("Again"))
        return (
            _ratio("cold build, whole process", "the shell lines, cold", *cold, limit=1.0),
            _ratio("warm build, new builder, whole process", "the shell lines, warm", *warm, limit=0.7),
        )

    def alone(self) -> Row:
        """Against the one command that does the work, with login and builder ready beforehand."""
        ours, theirs = [], []
        image = f"{self._stack.ecr.host}/bench-theirs"
        lines = BASELINE.replace("\\\n", "").splitlines()
        build = next(line for line in lines if line.startswith("docker buildx build"))
        for _ in range(self._rounds):
            self._fresh(self._ours, lambda project: project.commit("Again"))
            ours.append(_seconds(lambda: self._ours.multiarch("build")))
            self._fresh(self._theirs, lambda project: project.commit("Again"))
            setup = BASELINE.partition("IMAGE=$AWS_REGISTRY_NAME/")[0]
            self._theirs.run(["sh", "-c", setup]).code  # noqa: B018
            self._theirs.run(["docker", "buildx", "inspect", "--bootstrap"])
            command = f"GIT_TAG=$(git rev-parse --short HEAD); IMAGE={image}; {build}"
            theirs.append(_seconds(partial(self._theirs.run, ["sh", "-c", command])))
        mine, other = statistics.median(ours), statistics.median(theirs)
        return Row(
            what="warm build, new builder, whole process",
            against="`docker buildx build` alone, login and builder ready",
            ours=mine,
            theirs=other,
            limit="1.2 s more",
            value=f"{mine - other:+.2f} s",
            good=mine - other <= 1.2,
        )

    def rerun(self) -> Row:
        """The same commit again, against a warm build by the shell lines."""
        ours, theirs = [], []
        for _ in range(self._rounds):
            self._ours.remove_builder()
            ours.append(_seconds(lambda: self._ours.multiarch("build")))
            self._fresh(self._theirs, lambda project: project.commit("Again"))
            theirs.append(_seconds(lambda: self._theirs.run(["sh", "-c", BASELINE])))
        return _ratio("the same commit again, whole process", "the shell lines, warm", ours, theirs, limit=0.4)

    def dry_run(self) -> Row:
        ours, theirs = [], []
        for _ in range(3 * self._rounds):
            ours.append(_seconds(lambda: self._ours.multiarch("build", "--dry-run")))
            theirs.append(_seconds(lambda: self._ours.run(["aws", "--version"])))
        return _ratio("`--dry-run`, whole process", "`aws --version`", ours, theirs, limit=0.6)

    def much_output(self) -> Sequence[Row]:
        """A step that prints 100,000 lines: buildx's own plain log, against ours, on the same builder.

        Once as fast as it can, for the build alone; and once over some seconds, as a test run prints, for the whole
        process, with its plan, its verification and its tags.
        """
        at_once = f"yes 'a line of a long and boring test log' | head -n {_LINES}"
        slowly = f"for i in $(seq 500); do yes 'a line of a long and boring test log' | head -n {_LINES // 500}; "
        builds = self._lines(at_once)
        paced = self._lines(f"{slowly} sleep 0.01; done")
        step = f"yes 'a line of a long and boring test log' | head -n {_LINES // _STEPS}"
        steps = self._compare(_many_steps(step), rounds=min(2, self._rounds))
        what = f"a build that prints {_LINES:,} lines"
        against = "`docker buildx build --progress=plain`"
        peak = max(each.peak for each in (*builds.ours, *paced.ours, *steps.ours))
        memory = f"{peak / _MEGABYTE:.0f} MB"
        return (
            _ratio(f"{what} at once, its build phase", against, builds.phases, builds.theirs, limit=1.2),
            _ratio(
                f"{what} over some seconds, whole process",
                against,
                [each.seconds for each in paced.ours],
                paced.theirs,
                limit=1.2,
            ),
            _ratio(f"{what} in {_STEPS} steps, its build phase", against, steps.phases, steps.theirs, limit=1.2),
            Row(
                what=f"{what}, peak memory",
                against="",
                ours=0,
                theirs=0,
                limit="150 MB",
                value=memory,
                good=peak <= 150 * _MEGABYTE,
            ),
        )

    def _lines(self, step: str) -> _Lines:
        content = f"ARG BASE_IMAGE=busybox\nFROM ${{BASE_IMAGE}}\nARG ROUND\nRUN {step} # $ROUND\n"
        return self._compare(content, rounds=self._rounds)

    def _compare(self, content: str, *, rounds: int) -> _Lines:
        dockerfile = self._ours.folder / "Dockerfile.lines"
        dockerfile.write_text(content)
        self._ours.commit("Print much")
        common = ["--platform", "linux/amd64", "--file", dockerfile.name]
        image = f"type=image,name={self._stack.plain.host}/lines,push-by-digest=true,push=true"
        lines = _Lines(ours=[], phases=[], theirs=[])
        for _ in range(rounds):
            words = ["--if-exists", "rebuild", "--cache", "none", "--output", "json"]
            mine = self._timed([sys.executable, "-m", "multiarch", "build", *common, *words])
            lines.ours.append(mine)
            lines.phases.append(float(json.loads(mine.stdout)["phases"]["build"]))
            build = ["docker", "buildx", "build", "--builder", self._ours.builder, "--progress", "plain", *common]
            arguments = ["--build-arg", f"BASE_IMAGE={self._stack.base}", "--build-arg", f"ROUND={time.time_ns()}"]
            other = self._timed([*build, *arguments, "--provenance=false", "--output", image, "."])
            lines.theirs.append(other.seconds)
            assert mine.lines == other.lines == _LINES, (mine.lines, other.lines)
        return lines

    def close(self) -> None:
        for project in self._projects:
            project.remove_builder()
            project.run(["docker", "buildx", "rm", "--force", project.environment["AWS_ECR_REPOSITORY_NAME"]])

    def _both(self, prepare: Callable[[Project], object]) -> tuple[list[float], list[float]]:
        ours, theirs = [], []
        for _ in range(self._rounds):
            self._fresh(self._ours, prepare)
            ours.append(_seconds(lambda: self._ours.multiarch("build")))
            self._fresh(self._theirs, prepare)
            theirs.append(_seconds(lambda: self._theirs.run(["sh", "-c", BASELINE])))
        return ours, theirs

    def _fresh(self, project: Project, prepare: Callable[[Project], object]) -> None:
        project.remove_builder()
        project.run(["docker", "buildx", "rm", "--force", project.environment["AWS_ECR_REPOSITORY_NAME"]])
        stack.cold()
        prepare(project)

    def _change_source(self, project: Project) -> None:
        """Let no step find anything in any cache."""
        now = time.time_ns()
        with (project.folder / "hello.sh").open("a") as file:
            file.write(f"# {now}\n")
        text = (project.folder / "Dockerfile").read_text().partition("\n# ")[0]
        text = text.replace("uname -m > /machine", f"uname -m > /machine && : {now}", 1)
        (project.folder / "Dockerfile").write_text(text)
        project.commit("Change everything")

    def _timed(self, command: Sequence[str]) -> _Timed:
        """Run a command with its log in a file, and take its time and the peak memory of its own process."""
        environment = self._ours.variables(
            MULTIARCH_BUILD_ARGS=f"BASE_IMAGE={self._stack.base}\nROUND={time.time_ns()}"
        )
        with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as out:
            begin = time.perf_counter()
            process = subprocess.Popen(command, cwd=self._ours.folder, env=environment, stdout=out, stderr=log)
            peak = 0
            while process.poll() is None:
                peak = max(peak, _memory(process.pid))
                time.sleep(0.01)
            seconds = time.perf_counter() - begin
            log.seek(0)
            out.seek(0)
            text = log.read()
            assert process.returncode == 0, text[-2000:]
            return _Timed(
                seconds=seconds,
                peak=peak,
                lines=text.count(b"a line of a long") - text.count(b"'a line of a long"),
                stdout=out.read().decode(),
            )


@dataclass(frozen=True, kw_only=True)
class _Timed:
    seconds: float
    peak: int
    lines: int
    stdout: str


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """The rounds of one comparison: our runs, the seconds of their build phase, and the other side's seconds."""

    ours: list[_Timed]
    phases: list[float]
    theirs: list[float]


def _many_steps(step: str) -> str:
    """Return a Dockerfile with so many steps, in stages that the last one needs."""
    stages = range(_STEPS // _STEPS_OF_STAGE)
    lines = ["ARG BASE_IMAGE=busybox\n"]
    for stage in stages:
        lines.append(f"FROM ${{BASE_IMAGE}} AS s{stage}\nARG ROUND\nRUN : > /done{stage}\n")
        lines += [f"RUN {step} # {stage} {number}\n" for number in range(_STEPS_OF_STAGE)]
    copies = "".join(f"COPY --from=s{stage} /done{stage} /\n" for stage in stages)
    return "".join([*lines, f"FROM ${{BASE_IMAGE}}\n{copies}"])


def _memory(pid: int) -> int:
    """Return a process's peak resident memory so far, in bytes."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "")
    return int(line.split()[1]) * 1024 if line else 0


def _seconds(action: Callable[[], object]) -> float:
    outcome = action()
    assert getattr(outcome, "code", 1) == 0, outcome
    return float(getattr(outcome, "seconds", 0))


def _ratio(what: str, against: str, ours: Sequence[float], theirs: Sequence[float], *, limit: float) -> Row:
    mine, other = statistics.median(ours), statistics.median(theirs)
    ratio = mine / other
    return Row(
        what=what,
        against=against,
        ours=mine,
        theirs=other,
        limit=f"{limit:.2f}",
        value=f"{ratio:.2f}",
        good=ratio <= limit,
    )


def _table(rows: Sequence[Row]) -> str:
    lines = ["| what | against | ours | theirs | came to | at most |", "|---|---|---|---|---|---|"]
    for row in rows:
        seconds = [f"{each:.2f} s" if each else "" for each in (row.ours, row.theirs)]
        lines.append(f"| {row.what} | {row.against} | {seconds[0]} | {seconds[1]} | {row.value} | {row.limit} |")
    return "\n".join(lines)


def _write(table: str) -> None:
    text = _EXPLANATION.read_text() if _EXPLANATION.exists() else ""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if begin and end:
        _EXPLANATION.write_text(f"{before}{begin}\n{table}\n{end}{after}")


if __name__ == "__main__":
    sys.exit(main())
