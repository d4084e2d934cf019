"""Small records, made by hand, for the tests of whatever reads one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from multiarch.image.manifest import Layer, PlatformImage
from multiarch.record import (
    BuildStep,
    BuildWarning,
    CacheAccess,
    Failure,
    ImageInfo,
    ImageOutcome,
    Instruction,
    Interval,
    Outcome,
    PartInfo,
    PublishedTag,
    Record,
    Retry,
    RunInfo,
    RunPhase,
    Setting,
    StepKind,
    Transfer,
)
from tests.unit.fakes import AMD64, ARM64, ECR_HOST, SHA

if TYPE_CHECKING:
    from multiarch.image.platform import Platform

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
REPOSITORY = f"{ECR_HOST}/shop"
DOCKERFILE = """\
FROM base AS compile
COPY package.json .
RUN npm ci

FROM base
COPY --from=compile /app /app
"""

RUN = RunInfo(
    version="0.1.0",
    images=(
        ImageInfo(
            name="shop",
            repository=REPOSITORY,
            tags=("0123456", "latest"),
            platforms=("linux/amd64", "linux/arm64"),
            parts=(PartInfo(name="image", platforms=("linux/amd64", "linux/arm64")),),
            cache_from=(f"type=registry,ref={REPOSITORY}:cache",),
            cache_to=(f"type=registry,ref={REPOSITORY}:cache,mode=max",),
        ),
    ),
    commit=SHA,
    builder="multiarch",
    driver="docker-container",
    begin=BEGIN,
    settings=(Setting(name="platforms", value="linux/amd64, linux/arm64", origin="the default"),),
    dockerfile="Dockerfile",
    instructions=(
        Instruction(line=1, stage="compile", keyword="FROM", text="FROM base AS compile"),
        Instruction(line=2, stage="compile", keyword="COPY", text="COPY package.json ."),
        Instruction(line=3, stage="compile", keyword="RUN", text="RUN npm ci"),
        Instruction(line=5, stage="stage-1", keyword="FROM", text="FROM base"),
        Instruction(line=6, stage="stage-1", keyword="COPY", text="COPY --from=compile /app /app"),
    ),
)


def between(start: float, end: float | None) -> Interval:
    return Interval(start=start, end=end)


def step(  # noqa: D417 - the rest are the step's own
    title: str,
    start: float | None = None,
    end: float | None = None,
    *,
    digest: str = "",
    **fields: Any,  # noqa: ANN401 - a field of the step each
) -> BuildStep:
    """Make a step.

    Args:
        title: `linux/arm64 compile 2/3 RUN make` for a step of the Dockerfile, anything else for another.
        start: when it began, None where it did not.
        end: when it ended, None where it did not.
        digest: made of the title by default.
    """
    intervals = () if start is None else (between(start, end),)
    named: dict[str, Any] = {"kind": StepKind.OTHER, "name": title, "instruction": title}
    platform, *rest = title.split(" ", 3)
    if platform.startswith("linux/") and len(rest) == 3:
        stage, position, instruction = rest
        number, total = map(int, position.split("/"))
        named = {
            "kind": StepKind.DOCKERFILE,
            "name": f"[{platform} {stage} {position}] {instruction}",
            "platform": platform,
            "runs_on": platform,
            "stage": stage,
            "number": number,
            "total": total,
            "instruction": instruction,
        }
    base: dict[str, Any] = {"index": 0, "digest": digest or f"sha256:{title}", "intervals": intervals}
    return BuildStep(**{**base, **named, **fields})


def steps(*made: BuildStep) -> tuple[BuildStep, ...]:
    """Number steps in their order."""
    return tuple(replace(each, index=index) for index, each in enumerate(made))


def platform_image(platform: Platform, *layers: tuple[int, str]) -> PlatformImage:
    """One platform with layers of these sizes, made by these instructions."""
    made = tuple(Layer(digest=f"sha256:{platform}{n}", size=size, made_by=by) for n, (size, by) in enumerate(layers))
    return PlatformImage(
        platform=platform, digest=f"sha256:{platform}", size=100 + sum(each.size for each in made), layers=made
    )


IMAGES = (
    platform_image(AMD64, (30_000_000, ""), (2_000, "COPY package.json . # buildkit"), (81_000_000, "RUN npm ci")),
    platform_image(ARM64, (29_000_000, ""), (2_000, "COPY package.json . # buildkit"), (80_000_000, "RUN npm ci")),
)
_FROM = "FROM base@sha256:b"
_INSTALL = {"line": 3, "output": ("added 812 packages",), "output_lines": 1}

BUILT = Record(
    run=RUN,
    attempt=1,
    native=("linux/amd64",),
    phases=(
        RunPhase(name="prepare", interval=between(0.0, 1.0)),
        RunPhase(name="build", interval=between(1.0, 85.0)),
        RunPhase(name="verify", interval=between(85.0, 85.3)),
        RunPhase(name="tag", interval=between(85.3, 85.5)),
    ),
    steps=steps(
        step("[internal] load build definition from Dockerfile", 1.0, 1.1, kind=StepKind.INTERNAL),
        step(
            f"importing cache manifest from {REPOSITORY}:cache", 1.1, 2.0, kind=StepKind.CACHE_IMPORT, digest="sha256:i"
        ),
        step(
            f"linux/amd64 compile 1/3 {_FROM}",
            2.0,
            2.5,
            digest="sha256:1",
            line=1,
            emulated=False,
            transfers=(Transfer(name="sha256:layer", size=30_000_000, total=30_000_000, interval=between(2.0, 2.4)),),
        ),
        step(f"linux/arm64 compile 1/3 {_FROM}", 2.0, 2.5, digest="sha256:2", line=1, emulated=False),
        step(
            "linux/amd64 compile 2/3 COPY package.json .",
            2.5,
            2.6,
            digest="sha256:3",
            inputs=("sha256:1",),
            line=2,
            emulated=False,
        ),
        step(
            "linux/arm64 compile 2/3 COPY package.json .",
            2.5,
            2.6,
            digest="sha256:4",
            inputs=("sha256:2",),
            line=2,
            emulated=False,
        ),
        step(
            "linux/amd64 compile 3/3 RUN npm ci",
            2.6,
            11.6,
            digest="sha256:5",
            inputs=("sha256:3",),
            emulated=False,
            **_INSTALL,
        ),
        step(
            "linux/arm64 compile 3/3 RUN npm ci",
            2.6,
            73.6,
            digest="sha256:6",
            inputs=("sha256:4",),
            emulated=True,
            **_INSTALL,
        ),
        step(
            "linux/amd64 stage-1 2/2 COPY --from=compile /app /app",
            11.6,
            12.0,
            digest="sha256:7",
            inputs=("sha256:1", "sha256:5"),
            line=6,
            emulated=False,
        ),
        step(
            "linux/arm64 stage-1 2/2 COPY --from=compile /app /app",
            73.6,
            74.0,
            digest="sha256:8",
            inputs=("sha256:2", "sha256:6"),
            line=6,
            emulated=False,
        ),
        step(
            "exporting to image",
            74.0,
            80.0,
            kind=StepKind.EXPORT,
            digest="sha256:9",
            transfers=(
                Transfer(name="exporting layers", size=0, total=0, interval=between(74.0, 76.0)),
                Transfer(name="pushing layers", size=0, total=0, interval=between(76.0, 79.0)),
                Transfer(name=f"pushing manifest for {REPOSITORY}", size=0, total=0, interval=between(79.0, 80.0)),
            ),
        ),
        step("exporting cache to registry", 80.0, 85.0, kind=StepKind.CACHE_EXPORT, digest="sha256:10"),
    ),
    warnings=(
        BuildWarning(
            short="FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)",
            detail=("The 'as' keyword should match the case of the 'from' keyword",),
            url="https://docs.docker.com/go/dockerfile/rule/from-as-casing/",
            line=1,
        ),
    ),
    caches=(
        CacheAccess(direction="import", reference=f"{REPOSITORY}:cache", status="read", interval=between(1.1, 2.0)),
        CacheAccess(
            direction="export", reference=f"{REPOSITORY}:cache", status="written", interval=between(80.0, 85.0)
        ),
    ),
    outcome=Outcome(
        status="built",
        images=(
            ImageOutcome(
                name="shop",
                repository=REPOSITORY,
                status="built",
                image=f"{REPOSITORY}@sha256:0",
                digest="sha256:0",
                tags=(
                    PublishedTag(tag="0123456", reference=f"{REPOSITORY}:0123456", action="created", previous=""),
                    PublishedTag(
                        tag="latest", reference=f"{REPOSITORY}:latest", action="moved", previous=f"sha256:{'b' * 64}"
                    ),
                ),
                platforms=IMAGES,
            ),
        ),
        retries=(Retry(step="tag", cause="the host had trouble", attempt=2, attempts=5, wait=1.0),),
        seconds=85.5,
    ),
)
"""A slow build of two platforms, one of them emulated; all of it is well."""


def _from_cache(each: BuildStep) -> BuildStep:
    if not each.is_work:
        return each
    return replace(each, cached=True, intervals=(between(2.5, 2.5),), output=(), output_lines=0)


CACHED = replace(
    BUILT,
    steps=tuple(map(_from_cache, BUILT.steps)),
    warnings=(),
    outcome=replace(BUILT.outcome, retries=(), seconds=9.0),
)
"""The same, with every step from the cache."""


def _failed(each: BuildStep) -> BuildStep:
    if each.digest == "sha256:6":
        error = 'process "/bin/sh -c npm ci" did not complete successfully: exit code: 1'
        return replace(
            each,
            intervals=(between(2.6, 40.0),),
            error=error,
            output=("npm ERR! code ENOENT", "npm ERR! no such file: package-lock.json"),
            output_lines=2,
        )
    if each.digest == "sha256:5":
        error = 'process "/bin/sh -c npm ci" did not complete successfully: exit code: 137: context canceled'
        return replace(each, intervals=(between(2.6, 40.1),), error=error, canceled=True, output=(), output_lines=0)
    if each.digest in ("sha256:7", "sha256:8"):
        return replace(each, intervals=())
    return each


FAILED = replace(
    BUILT,
    steps=tuple(_failed(each) for each in BUILT.steps if each.digest not in ("sha256:9", "sha256:10")),
    phases=(BUILT.phases[0], RunPhase(name="build", interval=between(1.0, 40.5))),
    caches=BUILT.caches[:1],
    outcome=Outcome(
        status="failed",
        failure=Failure(
            type="BuildError",
            message="build: npm found no lock file",
            fix="commit package-lock.json, or run npm install",
            exit_code=5,
        ),
        seconds=41.0,
    ),
)
"""One platform fails, the other is canceled for it."""

KILLED = replace(
    FAILED,
    native=(),
    phases=(),
    steps=tuple(
        replace(each, intervals=(between(2.6, None),), error="", canceled=False)
        if each.digest in ("sha256:5", "sha256:6")
        else each
        for each in FAILED.steps
    ),
    outcome=Outcome(status="unfinished", seconds=30.0),
)
"""The log ends while two steps run."""

REUSED = replace(
    BUILT,
    attempt=0,
    native=(),
    steps=(),
    warnings=(),
    caches=(),
    phases=(BUILT.phases[0], RunPhase(name="verify", interval=between(1.0, 1.2))),
    outcome=replace(BUILT.outcome, status="reused", retries=(), seconds=1.3),
)
"""The registry had the commit's image."""

