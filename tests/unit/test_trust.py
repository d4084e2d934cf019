"""What a settings file in the checkout may set: nothing that spends the trust of the host or the build's role."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from multiarch.cli import main
from multiarch.edges.files.settings import checkout_root, read_settings_file
from multiarch.errors import ConfigurationError
from multiarch.settings.declare import FromFile
from multiarch.settings.info import SETTINGS
from multiarch.settings.load import load_settings
from multiarch.settings.trust import check_registries, check_trust
from tests.unit.fakes import ECR_HOST
from tests.unit.test_forms import GOOD, INFOS, flags_for
from tests.unit.test_settings_schema import in_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from multiarch.settings.info import SettingInfo
    from multiarch.settings.load import LoadedSettings

NEVER = {
    "registry", "account", "region", "commit", "commit_time", "branch", "git_tag", "pull_request", "base_branch",
    "event",
    "builder_driver", "builder_image", "builder_options", "builder_endpoint", "secrets", "ssh", "cache_options",
    "s3_bucket", "s3_region",
}  # fmt: skip
INSIDE = {"context", "dockerfile", "dist", "report", "deploy_files", "local_cache"}
REGISTRY = {"cache_ref", "cache_repository", "cache_from"}


def test_from_file_is_declared_with_each_setting() -> None:
    found = {kind: {info.name for info in SETTINGS if info.from_file is kind} for kind in FromFile}
    assert found[FromFile.NEVER] == NEVER
    assert found[FromFile.INSIDE] == INSIDE
    assert found[FromFile.REGISTRY] == REGISTRY


def loaded(
    table: Mapping[str, object],
    *,
    flags: Mapping[str, object] | None = None,
    in_checkout: bool = True,
    is_trusted: bool = False,
    **environment: str,
) -> LoadedSettings:
    return load_settings(
        flags=flags or {},
        environment=environment,
        file=table,
        file_name="multiarch.toml",
        in_checkout=in_checkout,
        is_trusted=is_trusted,
    )


VALUES: list[tuple[str, Any]] = [
    *((name, value) for name, value in GOOD if name in NEVER),
    ("commit_time", 1_700_000_000),
    ("pull_request", 7),
    ("event", "push"),
    ("builder_driver", "kubernetes"),
]


def test_values_have_every_setting_that_a_file_cannot_set() -> None:
    assert {name for name, _ in VALUES} == NEVER


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_check_trust_key_of_a_file_in_the_checkout_is_refused(name: str, value: object) -> None:
    table, info = in_file(flags_for(name, value)), INFOS[name]
    others = {key: value for key, value in flags_for(name, value).items() if key != name}
    only = {info.key: table[info.key]}
    with pytest.raises(ConfigurationError) as caught:
        check_trust(loaded(only, flags=others))
    assert caught.value.message == f"multiarch.toml: a file in the checkout cannot set {info.key}"
    assert caught.value.hint == f"set {info.flags[0]} or {info.variables[0]}, or trust the file: --trust-config"
    check_trust(loaded(only, flags=others, is_trusted=True))
    check_trust(loaded(only, flags=others, MULTIARCH_TRUST_CONFIG="true"))
    check_trust(loaded(only, flags=others, in_checkout=False))
    with pytest.raises(ConfigurationError) as caught:
        check_trust(loaded(only, flags=others, is_trusted=True), pull_request=True)
    assert "trusts no file of the checkout" in caught.value.hint


@pytest.mark.parametrize(("name", "value"), VALUES)
def test_check_trust_flag_is_taken(name: str, value: object) -> None:
    if INFOS[name].kind not in ("list", "map") and not isinstance(value, int):
        check_trust(loaded({}, flags=flags_for(name, value)), pull_request=True)


def test_check_trust_flag_wins_over_the_file() -> None:
    check_trust(loaded({"builder-driver": "kubernetes"}, flags={"builder_driver": "docker-container"}))


@pytest.mark.parametrize("info", [info for info in SETTINGS if info.name not in NEVER], ids=lambda info: info.key)
def test_check_trust_content_of_the_image_is_taken(info: Any) -> None:  # noqa: ANN401 - of any setting
    values = [value for name, value in GOOD if name == info.name]
    for value in values:
        others = {key: each for key, each in flags_for(info.name, value).items() if key != info.name}
        check_trust(loaded({info.key: in_file({info.name: value})[info.key]}, flags=others))


@pytest.mark.parametrize("text", ["maybe", "2", "trust"])
def test_trust_variable_of_another_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="MULTIARCH_TRUST_CONFIG"):
        loaded({}, MULTIARCH_TRUST_CONFIG=text)


def test_trust_is_no_key_of_the_file() -> None:
    with pytest.raises(ConfigurationError, match="'trust-config' is not a setting"):
        loaded({"trust-config": True})


FOREIGN = "210987654321.dkr.ecr.eu-west-1.amazonaws.com"
CACHES: dict[str, tuple[dict[str, object], bool]] = {
    "a tag": ({"cache-ref": "bc"}, True),
    "a repository": ({"cache-repository": "team/caches"}, True),
    "the image's registry": ({"cache-ref": f"{ECR_HOST}/caches:x"}, True),
    "a repository of the image's registry": ({"cache-repository": f"{ECR_HOST}/caches"}, True),
    "a cache of the image's registry": ({"cache-from": [f"{ECR_HOST}/caches:x"]}, True),
    "the same in words": ({"cache-from": [f"type=registry,ref={ECR_HOST}/caches:x"]}, True),
    "another registry": ({"cache-ref": "ghcr.io/a/b:c"}, False),
    "another account": ({"cache-ref": f"{FOREIGN}/caches:x"}, False),
    "a look-alike": ({"cache-ref": f"{ECR_HOST}.example.com/caches:x"}, False),
    "a port": ({"cache-ref": f"{ECR_HOST}:444/caches:x"}, False),
    "Docker Hub": ({"cache-ref": "team/cache:x"}, False),
    "a repository elsewhere": ({"cache-repository": "ghcr.io/a/b"}, False),
    "one of two elsewhere": ({"cache-from": [f"{ECR_HOST}/caches:x", "ghcr.io/a/b:c"]}, False),
    "a folder of the host": ({"cache-from": ["type=local,src=/home"]}, False),
    "a bucket": ({"cache-from": ["type=s3,bucket=b,region=r"]}, False),
    "the service of another CI": ({"cache-from": ["type=gha"]}, False),
}


@pytest.mark.parametrize(("table", "is_good"), CACHES.values(), ids=CACHES)
def test_check_registries_cache_elsewhere_is_refused(table: dict[str, object], is_good: bool) -> None:  # noqa: FBT001 - a column
    settings = loaded(table)
    check_registries(loaded(table, is_trusted=True), ECR_HOST)
    if is_good:
        check_registries(settings, ECR_HOST)
        check_registries(loaded(table, is_trusted=True), ECR_HOST, pull_request=True)
        return
    for each, pull_request in ((settings, False), (loaded(table, is_trusted=True), True)):
        with pytest.raises(ConfigurationError) as caught:
            check_registries(each, ECR_HOST, pull_request=pull_request)
        assert next(iter(table)) in caught.value.message
    if "cache-ref" in table or "cache-repository" in table:
        with pytest.raises(ConfigurationError):
            check_registries(settings, "")


# The commands


VARIABLES = {
    "AWS_REGISTRY_NAME": "localhost:5000",
    "AWS_ECR_REPOSITORY_NAME": "shop",
    "GIT_TAG": "v1",
    "HOME": "/nowhere",
}
PULL_REQUEST = {
    "CODEBUILD_BUILD_ID": "b:1", "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:123456789012:build/b:1",
    "CODEBUILD_WEBHOOK_EVENT": "PULL_REQUEST_CREATED", "CODEBUILD_WEBHOOK_TRIGGER": "pr/7",
    "CODEBUILD_WEBHOOK_HEAD_REF": "refs/heads/feature", "CODEBUILD_WEBHOOK_BASE_REF": "refs/heads/main",
}  # fmt: skip


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    (folder / "app").mkdir()
    for each in (folder, folder / "app"):
        (each / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(folder)
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: str, **variables: str) -> tuple[int, str]:
    code = main(["build", "--dry-run", *words], {**VARIABLES, **variables})
    return code, capsys.readouterr().err


HOSTILE = {
    "a foreign builder": 'builder-driver = "remote"\nbuilder-endpoint = "tcp://evil:1234"',
    "a foreign image": 'builder-image = "evil/buildkit"',
    "the host's environment": 'secrets = ["id=x,src=/proc/self/environ"]',
    "an agent": 'ssh = ["default"]',
    "an account": 'account = "210987654321"',
    "an endpoint of S3": 'cache = "s3"\ns3-bucket = "b"\ncache-options = ["endpoint_url=https://evil"]',
    "a cache elsewhere": 'cache-ref = "evil.example.com/a:b"',
    "a context": 'context = ".."',
    "a Dockerfile": 'dockerfile = "../Dockerfile"',
    "an absolute path": 'report = "/tmp/evil"',
    "a folder above": 'deploy-files = "../out"',
    "a folder": 'dist = "/tmp"',
    "a local cache": 'cache = "local"\nlocal-cache = "/var"',
    "a link": 'report = "link/report"',
    "it is no pull request": 'event = "push"\nbranch = "main"',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_build_with_a_hostile_file_is_one_error(checkout: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (checkout / "link").symlink_to(checkout.parent)
    (checkout / "multiarch.toml").write_text(text)
    code, err = run(capsys)
    assert code == 2
    assert err.startswith("error: multiarch.toml: ")
    assert err.count("\n") == 2
    # Trust of the team does not reach a pull request, whatever its file says of itself.
    for words, variables in ((("--trust-config",), {}), ((), {"MULTIARCH_TRUST_CONFIG": "1"})):
        code, err = run(capsys, *words, **PULL_REQUEST, **variables)
        assert (code, err.startswith("error: multiarch.toml: ")) == (2, True), err


@pytest.mark.parametrize("name", ["a foreign image", "a cache elsewhere", "an absolute path"])
def test_build_with_a_trusted_file_takes_it(checkout: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (checkout / "multiarch.toml").write_text(HOSTILE[name])
    assert run(capsys, "--trust-config") == (0, "")
    assert run(capsys, MULTIARCH_TRUST_CONFIG="true") == (0, "")
    assert run(capsys, MULTIARCH_TRUST_CONFIG="false")[0] == 2


@pytest.mark.parametrize("words", [(), ("--trust-config",)])
def test_build_removes_nothing_outside_the_checkout(
    checkout: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    (checkout.parent / "out").mkdir()
    (checkout.parent / "out" / "image.env").write_text("the host's")
    (checkout / "multiarch.toml").write_text('deploy-files = "../out"')
    assert main(["build", *words], {**VARIABLES, **PULL_REQUEST}) == 2
    assert capsys.readouterr().err.startswith("error: multiarch.toml: deploy-files leads out of the checkout")
    assert (checkout.parent / "out" / "image.env").read_text() == "the host's"


def test_build_with_a_file_of_the_team_takes_it(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.parent / "team.toml").write_text(HOSTILE["a foreign image"])
    assert run(capsys, "--config", "../team.toml", **PULL_REQUEST) == (0, "")
    assert run(capsys, MULTIARCH_CONFIG=str(checkout.parent / "team.toml")) == (0, "")


@pytest.mark.parametrize("name", ["ci/team.toml", "link/../../checkout/ci/team.toml"])
def test_build_with_a_chosen_file_of_the_checkout_does_not_trust_it(
    checkout: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (checkout / "ci").mkdir()
    (checkout / "link").symlink_to(checkout.parent / "checkout" / "app")
    (checkout / "ci" / "team.toml").write_text(HOSTILE["a foreign image"])
    code, err = run(capsys, "--config", name)
    assert (code, "cannot set builder-image" in err) == (2, True)


def test_build_from_a_folder_of_the_checkout_does_not_trust_its_top(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "multiarch.toml").write_text(HOSTILE["a foreign image"])
    monkeypatch.chdir(checkout / "app")
    assert run(capsys, "--config", "../multiarch.toml")[0] == 2
    (checkout / ".git").rmdir()  # CodePipeline unpacks a ZIP
    assert run(capsys, "--config", "../multiarch.toml", CODEBUILD_SRC_DIR=str(checkout))[0] == 2


PATHS = ['context = "app"', 'dockerfile = "app/Dockerfile"', 'report = "out/report"', 'context = "app/.."']


@pytest.mark.parametrize("text", PATHS)
def test_build_with_paths_in_the_checkout_takes_them(
    checkout: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (checkout / "multiarch.toml").write_text(text)
    assert run(capsys, **PULL_REQUEST) == (0, "")


def test_checkout_root_is_the_outermost(checkout: Path) -> None:
    (checkout / "app" / ".git").write_text("gitdir: ../.git/modules/app")
    assert checkout_root(checkout / "app", {}) == checkout
    assert checkout_root(checkout.parent, {}) == checkout.parent
    assert checkout_root(checkout, {"CODEBUILD_SRC_DIR": str(checkout.parent)}) == checkout.parent


# Reading


def written(path: Path, content: bytes | str) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "fifo":
        os.mkfifo(path)
    elif content == "folder":
        path.mkdir()
    else:
        path.symlink_to(content)


ODD: dict[str, tuple[bytes | str, str]] = {
    "a device without end": ("/dev/zero", "cannot read multiarch.toml: a link out of the checkout"),
    "a link out of the checkout": ("../team.toml", "cannot read multiarch.toml: a link out of the checkout"),
    "a file of the kernel": ("/proc/self/environ", "cannot read multiarch.toml: a link out of the checkout"),
    "a link to nothing": ("nowhere.toml", "cannot read multiarch.toml: No such file or directory"),
    "a link to itself": ("multiarch.toml", "cannot read multiarch.toml: "),
    "a pipe": ("fifo", "cannot read multiarch.toml: not a regular file"),
    "a folder": ("folder", "cannot read multiarch.toml: Is a directory"),
    "too large": (b"# " + b"x" * (1 << 20), "cannot read multiarch.toml: larger than 1,048,576 bytes"),
    "arrays in arrays": (b"tags = " + b"[" * 100_000, "multiarch.toml is nested too deeply"),
    "tables in tables": (b"x = " + b"{a=" * 50_000, "multiarch.toml is nested too deeply"),
    "a key of many parts": (b"a." * 100_000 + b"a = 1", "multiarch.toml is nested too deeply"),
    "a heading of many parts": (b"[" + b'"a" . ' * 100_000 + b"a]", "multiarch.toml is nested too deeply"),
    "NUL": (b'repository = "a\0b"', "multiarch.toml is not TOML: "),
    "an escaped NUL": (rb'target = "a\u0000b"', "multiarch.toml: target: the value contains the character '\\x00'"),
    "an escape code": (rb'target = "a\u001b[31m"', "multiarch.toml: target: the value contains the character '\\x1b'"),
    "digits without end": (b"retry-attempts = " + b"9" * 500_000, "multiarch.toml has a number that is too large"),
    "a number without end": (
        b"retry-attempts = 0x" + b"f" * 500_000,
        "multiarch.toml: retry-attempts: a number of more than 64 bits is not valid: "),
    "a number for a text": (b"target = 0x" + b"f" * 50_000, "multiarch.toml: target: a number of more than"),
    "no text": (b"\xff\xfe", "multiarch.toml is not UTF-8 text"),
    "a date for a text": (b"target = 2026-01-31", "multiarch.toml: target: 2026-01-31 is not valid: "),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), ODD.values(), ids=ODD)
def test_build_with_an_odd_file_is_one_error_at_once(
    checkout: Path, capsys: pytest.CaptureFixture[str], content: bytes | str, message: str
) -> None:
    (checkout.parent / "team.toml").write_text("")
    written(checkout / "multiarch.toml", content)
    start = time.monotonic()
    code, err = run(capsys)
    assert (code, err[: len(message) + 7]) == (2, f"error: {message}")
    assert len(err) < 500
    assert time.monotonic() - start < 5


def test_settings_file_through_a_link_in_the_checkout_is_read(checkout: Path) -> None:
    (checkout / "ci").mkdir()
    (checkout / "ci" / "settings.toml").write_text('repository = "a"')
    (checkout / "multiarch.toml").symlink_to("ci/settings.toml")
    file = read_settings_file(checkout, None, {})
    assert (file.table, file.in_checkout) == ({"repository": "a"}, True)


def test_secret_through_a_committed_link_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "token").symlink_to("/proc/self/environ")
    code, err = run(capsys, "--secret", "id=t,src=token")
    assert (code, err.splitlines()[0]) == (2, "error: secret t: token is a link out of the checkout")


HOSTILE_TEXTS = [
    "$(touch hacked)", "';touch hacked;'", "-rf", "../../etc/passwd", "/etc", "${HOME}", "%{if}", "{{branch}}", "a,b=c",
    '"', "\\n", "\\u001b]0;x\\u0007", "\\u0000", "é" * 40, "x" * 5000, "type=local,src=/etc", "https://evil.example.com/a",
]  # fmt: skip
HOSTILE_VALUES = [
    *(f'"{text}"' if text != '"' else "'\"'" for text in HOSTILE_TEXTS),
    *(f'["{text}"]' for text in HOSTILE_TEXTS if text != '"'),
    *(f'{{"{text}" = "{text}"}}' for text in HOSTILE_TEXTS if text != '"'),
    "true", "-1", "99999999999999999999", "1e400", "nan", "[]", "{}", "[[]]", "1979-05-27", '[1, "a"]',
    '{a = {b = "c"}}',
]  # fmt: skip


@pytest.mark.parametrize("info", SETTINGS, ids=lambda info: info.key)
def test_build_with_any_value_in_the_file_is_a_plan_or_one_error(
    checkout: Path, capsys: pytest.CaptureFixture[str], info: SettingInfo
) -> None:
    for value in HOSTILE_VALUES:
        (checkout / "multiarch.toml").write_text(f"{info.key} = {value}\n")
        code, err = run(capsys)
        if code != 0:
            assert (code, err.count("error: ")) == (2, 1), (value, err)
            assert len(err) < 1000, (value, err)
            assert err.replace("\n", "").isprintable(), (value, err)
        assert not (checkout / "hacked").exists()
