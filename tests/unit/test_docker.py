"""Docker's processes, played by small scripts."""

from __future__ import annotations

import io
import threading
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.docker.process import Docker
from multiarch.edges.lines import _LONGEST_LINE, read_lines
from multiarch.errors import OperationFailedError, RunEndedError

if TYPE_CHECKING:
    from tests.unit.conftest import MakeScript


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker({"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)})


def failed(docker: Docker, *words: str) -> OperationFailedError:
    with pytest.raises(OperationFailedError) as caught:
        docker.run(["docker", *words], phase="builder-boot")
    return caught.value


def streamed(docker: Docker, stdin: bytes = b"") -> list[str]:
    lines: list[str] = []
    docker.stream(["docker", "buildx", "bake"], stdin=stdin, on_line=lines.append, phase="other")
    return lines


# Commands that say little


def test_the_output_is_returned_and_what_stands_on_the_error_stream_is_not(
    docker: Docker, make_script: MakeScript
) -> None:
    make_script("docker", 'echo "asked: $*"; echo noise >&2')
    assert docker.run(["docker", "buildx", "ls"], phase="daemon") == "asked: buildx ls\n"


def test_it_reads_nothing_of_our_input(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "cat; echo end")
    assert docker.run(["docker"], phase="daemon") == "end\n"


FAILURES = {
    "on the error stream": ("echo out; echo one >&2; echo two >&2; exit 3", ("one", "two")),
    "on the output alone": ("echo out; exit 1", ("out",)),
    "without a word": ("exit 7", ("docker buildx inspect ended with exit code 7",)),
    "in no UTF-8": ("printf 'caf\\351\\n' >&2; exit 1", ("caf\ufffd",)),
}


@pytest.mark.parametrize(("body", "lines"), FAILURES.values(), ids=FAILURES)
def test_a_failure_has_what_was_said(
    docker: Docker, make_script: MakeScript, body: str, lines: tuple[str, ...]
) -> None:
    make_script("docker", body)
    error = failed(docker, "buildx", "inspect", "secret-argument")
    assert (error.phase, error.lines) == ("builder-boot", lines)


def test_of_a_long_failure_the_end_is_kept(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "seq 1 5000 >&2; exit 1")
    assert failed(docker).lines == tuple(str(each) for each in range(4801, 5001))


def test_a_machine_without_docker_is_told_from_a_daemon_that_does_not_answer(tmp_path: Path) -> None:
    error = failed(Docker({"PATH": str(tmp_path)}))
    assert (error.phase, error.lines) == ("daemon", ("docker: command not found",))


def test_a_docker_that_may_not_be_run_is_said(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "exit 0").write_bytes(b"\x00")
    error = failed(docker)
    assert (error.phase, error.lines) == ("daemon", ("docker: Exec format error",))


def test_the_environment_is_the_one_that_was_passed(tmp_path: Path, make_script: MakeScript) -> None:
    make_script("docker", 'echo "$A $BUILDX_METADATA_PROVENANCE ${DOCKER_CONFIG-none} ${MULTIARCH_TEST-none}"')
    docker = Docker({"PATH": f"{tmp_path / 'bin'}", "A": "1"})
    assert docker.run(["docker"], phase="daemon") == "1 disabled none none\n"
    docker.use_config("/private")
    assert docker.run(["docker"], phase="daemon") == "1 disabled /private none\n"


# The build


def test_lines_come_as_they_are_written_and_the_definition_is_read(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", 'read -r line; echo "got $line" >&2; echo "on the output"; printf "no end" >&2')
    assert streamed(docker, b"definition\n") == ["got definition", "no end"]


def test_a_hundred_thousand_lines_are_read_in_time_and_in_little_memory(
    docker: Docker, make_script: MakeScript
) -> None:
    make_script("docker", "seq 1 100000 >&2")
    count = 0

    def take(line: str) -> None:
        nonlocal count
        count += 1
        assert line == str(count)

    tracemalloc.start()
    begin = time.perf_counter()
    docker.stream(["docker"], stdin=b"", on_line=take, phase="other")
    seconds = time.perf_counter() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100_000
    assert seconds < 5
    assert peak < 4_000_000


def test_bytes_that_are_no_utf_8_do_not_end_the_build(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", r"printf 'caf\351\nend\n' >&2")
    assert streamed(docker) == ["caf\ufffd", "end"]


def test_a_line_without_an_end_is_cut_so_that_memory_stays_bounded() -> None:
    stream = io.BytesIO(b"x" * (_LONGEST_LINE + 5) + b"\nend\n")
    assert [len(line) for line in read_lines(stream)] == [_LONGEST_LINE, 5, 3]


def test_a_line_that_is_long_and_no_more_is_whole(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2")
    assert [len(line) for line in streamed(docker)] == [3_000_000, 3]


def test_a_build_that_fails_leaves_its_lines_to_the_caller(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "echo wrong >&2; exit 1")
    lines: list[str] = []
    with pytest.raises(OperationFailedError) as caught:
        docker.stream(["docker"], stdin=b"", on_line=lines.append, phase="other")
    assert (caught.value.phase, caught.value.lines, lines) == ("other", (), ["wrong"])


def test_a_build_that_ends_before_it_reads_is_a_failure_like_any_other(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "exec 0<&-; echo wrong >&2; exit 1")
    with pytest.raises(OperationFailedError):
        docker.stream(["docker"], stdin=b"x" * 1_000_000, on_line=lambda _: None, phase="other")


def test_a_reader_that_breaks_stops_the_build(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script("docker", f"trap 'touch {tmp_path}/stopped; exit 1' INT; echo x >&2; while :; do sleep 0.05; done")

    def refuse(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        docker.stream(["docker"], stdin=b"", on_line=refuse, phase="other")
    assert (tmp_path / "stopped").exists()


def test_a_line_is_what_stands_between_two_line_feeds() -> None:
    assert list(read_lines(io.BytesIO("é\n\nzwei\r\nend".encode()))) == ["é", "", "zwei\r", "end"]


# The end


def wait_for(path: Path) -> None:
    end = time.monotonic() + 5
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_stop_ends_a_child_that_sleeps_as_ctrl_c_would(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script(
        "docker",
        f"trap 'touch {tmp_path}/interrupted; exit 130' INT; touch {tmp_path}/started; while :; do sleep 0.05; done",
    )
    raised: list[BaseException] = []

    def run() -> None:
        try:
            docker.run(["docker"], phase="daemon")
        except RunEndedError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(tmp_path / "started")
    begin = time.monotonic()
    docker.stop()
    thread.join(5)
    assert time.monotonic() - begin < 3
    assert (tmp_path / "interrupted").exists()
    assert [type(each) for each in raised] == [RunEndedError]


def test_nothing_is_started_once_it_was_stopped(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script("docker", f"touch {tmp_path}/started")
    docker.stop()
    with pytest.raises(RunEndedError):
        docker.run(["docker"], phase="daemon")
    assert not (tmp_path / "started").exists()


DEAF = "trap '' INT TERM; touch \"$1.started\"; while :; do sleep 0.05; done"


def test_children_that_hear_no_signal_share_one_patience(
    docker: Docker, make_script: MakeScript, tmp_path: Path
) -> None:
    make_script("docker", DEAF)
    names = [tmp_path / str(number) for number in range(4)]
    raised: list[str] = []

    def run(name: Path) -> None:
        try:
            docker.run(["docker", str(name)], phase="daemon")
        except RunEndedError:
            raised.append(name.name)

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread, name in zip(threads, names, strict=True):
        thread.start()
        wait_for(Path(f"{name}.started"))
    begin = time.monotonic()
    docker.stop(patience=1)
    assert time.monotonic() - begin < 3
    for thread in threads:
        thread.join(5)
    assert sorted(raised) == ["0", "1", "2", "3"]


def test_kill_waits_for_nobody(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script("docker", DEAF)
    ended = threading.Event()

    def run() -> None:
        with pytest.raises(RunEndedError):
            docker.run(["docker", str(tmp_path / "x")], phase="daemon")
        ended.set()

    threading.Thread(target=run).start()
    wait_for(tmp_path / "x.started")
    begin = time.monotonic()
    docker.kill()
    assert time.monotonic() - begin < 2
    assert ended.wait(5)


def test_the_last_command_runs_when_all_others_are_stopped(
    docker: Docker, make_script: MakeScript, tmp_path: Path
) -> None:
    make_script("docker", f'if [ "$1" = rm ]; then cat {tmp_path}/stopped; exit; fi\n'
                f"trap 'echo yes > {tmp_path}/stopped; exit 1' INT; touch {tmp_path}/started\n"
                "while :; do sleep 0.05; done")  # fmt: skip

    def run() -> None:
        with pytest.raises(RunEndedError):
            docker.run(["docker"], phase="daemon")

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(tmp_path / "started")
    assert docker.run_last(["docker", "rm"], phase="daemon", seconds=5) == "yes\n"
    thread.join(5)
    with pytest.raises(RunEndedError):
        docker.run(["docker", "rm"], phase="daemon")


def test_the_last_command_has_an_end(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script("docker", DEAF)
    begin = time.monotonic()
    with pytest.raises(OperationFailedError) as caught:
        docker.run_last(["docker", str(tmp_path / "x"), "b", "c"], phase="daemon", seconds=0.4)
    assert caught.value.lines == (f"docker {tmp_path}/x b did not end within 0 s",)
    assert time.monotonic() - begin < 5


def test_the_last_command_may_fail(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "echo no builder >&2; exit 1")
    with pytest.raises(OperationFailedError, match="no builder"):
        docker.run_last(["docker"], phase="daemon", seconds=5)


def test_no_file_stays_open(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "echo x; echo y >&2")
    docker.run(["docker"], phase="daemon")
    before = open_files()
    for _ in range(5):
        docker.run(["docker"], phase="daemon")
        streamed(docker)
    assert open_files() == before


def open_files() -> int:
    folder = Path("/proc/self/fd")
    if not folder.exists():
        pytest.skip("this system does not tell which files are open")
    return len(list(folder.iterdir()))


# A command that is begun before anybody waits for it


def test_a_command_that_was_begun_runs_once_and_is_taken_up(
    docker: Docker, tmp_path: Path, make_script: MakeScript
) -> None:
    make_script("docker", f'echo "$@" >> {tmp_path}/ran; echo made')
    docker.begin(("docker", "buildx", "create"))
    assert docker.run(["docker", "buildx", "create"], phase="builder-create") == "made\n"
    assert docker.run(["docker", "buildx", "create"], phase="builder-create") == "made\n"
    assert (tmp_path / "ran").read_text() == "buildx create\n" * 2


def test_a_command_that_was_begun_says_how_it_failed_when_it_is_taken_up(
    docker: Docker, make_script: MakeScript
) -> None:
    make_script("docker", "echo no >&2; exit 3")
    docker.begin(("docker", "info"))
    assert failed(docker, "info").lines == ("no",)


def test_a_command_that_cannot_begin_is_tried_when_it_is_run(docker: Docker) -> None:
    docker.begin(("nothing-of-this-name",))
    with pytest.raises(OperationFailedError, match="not found"):
        docker.run(["nothing-of-this-name"], phase="daemon")


def test_a_command_that_was_begun_is_stopped_with_the_others(
    docker: Docker, tmp_path: Path, make_script: MakeScript
) -> None:
    make_script("docker", f"trap 'echo stopped > {tmp_path}/end; exit 1' INT; echo > {tmp_path}/up; sleep 30 & wait")
    docker.begin(("docker", "buildx", "create"))
    while not (tmp_path / "up").exists():
        time.sleep(0.01)
    docker.stop()
    assert (tmp_path / "end").read_text() == "stopped\n"