_OWNERS = {"linux/amd64": "web", "linux/arm64": "api"}


def _planned(name: str, platform: str) -> ImageInfo:
    parts = (PartInfo(name=name, platforms=(platform,)),)
    return replace(RUN.images[0], name=name, repository=f"{ECR_HOST}/{name}", platforms=(platform,), parts=parts)


def _of_image(name: str, digest: str, *platforms: PlatformImage, **fields: Any) -> ImageOutcome:  # noqa: ANN401
    [shop] = BUILT.outcome.images
    repository = f"{ECR_HOST}/{name}"
    tags = tuple(replace(tag, reference=f"{repository}:{tag.tag}") for tag in shop.tags)
    image = replace(shop, name=name, repository=repository, digest=digest, image=f"{repository}@{digest}", tags=tags)
    return replace(image, platforms=platforms, **fields)


SEVERAL = replace(
    BUILT,
    run=replace(
        RUN,
        images=(
            _planned("web", "linux/amd64"),
            _planned("api", "linux/arm64"),
            replace(_planned("docs", "linux/amd64"), parts=()),
        ),
    ),
    steps=tuple(replace(each, image=_OWNERS.get(each.platform, "")) for each in BUILT.steps),
    outcome=replace(
        BUILT.outcome,
        images=(
            _of_image("web", "sha256:1", IMAGES[0]),
            _of_image("api", "sha256:2", IMAGES[1]),
            _of_image("docs", "sha256:3", IMAGES[0], status="reused"),
        ),
    ),
)
"""Three images in one run: two are built, and the registry had the third."""

EMPTY = Record(run=RunInfo())
"""Nothing is known but that something was begun."""

ALL = {
    "built": BUILT,
    "cached": CACHED,
    "failed": FAILED,
    "killed": KILLED,
    "reused": REUSED,
    "several": SEVERAL,
    "empty": EMPTY,
}
