"""The runtime on this machine: docker, the registry, AWS and the disk."""

import json
import shutil
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from multiarch.deadline import Deadline
from multiarch.edges.aws import Aws
from multiarch.edges.docker.config import DockerConfig
from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.docker.process import LARGEST_OUTPUT, Docker
from multiarch.edges.files.folder import write_files
from multiarch.edges.files.inputs import check_layout
from multiarch.edges.files.place import clear_file, real_place
from multiarch.edges.files.private import PrivateFolder, remove_left_folders
from multiarch.edges.files.read import read_file
from multiarch.edges.git import is_ancestor
from multiarch.edges.heartbeat import every
from multiarch.edges.signals import Interruption
from multiarch.errors import OperationFailedError
from multiarch.image.ecr import RepositoryFacts
from multiarch.image.manifest import Manifest, digest_of
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.model import Plan
from multiarch.plan.steps import METADATA_FILE, Command
from multiarch.text.redaction import Redaction

# Slow imports that the builder's boot does not need are inside the functions: HTTP and TLS take 25 ms.
if TYPE_CHECKING:
    from multiarch.edges.registry.client import RegistryClient
    from multiarch.edges.registry.clients import Registries
    from multiarch.record.reader import BuildEvent, BuildReader
    from multiarch.run.aws_diagnosis import AwsAnswers, AwsQuestion

_ECR_USER = "AWS"
_TICK = 1.0

_Value = TypeVar("_Value")


