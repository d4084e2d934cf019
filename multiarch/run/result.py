"""What came out of a run: for people, and as versioned JSON. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from multiarch.errors import InterruptedRunError, MultiarchError
from multiarch.image.manifest import PlatformImage
from multiarch.record.model import CacheAccess, CacheUse
from multiarch.record.outcome import Retry, TagOutcome
from multiarch.report.breakdown import Breakdown
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.text.plain import plain
from multiarch.text.redaction import Redaction
from multiarch.text.sizes import human_size

RESULT_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Result:
    """A run that ended well.

    Attributes:
        status: built; reused, where the registry had this commit's image; local, where it was written to a folder.
        image: the reference by digest, or the OCI layout's folder.
        cache: None where nothing was built, or the log of the build could not be read.
        caches: what was read and written, and what came of each; BuildKit does not say which one a step came from.
        phases: seconds by phase.
        account: what the build's time went into; None where `cache` is.
    """

    status: Literal["built", "reused", "local"]
    image: str
    digest: str
    commit: str
    tags: tuple[TagOutcome, ...]
    platforms: tuple[PlatformImage, ...]
    cache: CacheUse | None
    caches: tuple[CacheAccess, ...]
    cache_to: tuple[str, ...]
    phases: Mapping[str, float]
    seconds: float
    breakdown: Breakdown | None = None
    retries: tuple[Retry, ...] = field(default=())
    warnings: tuple[str, ...] = field(default=())


def result_as_json(result: Result, redaction: Redaction) -> str:
    fields = redaction.clean_all(plain(result))
    assert isinstance(fields, dict)
    return json.dumps({"version": RESULT_VERSION, "kind": "result", **fields}, indent=2)


def error_as_json(error: MultiarchError | InterruptedRunError) -> str:
    fields = {"type": type(error).__name__, "message": error.message, "hint": error.hint, "exit_code": error.exit_code}
    return json.dumps({"version": RESULT_VERSION, "kind": "error", **fields}, indent=2)


def result_as_text(result: Result) -> Iterator[str]:
    """Yield the lines that end the log."""
    yield result.image
    if result.status == "local":
        yield f"digest     {result.digest}"
    for tag in result.tags:
        before = f" (was {tag.previous[:19]})" if tag.action == "moved" else ""
        yield f"tag        {tag.tag}  {tag.action}{before}"
    for image in result.platforms:
        yield f"platform   {image.platform}  {human_size(image.size)}  {image.digest}"
    yield f"cache      {cache_as_text(result)}"
    yield from map(_access_as_text, result.caches)
    yield from breakdown_as_text(result.breakdown)
    for warning in result.warnings:
        yield f"warning    {warning}"
    for retry in result.retries:
        yield f"retried    {retry.step}: {retry.cause}"
    spent = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in result.phases.items())
    yield f"time       {result.seconds:.1f} s ({spent})"


def _access_as_text(access: CacheAccess) -> str:
    way = "read" if access.direction == "import" else "write"
    said = {"missing": "there is none yet", "failed": f"failed: {access.error}"}.get(access.status, access.status)
    seconds = f" in {access.interval.seconds:.1f} s" if access.interval and access.status in ("read", "written") else ""
    return f"  {way:<7}  {access.reference or 'a cache'}  {said}{seconds}"


def cache_as_text(result: Result) -> str:
    if result.status == "reused":
        return "nothing was built: the registry has this commit's image"
    if not result.cache:
        return "unknown: the build's events could not be read"
    use = result.cache
    found = "" if use.imported else ", none found to read"
    kept = f", not written: {use.export_error}" if use.export_error else ""
    return f"{use.cached} of {use.steps} steps{found}{kept}"


def load_hint(layout: str, name: str, platforms: Sequence[PlatformImage]) -> Iterator[str]:
    """Say how to load and run a local build."""
    yield f"load it:   tar -C {layout} -c . | docker load"
    for image in platforms:
        yield f"run it:    docker run --rm --platform {image.platform} {name}"
