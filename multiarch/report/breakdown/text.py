"""A breakdown as text. Pure."""

from collections.abc import Iterable, Iterator

from multiarch.image.manifest import Layer, short_digest
from multiarch.record.steps import in_file
from multiarch.report.breakdown.model import Breakdown, CacheMiss
from multiarch.report.breakdown.times import shortened
from multiarch.text.sizes import human_size

# A shorter build needs no explanation.
_LONG = 10.0
_WARNINGS = 5


_Row = tuple[str, str]


def breakdown_as_text(breakdown: Breakdown | None) -> Iterator[str]:
    """Yield the lines of a breakdown; for a quick build, only BuildKit's warnings and the hints."""
    if not breakdown:
        return
    if breakdown.build + breakdown.export + breakdown.push + breakdown.cache_export >= _LONG:
        yield from _lines(spent(breakdown))
    yield from _lines(_noticed(breakdown))


def _lines(rows: Iterable[_Row]) -> Iterator[str]:
    yield from (f"{name:<10} {text}" for name, text in rows)


def _noticed(breakdown: Breakdown) -> Iterator[_Row]:
    for warning in breakdown.warnings[:_WARNINGS]:
        place = "" if "(line" in warning.short else in_file(breakdown.dockerfile, warning.line)
        yield "warning", f"{warning.short}{place}"
    if len(breakdown.warnings) > _WARNINGS:
        yield "warning", f"{len(breakdown.warnings) - _WARNINGS} more warnings"
    yield from (("hint", hint) for hint in breakdown.hints)


def spent(breakdown: Breakdown) -> Iterator[_Row]:
    """Yield where time and bytes went, as pairs of a word and a text."""
    for work in breakdown.platforms:
        name = " ".join(filter(None, (work.image, work.platform))) or ("shared" if len(breakdown.platforms) > 1 else "")
        yield "steps", f"{name}  {work.run} run, {work.cached} cached, {work.seconds:.1f} s".strip()
    if breakdown.cache:
        yield "no cache", breakdown.cache
    yield from (("missed", _missed(miss, breakdown)) for miss in breakdown.misses)
    parts = (
        ("cache import", breakdown.cache_import),
        ("steps", breakdown.build),
        ("export", breakdown.export),
        ("push", breakdown.push),
        ("cache export", breakdown.cache_export),
    )
    yield "build", ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts if seconds)
    if breakdown.emulated:
        yield "emulated", _emulated(breakdown)
    if breakdown.layers:
        yield "layers", ", ".join(map(_layer, breakdown.layers))


def _missed(miss: CacheMiss, breakdown: Breakdown) -> str:
    everywhere = len(miss.platforms) == len({work.platform for work in breakdown.platforms if work.platform})
    place = f"{shortened(miss.step)}{in_file(breakdown.dockerfile, miss.line)}"
    on = "" if everywhere or not miss.platforms else f" on {', '.join(miss.platforms)}"
    after = f"; {miss.after} dependent step{'' if miss.after == 1 else 's'} ran too" if miss.after else ""
    return f"{place}{on}: {miss.reason}{after}, {miss.seconds:.1f} s in total"


def _emulated(breakdown: Breakdown) -> str:
    count = len(breakdown.emulated)
    text = f"{sum(step.seconds for step in breakdown.emulated):.1f} s in {count} step{'' if count == 1 else 's'}"
    pairs = [(step.seconds, step.native) for step in breakdown.emulated if step.native is not None]
    if not pairs:
        return text
    native = sum(seconds for _, seconds in pairs)
    same = f"the same step{'' if count == 1 else 's'}"
    if len(pairs) < count:
        same = f"{sum(seconds for seconds, _ in pairs):.1f} s of these"
    return f"{text}; {same} took {native:.1f} s natively"


def _layer(layer: Layer) -> str:
    return f"{human_size(layer.size)} {shortened(layer.made_by) or short_digest(layer.digest)}"
