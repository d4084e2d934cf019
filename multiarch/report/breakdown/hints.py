"""Hints that make a build faster. Every hint has a measured number of this build. Pure."""

from collections.abc import Iterator, Sequence

from multiarch.record.steps import in_file
from multiarch.report.breakdown.cache import Root, copies_before_work
from multiarch.report.breakdown.model import EmulatedStep
from multiarch.report.breakdown.times import shortened

# Reading a hint takes time: a hint has to save more.
_WORTH = 5.0
_FACTOR = 2.0
_MOST = 3
# Names of machines, by architecture.
_MACHINES = {"arm64": "an ARM", "arm": "an ARM", "amd64": "an x86"}


def hints(emulated: Sequence[EmulatedStep], found: Sequence[Root], dockerfile: str) -> tuple[str, ...]:
    return tuple([*_emulation(emulated), *_copies(found, dockerfile)][:_MOST])


def _emulation(emulated: Sequence[EmulatedStep]) -> Iterator[str]:
    for step in emulated:
        saved = step.seconds - (step.native or 0.0)
        if step.native is not None and saved >= _WORTH and step.seconds >= _FACTOR * step.native:
            machine = _MACHINES.get(step.platform.split("/")[1], f"a {step.platform}")
            took = f"took {step.seconds:.0f} s emulated, {step.native:.0f} s native on {step.native_platform}"
            fix = f"build its stage with --platform=$BUILDPLATFORM, or on {machine} node"
            yield f"{shortened(step.instruction)} on {step.platform} {took}: {fix}"


def _copies(found: Sequence[Root], dockerfile: str) -> Iterator[str]:
    seen = set()
    for copy, run in copies_before_work(found):
        place = f"{shortened(copy.instruction)}{in_file(dockerfile, copy.line)}"
        if run.seconds >= _WORTH and place not in seen:
            seen.add(place)
            yield (
                f"{place} invalidated {shortened(run.instruction)}, which took {run.seconds:.0f} s: "
                "copy the files that this step needs before it, and the rest after it"
            )
