"""Docker's processes, played by small scripts."""

from __future__ import annotations

import io
import threading
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multiarch.deadline import Deadline
from multiarch.edges.docker.process import LARGEST_OUTPUT, Docker
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


def test_run_returns_standard_output_only(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", 'echo "asked: $*"; echo noise >&2')
    assert docker.run(["docker", "buildx", "ls"], phase="daemon") == "asked: buildx ls\n"


def test_it_reads_nothing_of_our_input(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "cat; echo end")
    assert docker.run(["docker"], phase="daemon") == "end\n"


def test_run_output_without_end_is_one_error_in_bounded_memory(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "exec yes 0123456789")
    tracemalloc.start()
    error = failed(docker, "buildx", "ls")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.lines == ("docker buildx ls printed more than 16 MiB: not a docker command",)
    assert peak < 3 * LARGEST_OUTPUT


def test_run_errors_without_end_keep_their_last_lines(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "yes 0123456789 | head -n 500000 >&2; echo last >&2; exit 1")
    assert failed(docker, "buildx", "ls").lines[-2:] == ("0123456789", "last")


@pytest.mark.parametrize("body", ["exec sleep 60", "exec >&- 2>&-; exec sleep 60"], ids=["silent", "closed streams"])
def test_run_that_outlasts_the_deadline_is_stopped(
    tmp_path: Path, make_script: MakeScript, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    make_script("docker", body)
    monkeypatch.setattr("multiarch.edges.docker.process.LEAST", 0.1)
    docker = Docker({"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}, deadline=Deadline(0.2))
    begin = time.monotonic()
    assert "docker buildx inspect did not end within 0 s" in failed(docker, "buildx", "inspect").lines
    assert time.monotonic() - begin < 10


FAILURES = {
    "on the error stream": ("echo out; echo one >&2; echo two >&2; exit 3", ("one", "two")),
    "on the output alone": ("echo out; exit 1", ("out",)),
    "without a word": ("exit 7", ("docker buildx inspect ended with exit code 7",)),
    "in no UTF-8": ("printf 'caf\\351\\n' >&2; exit 1", ("caf\ufffd",)),
}


@pytest.mark.parametrize(("body", "lines"), FAILURES.values(), ids=FAILURES)
def test_run_failure_has_the_output(docker: Docker, make_script: MakeScript, body: str, lines: tuple[str, ...]) -> None:
    make_script("docker", body)
    error = failed(docker, "buildx", "inspect", "secret-argument")
    assert (error.phase, error.lines) == ("builder-boot", lines)


def test_run_long_failure_keeps_the_last_lines(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "seq 1 5000 >&2; exit 1")
    assert failed(docker).lines == tuple(str(each) for each in range(4801, 5001))


def test_run_without_docker_raises_command_not_found(tmp_path: Path) -> None:
    error = failed(Docker({"PATH": str(tmp_path)}))
    assert (error.phase, error.lines) == ("daemon", ("docker: command not found",))


def test_run_docker_without_permission_raises_error(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "exit 0").write_bytes(b"\x00")
    error = failed(docker)
    assert (error.phase, error.lines) == ("daemon", ("docker: Exec format error",))


def test_run_uses_the_passed_environment(tmp_path: Path, make_script: MakeScript) -> None:
    make_script("docker", 'echo "$A $BUILDX_METADATA_PROVENANCE ${DOCKER_CONFIG-none} ${MULTIARCH_TEST-none}"')
    docker = Docker({"PATH": f"{tmp_path / 'bin'}", "A": "1"})
    assert docker.run(["docker"], phase="daemon") == "1 disabled none none\n"
    docker.use_config("/private")
    assert docker.run(["docker"], phase="daemon") == "1 disabled /private none\n"


# The build


def test_lines_come_as_they_are_written_and_the_definition_is_read(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", 'read -r line; echo "got $line" >&2; echo "on the output"; printf "no end" >&2')
    assert streamed(docker, b"definition\n") == ["got definition", "no end"]


def test_stream_many_lines_is_fast_in_bounded_memory(docker: Docker, make_script: MakeScript) -> None:
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


def test_stream_endless_line_is_cut() -> None:
    stream = io.BytesIO(b"x" * (_LONGEST_LINE + 5) + b"\nend\n")
    assert [len(line) for line in read_lines(stream)] == [_LONGEST_LINE, 5, 3]


def test_stream_long_line_is_whole(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "head -c 3000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo end >&2")
    assert [len(line) for line in streamed(docker)] == [3_000_000, 3]


def test_stream_failure_passes_all_lines(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "echo wrong >&2; exit 1")
    lines: list[str] = []
    with pytest.raises(OperationFailedError) as caught:
        docker.stream(["docker"], stdin=b"", on_line=lines.append, phase="other")
    assert (caught.value.phase, caught.value.lines, lines) == ("other", (), ["wrong"])


def test_stream_closed_standard_input_is_a_failure(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "exec 0<&-; echo wrong >&2; exit 1")
    with pytest.raises(OperationFailedError):
        docker.stream(["docker"], stdin=b"x" * 1_000_000, on_line=lambda _: None, phase="other")


def test_stream_error_in_callback_stops_the_command(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script("docker", f"trap 'touch {tmp_path}/stopped; exit 1' INT; echo x >&2; while :; do sleep 0.05; done")

    def refuse(_line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        docker.stream(["docker"], stdin=b"", on_line=refuse, phase="other")
    assert (tmp_path / "stopped").exists()


def test_stream_splits_lines_at_line_feeds() -> None:
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


def test_run_after_stop_raises_run_ended(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
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


def test_run_last_runs_after_stop(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
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


def test_run_last_ends_after_its_seconds(docker: Docker, make_script: MakeScript, tmp_path: Path) -> None:
    make_script("docker", DEAF)
    begin = time.monotonic()
    with pytest.raises(OperationFailedError) as caught:
        docker.run_last(["docker", str(tmp_path / "x"), "b", "c"], phase="daemon", seconds=0.4)
    assert caught.value.lines == (f"docker {tmp_path}/x b did not end within 0 s",)
    assert time.monotonic() - begin < 5


def test_run_last_failure_raises_error(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "echo no builder >&2; exit 1")
    with pytest.raises(OperationFailedError, match="no builder"):
        docker.run_last(["docker"], phase="daemon", seconds=5)


def test_run_closes_all_files(docker: Docker, make_script: MakeScript) -> None:
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


def test_begin_then_run_runs_the_command_once(docker: Docker, tmp_path: Path, make_script: MakeScript) -> None:
    make_script("docker", f'echo "$@" >> {tmp_path}/ran; echo made')
    docker.begin(("docker", "buildx", "create"))
    assert docker.run(["docker", "buildx", "create"], phase="builder-create") == "made\n"
    assert docker.run(["docker", "buildx", "create"], phase="builder-create") == "made\n"
    assert (tmp_path / "ran").read_text() == "buildx create\n" * 2


def test_begin_failure_is_raised_by_run(docker: Docker, make_script: MakeScript) -> None:
    make_script("docker", "echo no >&2; exit 3")
    docker.begin(("docker", "info"))
    assert failed(docker, "info").lines == ("no",)


def test_begin_without_docker_is_retried_by_run(docker: Docker) -> None:
    docker.begin(("nothing-of-this-name",))
    with pytest.raises(OperationFailedError, match="not found"):
        docker.run(["nothing-of-this-name"], phase="daemon")


def test_stop_stops_a_begun_command(docker: Docker, tmp_path: Path, make_script: MakeScript) -> None:
    make_script("docker", f"trap 'echo stopped > {tmp_path}/end; exit 1' INT; echo > {tmp_path}/up; sleep 30 & wait")
    docker.begin(("docker", "buildx", "create"))
    while not (tmp_path / "up").exists():
        time.sleep(0.01)
    docker.stop()
    assert (tmp_path / "end").read_text() == "stopped\n"
