"""What a build's time went into, in tables of cases and of near misses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multiarch.record import BuildStep, CacheAccess, Interval, Outcome, Record, StepKind
from multiarch.record.outcome import ImageOutcome
from multiarch.report.breakdown import Breakdown, breakdown_of
from multiarch.report.breakdown.cache import cache_in_words, roots
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.report.breakdown.times import busy, large_layers, shortened
from tests.unit import records
from tests.unit.fakes import AMD64, ARM64
from tests.unit.records import between, platform_image, step, steps

READ = CacheAccess(direction="import", reference="shop:cache", status="read")


def breakdown(record: Record) -> Breakdown:
    found = breakdown_of(record)
    assert found
    return found


def built(*made: BuildStep, caches: tuple[CacheAccess, ...] = (READ,)) -> Record:
    return Record(run=records.RUN, steps=steps(*made), caches=caches, attempt=1)


def test_breakdown_as_text_slow_build_has_all_lines() -> None:
    assert list(breakdown_as_text(breakdown_of(records.BUILT))) == [
        "steps      linux/amd64  3 run, 0 cached, 10.0 s",
        "steps      linux/arm64  3 run, 0 cached, 72.0 s",
        (
            "missed     [compile 2/3] COPY package.json . (Dockerfile:2): the copied files changed, or the line is "
            "new; 4 dependent steps ran too, 81.0 s in total"
        ),
        "build      cache import 0.9 s, steps 72.0 s, export 2.0 s, push 4.0 s, cache export 5.0 s",
        "emulated   71.0 s in 1 step; the same step took 9.0 s natively",
        "layers     81.0 MB RUN npm ci, 30.0 MB sha256:linux/amd640, 29.0 MB sha256:linux/arm640",
        "warning    FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
        (
            "hint       RUN npm ci on linux/arm64 took 71 s emulated, 9 s native on linux/amd64: build its stage with "
            "--platform=$BUILDPLATFORM, or on an ARM node"
        ),
    ]


def test_breakdown_as_text_failed_build_has_its_steps() -> None:
    lines = list(breakdown_as_text(breakdown_of(records.FAILED)))
    assert lines[:2] == [
        "steps      linux/amd64  2 run, 0 cached, 38.1 s",
        "steps      linux/arm64  2 run, 0 cached, 38.0 s",
    ]
    assert not [line for line in lines if line.startswith("hint")]


QUIET = {
    "nothing was built": records.REUSED,
    "nothing is known": records.EMPTY,
    "a quick build": built(step("linux/amd64 build 2/2 RUN make", 1, 3)),
}


@pytest.mark.parametrize("record", QUIET.values(), ids=QUIET)
def test_breakdown_as_text_quick_build_has_no_lines(record: Record) -> None:
    assert list(breakdown_as_text(breakdown_of(record))) == []


def test_breakdown_as_text_many_warnings_are_counted() -> None:
    warnings = tuple(replace(records.BUILT.warnings[0], short=f"warning {each}", line=each) for each in range(1, 9))
    lines = list(breakdown_as_text(breakdown_of(replace(records.CACHED, warnings=warnings, caches=()))))
    assert [line for line in lines if line.startswith("warning")] == [
        *(f"warning    warning {each} (Dockerfile:{each})" for each in range(1, 6)),
        "warning    3 more warnings",
    ]


# Times


BUSY = {
    "none": ([], 0),
    "one": ([(1, 3)], 2),
    "one after the other": ([(1, 3), (4, 5)], 3),
    "side by side": ([(1, 3), (2, 5)], 4),
    "one within the other": ([(1, 9), (2, 3)], 8),
    "out of order": ([(4, 5), (1, 3)], 3),
    "one that has not ended": ([(1, None), (2, 3)], 1),
}


@pytest.mark.parametrize(("pairs", "seconds"), BUSY.values(), ids=BUSY)
def test_busy_overlapping_intervals_count_once(pairs: list[tuple[float, float | None]], seconds: float) -> None:
    assert busy(Interval(start=start, end=end) for start, end in pairs) == seconds


def test_breakdown_shared_steps_have_a_row() -> None:
    record = built(
        step("linux/amd64 build 2/3 RUN make", 0, 20, platform=""),
        step("linux/amd64 stage-1 2/2 COPY --from=build /a /a", 20, 21),
        step("linux/arm64 stage-1 2/2 COPY --from=build /a /a", 20, 22),
    )
    assert [line for line in breakdown_as_text(breakdown_of(record)) if line.startswith("steps")] == [
        "steps      linux/amd64  1 run, 0 cached, 1.0 s",
        "steps      linux/arm64  1 run, 0 cached, 2.0 s",
        "steps      shared  1 run, 0 cached, 20.0 s",
    ]


# The cache


COPY = step("linux/amd64 build 2/4 COPY . .", 1, 2, digest="copy", inputs=("from",), line=2)
RUN = step("linux/amd64 build 3/4 RUN make", 2, 10, digest="run", inputs=("copy",), line=3)
LAST = step("linux/amd64 build 4/4 RUN test", 10, 11, digest="last", inputs=("run",), line=4)
OTHER = step("linux/amd64 docs 2/2 RUN docs", 3, 9, digest="other")


def cached(each: BuildStep) -> BuildStep:
    return replace(each, cached=True, intervals=(between(1, 1),))


def waiting(each: BuildStep) -> BuildStep:
    return replace(each, intervals=())


MISSES = {
    "the first of a chain": ([COPY, RUN, LAST], {"copy": {"run", "last"}}),
    "in the middle": ([cached(COPY), RUN, LAST], {"run": {"last"}}),
    "the last one": ([cached(COPY), cached(RUN), LAST], {"last": set()}),
    "none": ([cached(COPY), cached(RUN), cached(LAST)], {}),
    "two that have nothing to do with each other": ([cached(COPY), RUN, OTHER], {"run": set(), "other": set()}),
    "what did not start is no miss": ([COPY, waiting(RUN), waiting(LAST)], {"copy": set()}),
    # It is needed for the files alone, and was found by its content.
    "one from the cache behind one that ran": ([COPY, cached(RUN), LAST], {"copy": {"last"}}),
    "in any order": ([LAST, RUN, COPY], {"copy": {"run", "last"}}),
    "what is no work": ([step("exporting to image", 1, 2, kind=StepKind.EXPORT)], {}),
}


@pytest.mark.parametrize(("made", "expected"), MISSES.values(), ids=MISSES)
def test_breakdown_first_miss_has_no_miss_before_it(made: list[BuildStep], expected: dict[str, set[str]]) -> None:
    found = roots(built(*made))
    assert {root.step.digest: {each.digest for each in root.after} for root in found} == expected


def test_breakdown_miss_on_all_platforms_is_one_line() -> None:
    [miss] = breakdown(records.BUILT).misses
    assert (miss.platforms, miss.after) == (("linux/amd64", "linux/arm64"), 4)


def test_breakdown_miss_on_one_platform_names_it() -> None:
    other = replace(cached(COPY), digest="arm", platform="linux/arm64")
    lines = list(breakdown_as_text(breakdown_of(built(replace(COPY, intervals=(between(0, 30),)), other))))
    assert lines[2].startswith(
        "missed     [build 2/4] COPY . . (Dockerfile:2) on linux/amd64: the copied files changed"
    )


MISSING = CacheAccess(direction="import", reference="shop:cache", status="missing")
BROKEN = CacheAccess(direction="import", reference="shop:cache", status="failed", error="403 Forbidden")
CACHES = {
    "read": ((READ,), [RUN], ""),
    "none there": ((MISSING,), [RUN], "not found"),
    "none there, but the builder's own": ((MISSING,), [cached(COPY), RUN], ""),
    "none asked for": ((), [RUN], "none configured"),
    "none asked for, but the builder's own": ((), [cached(COPY), RUN], ""),
    "broken": ((BROKEN,), [cached(COPY), RUN], "could not read shop:cache: 403 Forbidden"),
    "one of two": ((MISSING, READ), [RUN], ""),
    "an export alone": (
        (CacheAccess(direction="export", reference="", status="written"),), [RUN], "none configured"),
    "no step": ((MISSING,), [step("[internal] load", 0, 1)], ""),
}  # fmt: skip


@pytest.mark.parametrize(("caches", "made", "words"), CACHES.values(), ids=CACHES)
def test_breakdown_cache_has_the_reason(caches: tuple[CacheAccess, ...], made: list[BuildStep], words: str) -> None:
    record = built(*made, caches=caches)
    assert cache_in_words(record) == words
    assert not words or not roots(record)


# Hints


def pair(slow: float, quick: float, **fields: object) -> list[BuildStep]:
    """Make one step that was emulated and the same one that was not."""
    return [
        replace(step("linux/arm64 build 2/2 RUN make", 0, slow, emulated=True, digest="a"), **fields),  # type: ignore[arg-type]  # a field each
        step("linux/amd64 build 2/2 RUN make", 0, quick, emulated=False, digest="b"),
    ]


HINT = (
    "RUN make on linux/arm64 took 60 s emulated, 9 s native on linux/amd64: build its stage with "
    "--platform=$BUILDPLATFORM, or on an ARM node"
)
EMULATED = {
    "much slower": (pair(60, 9), [HINT]),
    "a little slower": (pair(60, 40), []),
    "much slower, but quick": (pair(4, 0.5), []),
    "faster": (pair(9, 60), []),
    "another command": (pair(60, 9, instruction="RUN make arm"), []),
    "another stage": (pair(60, 9, stage="test"), []),
    "not emulated": (pair(60, 9, emulated=False), []),
    "not known": (pair(60, 9, emulated=None), []),
    "failed": (pair(60, 9, error="exit code: 1"), []),
    "from the cache": (pair(60, 9, cached=True), []),
    "the other one was cached": ([pair(60, 9)[0], cached(pair(60, 9)[1])], []),
    "the other one failed": ([pair(60, 9)[0], replace(pair(60, 9)[1], error="exit code: 1")], []),
    "no other": (pair(60, 9)[:1], []),
}


@pytest.mark.parametrize(("made", "hints"), EMULATED.values(), ids=EMULATED)
def test_hints_emulated_step_with_a_native_one_has_a_hint(made: list[BuildStep], hints: list[str]) -> None:
    assert list(breakdown(built(*made)).hints) == hints


COPY_HINT = (
    "COPY . . (Dockerfile:2) invalidated RUN make, which took 8 s: copy the files that this step needs before it, and "
    "the rest after it"
)
COPIES = {
    "everything, before something slow": ([COPY, RUN], [COPY_HINT]),
    "some files": ([replace(COPY, instruction="COPY package.json ."), RUN], []),
    "a folder that begins with a point": ([replace(COPY, instruction="COPY .config ."), RUN], []),
    "with an option": (
        [replace(COPY, instruction="COPY --chown=me . ."), RUN], [COPY_HINT.replace("COPY", "COPY --chown=me", 1)]),
    "from another stage": (
        [replace(COPY, name="[build 2/4] COPY --from=x . .", instruction="COPY --from=x . ."), RUN], []),
    "before something quick": ([COPY, replace(RUN, intervals=(between(2, 6),))], []),
    "before nothing": ([COPY], []),
    "from the cache": ([cached(COPY), RUN], []),
}  # fmt: skip


@pytest.mark.parametrize(("made", "hints"), COPIES.values(), ids=COPIES)
def test_hints_copy_before_a_slow_step_has_a_hint(made: list[BuildStep], hints: list[str]) -> None:
    assert list(breakdown(built(*made)).hints) == hints


def test_hints_copy_on_two_platforms_is_one_hint() -> None:
    other = [replace(each, platform="linux/arm64", digest=f"{each.digest} arm") for each in (COPY, RUN)]
    other[1] = replace(other[1], inputs=(other[0].digest,))
    assert breakdown(built(COPY, RUN, *other)).hints == (COPY_HINT,)


EMULATION = {
    "none": ([RUN], []),
    "one, without another to compare": (pair(60, 9)[:1], ["emulated   60.0 s in 1 step"]),
    "one of two": (
        [*pair(60, 9), step("linux/arm64 build 3/3 RUN arm", 60, 70, emulated=True)],
        ["emulated   70.0 s in 2 steps; 60.0 s of these took 9.0 s natively"],
    ),
}


@pytest.mark.parametrize(("made", "lines"), EMULATION.values(), ids=EMULATION)
def test_breakdown_as_text_has_emulated_seconds(made: list[BuildStep], lines: list[str]) -> None:
    first = step("linux/amd64 build 1/2 FROM base", 0, 20)
    said = breakdown_as_text(breakdown_of(built(first, *made)))
    assert [line for line in said if line.startswith("emulated")] == lines


# Layers


def test_breakdown_has_the_largest_layers() -> None:
    images = (
        platform_image(AMD64, (50_000_000, "RUN a"), (20_000_000, "RUN b"), (9_000_000, "RUN small")),
        platform_image(ARM64, (60_000_000, "RUN a"), (15_000_000, "RUN c"), (12_000_000, "RUN d")),
    )
    record = replace(
        records.BUILT, outcome=Outcome(status="built", images=(ImageOutcome(name="shop", platforms=images),))
    )
    assert [(each.made_by, each.size) for each in large_layers(record)] == [
        ("RUN a", 60_000_000),
        ("RUN b", 20_000_000),
        ("RUN c", 15_000_000),
    ]


def test_shortened_long_instruction_is_one_short_line() -> None:
    assert shortened("RUN a\n  b") == "RUN a b"
    assert shortened("x" * 61) == f"{'x' * 60}..."
