"""The views of a run of several images: each names the image that it means."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING

from multiarch.report.breakdown import breakdown_of
from multiarch.report.breakdown.text import breakdown_as_text
from multiarch.report.compare import compare
from multiarch.report.folder.files import report_files
from multiarch.report.metrics import metrics_as_json
from multiarch.report.result import result_as_json, result_as_text
from multiarch.report.timeline import groups
from tests.unit.fakes import ECR_HOST
from tests.unit.records import BEGIN, BUILT, IMAGES, REUSED, SEVERAL

if TYPE_CHECKING:
    from multiarch.record import Record


def view(record: Record, name: str) -> str:
    return report_files(record)[name].decode()


def test_result_as_text_of_several_images_has_a_block_for_each() -> None:
    assert list(result_as_text(SEVERAL))[:13] == [
        f"{ECR_HOST}/web@sha256:1",
        "tag        0123456  created",
        "tag        latest  moved (was sha256:bbbbbbbbbbbb)",
        "platform   linux/amd64  111.0 MB  sha256:linux/amd64",
        f"{ECR_HOST}/api@sha256:2",
        "tag        0123456  created",
        "tag        latest  moved (was sha256:bbbbbbbbbbbb)",
        "platform   linux/arm64  109.0 MB  sha256:linux/arm64",
        f"{ECR_HOST}/docs@sha256:3",
        "tag        0123456  created",
        "tag        latest  moved (was sha256:bbbbbbbbbbbb)",
        "platform   linux/amd64  111.0 MB  sha256:linux/amd64",
        "status     already published",
    ]


def test_result_as_text_of_one_reused_image_has_no_line_for_it() -> None:
    assert not [line for line in result_as_text(REUSED) if line.startswith("status")]


def test_result_as_json_of_several_images_lists_each() -> None:
    images = json.loads(result_as_json(SEVERAL))["images"]
    assert [(each["name"], each["status"]) for each in images] == [
        ("web", "built"),
        ("api", "built"),
        ("docs", "reused"),
    ]


def test_report_as_json_of_several_images_names_the_image_of_each_step() -> None:
    report = json.loads(view(SEVERAL, "report.json"))
    assert [each["name"] for each in report["run"]["images"]] == ["web", "api", "docs"]
    by_platform = {each["platform"]: each["image"] for each in report["steps"]}
    assert by_platform == {"": "", "linux/amd64": "web", "linux/arm64": "api"}


def test_report_as_json_of_one_image_names_it_in_each_step() -> None:
    report = json.loads(view(BUILT, "report.json"))
    assert {each["image"] for each in report["steps"]} == {"shop"}


def test_junit_of_several_images_tells_their_checks_and_steps_apart() -> None:
    root = ET.fromstring(view(SEVERAL, "junit.xml"))  # noqa: S314 - our own
    names = [f"{suite.get('name')}: {case.get('name')}" for suite in root for case in suite]
    assert len(names) == len(set(names))
    for name in ("multiarch: verify docs linux/amd64", "multiarch: tag api latest"):
        assert name in names
    assert {suite.get("name") for suite in root} == {"multiarch", "web linux/amd64", "api linux/arm64", "all platforms"}


def test_summary_of_several_images_names_each() -> None:
    text = view(SEVERAL, "summary.md")
    for words in (
        "## ✅ Built: web:0123456, api:0123456, docs:0123456 in 1 min 26 s",
        f"`{ECR_HOST}/docs@sha256:3`",
        "| api linux/arm64 | 109.0 MB |",
        "| `web latest` | moved |",
        "- steps: api linux/arm64 3 run, 0 cached",
    ):
        assert words in text


def test_page_of_several_images_has_a_table_of_them() -> None:
    text = view(SEVERAL, "report.html")
    for words in (
        "<dt>Images</dt><dd>3</dd>",
        f"<code>{ECR_HOST}/docs@sha256:3</code></td><td>reused</td>",
        "web linux/amd64 <span",
        "web linux/amd64, docs linux/amd64",
        "<code>api latest</code>",
    ):
        assert words in text
    assert ">Images<" not in view(BUILT, "report.html")


def test_groups_of_several_images_stand_in_the_order_of_the_plan() -> None:
    assert [group.name for group in groups(SEVERAL)] == ["web linux/amd64", "api linux/arm64", "all platforms"]


def test_trace_of_several_images_has_a_process_for_each_platform_of_each() -> None:
    events = json.loads(view(SEVERAL, "trace.json"))["traceEvents"]
    assert [event["args"]["name"] for event in events if event["name"] == "process_name"] == [
        "multiarch",
        "web linux/amd64",
        "api linux/arm64",
        "docs linux/amd64",
        "all platforms",
    ]


def test_breakdown_of_several_images_counts_steps_by_image() -> None:
    found = breakdown_of(SEVERAL)
    assert found
    assert [(work.image, work.platform, work.run) for work in found.platforms] == [
        ("api", "linux/arm64", 3),
        ("web", "linux/amd64", 3),
    ]
    assert found.emulated[0].native is None, "the same line of another image is another step"
    assert "steps      web linux/amd64  3 run, 0 cached, 10.0 s" in list(breakdown_as_text(found))


def test_compare_of_several_images_keeps_their_steps_apart() -> None:
    assert compare(SEVERAL, SEVERAL, ("a", "b")).changes == ()
    assert {change.kind.value for change in compare(BUILT, SEVERAL, ("a", "b")).changes} == {"new", "removed"}


def test_metrics_of_several_images_are_of_the_run() -> None:
    line = json.loads(metrics_as_json(SEVERAL, "Builds", BEGIN))
    assert line["Repository"] == "web, api, docs"
    assert line["Image"].split(", ") == [
        f"{ECR_HOST}/{name}" for name in ("web@sha256:1", "api@sha256:2", "docs@sha256:3")
    ]
    assert line["ImageBytes"] == sum({each.digest: each.size for image in IMAGES for each in image.layers}.values())


def test_title_of_many_images_names_the_first_ones() -> None:
    [shop] = BUILT.run.images
    many = replace(BUILT.run, images=tuple(replace(shop, name=f"image-{number}") for number in range(5)))
    assert many.title == "image-0:0123456, image-1:0123456, image-2:0123456, 2 more"
