"""The command `report`: any file that somebody may hand to it, in a process of its own."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from dev import schema
from multiarch.report.folder.names import VIEWS
from tests.unit.command import MEASURED, MODULE, Said, run_command

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENTS = next(Path(__file__).parent.glob("*/two_platforms_one_fails.rawjson"))
CACHED = EVENTS.with_name("all_cached.rawjson")


def report(*words: str | Path, content: bytes = b"", program: tuple[str, ...] = MODULE) -> Said:
    return run_command("report", *words, content=content, program=program)


def test_report_saved_log_writes_all_views(tmp_path: Path) -> None:
    said = report(EVENTS, "--report", tmp_path / "out")
    assert (said.code, said.err) == (0, "")
    assert "cc: bad thing" in said.out
    assert {each.name for each in (tmp_path / "out").iterdir()} == set(VIEWS)
    jsonschema.validate(json.loads((tmp_path / "out" / "report.json").read_bytes()), schema.schema("report"))


def test_report_json_follows_the_schema() -> None:
    said = report(EVENTS, "--output", "json")
    assert said.code == 0
    fields = json.loads(said.out)
    jsonschema.validate(fields, schema.schema("report"))
    assert [step["title"] for step in fields["steps"] if step["state"] == "failed"] != []


def test_report_log_of_buildkit_shows_the_status_of_its_steps() -> None:
    """It does not say what became of the image, and nor does the report."""
    assert "All steps succeeded" in report(CACHED).out
    assert "Failed" in report(EVENTS).out


def test_report_reads_standard_input() -> None:
    assert "cc: bad thing" in report("-", content=EVENTS.read_bytes()).out


def test_report_two_logs_compares_them() -> None:
    said = report(CACHED, EVENTS)
    assert said.code == 0
    assert "first cache miss" in said.out
    assert f"before   {CACHED}" in said.out
    fields = json.loads(report(CACHED, EVENTS, "--output", "json").out)
    assert {"cache-miss"} <= {change["kind"] for change in fields["changes"]}


def test_report_incomplete_log_has_a_report(tmp_path: Path) -> None:
    """As that of a build that was killed: in the middle of a line, too."""
    content = EVENTS.read_bytes()
    file = tmp_path / "cut.jsonl"
    for part in (0.2, 0.5, 0.9):
        file.write_bytes(content[: int(len(content) * part)])
        said = report(file)
        assert said.code == 0, said.err
        assert "The log is incomplete" in said.out or (part > 0.8 and "Failed" in said.out)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"#1 [internal] load build definition from Dockerfile\n", "the file is not a log of build events"),
        (os.urandom(200_000), "the file is not a log of build events"),
        (b"\x00" * 3_000_000, "the file is not a log of build events"),
        (b'{"vertexes": 7}\n{"logs": [{"vertex": 1}]}\n[]\n', "the file is not a log of build events"),
        (b'{"multiarch":"begin","format":99}\n', "the log has format 99; this version reads format 2"),
    ],
    ids=["empty", "blank", "plain log", "binary", "zeros", "other JSON", "later format"],
)
def test_report_other_file_is_an_error(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "some.log"
    file.write_bytes(content)
    said = report(file)
    assert said.code == 2
    assert said.err.startswith(f"error: {file}: ")
    assert words in said.err
    assert len(said.err) < 500


@pytest.mark.parametrize("line", [
    '{"vertexes":[{"digest":"a","name":"x","inputs":7,"started":"never","completed":5,"error":[]}]}',
    '{"vertexes":[{"digest":"a","name":"[linux/amd64 0/0] "}],"statuses":[{"id":1,"vertex":"a","current":"x"}]}',
    '{"vertexes":[{"digest":"a"}],"logs":[{"vertex":"a","data":"no base64 &"}],"warnings":[{"short":5}]}',
    '{"multiarch":"begin","format":2,"platforms":"x","settings":[1],"begin":"yesterday"}',
    '{"multiarch":"begin","format":2}\n{"multiarch":"end","phases":[{"name":1}],"outcome":{"status":"odd"}}',
    '{"multiarch":"try","number":"many"}',
], ids=["vertex", "status", "log", "begin", "end", "try"])  # fmt: skip
def test_report_odd_events_have_a_report_or_an_error(line: str) -> None:
    said = report("-", content=f"{line}\n".encode())
    assert said.code in (0, 2), said.err
    assert said.code == 0 or said.err.startswith("error: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no log"),
        ((EVENTS, EVENTS, EVENTS), "3 logs"),
        ((EVENTS, CACHED, "--report", "out"), "works with one log, and two were named"),
        (("/nowhere/events.jsonl",), "No such file"),
        (("/",), "Is a directory"),
        ((EVENTS, "--report", EVENTS / "out"), "cannot be a folder"),
    ],
    ids=["none", "three", "two and a folder", "missing", "folder", "no folder"],
)
def test_report_unusable_arguments_are_an_error(words: tuple[str | Path, ...], said: str) -> None:
    answer = report(*words)
    assert answer.code == 2
    assert said in answer.err


def test_report_foreign_log_is_redacted(tmp_path: Path) -> None:
    """A login in a URL, and what a terminal obeys, are in no file of the report and not on the screen."""
    output = base64.b64encode(b"cloning https://ada:wonderland@example.com/x\n\x1b]0;title\x07done\n").decode()
    vertex = {"digest": "a", "name": "[1/1] RUN x", "started": "2026-01-01T00:00:00Z", "error": "exit code: 1"}
    log = "\n".join(json.dumps(each) for each in ({"vertexes": [vertex]}, {"logs": [{"vertex": "a", "data": output}]}))
    said = report("-", "--report", tmp_path / "out", content=log.encode())
    assert said.code == 0, said.err
    written = b"".join(each.read_bytes() for each in (tmp_path / "out").iterdir())
    for found in (said.out.encode(), written):
        assert b"cloning" in found
        assert b"wonderland" not in found
        assert b"\x1b" not in found


def test_report_huge_log_needs_bounded_memory(tmp_path: Path) -> None:
    """300 MB of events: the ends of outputs are kept, and nothing else that grows."""
    file = tmp_path / "huge.jsonl"
    with file.open("w") as out:
        out.writelines(_huge(size=300_000_000))
    said = report(file, program=MEASURED)
    assert said.code == 0, said.err
    assert int(said.err.splitlines()[-1]) < 150_000


def _huge(size: int) -> Iterator[str]:
    yield '{"vertexes":[{"digest":"a","name":"[1/1] RUN x","started":"2026-01-01T00:00:00Z"}]}\n'
    data = base64.b64encode(b"x" * 119 + b"\n" * 1).decode()
    line = json.dumps({"logs": [{"vertex": "a", "data": data}] * 500}) + "\n"
    for _ in range(size // len(line)):
        yield line
