"""The instructions of a Dockerfile, and the line of each step. Pure.

BuildKit reports lines only in the provenance, which is slow to resolve. But it numbers the steps of each stage, so an
instruction is found by counting: stage, count and keyword have to agree. Otherwise, as with ONBUILD triggers of a base
image, a step has no line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from multiarch.record.steps import BuildStep, Instruction

# The instructions that BuildKit counts; FROM only if the stage begins with an image:
# https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go (cmdTotal)
_COUNTED = ("ADD", "COPY", "RUN", "WORKDIR")
_WITH_HEREDOC = ("ADD", "COPY", "RUN")
_HEREDOC = re.compile(r"(?:^|\s)\d*<<(-?)\s*([\"']?)([^\s\"'<>;|&()]+)\2")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][\w-]*)\s*=\s*(.+?)\s*$")
_STAGE = re.compile(r"\sAS\s+(\S+)\s*$", re.IGNORECASE)


def read_instructions(text: str) -> tuple[Instruction, ...]:
    """Return the instructions of a Dockerfile; none if a here-document does not end."""
    lines = text.removeprefix("\ufeff").splitlines()
    try:
        found = list(_instructions(lines, _escape(lines)))
    except _UnclosedError:
        return ()
    count = sum(keyword == "FROM" for _, keyword, _ in found)
    return tuple(_staged(found, is_only_stage=count == 1))


def lines_of(steps: Sequence[BuildStep], instructions: Sequence[Instruction]) -> Mapping[str, int]:
    """Return the lines of the steps, by digest; an uncertain line is left out."""
    stages: dict[str, list[Instruction]] = {}
    for each in instructions:
        if each.keyword == "FROM" or each.keyword in _COUNTED:
            stages.setdefault(each.stage, []).append(each)
    found = {}
    for step in steps:
        counted = stages.get(step.stage, []) if step.number else []
        # A stage that begins with another stage, or with scratch, has no step for FROM.
        if len(counted) == step.total + 1:
            counted = counted[1:]
        if len(counted) == step.total and 0 < step.number <= step.total:
            instruction = counted[step.number - 1]
            if step.instruction.split(maxsplit=1)[:1] == [instruction.keyword]:
                found[step.digest] = instruction.line
    return found


class _UnclosedError(Exception):
    """A here-document that does not end."""


def _escape(lines: Sequence[str]) -> str:
    """Return the character that continues a line; directives stand at the begin of the file."""
    for line in lines:
        directive = _DIRECTIVE.match(line.strip())
        if not directive:
            break
        if directive[1].lower() == "escape":
            return directive[2]
    return "\\"


def _instructions(lines: Sequence[str], escape: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, keyword and text of each instruction."""
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        while text.endswith(escape):
            text = text.removesuffix(escape)
            following = next((each.strip() for _, each in numbered if each.strip() and each.strip()[0] != "#"), "")
            text += following
            if not following:
                break
        keyword = text.split(maxsplit=1)[0].upper()
        if keyword in _WITH_HEREDOC or (keyword == "ONBUILD" and "<<" in text):
            for dash, _, name in _HEREDOC.findall(text):
                _skip_heredoc(numbered, name, tabs=bool(dash))
        yield number, keyword, text


def _skip_heredoc(numbered: Iterator[tuple[int, str]], name: str, *, tabs: bool) -> None:
    for _, line in numbered:
        if (line.lstrip("\t") if tabs else line) == name:
            return
    raise _UnclosedError


def _staged(found: Sequence[tuple[int, str, str]], *, is_only_stage: bool) -> Iterator[Instruction]:
    stage, number = "", -1
    for line, keyword, text in found:
        if keyword == "FROM":
            number += 1
            named = _STAGE.search(text)
            stage = "" if is_only_stage else named[1].lower() if named else f"stage-{number}"
        yield Instruction(line=line, stage=stage, keyword=keyword, text=" ".join(text.split()))
