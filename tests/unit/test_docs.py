"""What the pages show of files, commands and output, compared with the real ones."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multiarch.cli import cli, main
from multiarch.errors import FailureClass
from multiarch.plan.deploy_files import DEPLOY_FILES
from multiarch.record.reader import EventKind
from multiarch.report.folder.names import ALL_FILES
from multiarch.settings.declare import FromFile
from multiarch.settings.info import SETTINGS
from multiarch.settings.load import CONFIG_VARIABLE, TRUST_VARIABLE, load_settings
from multiarch.settings.trust import check_trust

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")))
NAME = re.compile(r"(AWS_ECR_REPOSITORY_NAME:).*")
# A placeholder of the pages, and the name of a file or folder that a run writes.
NO_FILES = re.compile(r"NAME|PATH|\.\.\.|…|\*")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> Iterator[str]:
    """Yield the code of a page in one language."""
    for found, code in re.findall(r"^```(\w*)\n(.*?)^```$", read(page), flags=re.DOTALL | re.MULTILINE):
        if found == language:
            yield code


def prose(page: str) -> str:
    """A page but for its blocks of code."""
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Yield each command of the pages: the page, and the words after `multiarch`."""
    for page in PAGES:
        for block in blocks(page, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                for found in re.findall(r"\bmultiarch ((?:[a-z]+\b|--help)[^|;>]*)", line):
                    words = shlex.split(found, comments=True)
                    if words[0] in cli.commands:
                        yield page, words


COMMANDS = list(commands())


def without_name(buildspec: str) -> str:
    """A buildspec but for the one thing to set."""
    return NAME.sub(r"\1", buildspec)


def test_readme_shows_the_buildspec() -> None:
    spec = read("buildspec.yml")
    assert without_name(spec) in map(without_name, blocks("README.md", "yaml"))


def test_tutorial_writes_the_buildspec() -> None:
    spec = read("buildspec.yml")
    [written] = [block for block in blocks("docs/tutorial.md", "sh") if "cat > buildspec.yml" in block]
    assert f"cat > buildspec.yml <<'EOF'\n{without_name(spec)}EOF\n" in without_name(written)


def test_tutorial_shows_the_policy_of_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [command] = [
        line
        for block in blocks("docs/tutorial.md", "sh")
        for line in block.splitlines()
        if line.startswith("python -m multiarch policy ")
    ]
    words = command.partition(" >")[0].split()[3:]
    (tmp_path / "Dockerfile").touch()
    monkeypatch.chdir(tmp_path)
    assert main(words, {"AWS_ECR_REPOSITORY_NAME": "shop", "PATH": "/nowhere"}) == 0
    [shown] = blocks("docs/tutorial.md", "json")
    assert json.loads(shown) == json.loads(capsys.readouterr().out)


def test_source_page_shows_the_output_of_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {
        "PATH": "/nowhere",
        "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:123456789012:build/shop:1",
        "CODEBUILD_INITIATOR": "codepipeline/shop",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": "0123456789abcdef0123456789abcdef01234567",
    }
    assert main(["source"], environment) == 0
    assert capsys.readouterr().out in blocks("docs/source.md", "")


@pytest.mark.parametrize("page", PAGES)
def test_page_links_have_targets(page: str) -> None:
    for path, _, anchor in re.findall(r"\]\(((?!https?:)[^)#\s]*)(#([^)\s]*))?\)", read(page)):
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f"{page}: {path}"
        if anchor:
            assert anchor in anchors(target.resolve().relative_to(ROOT).as_posix()), f"{page}: {path}#{anchor}"


def test_anchors_are_those_of_headings() -> None:
    assert "trust-boundaries" not in anchors("README.md")
    assert "usage" in anchors("README.md")


def test_pages_show_every_command() -> None:
    assert {words[0] for _, words in COMMANDS} == set(cli.commands)


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=[f"{page} {' '.join(words)}" for page, words in COMMANDS])
def test_page_commands_are_accepted(page: str, words: list[str], tmp_path: Path) -> None:
    command = cli.commands[words[0]]
    # Files to read that only the reader has.
    saved = tmp_path / "saved"
    saved.touch()
    arguments = [str(saved) if re.search(r"\.(?:log|jsonl)$", word) else word for word in words[1:]]
    with command.make_context(words[0], arguments) as context:
        assert context.params, page


