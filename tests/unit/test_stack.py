"""The pure pieces of the test stack. That the whole works is proved by each fresh `up`."""

from __future__ import annotations

import fcntl
import io
import json
import os
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from dev.stack import apt, hosts, layout, process, sources, undo
from dev.stack.errors import StackError, StepFailedError
from dev.stack.sources import Source
from dev.stack.state import State
from dev.stack.turns import turn

if TYPE_CHECKING:
    from pathlib import Path

STANZAS = """\
Types: deb deb-src
# where the packages are
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://archive.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://other.example
Suites: stable
Components: nodejs

Enabled: no
Types: deb
URIs: http://off.example
Suites: bookworm
Components: main
"""
LINES = """\
# deb http://off.example bookworm main
deb [arch=amd64 signed-by=/key.gpg] http://archive.example/debian bookworm main contrib # a remark
deb-src http://archive.example/debian bookworm main
deb\thttp://archive.example/debian-security   bookworm-security main
"""
MAIN = Source(
    uris=("http://archive.example/debian",),
    suites=("bookworm", "bookworm-updates"),
    components=("main", "contrib"),
    options=(("signed-by", "/usr/share/keyrings/archive.gpg"),),
)


def test_stanzas_are_read_with_their_keys() -> None:
    first, security, other = sources.parse_stanzas(STANZAS)
    assert first == MAIN
    assert security.suites == ("bookworm-security",)
    assert dict(security.options)["signed-by"].splitlines()[1] == " -----BEGIN PGP PUBLIC KEY BLOCK-----"
    assert other.uris == ("http://other.example",)


def test_lines_are_read_without_those_turned_off() -> None:
    first, security = sources.parse_lines(LINES)
    assert first == Source(
        uris=("http://archive.example/debian",),
        suites=("bookworm",),
        components=("main", "contrib"),
        options=(("signed-by", "/key.gpg"),),
    )
    assert security.uris == ("http://archive.example/debian-security",)


def test_apt_source_parses_its_own_output() -> None:
    for origin in sources.parse_stanzas(STANZAS):
        assert list(sources.parse_stanzas(str(origin))) == [origin]


