"""The files that a build is made from, found missing before anything else happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from multiarch.edges.files.inputs import check_inputs, own_output_is_in_context, secret_values
from multiarch.edges.files.settings import SettingsFile, read_settings_file
from multiarch.errors import ConfigurationError
from tests.unit.fakes import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a Dockerfile, an app beside it, and a secret."""
    (tmp_path / "Dockerfile").touch()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").touch()
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile.prod").touch()
    (tmp_path / "token").write_text("s3cret-of-a-file\n", encoding="utf-8")
    return tmp_path


def complaint(folder: Path, flags: dict[str, object], environment: dict[str, str]) -> tuple[str, str]:
    """What is wrong with the inputs, and the way out; empty where nothing is."""
    try:
        check_inputs(load(flags).settings.image, folder, environment)
    except ConfigurationError as error:
        return error.message, error.hint
    return "", ""


GOOD: dict[str, tuple[dict[str, object], dict[str, str]]] = {
    "the folder itself": ({}, {}),
    "another context": ({"context": "app"}, {}),
    "a Dockerfile beside the context": ({"context": "app", "dockerfile": "docker/Dockerfile.prod"}, {}),
    "a URL": ({"context": "https://example.com/a.git", "dockerfile": "any"}, {}),
    "a secret in a file": ({"secrets": ("id=a,src=token",)}, {}),
    "a secret in a variable": ({"secrets": ("id=a,env=TOKEN",)}, {"TOKEN": "x"}),
    "a secret in the variable of its own name": ({"secrets": ("id=TOKEN",)}, {"TOKEN": ""}),
    "a secret in the file of its own name": ({"secrets": ("id=token",)}, {}),
    "an SSH agent": ({"ssh": ("default",)}, {"SSH_AUTH_SOCK": "/run/agent"}),
    "an SSH key": ({"ssh": ("deploy=token",)}, {}),
}


@pytest.mark.parametrize(("flags", "environment"), GOOD.values(), ids=GOOD)
def test_check_inputs_existing_inputs_pass(folder: Path, flags: dict[str, object], environment: dict[str, str]) -> None:
    assert complaint(folder, flags, environment) == ("", "")


BAD: dict[str, tuple[dict[str, object], str, str]] = {
    "no context": ({"context": "apps"}, "the context apps is not a folder",
        "use the folder of the build: --context PATH"),
    "a context that is a file": ({"context": "token"}, "the context token is not a folder",
        "use the folder of the build: --context PATH"),
    "no Dockerfile": ({"context": "docker"}, "no Dockerfile at docker/Dockerfile",
        "use another Dockerfile: --file PATH, or another context: --context PATH"),
    "a Dockerfile that is a folder": ({"dockerfile": "app"}, "no Dockerfile at app",
        "use another Dockerfile: --file PATH, or another context: --context PATH"),
    "a variable by its type that is not set": ({"secrets": ("id=a,type=env,src=TOKEN",)},
        "secret a: the variable TOKEN is not set",
        "set TOKEN, or use a file: --secret id=a,src=FILE"),
    "a variable that is not set": ({"secrets": ("id=a,env=TOKEN",)},
        "secret a: the variable TOKEN is not set",
        "set TOKEN, or use a file: --secret id=a,src=FILE"),
    "a file that is not there": ({"secrets": ("id=a,src=tokens",)}, "secret a: no file tokens",
        "use --secret id=a,src=FILE or --secret id=a,env=VARIABLE"),
    "a file that is a folder": ({"secrets": ("id=a,source=app",)}, "secret a: no file app",
        "use --secret id=a,src=FILE or --secret id=a,env=VARIABLE"),
    "an id alone, with nothing of its name": ({"secrets": ("id=a",)}, "secret a: no file a",
        "use --secret id=a,src=FILE or --secret id=a,env=VARIABLE"),
    "no SSH agent": ({"ssh": ("default",)}, "--ssh default: no SSH agent",
        "start an agent and add a key, or use a key file: --ssh default=FILE"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "message", "hint"), BAD.values(), ids=BAD)
def test_check_inputs_missing_input_raises_error(
    folder: Path, flags: dict[str, object], message: str, hint: str
) -> None:
    assert complaint(folder, flags, {}) == (message, hint)


