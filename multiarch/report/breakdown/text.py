"""The account, in words. Pure."""

from collections.abc import Iterable, Iterator

from multiarch.image.manifest import Layer
from multiarch.record.steps import in_file
from multiarch.report.breakdown.model import Breakdown, CacheMiss
from multiarch.report.breakdown.times import shortened
from multiarch.text.sizes import human_size

# A build that took less than this explains itself.
_LONG = 10.0
_WARNINGS = 5


_Row = tuple[str, str]


def breakdown_as_text(breakdown: Breakdown | None) -> Iterator[str]:
    """Yield the lines that explain a build: of a quick one, what BuildKit warned of, and no more."""
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
        yield "warned", f"{warning.short}{place}"
    if len(breakdown.warnings) > _WARNINGS:
        yield "warned", f"{len(breakdown.warnings) - _WARNINGS} more times"
    yield from (("hint", hint) for hint in breakdown.hints)


def spent(breakdown: Breakdown) -> Iterator[_Row]:
    """Yield what a build's time and bytes went into, each under a word for it."""
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
    after = f"; {_steps(miss.after)} on it had to run too" if miss.after else ""
    return f"{place}{on}: {miss.reason}{after}, {miss.seconds:.1f} s in all"


def _steps(number: int) -> str:
    return "the one step that builds" if number == 1 else f"the {number} steps that build"


def _emulated(breakdown: Breakdown) -> str:
    count = len(breakdown.emulated)
    text = f"{sum(step.seconds for step in breakdown.emulated):.1f} s in {count} step{'' if count == 1 else 's'}"
    pairs = [(step.seconds, step.native) for step in breakdown.emulated if step.native is not None]
    if not pairs:
        return text
    native = sum(seconds for _, seconds in pairs)
    of = "" if len(pairs) == count else f"{sum(seconds for seconds, _ in pairs):.1f} s of them "
    return f"{text}; {of or 'the same '}took {native:.1f} s native"


def _layer(layer: Layer) -> str:
    return f"{human_size(layer.size)} {shortened(layer.made_by) or layer.digest[:19]}"
