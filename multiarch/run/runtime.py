"""The runtime of a run: a protocol that the edges implement."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from multiarch.image.ecr import RepositoryFacts
from multiarch.image.manifest import Manifest
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.steps import Command
from multiarch.record import BuildReader
from multiarch.run.aws_diagnosis import AwsAnswers, AwsQuestion


class Runtime(Protocol):
    """Operations on docker, AWS, the registry and files; each raises OperationFailedError if it fails."""

    def run(self, command: Command, *, phase: str) -> str:
        """Run a docker command, and return its standard output."""

    def run_last(self, command: Command, *, phase: str, seconds: float) -> str:
        """Stop all running docker commands, then run one more, for at most `seconds`."""

    def make_parent(self, path: str) -> None:
        """Create the parent folder of a file."""

    def bake(self, command: Command, definition: bytes, reader: BuildReader) -> Mapping[str, object]:
        """Run bake with a definition on its standard input, log its output, and return its metadata."""

    def builder_platforms(self, name: str) -> Sequence[str]:
        """Return the platforms of a builder."""

    def log_in(self, registry: Registry, *, fresh: bool) -> str:
        """Sign in, with a new token if `fresh`; return a line for the log."""

    def find_repository(self, repository: Repository) -> RepositoryFacts | Literal["missing", "unknown"]:
        """Return a repository's settings; `missing` if it does not exist and no push will create it."""

    def manifest(self, repository: Repository | None, layout: str | None, reference: str) -> Manifest | None:
        """Read a manifest from a repository or an OCI layout; in a layout, "" is the reference of its only image."""

    def blob(self, repository: Repository | None, layout: str | None, digest: str) -> bytes:
        """Read a small blob."""

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        """Point a tag at a manifest."""

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        """Return whether a commit is an ancestor of another; None if unknown."""

    def ask_aws(self, repository: Repository, questions: Sequence[AwsQuestion]) -> AwsAnswers:
        """Ask AWS about a repository in ECR, read-only; never raises."""

    def unpack(self, archive: str, layout: str) -> None:
        """Unpack an archive into an OCI layout, and remove the archive."""

    def replace(self, fresh: str, layout: str) -> None:
        """Replace a layout folder with a new one."""

    def write_files(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write all files into a folder, or none of them and raise OutputError."""
