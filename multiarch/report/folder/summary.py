"""A run in Markdown: for a pull request, a chat, or a pipeline's page. Pure."""

import re
from collections.abc import Iterator, Sequence

from multiarch.image.manifest import short_digest
from multiarch.record import Record
from multiarch.report.breakdown import breakdown_of
from multiarch.report.breakdown.text import spent
from multiarch.report.text import cut, duration, last_lines
from multiarch.report.timeline import critical_path, qualified
from multiarch.text.sizes import human_size

_STATUS = {
    "built": "✅ Built",
    "reused": "✅ Already published",
    "local": "✅ Built into a folder",
    "ended": "✅ All steps succeeded",
    "failed": "❌ Failed",
    "interrupted": "⚠️ Interrupted",
    "unfinished": "⚠️ The log is incomplete",
}
_OUTPUT = 4000
_STEPS = 10
_CELL = 120


def summary(record: Record) -> str:
    """Return the summary."""
    return "\n".join([*_lines(record), ""])


def _lines(record: Record) -> Iterator[str]:
    run, outcome = record.run, record.outcome
    yield f"## {_STATUS[outcome.status]}: {_text(run.title or 'build')} in {duration(outcome.seconds)}"
    for image in outcome.images:
        if image.image:
            yield from ("", _code(image.image))
    yield from _failure(record)
    breakdown = breakdown_of(record)
    if breakdown:
        yield ""
        yield from (f"- {name}: {_text(text)}" for name, text in spent(breakdown))
        yield from (f"- **{_text(hint)}**" for hint in breakdown.hints)
    if outcome.platforms:
        yield from _table(
            ("platform", "size", "layers", "digest"),
            [
                (
                    _text(qualified(run, image.name, str(each.platform))),
                    human_size(each.size),
                    str(len(each.layers)),
                    _code(short_digest(each.digest)),
                )
                for image in outcome.images
                for each in image.platforms
            ],
        )
    if outcome.tags:
        tags = ((qualified(run, image.name, tag.tag), tag.action) for image in outcome.images for tag in image.tags)
        yield from _table(("tag", "outcome"), [(_code(tag), action) for tag, action in tags])
    slowest = sorted(critical_path(record), key=lambda step: -step.seconds)[:_STEPS]
    if slowest:
        yield from _table(
            ("slowest steps on the critical path", "took"),
            [(_code(cut(step.title, _CELL)), duration(step.seconds)) for step in slowest],
        )


def _failure(record: Record) -> Iterator[str]:
    failure, step = record.outcome.failure, record.failed_step
    if failure:
        yield from ("", _text(failure.message))
        if failure.more:
            yield ""
            yield from (f"> {_text(line)}  " for line in failure.more)
    if step and step.output:
        lines, _ = last_lines(step.output, _OUTPUT)
        yield from ("", _code(cut(step.title, _CELL)), "", *_block(lines))


def _block(lines: Sequence[str]) -> Iterator[str]:
    """Fence the lines with more backticks than any of them contains."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}text", *lines, fence)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}")
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _text(text: str) -> str:
    """Escape a text for Markdown, so that it contains no HTML, link or table."""
    return re.sub(r"([\\`*_{}\[\]<>#|!&])", r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    """Return a text as code, also for a cell of a table."""
    line = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}" if longest else f"`{line}`"
