"""The user's docker configuration, and the private one that holds a run's login."""

from __future__ import annotations

import base64
import json
import os
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from multiarch.edges.docker.config import DockerConfig
from multiarch.edges.docker.credentials import Credentials, ask_helper
from multiarch.errors import ConfigurationError, OperationFailedError, RunEndedError
from tests.unit.fakes import ECR_HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.unit.conftest import MakeScript

    MakeConfig = Callable[..., DockerConfig]

LOGIN = Credentials(username="AWS", password="pass-word")


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def make_config(tmp_path: Path) -> MakeConfig:
    """Make the configuration of a user whose config.json has this content."""

    def make(content: Mapping[str, object] | None = None, **variables: str) -> DockerConfig:
        folder = tmp_path / "home" / ".docker"
        folder.mkdir(parents=True, exist_ok=True)
        if content is not None:
            (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
        return DockerConfig({"HOME": str(tmp_path / "home"), "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", **variables})

    return make


def read(folder: Path) -> dict[str, object]:
    value = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert isinstance(value, dict)
    return value


# The private folder


def test_login_is_readable_by_its_owner_only(make_config: MakeConfig) -> None:
    config = make_config()
    folder = config.log_in(ECR_HOST, LOGIN)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "config.json").stat().st_mode) == 0o600
    assert read(folder)["auths"] == {ECR_HOST: {"auth": basic("AWS:pass-word")}}
    config.close()


def test_private_config_keeps_the_users_settings_and_file(make_config: MakeConfig, tmp_path: Path) -> None:
    own = {
        "auths": {"ghcr.io": {"auth": basic("ada:secret")}},
        "credHelpers": {"gcr.io": "gcloud"},
        "credsStore": "desktop",
        "currentContext": "remote",
        "proxies": {"default": {"httpProxy": "http://proxy:3128"}},
    }
    config = make_config(own)
    home = tmp_path / "home" / ".docker"
    for name in ("contexts", "cli-plugins", "buildx"):
        (home / name).mkdir()
    (home / "buildx" / "current").write_text("{}", encoding="utf-8")
    folder = config.log_in(ECR_HOST, LOGIN)
    assert read(folder) == {
        **own,
        "auths": {"ghcr.io": {"auth": basic("ada:secret")}, ECR_HOST: {"auth": basic("AWS:pass-word")}},
        "credHelpers": {"gcr.io": "gcloud", ECR_HOST: ""},
    }
    assert sorted(each.name for each in folder.iterdir()) == ["buildx", "cli-plugins", "config.json", "contexts"]
    assert (folder / "buildx" / "current").read_text(encoding="utf-8") == "{}"
    assert read(home) == own
    config.close()