@pytest.mark.parametrize("page", PAGES)
def test_page_settings_files_are_accepted(page: str) -> None:
    for block in blocks(page, "toml"):
        table = tomllib.loads(block)
        if "registry" in table and isinstance(table["registry"], dict):
            continue  # BuildKit's own
        check_trust(load_settings(flags={}, environment={}, file=table, file_name="multiarch.toml"))


@pytest.mark.parametrize("page", PAGES)
def test_page_variables_are_settings(page: str) -> None:
    known = {variable for info in SETTINGS for variable in info.variables} | {
        CONFIG_VARIABLE,
        TRUST_VARIABLE,
        "MULTIARCH_NAME",
    }
    assert set(re.findall(r"\bMULTIARCH_[A-Z0-9_]*[A-Z0-9]", read(page))) <= known


@pytest.mark.parametrize("page", PAGES)
def test_page_flags_exist(page: str) -> None:
    known = {
        flag
        for command in cli.commands.values()
        for option in command.params
        for flag in (*option.opts, *option.secondary_opts)
    }
    # Flags of other programs that the prose speaks of.
    known |= {"--allow", "--prefer-index", "--progress", "--help", "--platform", "--mount", "--password-stdin"}
    assert set(re.findall(r"(?<=`)--[a-z0-9][a-z0-9-]*", prose(page))) <= known


@pytest.mark.parametrize("page", PAGES)
def test_page_files_exist(page: str) -> None:
    for name in re.findall(r"`((?:multiarch|tests|dev|docs)/[\w./-]*)`", prose(page)):
        if not NO_FILES.search(name):
            assert (ROOT / name).exists(), f"{page}: {name}"


def test_explanation_packages_exist() -> None:
    names = re.findall(r"`([a-z]+/[a-z_/]*(?:\.py)?|[a-z]+\.py)`", prose("docs/explanation.md"))
    assert "run/" in names
    assert [name for name in names if not any((ROOT / part / name).exists() for part in ("", "multiarch"))] == [
        "moby/buildkit"
    ]


# Every one of these names stands in the page, as code or in bold type.
LISTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("docs/report.md", ALL_FILES),
    ("docs/how-to.md", DEPLOY_FILES),
    ("docs/how-to.md", tuple(map(str, FailureClass))),
    ("docs/explanation.md", tuple(map(str, FailureClass))),
    (
        "docs/how-to.md",
        tuple(str(kind) if kind in (EventKind.WARNING, EventKind.MESSAGE) else f"step {kind}" for kind in EventKind),
    ),
)


@pytest.mark.parametrize(("page", "names"), LISTS, ids=[f"{page} {names[0]}" for page, names in LISTS])
def test_page_lists_are_complete(page: str, names: tuple[str, ...]) -> None:
    text = " ".join(prose(page).split())
    assert [name for name in names if not re.search(rf"(`|\| ){re.escape(name)}(`| \|)", text)] == []


def test_explanation_picture_has_the_layers_in_their_order() -> None:
    [picture] = [block for block in blocks("docs/explanation.md", "") if "provision" in block]
    rows = [set(re.findall(r"\w+", row)) for row in picture.splitlines()]
    [contract] = [
        each
        for each in tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
        if each["type"] == "layers"
    ]
    layers = [set(layer.split(" | ")) for layer in contract["layers"] if layer != "__main__"]
    assert len(rows) == len(layers)
    assert [layer - row for layer, row in zip(layers, rows, strict=True)] == [set()] * len(layers)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [("rejected", FromFile.NEVER), ("only paths", FromFile.INSIDE), ("only the image", FromFile.REGISTRY)],
    ids=str,
)
def test_threats_table_has_the_settings_that_a_file_cannot_set(rows: str, kind: FromFile) -> None:
    cells = re.findall(rf"^\| {rows}[^|]*\|(.*)\|$", read("docs/threats.md"), flags=re.MULTILINE)
    shown = [name for cell in cells for name in re.findall(r"`([a-z0-9-]+)`", cell)]
    assert sorted(shown) == sorted(info.key for info in SETTINGS if info.from_file is kind)
