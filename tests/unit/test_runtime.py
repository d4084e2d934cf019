"""The world as the steps see it: logins, layout folders and archives."""

from __future__ import annotations

import base64
import itertools
import json
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from multiarch.edges.aws import Aws
from multiarch.edges.runtime import LocalRuntime
from multiarch.errors import ConfigurationError, OperationFailedError, RunEndedError
from multiarch.image.registry import Registry
from multiarch.plan.steps import EnsureBuilder
from multiarch.record import BuildReader, StepState, make_record
from multiarch.record.live import as_lines
from multiarch.text.redaction import Redaction
from tests.unit.fakes import ECR, ECR_HOST, FakeImage, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ecr import ECRClient

    from tests.unit.conftest import MakeScript

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class World:
    """A runtime whose AWS answers from a list, and what it wrote."""

    def __init__(self, folder: Path, client: ECRClient) -> None:
        self.stub = Stubber(client)
        self.stub.activate()
        aws = Aws()
        aws._calls._clients["eu-west-1"] = client
        self.redaction = Redaction()
        self.written: list[str] = []
        self.home = folder / "home" / ".docker"
        self.home.mkdir(parents=True)
        self.runtime = LocalRuntime(
            {"HOME": str(folder / "home"), "PATH": f"{folder / 'bin'}:/usr/bin:/bin"},
            aws=aws,
            aws_suffixes=[("amazonaws.com",)],
            redaction=self.redaction,
            folder=folder,
            clock=lambda: NOW,
        )
        self.runtime.show(lambda event: self.written.extend(as_lines(event)))

    def token(self, host: str = ECR_HOST, *, hours: float | None = 12) -> None:
        data: dict[str, Any] = {
            "authorizationToken": base64.b64encode(b"AWS:pass-word").decode(),
            "proxyEndpoint": f"https://{host}",
        }
        if hours is not None:
            data["expiresAt"] = NOW + timedelta(hours=hours)
        self.stub.add_response("get_authorization_token", {"authorizationData": [data]})


@pytest.fixture
def world(tmp_path: Path, ecr_client: ECRClient) -> Iterator[World]:
    made = World(tmp_path, ecr_client)
    yield made
    made.stub.deactivate()


HOURS = {
    "12 hours": (12, " for 12 h"),
    "AWS does not say": (None, ""),
    "long ago": (-80_000, ""),
}


@pytest.mark.parametrize(("hours", "until"), HOURS.values(), ids=HOURS)
def test_log_in_returns_a_line_and_redacts_the_password(world: World, hours: float | None, until: str) -> None:
    world.token(hours=hours)
    assert world.runtime.log_in(ECR, fresh=False) == f"signed in to {ECR_HOST} as AWS{until}"
    assert world.redaction.clean("pass-word") == "<redacted>"
    world.runtime.close()


def test_run_uses_a_private_docker_config_and_removes_it(world: World, make_script: MakeScript) -> None:
    make_script("docker", 'cat "$DOCKER_CONFIG/config.json"; echo; echo "$DOCKER_CONFIG"')
    world.token()
    world.runtime.log_in(ECR, fresh=False)
    config, folder = world.runtime.run(("docker", "info"), phase="daemon").splitlines()
    assert json.loads(config)["auths"] == {ECR_HOST: {"auth": base64.b64encode(b"AWS:pass-word").decode()}}
    assert Path(folder).is_dir()
    world.runtime.close()
    assert not Path(folder).exists()
    assert not (world.home / "config.json").exists()


def test_manifest_of_similar_host_is_read_without_token(world: World) -> None:
    world.token()
    with pytest.raises(OperationFailedError) as caught:
        world.runtime.log_in(Registry.parse("123456789012.dkr.ecr.eu-west-1.evil.example"), fresh=False)
    assert caught.value.lines == (
        f"AWS returned a token for {ECR_HOST} instead of 123456789012.dkr.ecr.eu-west-1.evil.example",
    )


def test_log_in_with_credential_helper_uses_it(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".docker"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"credHelpers": {ECR_HOST: "ecr-login"}}), encoding="utf-8")
    runtime = LocalRuntime(
        {"HOME": str(tmp_path / "home")},
        aws=Aws(),
        aws_suffixes=(),
        redaction=Redaction(),
        folder=tmp_path,
    )
    assert runtime.log_in(ECR, fresh=True) == f"using docker's credential helper for {ECR_HOST}"


def test_log_in_after_the_end_of_the_run_raises_error(world: World) -> None:
    world.token()
    world.runtime.close()
    with pytest.raises(RunEndedError):
        world.runtime.log_in(ECR, fresh=False)


def test_bake_logs_events_and_returns_metadata(world: World, make_script: MakeScript) -> None:
    make_script(
        "docker",
        """cat >&2; while [ "$1" != --metadata-file ]; do shift; done; echo '{"image": {"a": 1}}' > "$2" """,
    )
    event = '{"vertexes":[{"digest":"a","name":"[2/2] RUN x","started":"2026-01-01T00:00:00Z"}]}\n'
    reader = BuildReader()
    command = ("docker", "buildx", "bake", "--metadata-file", "<METADATA_FILE>", "--progress", "rawjson")
    assert world.runtime.bake(command, event.encode(), reader) == {"image": {"a": 1}}
    assert world.written == ["[2/2] RUN x"]
    [step] = make_record(reader, run=reader.run).steps
    assert step.state is StepState.UNFINISHED