def test_both_formats_are_found_and_other_files_are_not(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(LINES)
    (parts / "debian.sources").write_text(STANZAS)
    (parts / "old.list.disabled").write_text(LINES)
    assert len(sources.read(tmp_path)) == 5


def test_apt_uses_only_the_release_of_the_machine() -> None:
    found = sources.of_release(sources.parse_stanzas(STANZAS), "bookworm")
    assert [origin.suites for origin in found] == [("bookworm", "bookworm-updates"), ("bookworm-security",)]
    assert sources.of_release(found, "trixie") == ()


def test_another_suite_is_looked_for_where_the_machine_gets_its_own() -> None:
    security_first = reversed(list(sources.parse_stanzas(STANZAS))[:2])
    found = sources.of_suite(security_first, "bookworm", "testing")
    assert found is not None
    assert (found.uris, found.suites, found.components) == (MAIN.uris, ("testing",), ("main",))
    assert found.options == MAIN.options
    assert sources.of_suite([], "bookworm", "testing") is None


@pytest.mark.parametrize("before", ["127.0.0.1 localhost\n", "127.0.0.1 localhost\n\n# mine\n::1 localhost\n", ""])
def test_hosts_lines_come_and_go(before: str) -> None:
    after = hosts.added(before, (layout.ECR, layout.OTHER_ECR))
    assert after.startswith(before)
    assert "127.0.0.2 210987654321.dkr.ecr.us-east-1.amazonaws.com" in after
    assert hosts.added(after, (layout.ECR, layout.OTHER_ECR)) == after
    assert hosts.removed(after) == before


def test_hosts_file_without_last_newline_stays_valid() -> None:
    assert hosts.added("127.0.0.1 localhost", (layout.ECR,)).splitlines()[0] == "127.0.0.1 localhost"


UNDO: tuple[undo.Undo, ...] = (
    undo.PurgePackages(names=("docker.io", "runc")),
    undo.RemoveGroup(name="docker"),
    undo.RemovePath(path="/run/x"),
    undo.RemoveEmptyFolder(path="/etc/docker"),
    undo.RemoveHosts(),
    undo.Unregister(name="qemu-aarch64"),
    undo.Unmount(path="/proc/sys/fs/binfmt_misc"),
    undo.StopProcess(name="dockerd"),
    undo.RemoveNetworkLink(name="docker0"),
    undo.RemoveImage(reference="moby/buildkit:v1"),
)


@pytest.mark.parametrize("entry", UNDO, ids=lambda entry: type(entry).__name__)
def test_undo_is_read_back_from_its_file(entry: undo.Undo) -> None:
    assert undo.from_json(json.loads(json.dumps(undo.to_json(entry)))) == entry


def test_state_is_on_disk_at_once_and_in_order(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    assert not state.exists
    state.will(*UNDO)
    state.will(UNDO[0])
    state.learn(color="green")
    again = State(tmp_path / "state")
    assert again.exists
    assert again.entries == UNDO
    assert again.fact("color") == "green"
    assert again.fact("size") == ""


def test_undo_removes_finished_entries(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.will(*UNDO)
    state.undone(UNDO[3])
    assert State(tmp_path).entries == UNDO[:3] + UNDO[4:]


def test_state_of_another_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"version": 99}')
    with pytest.raises(StackError, match="version 99"):
        State(tmp_path)


def test_process_without_the_mark_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stale pid file may name any process, this very one for example."""
    monkeypatch.setattr(layout, "STATE", tmp_path)
    (tmp_path / "pid").mkdir()
    for content in (str(os.getpid()), "999999999", "", "x"):
        (tmp_path / "pid" / "moto").write_text(content)
        assert process.find("moto") is None


# Tests of another process look for the same marks on this machine.
NAME = f"sleeper-{os.getpid()}"


def is_marked() -> bool:
    """Whether the program shows its mark: for a moment after it starts, Linux shows no environment of it."""
    return process.find(NAME) is not None


def test_program_is_started_found_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "STATE", tmp_path)
    monkeypatch.setattr(layout, "LOGS", tmp_path / "log")
    state = State(tmp_path)
    process.start(state, NAME, ["sleep", "60"], ready=is_marked)
    assert process.find(NAME) is not None
    assert state.entries == (undo.StopProcess(name=NAME),)
    assert process.stop(NAME)
    assert process.find(NAME) is None
    assert not process.stop(NAME)


def test_program_with_changed_content_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another checkout has the same files with other times, and other files under the same names."""
    monkeypatch.setattr(layout, "STATE", tmp_path)
    monkeypatch.setattr(layout, "LOGS", tmp_path / "log")
    for folder, content in (("one", "a"), ("same", "a"), ("other", "b")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.py").write_text(content)
    process.start(State(tmp_path), NAME, ["sleep", "60"], ready=is_marked, made_of=[tmp_path / "one" / "x.py"])
    assert process.is_made_of(NAME, [tmp_path / "same" / "x.py"])
    assert not process.is_made_of(NAME, [tmp_path / "other" / "x.py"])
    process.stop(NAME)
    assert not process.is_made_of(NAME, [tmp_path / "same" / "x.py"])


def test_whoever_waits_to_be_alone_waits_for_all_and_is_not_overtaken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "STATE", tmp_path)
    order: list[str] = []
    with ThreadPoolExecutor() as pool:
        with turn("ecr"), turn("ecr"):
            alone = pool.submit(_take, order, "alone", alone=True)
            while not _is_queued(tmp_path):
                time.sleep(0.01)
            late = pool.submit(_take, order, "late")
            time.sleep(0.1)
            assert order == []
        alone.result(5)
        late.result(5)
    assert order == ["alone", "late"]


def _take(order: list[str], name: str, *, alone: bool = False) -> None:
    with turn("ecr", alone=alone):
        order.append(name)


def _is_queued(folder: Path) -> bool:
    """Whether somebody waits for a turn."""
    with (folder / "ecr.queue").open("w") as queue:
        try:
            fcntl.flock(queue, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_program_that_exits_at_start_shows_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "STATE", tmp_path)
    monkeypatch.setattr(layout, "LOGS", tmp_path / "log")
    with pytest.raises(StepFailedError, match=r"exit code 3(.|\n)*no such thing"):
        process.start(State(tmp_path), "bad", ["sh", "-c", "echo no such thing; exit 3"], ready=lambda: False)


def test_one_file_is_taken_out_of_a_package(tmp_path: Path) -> None:
    package = _package(tmp_path, {"usr/bin/qemu-aarch64-static": b"program", "usr/share/doc/x": b"text"})
    target = tmp_path / "tools" / "qemu"
    assert apt.take_member(package, ("usr/bin/qemu-aarch64-static", "usr/bin/qemu-aarch64"), target)
    assert target.read_bytes() == b"program"
    assert target.stat().st_mode & 0o111
    assert not apt.take_member(package, ("bin/other",), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_registries_speak_for_their_account() -> None:
    assert layout.ECR.url == "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert (layout.OTHER_ECR.user, layout.OTHER_ECR.password) == ("AWS", "210987654321-auth-token")
    assert (layout.PLAIN.url, layout.PLAIN.user, layout.PLAIN.password) == ("http://localhost:5000", "", "")


def _package(folder: Path, files: dict[str, bytes]) -> Path:
    """A .deb, as `ar` would write it."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    package = folder / "x.deb"
    with package.open("wb") as output:
        output.write(b"!<arch>\n")
        for name, content in (("debian-binary", b"2.0\n"), ("control.tar", b""), ("data.tar", data.getvalue())):
            output.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content)
            output.write(b"\n" * (len(content) % 2))
    return package
