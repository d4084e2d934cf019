"""Folders that files are written to: what is wrong with one is found early, and nothing is written by halves."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.files.folder import check_folder, remove_files, write_files
from multiarch.edges.files.place import clear_file
from multiarch.errors import ConfigurationError, InterruptedRunError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = {"a.json": b"{}", "b.env": b"export A=b\n"}


def content(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_write_files_creates_the_folder_and_its_parents(tmp_path: Path) -> None:
    write_files(tmp_path / "new" / "out", FILES)
    assert content(tmp_path / "new" / "out") == FILES


def test_write_files_replaces_only_its_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"old and longer")
    (tmp_path / "mine").touch()
    write_files(tmp_path, FILES)
    assert content(tmp_path) == {**FILES, "mine": b""}


def test_write_files_replaces_a_link_with_a_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"somebody's")
    (tmp_path / "out").mkdir()
    for name in ("a.json", ".a.json.new"):
        (tmp_path / "out" / name).symlink_to(elsewhere)
    write_files(tmp_path / "out", FILES)
    assert content(tmp_path / "out") == FILES
    assert elsewhere.read_bytes() == b"somebody's"


def test_write_files_gives_files_the_default_mode(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    write_files(tmp_path, FILES)
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_write_files_failure_leaves_no_file(tmp_path: Path) -> None:
    """The first one is in its place already when the second cannot be put into its own."""
    (tmp_path / "b.env").mkdir()
    with pytest.raises(OutputError) as caught:
        write_files(tmp_path, FILES)
    assert caught.value.message == f"{tmp_path}/b.env cannot be written: Is a directory"
    assert [each.name for each in tmp_path.iterdir()] == ["b.env"]


def test_write_files_interruption_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., object] = os.replace

    def replace(old: str, new: str, **folders: int) -> None:
        real(old, new, **folders)
        raise InterruptedRunError(15)

    monkeypatch.setattr("os.replace", replace)
    with pytest.raises(InterruptedRunError):
        write_files(tmp_path, FILES)
    assert list(tmp_path.iterdir()) == []


GOOD: dict[str, Callable[[Path], object]] = {
    "there": lambda folder: folder.mkdir(),
    "not there": lambda _: None,
    "there, with files": lambda folder: write_files(folder, FILES),
    "a link to a folder": lambda folder: folder.symlink_to(folder.parent),
}


@pytest.mark.parametrize("prepare", GOOD.values(), ids=GOOD)
def test_check_folder_creates_nothing(prepare: Callable[[Path], object], tmp_path: Path) -> None:
    prepare(tmp_path / "out")
    before = sorted(tmp_path.iterdir())
    check_folder(tmp_path / "out", flag="--deploy-files")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["file", "file/below", "file/far/below"])
def test_check_folder_of_a_file_raises_error(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        check_folder(tmp_path / name, flag="--deploy-files")
    assert caught.value.message == f"{tmp_path / name} cannot be a folder: {tmp_path}/file exists and is not a folder"
    assert caught.value.hint == "name another folder: --deploy-files DIR"


def test_check_folder_of_a_dangling_link_raises_error(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="out is a symbolic link to nothing"):
        check_folder(tmp_path / "out", flag="--deploy-files")


# A checkout whose author would like to write elsewhere

PLACES = {
    "the folder": ("out", "out"),
    "a folder above it": ("out", "out/report"),
    "a folder in between": ("a/out", "a/out/report"),
    "a link to a folder of the checkout": ("inside", "inside/report"),
    "a link above a dotted path": ("out", "a/../out/report"),
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with links to a folder of somebody else, below a link of the host."""
    real = tmp_path / "real"
    for folder in (real / "src" / ".git", real / "src" / "a", tmp_path / "elsewhere", real / "src" / "below"):
        folder.mkdir(parents=True)
    (tmp_path / "elsewhere" / "report").mkdir()
    (tmp_path / "host").symlink_to(real)
    checkout = tmp_path / "host" / "src"
    for name in ("out", "a/out"):
        (checkout / name).symlink_to(tmp_path / "elsewhere")
    (checkout / "inside").symlink_to("a")
    monkeypatch.chdir(checkout)
    return checkout


