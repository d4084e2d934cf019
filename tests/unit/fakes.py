"""Hand-written stand-ins that the unit tests pass where the program takes an edge, a clock or a pause."""

from __future__ import annotations

import io
import json
import threading
import time
from collections import defaultdict, deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from multiarch.image.ecr import RepositoryFacts
from multiarch.image.manifest import CREATED, REVISION, VERSION, Manifest, digest_of
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Partitions, Registry
from multiarch.log import Log, make_log
from multiarch.plan.facts import Facts
from multiarch.plan.make import make_plan
from multiarch.run.aws_diagnosis import AwsAnswers, AwsQuestion
from multiarch.settings.load import LoadedSettings, load_settings
from multiarch.source import Commit, Source
from multiarch.text.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from multiarch.errors import OperationFailedError
    from multiarch.plan.model import Plan
    from multiarch.plan.steps import Command
    from multiarch.record import BuildReader

SHA = "0123456789abcdef0123456789abcdef01234567"
NEWER = "fedcba9876543210fedcba9876543210fedcba98"
TIME = 1_700_000_000
NOW = datetime(2026, 1, 31, 12, 30, tzinfo=UTC)
COMMIT = Commit(sha=SHA, dirty=False, origin="git", time=TIME)
DIRTY = Commit(sha=SHA, dirty=True, origin="git", time=TIME)

ECR_HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
ECR = Registry.parse(ECR_HOST)
SHOP = Repository(registry=ECR, name="shop")
AMD64 = Platform.parse("linux/amd64")
ARM64 = Platform.parse("linux/arm64")

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"

PARTITIONS = Partitions(
    suffix_of_partition={
        "aws": "amazonaws.com",
        "aws-cn": "amazonaws.com.cn",
        "aws-us-gov": "amazonaws.com",
        "aws-iso": "c2s.ic.gov",
    },
    partition_of_region={
        "eu-west-1": "aws",
        "us-east-1": "aws",
        "cn-north-1": "aws-cn",
        "us-gov-west-1": "aws-us-gov",
        "us-iso-east-1": "aws-iso",
    },
    dual_stack_suffix_of_partition={"aws": "on.aws", "aws-cn": "on.amazonwebservices.com.cn"},
)


def load(
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Mapping[str, object] | None = None,
    file_name: str = "multiarch.toml",
) -> LoadedSettings:
    return load_settings(flags=flags or {}, environment=environment or {}, file=file or {}, file_name=file_name)


def facts(
    *,
    commit: Commit | None = COMMIT,
    source: Source | None = None,
    registry: Registry | None = ECR,
    interactive: bool = False,
) -> Facts:
    return Facts(
        source=source or Source(commit=commit),
        registry=registry,
        interactive=interactive,
        cache_folder="/home/ada/.cache",
        folder_name="checkout",
        now=NOW,
    )


def plan_of(seen: Facts | None = None, /, **flags: Any) -> Plan:  # noqa: ANN401 - a setting each
    """The plan of a build into the repository `shop`, with these settings."""
    return make_plan(load({"repository": "shop", **flags}).settings, seen or facts())