SECRETS: dict[str, tuple[str, list[str]]] = {
    "a file": ("id=a,src=token", ["s3cret-of-a-file\n"]),
    "a variable": ("id=a,env=TOKEN", ["s3cret-of-a-variable"]),
    "the variable of its own name": ("id=TOKEN", ["s3cret-of-a-variable"]),
    "the file of its own name": ("id=token", ["s3cret-of-a-file\n"]),
    "a variable by its type": ("id=a,type=env,src=TOKEN", ["s3cret-of-a-variable"]),
    "a file by docker's other word": ("id=a,source=token", ["s3cret-of-a-file\n"]),
    "a file counts, whatever the variables say": ("id=TOKEN,src=token", ["s3cret-of-a-file\n"]),
    "nothing": ("id=other", []),
}


@pytest.mark.parametrize(("secret", "values"), SECRETS.values(), ids=SECRETS)
def test_secret_values_returns_all_secrets(folder: Path, secret: str, values: list[str]) -> None:
    settings = load({"secrets": (secret,)}).settings.image
    assert list(secret_values(settings, folder, {"TOKEN": "s3cret-of-a-variable"})) == values


# The settings file


def test_read_settings_file_without_file_returns_empty_table(tmp_path: Path) -> None:
    assert read_settings_file(tmp_path, None, {}) == SettingsFile()


def test_our_own_file_comes_before_the_project_s(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.multiarch]\nrepository = "b"\n', encoding="utf-8")
    assert read_settings_file(tmp_path, None, {}) == SettingsFile(
        name="pyproject.toml [tool.multiarch]", table={"repository": "b"}
    )
    (tmp_path / "multiarch.toml").write_text('repository = "a"\n', encoding="utf-8")
    assert read_settings_file(tmp_path, None, {}) == SettingsFile(name="multiarch.toml", table={"repository": "a"})


def test_read_settings_file_pyproject_without_table_returns_empty_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.other]\nx = "b"\n', encoding="utf-8")
    assert read_settings_file(tmp_path, None, {}).table == {}


def test_read_settings_file_named_file_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "multiarch.toml").write_text('repository = "a"\n', encoding="utf-8")
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "my.toml").write_text('repository = "c"\n', encoding="utf-8")
    (tmp_path / "ci" / "pyproject.toml").write_text('[tool.multiarch]\nrepository = "d"\n', encoding="utf-8")
    assert read_settings_file(tmp_path, "ci/my.toml", {}) == SettingsFile(name="ci/my.toml", table={"repository": "c"})
    assert read_settings_file(tmp_path, "ci/pyproject.toml", {}) == SettingsFile(
        name="ci/pyproject.toml", table={"repository": "d"}
    )


FILES = {
    "not there": (None, "cannot read f.toml: No such file or directory",
        "check the path and the permissions of the file"),
    "not TOML": (b"a = b\n", "f.toml is not TOML: Invalid value (at line 1, column 5)",
        'quote texts: key = "value"; https://toml.io shows the format'),
    "not UTF-8": (b'a = "\xff"\n', "f.toml is not UTF-8 text", "save the file as UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message", "hint"), FILES.values(), ids=FILES)
def test_read_settings_file_unreadable_raises_error(
    tmp_path: Path, content: bytes | None, message: str, hint: str
) -> None:
    if content:
        (tmp_path / "f.toml").write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_settings_file(tmp_path, "f.toml", {})
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("text", ['tool = "x"', '[tool]\nmultiarch = "x"'], ids=["tool", "tool.multiarch"])
def test_read_settings_file_table_of_other_type_raises_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_settings_file(tmp_path, None, {})
    assert caught.value.message == "pyproject.toml: [tool.multiarch] is not a table"


# Our own output in the context


OUTPUTS: dict[str, tuple[dict[str, object], str | None, bool]] = {
    "in the context": ({}, None, True),
    "ignored": ({}, "node_modules\ndist\n", False),
    "ignored with slashes": ({}, "/dist/\n", False),
    "ignored with its content": ({}, "dist/**\n", False),
    "everything is ignored": ({}, "*\n!src\n", False),
    "another one is ignored": ({}, "distant\n", True),
    "beside the context": ({"context": "app"}, None, False),
    "above the context": ({"dist": "../out"}, None, False),
    "the context itself": ({"dist": "."}, "node_modules\n", True),
    "of a URL": ({"context": "https://example.com/a.git"}, None, False),
}


@pytest.mark.parametrize(("flags", "ignored", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_own_output_in_context_is_found(
    folder: Path,
    flags: dict[str, object],
    ignored: str | None,
    expected: bool,  # noqa: FBT001
) -> None:
    if ignored:
        (folder / ".dockerignore").write_text(ignored, encoding="utf-8")
    settings = load(flags).settings
    assert own_output_is_in_context(settings.image, folder, settings.run.dist) is expected
