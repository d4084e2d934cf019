"""The content of the page: texts and numbers for the template. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from multiarch.record import Record
from multiarch.report.breakdown import breakdown_of
from multiarch.report.breakdown.text import spent
from multiarch.report.folder.page.rows import LEGEND, Figure, GroupView, StepOutput, Tick, output_of, row_groups, ticks
from multiarch.report.folder.page.tables import Table, tables
from multiarch.report.text import duration
from multiarch.report.timeline import end_of
from multiarch.text.sizes import human_size

_OUTPUT_OF_THE_FAILED = 200_000
# With more rows, the browser lays out only the visible ones.
_LONG = 100

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "built": ("Built, verified and tagged", "✓", "good"),
    "reused": ("Already published: verified and tagged", "✓", "good"),
    "local": ("Built and verified in a folder", "✓", "good"),
    "ended": ("All steps succeeded", "✓", "good"),
    "failed": ("Failed", "✕", "failed"),
    "interrupted": ("Interrupted", "!", "interrupted"),
    "unfinished": ("The log is incomplete", "!", "unfinished"),
}


@dataclass(frozen=True, kw_only=True)
class FailureView:
    title: str
    step: str
    where: str
    message: str
    hint: str
    output: StepOutput | None


@dataclass(frozen=True, kw_only=True)
class Page:
    title: str
    status: str
    mark: str
    tone: str
    image: str
    figures: tuple[Figure, ...]
    failure: FailureView | None
    breakdown: tuple[Figure, ...]
    ticks: tuple[Tick, ...]
    groups: tuple[GroupView, ...]
    is_long: bool
    legend: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    footer: str


def view(record: Record) -> Page:
    """Return the content of the page of a record."""
    status, mark, tone = _WORDS[record.outcome.status]
    end = end_of(record)
    marks = ticks(end)
    shown = tuple(row_groups(record, end))
    seen = {each for group in shown for row in group.rows for each in row.classes}
    return Page(
        title=record.run.title or "Build",
        status=status,
        mark=mark,
        tone=tone,
        image=record.outcome.images[0].image if len(record.outcome.images) == 1 else "",
        figures=tuple(_figures(record)),
        failure=_failure(record),
        breakdown=tuple(_breakdown(record)),
        ticks=marks,
        groups=shown,
        is_long=sum(len(group.rows) for group in shown) > _LONG,
        legend=tuple((kind, text) for kind, text in LEGEND.items() if kind in seen),
        tables=tuple(table for table in tables(record) if table.rows),
        footer=_footer(record),
    )


def _figures(record: Record) -> Iterator[Figure]:
    run, outcome = record.run, record.outcome
    yield Figure(name="Time", value=duration(record.outcome.seconds))
    if use := record.cache_use:
        share = f"{100 * use.cached // use.steps} %" if use.steps else ""
        yield Figure(name="From the cache", value=f"{use.cached} of {use.steps} steps", more=share)
    if run.has_several:
        yield Figure(name="Images", value=str(len(run.images)))
    else:
        for image in outcome.platforms:
            yield Figure(name=str(image.platform), value=human_size(image.size), more=f"{len(image.layers)} layers")
    if outcome.retries:
        yield Figure(name="Retries", value=str(len(outcome.retries)))
    if warnings := len(outcome.warnings) + len(record.warnings):
        yield Figure(name="Warnings", value=str(warnings))
    if run.commit:
        kind = "with uncommitted changes" if run.commit.endswith("-dirty") else ""
        yield Figure(name="Commit", value=run.commit[:7], more=kind)


def _breakdown(record: Record) -> Iterator[Figure]:
    breakdown = breakdown_of(record)
    if breakdown:
        yield from (Figure(name=name, value=text) for name, text in spent(breakdown))
        yield from (Figure(name="hint", value=hint) for hint in breakdown.hints)


def _failure(record: Record) -> FailureView | None:
    outcome, step = record.outcome, record.failed_step
    failure = outcome.failure
    if not failure and not step:
        return None
    lines = output_of(step, _OUTPUT_OF_THE_FAILED) if step else None
    return FailureView(
        title="Interrupted" if outcome.status == "interrupted" else "Failure",
        step=step.title if step else "",
        where=f"{record.run.dockerfile or 'Dockerfile'}, line {step.line}" if step and step.line else "",
        message=failure.message if failure else step.error if step else "",
        hint="\n".join(failure.more) if failure else "",
        output=lines,
    )


def _footer(record: Record) -> str:
    run = record.run
    by = f"multiarch {run.version}" if run.version else "multiarch, from a log of BuildKit"
    when = f"{run.begin:%Y-%m-%d %H:%M:%S} UTC" if run.begin else ""
    builder = f"builder {run.builder} ({run.driver})" if run.builder else ""
    return " · ".join(filter(None, (when, builder, f"written by {by}")))
