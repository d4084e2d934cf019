"""A checkout whose author would like to write to the host: every place that a run writes to, as a committed link."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import pytest

from multiarch.cli import main
from tests.unit.fakes import FakeImage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.conftest import MakeScript

VARIABLES = {"AWS_REGISTRY_NAME": "localhost:5000", "AWS_ECR_REPOSITORY_NAME": "shop", "GIT_TAG": "v1"}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("the host's")
    monkeypatch.chdir(folder)
    return folder


def assert_host_is_untouched(tmp_path: Path) -> None:
    assert [(each.name, each.read_text()) for each in (tmp_path / "host").iterdir()] == [("file", "the host's")]


OUTPUTS = {
    "report": ("out", ("--report", "out/report"), "--report"),
    "the report itself": ("out", ("--report", "out"), "--report"),
    "deploy files": ("out", ("--deploy-files", "out"), "--deploy-files"),
    "dist": ("dist", ("--local",), "--dist"),
    "another dist": ("a", ("--local", "--dist", "a/b"), "--dist"),
    "local cache": ("cache", ("--cache", "local", "--local-cache", "cache"), "--local-cache"),
    "local cache of a local build": ("cache", ("--local", "--local-cache", "cache/x"), "--local-cache"),
}


@pytest.mark.parametrize(("link", "words", "flag"), OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("mode", [("--dry-run",), ()], ids=["dry run", "real run"])
def test_build_output_through_a_committed_link_is_an_error(
    *,
    checkout: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    link: str,
    words: tuple[str, ...],
    flag: str,
    mode: tuple[str, ...],
) -> None:
    (checkout / link).symlink_to(tmp_path / "host")
    assert main(["build", *words, *mode], {"PATH": "/nowhere", "HOME": str(tmp_path), **VARIABLES}) == 2
    errors = capsys.readouterr().err.splitlines()
    assert errors[-2].endswith(f"{checkout / link} is a symbolic link in the checkout, which is not followed")
    assert errors[-1] == f"  fix: remove the link, or name another folder: {flag} DIR"
    assert_host_is_untouched(tmp_path)


DOCKER = """
case "$*" in
  "buildx bake "*)
    cat > /dev/null
    while [ "$1" != --metadata-file ]; do shift; done
    echo '{"image": {"containerimage.digest": "DIGEST"}}' > "$2"
    echo "ERROR: a word of buildx" >&2
    mkdir -p dist && cp ARCHIVE dist/checkout.tar ;;
  *) echo ok ;;
esac
"""


def make_docker(tmp_path: Path, make_script: MakeScript, *, link: str = "") -> None:
    """A docker that builds an image, whose archive may also contain a link."""
    image = FakeImage("linux/amd64", "linux/arm64")
    blobs = tmp_path / "layout" / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for digest, content in {**image.blobs, **{each.digest: each.content for each in image.manifests.values()}}.items():
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    if link:
        (tmp_path / "layout" / "link").symlink_to(link)
    with tarfile.open(tmp_path / "image.tar", "w") as archive:
        archive.add(tmp_path / "layout", ".")
    make_script("docker", DOCKER.replace("ARCHIVE", str(tmp_path / "image.tar")).replace("DIGEST", image.digest))


def build(tmp_path: Path, *words: str) -> int:
    return main(
        ["build", "--local", *words],
        {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path / "home"), "GIT_TAG": "v1"},
    )


def test_build_links_in_the_place_of_its_own_files_are_replaced(
    checkout: Path, tmp_path: Path, make_script: MakeScript, capsys: pytest.CaptureFixture[str]
) -> None:
    make_docker(tmp_path, make_script)
    for folder, names in (
        ("dist", ("checkout.tar",)),
        ("report", (".events.jsonl.new", "events.jsonl", ".report.html.new", "junit.xml")),
    ):
        (checkout / folder).mkdir()
        for name in names:
            (checkout / folder / name).symlink_to(tmp_path / "host" / "file")
    code = build(tmp_path, "--report", "report", "--output", "json")
    said = capsys.readouterr()
    assert code == 0, said.err
    assert json.loads(said.out)
    assert not [each for each in checkout.rglob("*") if each.is_symlink()]
    assert (checkout / "report" / "events.jsonl").stat().st_size > 100
    assert_host_is_untouched(tmp_path)


def test_build_archive_with_a_link_is_not_unpacked(
    checkout: Path, tmp_path: Path, make_script: MakeScript, capsys: pytest.CaptureFixture[str]
) -> None:
    make_docker(tmp_path, make_script, link="layout")
    assert build(tmp_path) != 0
    assert "contains ./link, which is not a file or a folder" in capsys.readouterr().err
    assert not (checkout / "dist" / "checkout").exists()


def test_build_without_space_for_events_says_that_they_are_missing(
    checkout: Path,
    tmp_path: Path,
    make_script: MakeScript,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_docker(tmp_path, make_script)
    monkeypatch.setattr("tempfile.TemporaryFile", lambda *_, **__: open("/dev/full", "wb"))  # noqa: PTH123, SIM115
    assert build(tmp_path, "--report", "report") == 0
    assert "WARNING: events.jsonl is missing from report: No space left on device" in capsys.readouterr().err
    assert not (checkout / "report" / "events.jsonl").exists()
    assert (checkout / "report" / "report.html").exists()
