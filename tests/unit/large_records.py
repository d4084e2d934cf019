"""Records as large builds and hostile ones leave them: what no small build on an engine shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from multiarch.image.manifest import Layer, digest_of
from multiarch.record import BuildStep, BuildWarning, Failure, Record, StepKind
from tests.unit.records import BUILT, FAILED, between, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

PLATFORMS = ("linux/amd64", "linux/arm64")
TAIL = 50
"""The lines that a record keeps of a step's output."""

# What a page, an XML file, Markdown or a terminal would take for something else than text.
HOSTILE = (
    "<script>document.title='taken'</script>",
    '"><img src=x onerror="document.title=\'taken\'">',
    "{{ 7 * 7 }} {% raw %} ${HOME} `id` | [x](javascript:alert(1))",
    "]]> <!-- &amp; & '\"",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x00\x08\x7f \u202eright to left \ud800",
)


def large(count: int = 500, lines: int = 100_000) -> Record:
    """A build of so many steps on two platforms, which printed so many lines of 120 characters."""
    made = tuple(_large_steps(count, lines // count))
    end = max(each.completed or 0 for each in made)
    images = tuple(
        replace(
            image,
            layers=tuple(
                Layer(digest=digest_of(f"{image.platform} {n}".encode()), size=n * 10_000, made_by=f"RUN step {n}")
                for n in range(1, 120)
            ),
        )
        for image in BUILT.outcome.platforms
    )
    [image] = BUILT.outcome.images
    outcome = replace(BUILT.outcome, images=(replace(image, platforms=images),), seconds=end + 1)
    return replace(BUILT, steps=made, outcome=outcome)


def _large_steps(count: int, lines: int) -> Iterator[BuildStep]:
    for index in range(count):
        platform = PLATFORMS[index % 2]
        number = index // 2 + 1
        what = f"RUN make --directory=component-{number} all check install DESTDIR=/stage && strip /stage/bin/*"
        yield BuildStep(
            index=index,
            digest=digest_of(f"{index}".encode()),
            name=f"[{platform} compile {number}/{count // 2}] {what}",
            kind=StepKind.DOCKERFILE,
            platform=platform,
            runs_on=platform,
            stage="compile",
            number=number,
            total=count // 2,
            instruction=what,
            inputs=(digest_of(f"{index - 2}".encode()),) if index > 1 else (),
            intervals=(between(number * 2.0, number * 2.0 + 1.9),),
            cached=index % 5 == 0,
            output=tuple(f"{n:06} ".ljust(120, "x") for n in range(max(0, lines - TAIL), lines)),
            output_lines=lines,
            line=number,
            emulated=platform == "linux/arm64",
        )


def hostile() -> Record:
    """A failed build whose every text is made to be taken for something else."""
    text = " ".join(HOSTILE)

    def spoil(step: BuildStep) -> BuildStep:
        output = HOSTILE if step.output else ()
        return replace(
            step,
            name=f"{step.name} {text}",
            instruction=f"{step.instruction} {text}",
            error=f"{step.error} {text}" if step.error else "",
            output=output,
            output_lines=len(output),
        )

    outcome = FAILED.outcome
    return replace(
        FAILED,
        run=replace(FAILED.run, images=(replace(FAILED.run.images[0], name=text),), commit=text, dockerfile=text),
        steps=steps(*map(spoil, FAILED.steps)),
        warnings=(BuildWarning(short=text, detail=(text,), url="javascript:alert(1)", line=1),),
        outcome=replace(
            outcome, failure=Failure(type="BuildError", message=text, fix=text, exit_code=5), warnings=(text,)
        ),
    )
