"""The result of a run: as text for the end of the log, and as JSON. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from multiarch.errors import InterruptedRunError, MultiarchError
from multiarch.image.manifest import PlatformImage, short_digest
from multiarch.record.model import CacheAccess, CacheUse, Record
from multiarch.record.outcome import ImageOutcome, Retry, RunPhase, RunStatus, failure_of
from multiarch.report.breakdown import Breakdown, breakdown_of
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.text.plain import as_json
from multiarch.text.sizes import human_size


@dataclass(frozen=True, kw_only=True)
class ReportedResult:
    """The result of a successful run, as in its JSON.

    Attributes:
        commit: the full commit, with -dirty for a dirty tree; empty if unknown.
        cache: None if nothing was built, or the log of the build could not be read.
        caches: the caches that were read and written; BuildKit does not tell which cache a step came from.
        cache_to: the caches to write, in docker's syntax.
        breakdown: where the build's time went; None if `cache` is None.
        phases: seconds by phase.
        seconds: of the whole run.
        retries: the further attempts.
        warnings: of the run, without BuildKit's.
    """

    status: RunStatus
    commit: str
    images: tuple[ImageOutcome, ...]
    cache: CacheUse | None
    caches: tuple[CacheAccess, ...]
    cache_to: tuple[str, ...]
    breakdown: Breakdown | None
    phases: Mapping[str, float]
    seconds: float
    retries: tuple[Retry, ...]
    warnings: tuple[str, ...]


def result_as_json(record: Record) -> str:
    """Return the result of a successful run."""
    outcome = record.outcome
    result = ReportedResult(
        status=outcome.status,
        commit=record.run.commit,
        images=outcome.images,
        cache=record.cache_use,
        caches=record.caches,
        cache_to=record.run.cache_to,
        breakdown=breakdown_of(record),
        phases=_seconds_by_phase(record.phases),
        seconds=outcome.seconds,
        retries=outcome.retries,
        warnings=outcome.warnings,
    )
    return as_json("result", result)


def error_as_json(error: MultiarchError | InterruptedRunError) -> str:
    return as_json("error", failure_of(error))


def result_as_text(record: Record) -> Iterator[str]:
    """Yield the lines at the end of the log: a block for each image, then the lines of the run."""
    outcome = record.outcome
    for image in outcome.images:
        yield from _image_as_text(image)
        if image.status == "reused" and record.run.has_several:
            yield "status     already published"
    yield f"cache      {cache_as_text(record)}"
    yield from map(_access_as_text, record.caches)
    yield from breakdown_as_text(breakdown_of(record))
    for warning in outcome.warnings:
        yield f"warning    {warning}"
    for retry in outcome.retries:
        yield f"retried    {retry.step}: {retry.cause}"
    spent = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in _seconds_by_phase(record.phases).items())
    yield f"time       {outcome.seconds:.1f} s ({spent})"


def _image_as_text(image: ImageOutcome) -> Iterator[str]:
    yield image.image
    if image.status == "local":
        yield f"digest     {short_digest(image.digest)}"
    for tag in image.tags:
        before = f" (was {short_digest(tag.previous)})" if tag.action == "moved" else ""
        yield f"tag        {tag.tag}  {tag.action}{before}"
    for each in image.platforms:
        yield f"platform   {each.platform}  {human_size(each.size)}  {short_digest(each.digest)}"


def _access_as_text(access: CacheAccess) -> str:
    way = "read" if access.direction == "import" else "write"
    status = {"missing": "not found", "failed": f"failed: {access.error}"}.get(access.status, access.status)
    seconds = f" in {access.interval.seconds:.1f} s" if access.interval and access.status in ("read", "written") else ""
    return f"  {way:<7}  {access.reference or 'cache'}  {status}{seconds}"


def cache_as_text(record: Record) -> str:
    if record.outcome.status == "reused":
        return "not used: the registry already has this commit's image"
    use = record.cache_use
    if not use:
        return "unknown: BuildKit's events could not be read"
    found = "" if use.imported else ", no cache found"
    failure = f", export failed: {use.export_error}" if use.export_error else ""
    return f"{use.cached} of {use.steps} steps{found}{failure}"


def _seconds_by_phase(phases: Sequence[RunPhase]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for phase in phases:
        found[phase.name] = round(found.get(phase.name, 0.0) + phase.interval.seconds, 2)
    return found


def load_hint(layout: str, name: str, platforms: Sequence[PlatformImage]) -> Iterator[str]:
    """Yield the commands that load and run a local build."""
    yield f"load       tar -C {layout} -c . | docker load"
    for image in platforms:
        yield f"run        docker run --rm --platform {image.platform} {name}"