class FakeClock:
    """Seconds that pass only where somebody sleeps; every sleep is remembered."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def layers_of(name: str, salt: str = "") -> list[dict[str, object]]:
    """Two layers of a platform, with 1,024 bytes."""
    sizes = (1000, 24)
    return [{"size": size, "digest": digest_of(f"{name} {salt} {size}".encode())} for size in sizes]


class FakeImage:
    """An image with its index, its manifests and its configurations."""

    def __init__(
        self,
        *platforms: str,
        revision: str = SHA,
        time: str = "",
        version: str = "",
        says: Mapping[str, Mapping[str, str]] | None = None,
        attested: bool = False,
        base: str = "",
        salt: str = "",
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Make one.

        Args:
            platforms: what the index lists; a single one has no index.
            revision: the commit in the annotations, none where empty.
            time: the commit's time in the annotations.
            version: the version in the annotations.
            says: configuration by platform, where it is another one than the index lists.
            attested: the index has an attestation beside each platform.
            base: all platforms have the layers of this one.
            salt: makes the digests differ.
            notes: further annotations.
        """
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, Manifest] = {}
        told = {REVISION: revision, CREATED: time, VERSION: version, **(notes or {})}
        notes = {name: value for name, value in told.items() if value}
        entries: list[dict[str, object]] = []
        single = len(platforms) == 1
        for name in platforms:
            os, architecture, variant = (*name.split("/"), "")[:3]
            fields = {"os": os, "architecture": architecture, **({"variant": variant} if variant else {})}
            config = self._blob({**(says or {}).get(name, fields), "salt": salt})
            manifest = self._manifest(
                {
                    "schemaVersion": 2,
                    "config": {"digest": config, "size": 100},
                    "layers": layers_of(base or name, salt),
                    **({"annotations": notes} if single else {}),
                },
                MANIFEST_TYPE,
            )
            entries.append({"digest": manifest.digest, "platform": fields})
            if attested:
                unknown = {"os": "unknown", "architecture": "unknown"}
                entries.append({"digest": f"sha256:{'0' * 64}", "platform": unknown})
        self.entries = entries
        if single and not attested:
            self.top = next(iter(self.manifests.values()))
        else:
            self.top = self._manifest({"schemaVersion": 2, "manifests": entries, "annotations": notes}, INDEX_TYPE)

    @property
    def digest(self) -> str:
        return self.top.digest

    def platform_digest(self, number: int) -> str:
        return str(self.entries[number]["digest"])

    def _blob(self, value: Mapping[str, object]) -> str:
        content = json.dumps(value).encode()
        self.blobs[digest_of(content)] = content
        return digest_of(content)

    def _manifest(self, value: Mapping[str, object], media_type: str) -> Manifest:
        manifest = Manifest(content=json.dumps(value).encode(), media_type=media_type)
        self.manifests[manifest.digest] = manifest
        return manifest


