"""What the pages show of files and of output, compared with the real ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from multiarch.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

ROOT = Path(__file__).parent.parent.parent
NAME = re.compile(r"(AWS_ECR_REPOSITORY_NAME:).*")


def blocks(page: str, language: str) -> Iterator[str]:
    """Yield the code of a page in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    yield from re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def without_name(buildspec: str) -> str:
    """A buildspec but for the one thing to set."""
    return NAME.sub(r"\1", buildspec)


def test_the_readme_shows_the_buildspec() -> None:
    spec = (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    assert without_name(spec) in map(without_name, blocks("README.md", "yaml"))


def test_the_tutorial_writes_the_buildspec() -> None:
    spec = (ROOT / "buildspec.yml").read_text(encoding="utf-8")
    [written] = [block for block in blocks("docs/tutorial.md", "sh") if "cat > buildspec.yml" in block]
    assert f"cat > buildspec.yml <<'EOF'\n{without_name(spec)}EOF\n" in without_name(written)


def test_the_tutorial_shows_the_policy_that_its_command_prints(
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