def test_bake_silent_step_is_logged(world: World, make_script: MakeScript, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiarch.edges.runtime._TICK", 0.01)
    make_script("docker", "cat >&2; sleep 0.5")
    event = '{"vertexes":[{"digest":"a","name":"[2/2] RUN x","started":"2026-01-01T00:00:00Z"}]}\n'
    seconds = itertools.count(step=10)
    world.runtime._monotonic = lambda: float(next(seconds))
    world.runtime.bake(("docker", "rawjson"), event.encode(), BuildReader())
    assert world.written[:3] == ["[2/2] RUN x", "[2/2] still running, 30 s", "[2/2] still running, 60 s"]


# The builder that boots early


@pytest.mark.parametrize(("keep", "commands"), [(True, ["buildx create"]), (False, [])], ids=["kept", "not kept"])
def test_begin_builder_that_is_not_kept_is_not_created(
    world: World, make_script: MakeScript, tmp_path: Path, keep: object, commands: list[str]
) -> None:
    make_script("docker", f'echo "$1 $2" >> {tmp_path}/ran')
    plan = plan_of(builder_keep=keep)
    world.runtime.begin(plan)
    for step in plan.steps:
        if isinstance(step, EnsureBuilder) and step.create and keep:
            world.runtime.run(step.create, phase="builder-create")
    world.runtime.close()
    ran = (tmp_path / "ran").read_text().splitlines() if (tmp_path / "ran").exists() else []
    assert ran == commands


# A layout folder


def layout_of(image: FakeImage, folder: Path) -> Path:
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    contents = {**image.blobs, **{each.digest: each.content for each in image.manifests.values()}}
    for digest, content in contents.items():
        (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    return folder


def unpacked(world: World, tmp_path: Path) -> tuple[Path, Path]:
    """Unpack an archive beside the layout of an earlier build; return the fresh folder and the earlier one."""
    origin = layout_of(FakeImage("linux/amd64", "linux/arm64"), tmp_path / "origin")
    archive, layout = tmp_path / "dist" / "shop.tar", tmp_path / "dist" / "shop"
    world.runtime.make_parent(str(archive))
    with tarfile.open(archive, "w") as tar:
        tar.add(origin, ".")
    layout.mkdir()
    (layout / "oci-layout").touch()
    (layout / "left-over").touch()
    fresh = tmp_path / "dist" / "shop.new"
    world.runtime.unpack(str(archive), str(fresh))
    return fresh, layout


def test_unpack_archive_creates_layout_and_removes_archive(world: World, tmp_path: Path) -> None:
    fresh, layout = unpacked(world, tmp_path)
    assert sorted(each.name for each in fresh.iterdir()) == ["blobs"]
    assert sorted(each.name for each in layout.iterdir()) == ["left-over", "oci-layout"]
    assert sorted(each.name for each in (tmp_path / "dist").iterdir()) == ["shop", "shop.new"]


def test_replace_moves_the_verified_layout(world: World, tmp_path: Path) -> None:
    fresh, layout = unpacked(world, tmp_path)
    world.runtime.replace(str(fresh), str(layout))
    world.runtime.close()
    assert sorted(each.name for each in layout.iterdir()) == ["blobs"]
    assert sorted(each.name for each in (tmp_path / "dist").iterdir()) == ["shop"]


def test_close_removes_an_unverified_layout(world: World, tmp_path: Path) -> None:
    _, layout = unpacked(world, tmp_path)
    world.runtime.close()
    assert sorted(each.name for each in layout.iterdir()) == ["left-over", "oci-layout"]
    assert sorted(each.name for each in (tmp_path / "dist").iterdir()) == ["shop"]


def test_unpack_over_another_folder_raises_error(world: World, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "main.py").touch()
    with pytest.raises(ConfigurationError, match="not an OCI layout"):
        world.runtime.unpack(str(tmp_path / "shop.tar"), str(tmp_path / "shop"))
    assert (tmp_path / "shop" / "main.py").exists()


def test_unpack_archive_with_outside_path_raises_error(world: World, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo("../escaped"))
    with pytest.raises(OperationFailedError, match="outside the destination"):
        world.runtime.unpack(str(archive), str(tmp_path / "shop"))
    assert not (tmp_path / "escaped").exists()


def test_manifest_of_layout_is_read_by_digest(world: World, tmp_path: Path) -> None:
    image = FakeImage("linux/amd64", "linux/arm64")
    layout = str(layout_of(image, tmp_path / "shop"))
    found = world.runtime.manifest(None, layout, image.digest)
    assert found
    assert found.content == image.top.content
    [digest, *_] = image.blobs
    assert world.runtime.blob(None, layout, digest) == image.blobs[digest]


def test_blob_of_layout_missing_or_changed_raises_error(world: World, tmp_path: Path) -> None:
    image = FakeImage("linux/amd64", "linux/arm64")
    layout = layout_of(image, tmp_path / "shop")
    missing = f"sha256:{'0' * 64}"
    with pytest.raises(OperationFailedError) as caught:
        world.runtime.blob(None, str(layout), missing)
    assert caught.value.lines == (f"{layout}: {missing}: No such file or directory",)
    (layout / "blobs" / "sha256" / image.digest.removeprefix("sha256:")).write_bytes(b"{}")
    with pytest.raises(OperationFailedError) as caught:
        world.runtime.manifest(None, str(layout), image.digest)
    assert caught.value.lines == (f"{layout}: the content of {image.digest} has another digest",)
