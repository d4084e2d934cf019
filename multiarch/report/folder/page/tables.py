"""The tables of the page. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from multiarch.image.manifest import short_digest
from multiarch.record import Record
from multiarch.report.text import NOTHING, cut, duration
from multiarch.report.timeline import qualified
from multiarch.text.sizes import human_size

_NAME = 300
_MOST_LAYERS = 50


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; kind: number, code, size (a bar, in percent), or empty for words."""

    name: str
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class Table:
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(record: Record) -> Iterator[Table]:
    """Yield all tables, including empty ones."""
    outcome, run = record.outcome, record.run
    if run.has_several:
        yield _images(record)
    yield _layers(record)
    yield Table(
        title="Tags",
        caption="",
        columns=(Column(name="Tag", kind="code"), Column(name="Outcome"), Column(name="Previous", kind="code")),
        rows=tuple(
            (qualified(run, image.name, tag.tag), tag.action, short_digest(tag.previous) if tag.previous else "")
            for image in outcome.images
            for tag in image.tags
        ),
    )
    yield Table(
        title="Caches",
        caption="",
        columns=(
            Column(name=""),
            Column(name="Cache", kind="code"),
            Column(name="Outcome"),
            Column(name="Took", kind="number"),
        ),
        rows=tuple(
            (
                each.direction,
                each.reference,
                ": ".join(filter(None, (each.status, each.error))),
                duration(each.interval.seconds) if each.interval else NOTHING,
            )
            for each in record.caches
        ),
    )
    yield Table(
        title="Retries",
        caption="",
        columns=(
            Column(name="Phase"),
            Column(name="Cause"),
            Column(name="Attempt", kind="number"),
            Column(name="Waited", kind="number"),
        ),
        rows=tuple(
            (retry.step, retry.cause, f"{retry.attempt} of {retry.attempts}", duration(retry.wait))
            for retry in outcome.retries
        ),
    )
    yield Table(
        title="Warnings",
        caption="",
        columns=(Column(name="Dockerfile"), Column(name="Warning")),
        rows=tuple(_warnings(record)),
    )
    yield Table(
        title="Settings",
        caption="",
        columns=(Column(name="Setting"), Column(name="Value", kind="code"), Column(name="Origin")),
        rows=tuple((each.name, each.value, each.origin) for each in record.run.settings),
    )


def _images(record: Record) -> Table:
    """Return the images with their platforms; an image that is not verified has none."""
    return Table(
        title="Images",
        caption="",
        columns=(
            Column(name="Image", kind="code"),
            Column(name="Outcome"),
            Column(name="Platform"),
            Column(name="Size", kind="number"),
            Column(name="Layers", kind="number"),
        ),
        rows=tuple(
            (image.image or image.name, image.status, *platform)
            for image in record.outcome.images
            for platform in [
                (str(each.platform), human_size(each.size), str(len(each.layers))) for each in image.platforms
            ]
            or [(NOTHING, NOTHING, NOTHING)]
        ),
    )


def _warnings(record: Record) -> Iterator[tuple[str, str]]:
    for text in record.outcome.warnings:
        yield "", text
    for each in record.warnings:
        words = [each.short, *each.detail, each.url]
        yield f"line {each.line}" if each.line else "", " ".join(filter(None, words))


def _layers(record: Record) -> Table:
    """Return the layers, the largest first; a layer of several platforms has one row."""
    platforms: dict[str, list[str]] = {}
    layers = {}
    for image in record.outcome.images:
        for each in image.platforms:
            for layer in each.layers:
                platforms.setdefault(layer.digest, []).append(qualified(record.run, image.name, str(each.platform)))
                layers[layer.digest] = layer
    largest = sorted(layers.values(), key=lambda layer: -layer.size)
    most = max((layer.size for layer in largest), default=0) or 1
    left_out = f"; the largest {_MOST_LAYERS} are shown" if len(largest) > _MOST_LAYERS else ""
    return Table(
        title="Layers",
        caption=f"{len(largest)} layers, {human_size(sum(layer.size for layer in largest))}, compressed{left_out}",
        columns=(
            Column(name="Created by", kind="code"),
            Column(name="Platform"),
            Column(name="Size", kind="number"),
            Column(name="", kind="size"),
            Column(name="Digest", kind="code"),
        ),
        rows=tuple(
            (
                cut(layer.made_by, _NAME) or NOTHING,
                ", ".join(platforms[layer.digest]),
                human_size(layer.size),
                f"{100 * layer.size / most:.1f}",
                short_digest(layer.digest),
            )
            for layer in largest[:_MOST_LAYERS]
        ),
    )