class LocalRuntime:
    """`run.runtime.Runtime` on this machine. Always close it, because it holds the login."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        aws: Aws,
        aws_suffixes: Sequence[Collection[str]],
        redaction: Redaction,
        folder: Path,
        interruption: Interruption | None = None,
        deadline: Deadline | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._docker = Docker(environment, deadline=deadline)
        self._private = PrivateFolder()
        self._config = DockerConfig(environment, self._private)
        self._aws = aws
        self._aws_suffixes = aws_suffixes
        self._redaction = redaction
        self._interruption = interruption or Interruption()
        self._deadline = deadline
        self._output: Callable[[BuildEvent], object] = print
        self._clock = clock
        self._monotonic = monotonic
        self._unverified: Path | None = None

    @cached_property
    def _registries(self) -> "Registries":
        from multiarch.edges.registry.clients import Registries

        return Registries(self._environment, self._config, self._redaction, deadline=self._deadline)

    def begin(self, plan: Plan) -> None:
        """Begin to boot the builder; `run` waits for it."""
        self._start_builders(plan)
        remove_left_folders()

    def _start_builders(self, plan: Plan) -> None:
        # The execution creates a builder that is not kept, because it also removes the builder after a failure.
        if plan.finish.remove_builder:
            return
        if plan.prepare.builder and plan.prepare.builder.create:
            self._docker.begin(plan.prepare.builder.create)

    def show(self, output: Callable[["BuildEvent"], object]) -> None:
        """Set the function that logs the events of the build."""
        self._output = output

    def run(self, command: Command, *, phase: str) -> str:
        return self._run_docker(lambda: self._docker.run(command, phase=phase))

    def run_last(self, command: Command, *, phase: str, seconds: float) -> str:
        return self._docker.run_last(command, phase=phase, seconds=seconds)

    def make_parent(self, path: str) -> None:
        clear_file(Path(path))

    def bake(self, command: Command, definition: bytes, reader: "BuildReader") -> Mapping[str, object]:
        file = self._private.path / "metadata.json"
        file.unlink(missing_ok=True)
        words = [str(file) if word == METADATA_FILE else word for word in command]
        has_events = "rawjson" in command
        with suppress(OSError):
            sys.stderr.flush()
        if has_events:
            self._run_docker(lambda: self._show_events(words, definition, reader))
        else:
            self._run_docker(lambda: self._docker.show(words, stdin=definition, phase="other"))
        metadata = _read_metadata(file)
        if not has_events:
            self._run_docker(lambda: self._read_events(metadata, reader))
        return metadata

    def _run_docker(self, function: Callable[[], _Value]) -> _Value:
        """Run a docker command; a signal stops all running docker commands."""
        return self._interruption.call(function, stop=self._docker.stop)

    def _show_events(self, command: Sequence[str], definition: bytes, reader: "BuildReader") -> None:
        """Run bake and log its events; while there are none, log the running steps."""
        from multiarch.record.live import LiveLog

        live, lock = LiveLog(self._monotonic), threading.Lock()

        def show(line: str) -> None:
            with lock:
                for event in reader.feed(line):
                    for each in live.choose(event):
                        self._output(each)

        def tick() -> None:
            with lock:
                for each in live.tick():
                    self._output(each)

        with every(_TICK, tick):
            self._docker.stream(command, stdin=definition, on_line=show, phase="other")

    def _read_events(self, metadata: Mapping[str, Any], reader: "BuildReader") -> None:
        """Read the events from the build history, because buildx drew its progress on the terminal: buildx 0.20."""
        reference = next((each.get("buildx.build.ref", "") for each in metadata.values() if isinstance(each, dict)), "")
        builder, _, build = str(reference).partition("/")
        command = ("docker", "buildx", "history", "logs", "--builder", builder, "--progress", "rawjson")
        try:
            self._docker.stream(
                [*command, build.rpartition("/")[2]],
                stdin=b"",
                on_line=lambda line: list(reader.feed(line)),
                phase="other",
            )
        except OperationFailedError:
            return

    def builder_platforms(self, name: str) -> Sequence[str]:
        return self._interruption.call(lambda: self._docker.builder_platforms(name))

    def log_in(self, registry: Registry, *, fresh: bool) -> str:
        if self._config.has_helper(registry.host):
            self._docker.use_config(str(self._config.folder))
            return f"using docker's credential helper for {registry}"
        from multiarch.edges.registry.clients import ecr_token

        token = self._interruption.call(
            lambda: ecr_token(self._aws, registry, self._aws_suffixes, self._redaction, fresh=fresh)
        )
        credentials = Credentials(username=token.username, password=token.password)
        self._docker.use_config(str(self._config.log_in(registry.host, credentials)))
        self._registries.forget_login(registry)
        return f"signed in to {registry} as {token.username}{self._until(token.expires)}"

    def _until(self, expires: datetime | None) -> str:
        hours = (expires - self._clock()).total_seconds() / 3600 if expires else 0
        return f" for {hours:.0f} h" if hours > 0 else ""

    def find_repository(self, repository: Repository) -> RepositoryFacts | Literal["missing", "unknown"]:
        return self._interruption.call(lambda: self._aws.find_repository(repository.registry, repository.name))

    def ask_aws(self, repository: Repository, questions: Sequence["AwsQuestion"]) -> "AwsAnswers":
        from multiarch.edges.ask.aws_diagnosis import ask_aws

        return self._interruption.call(lambda: ask_aws(self._aws, repository, questions))

    def manifest(self, repository: Repository | None, layout: str | None, reference: str) -> Manifest | None:
        if repository:
            return self._ask(repository, lambda client: client.manifest(repository, reference))
        assert layout
        return _layout_manifest(Path(layout), reference)

    def blob(self, repository: Repository | None, layout: str | None, digest: str) -> bytes:
        if repository:
            return self._ask(repository, lambda client: client.blob(repository, digest))
        assert layout
        return _layout_blob(Path(layout), digest)

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        self._ask(repository, lambda client: client.tag(repository, tag, manifest))

    def _ask(self, repository: Repository, question: Callable[["RegistryClient"], _Value]) -> _Value:
        """Call a registry; a signal interrupts a registry or a credential helper that does not respond."""
        return self._interruption.call(lambda: question(self._registries.client(repository.registry)))

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        return self._interruption.call(lambda: is_ancestor(self._folder, self._environment, older, newer))

    def unpack(self, archive: str, layout: str) -> None:
        place = _remove_layout(layout)
        self._unverified = place
        place.mkdir()
        try:
            with tarfile.open(archive) as tar:
                tar.extractall(place, members=self._entries(tar), filter="data")
        except tarfile.TarError as error:
            raise OperationFailedError("other", [f"cannot unpack {archive}: {error}"]) from None
        Path(archive).unlink()

    def _entries(self, archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
        """Yield the entries of an OCI layout's archive, until a signal comes."""
        for each in archive:
            self._interruption.check()
            if not (each.isreg() or each.isdir()):
                raise OperationFailedError(
                    "other", [f"{archive.name!r} contains {each.name}, which is not a file or a folder"]
                )
            yield each

    def replace(self, fresh: str, layout: str) -> None:
        source = real_place(Path(fresh))
        # First, so that a run which ends between the next two lines keeps one of the folders.
        self._unverified = None
        source.rename(_remove_layout(layout))

    def write_files(self, folder: str, files: Mapping[str, bytes]) -> None:
        write_files(Path(folder), files)

    def close(self) -> None:
        """Stop all docker commands, then remove the login and an unverified image on disk."""
        try:
            self._docker.stop()
        finally:
            self._config.close()
            self._private.close()
            if self._unverified:
                shutil.rmtree(self._unverified, ignore_errors=True)

    def abandon(self) -> None:
        """Kill all docker commands and remove the login immediately, from any thread."""
        self._docker.kill()
        self._config.close()
        self._private.close()


def _remove_layout(layout: str) -> Path:
    """Remove a layout folder, and return its path without links; ConfigurationError if something else is there."""
    place = real_place(Path(layout))
    check_layout(place)
    shutil.rmtree(place, ignore_errors=True)
    return place


def _read_metadata(file: Path) -> Mapping[str, Any]:
    """Return bake's metadata; empty if bake wrote none, which the search for the digest reports."""
    try:
        metadata = json.loads(read_file(file, LARGEST_OUTPUT))
    except (OSError, ValueError, RecursionError):
        return {}
    return metadata if isinstance(metadata, dict) else {}


def _layout_blob(layout: Path, digest: str) -> bytes:
    """https://github.com/opencontainers/image-spec/blob/main/image-layout.md."""
    algorithm, _, name = digest.partition(":")
    try:
        content = (layout / "blobs" / algorithm / name).read_bytes()
    except OSError as error:
        raise OperationFailedError("manifest", [f"{layout}: {digest}: {error.strerror}"]) from None
    if digest_of(content) != digest:
        raise OperationFailedError("manifest", [f"{layout}: the content of {digest} has another digest"])
    return content


def _layout_manifest(layout: Path, digest: str) -> Manifest:
    content = _layout_blob(layout, digest)
    return Manifest(content=content, media_type=json.loads(content).get("mediaType", ""))