def untouched(tmp_path: Path) -> bool:
    return [*(tmp_path / "elsewhere").rglob("*")] == [tmp_path / "elsewhere" / "report"]


@pytest.mark.parametrize(("link", "name"), PLACES.values(), ids=PLACES)
def test_committed_link_is_not_followed(checkout: Path, tmp_path: Path, link: str, name: str) -> None:
    with pytest.raises(ConfigurationError) as found:
        check_folder(checkout / name, flag="--report")
    link_path = (tmp_path / "real" / "src" / link).as_posix()
    assert found.value.message == (
        f"{checkout / name} cannot be written: {link_path} is a symbolic link in the checkout, which is not followed"
    )
    assert found.value.hint == "remove the link, or name another folder: --report DIR"
    with pytest.raises(OutputError, match="symbolic link"):
        write_files(checkout / name, FILES)
    with pytest.raises(ConfigurationError, match="symbolic link"):
        remove_files(checkout / name, FILES)
    with pytest.raises(OSError, match="symbolic link"):
        clear_file(checkout / name / "shop.tar")
    assert untouched(tmp_path)


def test_committed_link_is_found_from_a_folder_of_the_checkout(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(checkout / "below")
    with pytest.raises(ConfigurationError, match="symbolic link"):
        check_folder(checkout / "below" / ".." / "out", flag="--report")


def test_committed_links_in_the_place_of_files_are_replaced(checkout: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "elsewhere" / "report"
    for name in ("a.json", ".a.json.new", ".b.env.new"):
        (checkout / "below" / name).symlink_to(theirs / name)
    (checkout / "below" / "shop.tar").symlink_to(theirs / "shop.tar")
    write_files(checkout / "below", FILES)
    clear_file(checkout / "below" / "shop.tar")
    assert content(checkout / "below") == FILES
    remove_files(checkout / "below", FILES)
    assert untouched(tmp_path)


def test_links_of_the_host_are_followed(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "disk").symlink_to(tmp_path / "elsewhere")
    write_files(tmp_path / "disk" / "out", FILES)
    assert content(tmp_path / "elsewhere" / "out") == FILES
    write_files(checkout / "own", FILES)
    assert content(tmp_path / "real" / "src" / "own") == FILES


def test_open_file_is_copied_whole(tmp_path: Path) -> None:
    source = io.BytesIO(b"x" * 3_000_000)
    source.seek(0, os.SEEK_END)
    write_files(tmp_path, {"big": source})
    assert (tmp_path / "big").stat().st_size == 3_000_000


def test_check_folder_without_permission_raises_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The superuser may write everywhere but to a file system that is read-only, so the answer is a stand-in's."""
    monkeypatch.setattr("os.access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK | os.X_OK))
    with pytest.raises(ConfigurationError) as caught:
        check_folder(tmp_path / "new" / "out", flag="--deploy-files")
    assert caught.value.message.endswith(f"cannot be written: no permission to write to {tmp_path}")


def test_remove_files_removes_only_the_named_files(tmp_path: Path) -> None:
    write_files(tmp_path, {**FILES, "mine": b""})
    remove_files(tmp_path, FILES)
    remove_files(tmp_path, FILES)
    assert content(tmp_path) == {"mine": b""}


def test_remove_files_removes_an_empty_folder(tmp_path: Path) -> None:
    write_files(tmp_path / "out", FILES)
    remove_files(tmp_path / "out", FILES)
    assert list(tmp_path.iterdir()) == []


def test_remove_files_of_a_missing_folder_does_nothing(tmp_path: Path) -> None:
    remove_files(tmp_path / "out", FILES)
    (tmp_path / "file").touch()
    remove_files(tmp_path / "file", FILES)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


def test_remove_files_failure_raises_error(tmp_path: Path) -> None:
    (tmp_path / "b.env").mkdir()
    with pytest.raises(ConfigurationError) as caught:
        remove_files(tmp_path, FILES)
    assert caught.value.message == f"{tmp_path}/b.env exists and cannot be removed: Is a directory"
