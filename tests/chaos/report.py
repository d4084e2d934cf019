"""The table of cases and outcomes, as the documentation has it: what differs from run to run stays out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dev.project import ROOT
from dev.stack import layout
from tests.chaos.cases import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.chaos.case import Case
    from tests.chaos.lab import Outcome

FILE: Final = ROOT / "docs" / "failures.md"
_BEGIN: Final = "<!-- written by `make chaos`: begin -->"
_END: Final = "<!-- written by `make chaos`: end -->"
_INTRODUCTION: Final = """# What happens when something fails

Each row ran on a real docker engine, against an ECR and an AWS API that fail as the row says. The last run of
`make chaos` wrote the tables. After each run, every tag pointed to a complete image, no login was left, and no output
contained a secret.

Where it fails:

| place | request |
|---|---|
| login | GetAuthorizationToken |
| find repository | DescribeRepositories |
| look-up | check for an existing image of the commit |
| base resolve, base pull | the base image: its tag, its layers |
| cache import, cache export | the manifest of the cache, read and written |
| blob check, blob start, blob upload | a layer: check, start of the upload, upload |
| manifest push | push of the image by digest, without a tag |
| read-back, read-back config | the verification |
| tag look-up, tag, tag latest | read a tag, point a tag to the verified image |
| connection | any connection to the registry |

How it fails:

| word | meaning |
|---|---|
| a number | the HTTP status of the answer |
| reset | the connection closes at once |
| cut | the answer ends half-way |
| lost | the request succeeds, but the answer never arrives |
| stall | no answer for a long time |
| garbage | the page of a proxy instead of the answer |
| once, always | one failure, then good answers; or every answer fails |

How it ends: "published" means that the verified image has its tags. "Published after a retry" means that multiarch
retried the phase, in addition to the retries of docker and BuildKit. ECR, REPOSITORY and TAG stand for names.
`multiarch explain` and the error of `build` also name the rule that decided: see
[failure rules](reference.md#failure-rules).
"""
_ONCE: Final = ", once"
_MACHINE: Final = ("/tmp/", "/root/", "/home/", "/var/", f"{ROOT}/")


def write(outcomes: Iterable[tuple[Case, Outcome]]) -> None:
    """Replace the tables; what people wrote around them stays."""
    text = FILE.read_text() if FILE.exists() else f"{_INTRODUCTION}\n{_BEGIN}\n{_END}\n"
    head, _, rest = text.partition(_BEGIN)
    tables = "\n".join(_sections({case.name: in_words(case, outcome) for case, outcome in outcomes}))
    FILE.write_text(f"{head}{_BEGIN}\n\n{tables}\n{_END}{rest.partition(_END)[2]}")


def _sections(endings: Mapping[str, str]) -> Iterator[str]:
    for title, cases in GROUPS.items():
        yield f"## {title}\n"
        yield table((case.name, endings[case.name]) for case in cases)


def table(rows: Iterable[tuple[str, str]]) -> str:
    """Return a table; what breaks at one place and ends alike shares a row."""
    merged: dict[tuple[str, str], list[str]] = {}
    for name, ending in rows:
        place, _, what = name.partition(": ")
        merged.setdefault((place, ending), []).append(what or "nothing")
    lines = ["| where | what goes wrong | how it ends |", "|---|---|---|"]
    lines += [f"| {_cell(place)} | {_cell(_joined(what))} | {_cell(end)} |" for (place, end), what in merged.items()]
    return "".join(f"{line}\n" for line in lines)


def _joined(what: Sequence[str]) -> str:
    """Join what goes wrong at one place: what happens once is counted together."""
    once = [each.removesuffix(_ONCE) for each in what if each.endswith(_ONCE)]
    each_once = [f"{', '.join(once)}{_ONCE}{' each' if len(once) > 1 else ''}"] if once else []
    return "; ".join([*each_once, *(each for each in what if not each.endswith(_ONCE))])


def in_words(case: Case, outcome: Outcome) -> str:
    """Say how a case ended: published, or the error that ended the run."""
    if outcome.code == 0:
        again = " after a retry" if case.retries else ""
        warned = [text.partition(":")[0] for text in outcome.result.get("warnings", ())]
        cache = next((f"; {text}" for text in warned if text.startswith("cache export")), "")
        return f"published{again}{cache}"
    there = "; the tag of the commit exists" if case.tags else ""
    return f"exit code {outcome.code}: {stable(str(outcome.result.get('message', '')))}{there}"


def stable(text: str) -> str:
    """Return the first line of a message without what another run would say otherwise.

    Raises:
        ValueError: it names a folder of this machine.
    """
    line = text.partition("\n")[0]
    line = re.sub(r"sha256:[0-9a-f]{8,}", "sha256:…", line)
    line = re.sub(r"chaos-[0-9a-f]{6,}", "REPOSITORY", line)
    line = re.sub(r"REPOSITORY:[0-9a-f]{7}\b", "REPOSITORY:TAG", line)
    line = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line)
    line = re.sub(r" \(\d+ attempts in \d+ s\)", ", also after retries", line)
    line = line.replace(layout.PROXIED.host, "ECR")
    if any(folder in line for folder in _MACHINE):
        msg = f"a folder of this machine in {line!r}"
        raise ValueError(msg)
    return line


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