class FakeRuntime:
    """A world in memory: notes what is asked of it, fails where it is told to, and has a registry of its own.

    Attributes:
        events: what was asked, in order.
        hooks: what to do when an event happens, before it is answered; once each.
        answers: standard output by event.
        definition: what bake was given.
        parts: what bake builds where each platform is a target, by its name.
        states: of repositories, where they differ.
        stopped: whatever still ran was stopped.
    """

    def __init__(self, *images: FakeImage, builds: FakeImage | None = None) -> None:
        self.events: list[str] = []
        self.hooks: dict[str, Callable[[], object]] = {}
        self.answers: dict[str, str] = {}
        self.names: dict[str, Manifest] = {}
        self.blobs: dict[str, bytes] = {}
        self.state: RepositoryFacts | Literal["missing", "unknown"] = RepositoryFacts()
        self.said = AwsAnswers()
        self.ancestors: dict[tuple[str, str], bool] = {}
        self.metadata: Mapping[str, object] | None = None
        self.lines: list[str] = []
        self.files: dict[str, str] = {}
        self.definition: dict[str, Any] = {}
        self.parts: dict[str, FakeImage] = {}
        self.states: dict[str, RepositoryFacts | Literal["missing", "unknown"]] = {}
        self.builds = builds or FakeImage("linux/amd64", "linux/arm64")
        self._failures: defaultdict[str, deque[OperationFailedError]] = defaultdict(deque)
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        for image in images:
            self.add(image)

    def add(self, image: FakeImage, *tags: str) -> None:
        """Put an image into the registry, under these tags."""
        self.names |= image.manifests
        self.names |= dict.fromkeys(tags, image.top)
        self.blobs |= image.blobs

    def fail(self, event: str, *errors: OperationFailedError) -> None:
        """Answer the next occurrences of an event with these errors."""
        self._failures[event].extend(errors)

    def count(self, event: str) -> int:
        return self.events.count(event)

    def wait_for(self, event: str, times: int = 1) -> None:
        """Wait until an event has happened so many times: what nobody waits for happens beside the build."""
        end = time.monotonic() + 10
        while self.count(event) < times:
            assert time.monotonic() < end, f"{event} did not happen {times} times"
            time.sleep(0.001)

    def tagged(self) -> dict[str, str]:
        """The digest of each tag."""
        return {name: found.digest for name, found in self.names.items() if not name.startswith("sha256:")}

    def run(self, command: Command, *, phase: str) -> str:
        _ = phase
        event = " ".join(command[2:4])
        self._happen(event)
        return self.answers.get(event, "")

    def run_last(self, command: Command, *, phase: str, seconds: float) -> str:
        assert seconds > 0
        self._happen("stop")
        self.stopped.set()
        return self.run(command, phase=phase)

    def make_parent(self, path: str) -> None:
        self._happen(f"mkdir for {path}")

    def bake(self, command: Command, definition: bytes, reader: BuildReader) -> Mapping[str, object]:
        self.definition = json.loads(definition)
        assert command[:3] == ("docker", "buildx", "bake")
        for line in self.lines:
            list(reader.feed(line))
        self._happen("bake")
        for image in (self.builds, *self.parts.values()):
            self.add(image)
        if self.parts:
            return {name: {"containerimage.digest": image.digest} for name, image in self.parts.items()}
        return self.metadata if self.metadata is not None else {"image": {"containerimage.digest": self.builds.digest}}

    def builder_platforms(self, name: str) -> Sequence[str]:
        self._happen(f"platforms of {name}")
        return ("linux/amd64",)

    def log_in(self, registry: Registry, *, fresh: bool) -> str:
        self._happen("login again" if fresh else "login")
        return f"signed in to {registry}"

    def find_repository(self, repository: Repository) -> RepositoryFacts | Literal["missing", "unknown"]:
        self._happen(f"find {repository.name}")
        return self.states.get(repository.name, self.state)

    def ask_aws(self, repository: Repository, questions: Sequence[AwsQuestion]) -> AwsAnswers:
        self._happen(f"ask about {', '.join(questions)} of {repository.name}")
        return self.said

    def manifest(self, repository: Repository | None, layout: str | None, reference: str) -> Manifest | None:
        _ = repository, layout
        self._happen(f"read {reference}")
        return self.names.get(reference)

    def blob(self, repository: Repository | None, layout: str | None, digest: str) -> bytes:
        _ = repository, layout
        self._happen("blob")
        return self.blobs[digest]

    def tag(self, repository: Repository, tag: str, manifest: Manifest) -> None:
        _ = repository
        self._happen(f"tag {tag}")
        self.names[tag] = manifest

    def is_ancestor(self, older: str, newer: str) -> bool | None:
        return self.ancestors.get((older, newer))

    def unpack(self, archive: str, layout: str) -> None:
        self._happen(f"unpack {archive} to {layout}")

    def replace(self, fresh: str, layout: str) -> None:
        self._happen(f"{fresh} becomes {layout}")

    def write_files(self, folder: str, files: Mapping[str, bytes]) -> None:
        self._happen(f"write to {folder}")
        self.files |= {f"{folder}/{name}": content.decode() for name, content in files.items()}

    def _happen(self, event: str) -> None:
        with self._lock:
            self.events.append(event)
            hook = self.hooks.pop(event, None)
            failure = self._failures[event].popleft() if self._failures[event] else None
        if hook:
            hook()
        if failure:
            raise failure


def quiet_log() -> tuple[Log, io.StringIO]:
    """A log, and what it wrote; all of it in the first second."""
    stream = io.StringIO()
    log = make_log(log_format="console", level="debug", redaction=Redaction(), stream=stream, clock=lambda: 0.0)
    return log, stream
