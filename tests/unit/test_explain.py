"""The command `explain`: any output that somebody may hand to it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.command import MEASURED, MODULE, ROOT, Said, run_command

if TYPE_CHECKING:
    from pathlib import Path

FAILURE = b"ERROR: failed to push x: unexpected status from PUT request to https://x/v2/y: 429 Too Many Requests\n"


def explain(*words: str, content: bytes = b"", program: tuple[str, ...] = MODULE) -> Said:
    return run_command("explain", *words, content=content, program=program)


def fields(said: Said) -> dict[str, Any]:
    return json.loads(said.out)  # type: ignore[no-any-return]  # an object


@pytest.mark.parametrize("words", [(), ("-",)])
def test_explain_standard_input_prints_class_and_line(words: tuple[str, ...]) -> None:
    said = explain(*words, content=b"#1 building\n" + FAILURE)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-2:] == [
        "class    throttled: retrying may succeed after a longer wait",
        f"output   {FAILURE.decode().strip()}",
    ]


def test_explain_file_as_json_has_all_fields(tmp_path: Path) -> None:
    file = tmp_path / "build.log"
    file.write_bytes(FAILURE)
    found = fields(explain(str(file), "--output", "json"))
    assert set(found) == {"version", "kind", "class", "phase", "rule", "cause", "fix", "output"}
    assert (found["kind"], found["class"], found["phase"], found["rule"]) == (
        "explain",
        "throttled",
        "push",
        "rate-limited",
    )


NO_FAILURE = {
    "a build that went well": b"#1 DONE 0.1s\n",
    "a program": b"\x7fELF" + bytes(range(256)) * 4000,
    "zeros": bytes(3_000_000),
    "another encoding": "ERREUR: caf\u00e9\n".encode("utf-16"),
}


@pytest.mark.parametrize("content", NO_FAILURE.values(), ids=NO_FAILURE)
def test_explain_output_without_failure_says_so(content: bytes) -> None:
    said = explain(content=content)
    assert (said.code, said.out, said.err) == (0, "no failure found in this output\n", "")
    nothing = fields(explain("--output", "json", content=content))
    assert [nothing[each] for each in ("class", "phase", "rule", "cause", "fix", "output")] == [None] * 6


EMPTY = {"nothing": b"", "line ends": b"\n\n\r\n", "spaces": b"  \t\n"}


@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
def test_explain_empty_input_is_rejected(content: bytes) -> None:
    said = explain(content=content)
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        "error: no output to explain: the input is empty",
        "  fix: add 2>&1 before the pipe, because buildx writes to standard error",
    ]
    told = fields(explain("--output", "json", content=content))
    assert (told["kind"], told["type"], told["exit_code"]) == ("error", "ConfigurationError", 2)


UNREADABLE = {
    "a folder": ("/", "Is a directory"),
    "nothing": ("/nowhere/at/all", "No such file or directory"),
    "a file that breaks when it is read": ("/proc/self/mem", "cannot read /proc/self/mem"),
}


@pytest.mark.parametrize(("name", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_explain_unreadable_input_is_rejected(name: str, words: str) -> None:
    said = explain(name)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    told = fields(explain(name, "--output", "json"))
    assert (told["kind"], told["exit_code"]) == ("error", 2)
    assert words in told["message"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_explain_file_without_permission_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "build.log"
    file.write_bytes(FAILURE)
    file.chmod(0)
    said = explain(str(file))
    assert said.code == 2
    assert "Permission denied" in said.err


def test_explain_named_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(FAILURE,), daemon=True).start()
    assert "class    throttled" in explain(str(pipe)).out


def test_explain_closed_standard_input_is_rejected() -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m multiarch explain <&-"],
        env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: no output to explain: the input is empty")


LINE = b"#12 1.234 a line of a build that says much, and nothing of interest\n"
LARGE = {
    "in one line": lambda file: file.truncate(100 << 20),
    "in many": lambda file: file.writelines([LINE] * 1_500_000),
}


@pytest.mark.parametrize("fill", LARGE.values(), ids=LARGE)
def test_explain_hundred_megabytes_needs_little_memory(tmp_path: Path, fill: Any) -> None:  # noqa: ANN401 - fills a file
    path = tmp_path / "build.log"
    with path.open("wb") as file:
        fill(file)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + FAILURE)
    assert path.stat().st_size > 100_000_000
    said = explain(str(path), program=MEASURED)
    assert said.code == 0, said.err
    assert "class    throttled" in said.out
    assert int(said.err) < 60_000


def test_explain_hostile_output_shows_no_login_and_nothing_that_a_terminal_obeys() -> None:
    line = "ERROR: failed to solve: https://ada:pass@host/x: \x1b]0;title\x07\u202e not found\n"
    for words in ((), ("--output", "json")):
        said = explain(*words, content=line.encode())
        assert said.code == 0
        assert "pass" not in said.out.replace("passw", "")
        assert not {"\x1b", "\x07", "\u202e"} & set(said.out)
        assert "\\u001b" not in said.out
