"""The dry run's script under recorders in the place of every program: it runs what the plan says, word by word."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import assume, example
from hypothesis import strategies as st

from multiarch.errors import ConfigurationError
from multiarch.plan.steps import METADATA_FILE
from multiarch.show.script import plan_as_script
from multiarch.source import Source
from tests.unit.fakes import COMMIT, facts, plan_of
from tests.unit.properties import property_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from multiarch.plan.model import Plan

DIGEST = f"sha256:{'1' * 64}"
# Harmless where they run: nothing but shell builtins, and these do not write.
HELPERS = ("mktemp", "mkdir", "cat", "sed", "dirname", "grep", "tail", "tr", "sort")
RECORDED = ("docker", "aws", "git", "rm", "mv", "tar", "cp")
RECORDER = r"""#!/bin/sh
{ printf '%s\0' "${0##*/}" "$@"; printf '\001\0'; } >> "$LOG"
case "${0##*/} $*" in
  "docker buildx bake "*)
    cat > "$LOG.definition"
    while [ "$1" != --metadata-file ]; do shift; done
    printf '{\n  "image": {\n    "containerimage.digest": "%s"\n  }\n}\n' "$DIGEST" > "$2" ;;
  "docker login "*) cat > /dev/null ;;
  "docker buildx imagetools inspect --raw "*) exit 1 ;;
  "docker buildx imagetools inspect "*) echo "linux/amd64 linux/arm64" ;;
  "git "*) exit 1 ;;
  "tar "*) : > "$4/index.json" ;;
esac
"""

# What a shell could take for something else than text; each would leave a file behind.
PIECES = (
    "$(: >hacked)", "`: >hacked`", ";: >hacked;", "\n: >hacked\n", "&& : >hacked", "| : >hacked",
    "'", '"', "\\", "$HOME", "${HOME}", "\nDEFINITION\n", "\nFILE\n",
    "#", "*", "~", "%s", "-", "--", "\t", " ", "é", "a", "b/c", ":", "=", ",", "!",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
KEYS = (
    "context", "dockerfile", "target", "build_args", "labels", "annotations", "builder_name", "builder_options",
    "builder_endpoint", "builder_image", "cache_ref", "secrets", "ssh", "deploy_files", "commit_tag", "tags",
    "repository", "allow", "add_hosts", "build_contexts", "network", "platforms", "sbom", "provenance",
)  # fmt: skip
PAIRS = ("build_args", "labels", "annotations", "builder_options", "build_contexts")
SETTINGS = st.dictionaries(st.sampled_from(KEYS), TEXTS, min_size=1, max_size=4)


def hostile_plan(values: Mapping[str, str], *, is_local: bool) -> Plan:
    """The plan of those values that the settings accept."""
    seen = facts(source=Source(commit=COMMIT, branch=next(iter(values.values()))))
    seen = facts(source=seen.source, registry=None) if is_local else seen
    flags: dict[str, Any] = {}
    for name, text in values.items():
        value: object = text
        if name in PAIRS:
            value = {"A": text} if name != "builder_options" else (f"env.A={text}",)
        elif name in ("secrets", "ssh", "tags", "allow", "add_hosts", "platforms"):
            value = (text,)
        try:
            plan_of(seen, **{**flags, name: value})
        except (ConfigurationError, TypeError):
            continue
        flags[name] = value
    assume(flags)
    return plan_of(seen, **flags)


def run(script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    for name in RECORDED:
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "bin" / name).write_text(RECORDER)
        (folder / "bin" / name).chmod(0o755)
    for name in HELPERS:
        (folder / "bin" / name).symlink_to(str(shutil.which(name)))
    for name in ("work", "tmp", "home"):
        (folder / name).mkdir()
    environment = {"PATH": str(folder / "bin"), "HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
    return subprocess.run(
        [str(shutil.which("sh"))],
        input=script.encode(),
        cwd=folder / "work",
        env={**environment, "LOG": str(folder / "log"), "DIGEST": DIGEST},
        capture_output=True,
        check=False,
        timeout=60,
    )


def commands(folder: Path) -> Iterator[list[str]]:
    for record in (folder / "log").read_bytes().split(b"\0\x01\0"):
        if record:
            yield [word.decode() for word in record.split(b"\0")]


def assert_faithful(plan: Plan) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        ran = run(plan_as_script(plan), folder)
        said = (plan_as_script(plan), ran.stderr.decode())
        assert ran.returncode == 0, said
        assert [each for each in folder.rglob("*hacked*") if each.name == "hacked"] == [], said
        assert plan.build
        found = list(commands(folder))
        [bake] = [each for each in found if each[:3] == ["docker", "buildx", "bake"]]
        metadata = bake[bake.index("--metadata-file") + 1]
        words = [metadata if word == METADATA_FILE else word for word in plan.build.command]
        words[words.index("--progress") + 1] = "auto"
        assert bake == words, said
        assert json.loads((folder / "log.definition").read_bytes()) == plan.build.definition, said
        assert all(not each[-1].startswith("-") for each in found if each[0] in ("rm", "mv", "tar")), said
        # GNU tar takes what stands before a colon for a host, unless a slash comes first.
        archives = [each[2] for each in found if each[0] == "tar"]
        assert all(":" not in each.partition("/")[0] for each in archives), said


@example({"deploy_files": "-rf $(: >hacked)", "context": "a'b"})
@example({"build_args": "\nDEFINITION\n: >hacked\n", "labels": "<x>"})
@property_of(SETTINGS, examples=25)  # a shell each, with a dozen programs
def test_script_of_hostile_settings_runs_the_plan_and_nothing_else(values: Mapping[str, str]) -> None:
    assert_faithful(hostile_plan(values, is_local=False))


@example({"dist": "host:dir"})
@example({"dist": "-C"})
@property_of(st.fixed_dictionaries({"dist": TEXTS}), examples=25)
def test_script_of_a_local_build_with_hostile_settings_runs_the_plan_and_nothing_else(
    values: Mapping[str, str],
) -> None:
    assert_faithful(hostile_plan(values, is_local=True))
