"""The breakdown of a build: where its time went, and what would make it faster. Pure.

`cache.py` finds the first cache misses, `times.py` adds up seconds and bytes, `hints.py` finds improvements, `text.py`
makes the lines.
"""

from multiarch.record.model import Record
from multiarch.record.steps import StepKind
from multiarch.report.breakdown.cache import cache_in_words, misses, roots
from multiarch.report.breakdown.hints import hints
from multiarch.report.breakdown.model import Breakdown, CacheMiss, EmulatedStep, PlatformWork
from multiarch.report.breakdown.times import busy, emulated_steps, large_layers, of_kind, push_seconds, work_by_platform

__all__ = ["Breakdown", "CacheMiss", "EmulatedStep", "PlatformWork", "breakdown_of"]


def breakdown_of(record: Record) -> Breakdown | None:
    """Return the breakdown of a build; None if nothing was built."""
    if not record.steps:
        return None
    found = roots(record)
    emulated = tuple(emulated_steps(record))
    push = push_seconds(record)
    exports = [interval for step in record.steps if step.kind is StepKind.EXPORT for interval in step.intervals]
    return Breakdown(
        dockerfile=record.run.dockerfile,
        platforms=tuple(work_by_platform(record)),
        cache=cache_in_words(record),
        misses=misses(found),
        cache_import=of_kind(record, StepKind.CACHE_IMPORT),
        build=of_kind(record, StepKind.DOCKERFILE),
        export=round(max(0.0, busy(exports) - push), 2),
        push=push,
        cache_export=of_kind(record, StepKind.CACHE_EXPORT),
        emulated=emulated,
        layers=tuple(large_layers(record)),
        warnings=record.warnings,
        hints=hints(emulated, found, record.run.dockerfile),
    )