def test_builder_of_a_run_exists_in_the_next(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config()
    folder = config.log_in(ECR_HOST, LOGIN)
    (folder / "buildx" / "instance").write_text("a builder", encoding="utf-8")
    config.close()
    kept = tmp_path / "home" / ".docker" / "buildx" / "instance"
    assert kept.read_text(encoding="utf-8") == "a builder"


def test_buildx_config_needs_no_folder_of_the_user(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config(BUILDX_CONFIG=str(tmp_path / "builders"))
    config.log_in(ECR_HOST, LOGIN)
    assert not (tmp_path / "home" / ".docker" / "buildx").exists()
    config.close()


def test_second_login_keeps_the_first_and_the_folder(make_config: MakeConfig) -> None:
    config = make_config()
    folder = config.log_in(ECR_HOST, LOGIN)
    again = config.log_in("other.example", Credentials(username="ada", password="other"))
    assert again == folder
    assert read(folder)["auths"] == {
        ECR_HOST: {"auth": basic("AWS:pass-word")},
        "other.example": {"auth": basic("ada:other")},
    }
    config.close()


def test_close_removes_the_folder_and_forgets_the_login(make_config: MakeConfig, tmp_path: Path) -> None:
    config = make_config()
    home = tmp_path / "home" / ".docker"
    (home / "contexts").mkdir()
    (home / "contexts" / "meta").write_text("kept", encoding="utf-8")
    folder = config.log_in(ECR_HOST, LOGIN)
    config.close()
    config.close()
    assert not folder.exists()
    assert (home / "contexts" / "meta").read_text(encoding="utf-8") == "kept"
    assert config.credentials(ECR_HOST) is None


def test_login_after_close_raises_and_leaves_nothing(make_config: MakeConfig) -> None:
    config = make_config()
    config.close()
    with pytest.raises(RunEndedError):
        config.log_in(ECR_HOST, LOGIN)
    assert config._private is None


def test_docker_config_variable_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": "ecr-login"}), encoding="utf-8")
    config = DockerConfig({"HOME": "/nowhere", "DOCKER_CONFIG": str(tmp_path)})
    assert config.folder == tmp_path
    assert config.has_helper(ECR_HOST)


MALFORMED = {
    "no JSON": b"{",
    "no object": b"[]",
    "no text": b"\xff",
    "too deep": b'{"x":' + b"[" * 100_000,
    "too large": b'{"x": "' + b"x" * (8 * 1024 * 1024) + b'"}',
    "logins that are a list": b'{"auths": []}',
    "helpers that are a word": b'{"credHelpers": "x"}',
    "a helper that is a number": b'{"credHelpers": {"ghcr.io": 7}}',
    "a store that is a list": b'{"credsStore": []}',
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_config_that_is_malformed_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        DockerConfig({"DOCKER_CONFIG": str(tmp_path)})
    assert caught.value.message.startswith(f"cannot read {path}: ")
    assert caught.value.hint == "fix config.json of docker, or move it aside"


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "not a regular file"),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "a directory": (Path.mkdir, "Is a directory"),
}


@pytest.mark.parametrize(("make", "reason"), KINDS.values(), ids=KINDS)
def test_config_that_is_no_file_is_named_at_once(tmp_path: Path, make: Callable[[Path], object], reason: str) -> None:
    path = tmp_path / "config.json"
    make(path)
    with pytest.raises(ConfigurationError) as caught:
        DockerConfig({"DOCKER_CONFIG": str(tmp_path)})
    assert caught.value.message == f"cannot read {path}: {reason}"


def test_docker_config_that_is_a_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(ConfigurationError) as caught:
        DockerConfig({"DOCKER_CONFIG": str(path)})
    assert caught.value.message == f"DOCKER_CONFIG must be a directory: {path} is a file"


@pytest.mark.parametrize("content", [b"", b"{}", None], ids=["empty file", "empty object", "no file"])
def test_empty_config_has_no_login(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    config = DockerConfig({"DOCKER_CONFIG": str(tmp_path)})
    assert config.credentials(ECR_HOST) is None
    assert not config.has_helper(ECR_HOST)


def test_credentials_repr_has_no_password() -> None:
    assert repr(LOGIN) == "Credentials(username='AWS', password=<redacted>)"


# Whose login a registry is shown


HELPERS = {
    "ecr-login as the store": ({"credsStore": "ecr-login"}, True),
    "a helper for this registry": ({"credHelpers": {ECR_HOST: "ecr-login"}}, True),
    "a helper for another": ({"credHelpers": {"ghcr.io": "ecr-login"}}, False),
    "a store that knows nothing of ECR": ({"credsStore": "desktop"}, False),
    "this registry is left out of the store": ({"credsStore": "ecr-login", "credHelpers": {ECR_HOST: ""}}, False),
    "none": ({}, False),
}


@pytest.mark.parametrize(("content", "expected"), HELPERS.values(), ids=HELPERS)
def test_has_helper_for_ecr_follows_docker(
    make_config: MakeConfig,
    content: Mapping[str, object],
    expected: bool,  # noqa: FBT001
) -> None:
    assert make_config(content).has_helper(ECR_HOST) is expected


IN_THE_FILE = {
    "a login": ({"auths": {"ghcr.io": {"auth": basic("ada:pass:word")}}}, "ghcr.io", ("ada", "pass:word", False)),
    "with the scheme in its key": (
        {"auths": {"https://ghcr.io": {"auth": basic("ada:x")}}}, "ghcr.io", ("ada", "x", False)),
    "padded with a zero byte, as docker does": (
        {"auths": {"ghcr.io": {"auth": basic("ada:x\0")}}}, "ghcr.io", ("ada", "x", False)),
    "Docker Hub's key": (
        {"auths": {"https://index.docker.io/v1/": {"auth": basic("ada:x")}}}, "docker.io", ("ada", "x", False)),
    "a refresh token": (
        {"auths": {"ghcr.io": {"auth": basic("ada:x"), "identitytoken": "refresh"}}}, "ghcr.io", ("", "refresh", True)),
    "an empty entry": ({"auths": {"ghcr.io": {}}}, "ghcr.io", None),
    "another registry": ({"auths": {"ghcr.io.example": {"auth": basic("ada:x")}}}, "ghcr.io", None),
    "nothing at all": ({"auths": None, "credHelpers": None}, "ghcr.io", None),
}  # fmt: skip


@pytest.mark.parametrize(("content", "host", "expected"), IN_THE_FILE.values(), ids=IN_THE_FILE)
def test_login_in_the_file_is_read_as_docker_reads_it(
    make_config: MakeConfig, content: Mapping[str, object], host: str, expected: tuple[str, str, bool] | None
) -> None:
    found = make_config(content).credentials(host)
    assert (found and (found.username, found.password, found.identity_token)) == expected


ENTRIES: dict[str, object] = {
    "no base64": {"auth": "a"},
    "no text": {"auth": base64.b64encode(b"\xff\xfe").decode()},
    "a list": [],
    "a word": "x",
    "a number for a login": {"auth": 7},
    "a list for a token": {"identitytoken": ["a"]},
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_login_that_is_malformed_is_named(make_config: MakeConfig, entry: object) -> None:
    config = make_config({"auths": {"ghcr.io": entry, "quay.io": {"auth": basic("ada:x")}}})
    if entry:
        with pytest.raises(OperationFailedError) as caught:
            config.credentials("ghcr.io")
        assert caught.value.lines == (f"{config.folder / 'config.json'}: the login for ghcr.io is malformed",)
    else:
        assert config.credentials("ghcr.io") is None
    assert config.credentials("quay.io")


def test_login_of_the_run_comes_before_the_files(make_config: MakeConfig) -> None:
    config = make_config({"credsStore": "missing", "auths": {ECR_HOST: {"auth": basic("old:old")}}})
    config.log_in(ECR_HOST, LOGIN)
    assert config.credentials(ECR_HOST) == LOGIN
    config.close()


ANSWERS = {
    "a password": ('{"ServerURL": "x", "Username": "ada", "Secret": "s3cret"}', ("ada", "s3cret", False)),
    "a token": ('{"ServerURL": "x", "Username": "<token>", "Secret": "refresh"}', ("", "refresh", True)),
}


@pytest.mark.parametrize(("answer", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_helper_gets_the_host_alone(
    make_config: MakeConfig, make_script: MakeScript, tmp_path: Path, answer: str, expected: tuple[str, str, bool]
) -> None:
    make_script("docker-credential-vault", f"echo \"$@\" > {tmp_path}/asked; cat >> {tmp_path}/asked; echo '{answer}'")
    found = make_config({"credHelpers": {"ghcr.io": "vault"}}).credentials("ghcr.io")
    assert found
    assert (found.username, found.password, found.identity_token) == expected
    assert (tmp_path / "asked").read_text(encoding="utf-8") == "get\nghcr.io"


def test_store_is_asked_for_a_registry_without_a_helper(make_config: MakeConfig, make_script: MakeScript) -> None:
    make_script("docker-credential-store", """echo '{"Username": "'$(cat)'", "Secret": "s"}'""")
    config = make_config({"credsStore": "store", "credHelpers": {"gcr.io": "other"}})
    found = config.credentials("docker.io")
    assert found
    assert found.username == "https://index.docker.io/v1/"


def test_helper_without_a_login_returns_none(make_config: MakeConfig, make_script: MakeScript) -> None:
    make_script("docker-credential-vault", "echo credentials not found in native keychain; exit 1")
    assert make_config({"credsStore": "vault"}).credentials("ghcr.io") is None


BROKEN = {
    "fails": ("echo secret >&2; exit 3", "docker-credential-vault get failed for ghcr.io"),
    "says nonsense": ("echo nonsense", "docker-credential-vault get failed for ghcr.io"),
    "says without end": ("yes", "docker-credential-vault get failed for ghcr.io"),
    "says lists without end": (
        "head -c 60000 /dev/zero | tr '\\0' '['",
        "docker-credential-vault get failed for ghcr.io",
    ),
    "says a number": ("""echo '{"Username": 7, "Secret": "x"}'""", "docker-credential-vault get failed for ghcr.io"),
    "does not read": ("exec 0<&-; exit 3", "docker-credential-vault get failed for ghcr.io"),
    "says half": ("""echo '{"Username": "ada"}'""", "docker-credential-vault get failed for ghcr.io"),
    "is not there": (None, "docker-credential-vault: No such file or directory"),
}


@pytest.mark.parametrize(("body", "line"), BROKEN.values(), ids=BROKEN)
def test_failed_helper_is_named_without_its_output(
    make_config: MakeConfig, make_script: MakeScript, body: str | None, line: str
) -> None:
    if body:
        make_script("docker-credential-vault", body)
    with pytest.raises(OperationFailedError) as caught:
        make_config({"credsStore": "vault"}).credentials("ghcr.io")
    assert (caught.value.phase, caught.value.lines) == ("login", (line,))


def test_helper_that_never_answers_is_killed(make_script: MakeScript, tmp_path: Path) -> None:
    script = make_script("docker-credential-vault", f"echo $$ > {tmp_path}/pid; sleep 60")
    begin = time.monotonic()
    with pytest.raises(OperationFailedError) as caught:
        ask_helper("vault", "ghcr.io", {"PATH": f"{script.parent}:/usr/bin:/bin"}, seconds=0.5)
    assert caught.value.lines == ("docker-credential-vault get did not respond within 0 s",)
    assert time.monotonic() - begin < 10
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), 0)


@pytest.mark.parametrize("helper", ["../x", "a b", "a\0b", "-x", "a/b"])
def test_helper_with_an_invalid_name_is_not_started(helper: str) -> None:
    with pytest.raises(OperationFailedError, match="names an invalid credential helper"):
        ask_helper(helper, "ghcr.io", {})
