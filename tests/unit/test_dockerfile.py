"""The lines of a Dockerfile's instructions, and which of them a step is."""

from __future__ import annotations

import pytest

from multiarch.record.dockerfile import lines_of, read_instructions
from tests.unit.records import step

READ = {
    "one stage has no name": ("FROM base\nRUN x\n", [(1, "", "FROM"), (2, "", "RUN")]),
    "one stage with a name has none either": ("FROM base AS build\nRUN x\n", [(1, "", "FROM"), (2, "", "RUN")]),
    "stages have names or numbers": (
        "FROM a AS Build\nFROM b\nRUN x\n", [(1, "build", "FROM"), (2, "stage-1", "FROM"), (3, "stage-1", "RUN")]),
    "arguments before the first stage": ("ARG A\nFROM $A\n", [(1, "", "ARG"), (2, "", "FROM")]),
    "small letters": ("from base as x\nrun y\n", [(1, "", "FROM"), (2, "", "RUN")]),
    "a line that goes on": ("FROM base\nRUN a \\\n  b\nRUN c\n", [(1, "", "FROM"), (2, "", "RUN"), (4, "", "RUN")]),
    "a comment in a line that goes on": (
        "FROM base\nRUN a \\\n# no\n\n  b\nRUN c\n", [(1, "", "FROM"), (2, "", "RUN"), (6, "", "RUN")]),
    "another escape": (
        "# escape=`\nFROM base\nRUN a `\n b\nRUN c\\\n", [(2, "", "FROM"), (3, "", "RUN"), (5, "", "RUN")]),
    "an escape that comes too late": (
        "\n# escape=`\nFROM base\nRUN a `\nRUN b\n", [(3, "", "FROM"), (4, "", "RUN"), (5, "", "RUN")]),
    "a directive before the escape": (
        "# syntax=docker/dockerfile:1\n# escape=`\nFROM base\nRUN a `\n b\n", [(3, "", "FROM"), (4, "", "RUN")]),
    "a here-document": (
        "FROM base\nRUN <<EOF\nRUN no\nEOF\nRUN x\n", [(1, "", "FROM"), (2, "", "RUN"), (5, "", "RUN")]),
    "a here-document with tabs": (
        "FROM base\nRUN <<-EOF\n\tRUN no\n\tEOF\nRUN x\n", [(1, "", "FROM"), (2, "", "RUN"), (5, "", "RUN")]),
    "a here-document in quotes": (
        "FROM base\nCOPY <<'EOF' /x\nRUN no\nEOF\nRUN x\n", [(1, "", "FROM"), (2, "", "COPY"), (5, "", "RUN")]),
    "two here-documents": (
        "FROM base\nCOPY <<A <<B /x/\nRUN no\nA\nRUN no\nB\nRUN x\n",
        [(1, "", "FROM"), (2, "", "COPY"), (7, "", "RUN")]),
    "a shell's here-string is none": (
        "FROM base\nRUN cat <<<EOF\nRUN x\n", [(1, "", "FROM"), (2, "", "RUN"), (3, "", "RUN")]),
    "a shift is none": (
        "FROM base\nRUN echo $((1<<2))\nRUN x\n", [(1, "", "FROM"), (2, "", "RUN"), (3, "", "RUN")]),
    "one in an instruction that has none": (
        'FROM base\nENV A="<<EOF"\nRUN x\n', [(1, "", "FROM"), (2, "", "ENV"), (3, "", "RUN")]),
    "one that does not end": ("FROM base\nRUN <<EOF\nRUN x\n", []),
    "a byte order mark and Windows' line ends": ("\ufeffFROM base\r\nRUN x\r\n", [(1, "", "FROM"), (2, "", "RUN")]),
    "nothing": ("", []),
    "comments alone": ("# a\n\n# b\n", []),
    "the end of the file in the middle": ("FROM base\nRUN a \\", [(1, "", "FROM"), (2, "", "RUN")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_read_instructions_has_lines(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert [(each.line, each.stage, each.keyword) for each in read_instructions(text)] == expected


TEXT = """\
FROM base AS build
ENV A=1
COPY . .
RUN make

FROM scratch
COPY --from=build /app /app
HEALTHCHECK NONE
"""
PLACES = {
    "FROM": ("linux/amd64 build 1/3 FROM base", 1),
    "what is counted": ("linux/amd64 build 2/3 COPY . .", 3),
    "the last one": ("linux/amd64 build 3/3 RUN make", 4),
    "a stage that begins with nothing": ("linux/amd64 stage-1 1/1 COPY --from=build /app /app", 7),
    "another count": ("linux/amd64 build 2/4 COPY . .", None),
    "one too few": ("linux/amd64 build 1/2 COPY . .", 3),
    "two too few": ("linux/amd64 build 1/1 COPY . .", None),
    "another keyword": ("linux/amd64 build 2/3 RUN make", None),
    "a trigger of the base": ("linux/amd64 build 2/3 ONBUILD COPY . .", None),
    "a number beyond the count": ("linux/amd64 build 4/3 RUN make", None),
    "another stage": ("linux/amd64 test 2/3 COPY . .", None),
    "no step of the Dockerfile": ("exporting to image", None),
}


@pytest.mark.parametrize(("title", "line"), PLACES.values(), ids=PLACES)
def test_lines_of_step_needs_stage_count_and_keyword(title: str, line: int | None) -> None:
    made = step(title)
    assert lines_of([made], read_instructions(TEXT)).get(made.digest) == line


def test_lines_of_steps_without_dockerfile_is_empty() -> None:
    assert lines_of([step("linux/amd64 build 2/3 COPY . .")], ()) == {}
