"""What a run needs of the world, as a protocol that the edges implement."""

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
    """What the steps need of the world; each raises OperationFailedError where the world does not do it."""

    def run(self, command: Command, *, phase: str) -> str:
        """Run a docker command, and return its standard output."""

    def run_last(self, command: Command, *, phase: str, seconds: float) -> str:
        """Stop whatever still runs, in other threads too, then run one more docker command, for so long at most."""

    def make_parent(self, path: str) -> None:
        """Make the folder that a file will be in."""

    def bake(self, command: Command, definition: bytes, reader: BuildReader) -> Mapping[str, object]:
        """Run bake over a definition, show its output as it comes, and return its metadata."""

    def builder_platforms(self, name: str) -> Sequence[str]:
        """Return the platforms that a builder can run."""

    def log_in(self, registry: Registry, *, fresh: bool) -> str:
        """Sign in, and say as whom and for how long; with `fresh`, with a new token."""

    def find_repository(self, repository: Repository) -> RepositoryFacts | Literal["missing", "unknown"]:
        """Return what ECR keeps of a repository; missing where there is none and no push will make it."""

    def manifest(self, repository: Repository | None, layout: str | None, reference: str) -> Manifest | None:
        """Read a manifest from the registry or from a layout folder, where an empty reference is its only image."""

    def blob(self, repository: Repository | None, layout: str | None, digest: str) -> bytes:
        """Read a small blob."""

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        """Point a tag at a manifest."""

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        """Whether one commit is in the other's history; None where that cannot be told."""

    def ask_aws(self, repository: Repository, questions: Sequence[AwsQuestion]) -> AwsAnswers:
        """Find out what AWS says about a repository of its own, without changing anything; never raises."""

    def unpack(self, archive: str, layout: str) -> None:
        """Make a layout folder of an archive, and remove the archive."""

    def replace(self, fresh: str, layout: str) -> None:
        """Put a layout folder in the place of the one that is there."""

    def write_files(self, folder: str, files: Mapping[str, bytes]) -> None:
        """Write files into a folder, all of them or none; OutputError where that cannot be done."""
