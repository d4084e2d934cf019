"""Settings: where each value comes from, how text is read, and what is refused in which words."""

from __future__ import annotations

import tomllib
from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING

import pytest

from multiarch.errors import ConfigurationError
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.settings.model import Settings
from tests.unit.fakes import load

if TYPE_CHECKING:
    from collections.abc import Mapping


INFOS = {info.name: info for info in SETTINGS}


def refused(
    flags: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    file: Mapping[str, object] | None = None,
) -> tuple[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        load(flags, environment, file)
    return caught.value.message, caught.value.hint


# Which value counts


LAYERS = {
    "a flag before all": (
        {"repository": "a"}, {"MULTIARCH_REPOSITORY": "b", "AWS_ECR_REPOSITORY_NAME": "c"}, {"repository": "d"},
        ("a", "--repository")),
    "our variable before the seed's": (
        {}, {"AWS_ECR_REPOSITORY_NAME": "c", "MULTIARCH_REPOSITORY": "b"}, {"repository": "d"},
        ("b", "MULTIARCH_REPOSITORY")),
    "a variable before the file": (
        {}, {"AWS_ECR_REPOSITORY_NAME": "c"}, {"repository": "d"}, ("c", "AWS_ECR_REPOSITORY_NAME")),
    "an empty variable is none": ({}, {"AWS_ECR_REPOSITORY_NAME": ""}, {"repository": "d"}, ("d", "multiarch.toml")),
    "the file before the default": ({}, {}, {"repository": "d"}, ("d", "multiarch.toml")),
    "the default": ({}, {}, {}, ("", "default")),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "environment", "file", "expected"), LAYERS.values(), ids=LAYERS)
def test_load_settings_first_layer_wins_and_is_the_origin(
    flags: dict[str, object], environment: dict[str, str], file: dict[str, object], expected: tuple[str, str]
) -> None:
    loaded = load(flags, environment, file)
    assert (loaded.settings.image.repository, loaded.origins["repository"]) == expected


VARIABLES = {
    "AWS_ECR_REPOSITORY_NAME": ("repository", "shop"),
    "AWS_REGISTRY_NAME": ("registry", "ghcr.io"),
    "AWS_ACCOUNT_ID": ("account", "123456789012"),
    "AWS_DEFAULT_REGION": ("region", "eu-west-1"),
    "AWS_REGION": ("region", "eu-west-1"),
    "GIT_TAG": ("commit_tag", "v1"),
}


@pytest.mark.parametrize(("variable", "expected"), VARIABLES.items(), ids=VARIABLES)
def test_load_settings_baseline_variables_work(variable: str, expected: tuple[str, str]) -> None:
    name, value = expected
    loaded = load(environment={variable: value})
    assert INFOS[name].value_in(loaded.settings) == value
    assert loaded.origins[name] == variable


def test_aws_default_region_comes_before_aws_region_as_in_the_aws_cli() -> None:
    loaded = load(environment={"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-1"})
    assert loaded.settings.run.region == "eu-west-1"


def test_load_settings_every_value_has_an_origin() -> None:
    loaded = load({"pull": True}, {"MULTIARCH_NO_CACHE": "1"}, {"target": "run"})
    said = {name: origin for name, origin in loaded.origins.items() if origin != "default"}
    assert said == {"pull": "--pull", "no_cache": "MULTIARCH_NO_CACHE", "target": "multiarch.toml"}
    assert set(loaded.origins) == {info.name for info in SETTINGS}


def test_load_settings_defaults_are_those_of_the_baseline() -> None:
    run, image = load().settings.run, load().settings.image
    assert image.platforms == ("linux/amd64", "linux/arm64")
    assert image.tags == ("latest",)
    assert (image.context, image.cache, image.cache_mode) == (".", "registry", "max")
    assert (run.builder_driver, run.builder_keep) == ("docker-container", True)


# How text is read


LISTS = {
    "commas": ("MULTIARCH_PLATFORMS", "linux/amd64,arm64", "platforms", ("linux/amd64", "linux/arm64")),
    "spaces around": ("MULTIARCH_PLATFORMS", " amd64 , arm64 ", "platforms", ("linux/amd64", "linux/arm64")),
    "lines": ("MULTIARCH_PLATFORMS", "amd64\narm64\n", "platforms", ("linux/amd64", "linux/arm64")),
    "the same one in two spellings": ("MULTIARCH_PLATFORMS", "arm64,linux/arm64/v8", "platforms", ("linux/arm64",)),
    "tags": ("MULTIARCH_TAGS", "latest,stable,latest", "tags", ("latest", "stable")),
    "nothing but commas": ("MULTIARCH_TAGS", " , ", "tags", ()),
    "secrets have commas of their own": (
        "MULTIARCH_SECRETS", "id=a,src=b\nid=c,env=D\n", "secrets", ("id=a,src=b", "id=c,env=D")),
    "so have caches": (
        "MULTIARCH_CACHE_FROM", "type=registry,ref=a\nb:c", "cache_from", ("type=registry,ref=a", "b:c")),
    "and driver options": (
        "MULTIARCH_BUILDER_OPTIONS", "network=host\nmemory=2g", "builder_options", ("network=host", "memory=2g")),
}  # fmt: skip


@pytest.mark.parametrize(("variable", "text", "name", "expected"), LISTS.values(), ids=LISTS)
def test_load_settings_list_in_variable_is_split(
    variable: str, text: str, name: str, expected: tuple[str, ...]
) -> None:
    assert INFOS[name].value_in(load(environment={variable: text}).settings) == expected


FLAG_LISTS = {
    "one each": (("a", "b"), ("a", "b")),
    "several in one": (("a,b", "c"), ("a", "b", "c")),
    "an empty one takes the default away": (("",), ()),
}


@pytest.mark.parametrize(("passed", "expected"), FLAG_LISTS.values(), ids=FLAG_LISTS)
def test_load_settings_repeated_flag_and_commas_are_equal(passed: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert load({"tags": passed}).settings.image.tags == expected


MAPS = {
    "lines": ("A=1\nB=2", {"A": "1", "B": "2"}),
    "a comma belongs to the value": ("A=1,B=2", {"A": "1,B=2"}),
    "an equals sign too": ("A=x=y", {"A": "x=y"}),
    "an empty value": ("A=", {"A": ""}),
    "the environment's value": ("TOKEN", {"TOKEN": None}),
    "the last one counts": ("A=1\nA=2", {"A": "2"}),
}


@pytest.mark.parametrize(("text", "expected"), MAPS.values(), ids=MAPS)
def test_build_arguments_are_read(text: str, expected: dict[str, str]) -> None:
    environment = {"TOKEN": "from the environment"}
    assert load(environment={**environment, "MULTIARCH_BUILD_ARGS": text}).settings.image.build_args == expected
    assert load({"build_args": text.split("\n")}, environment).settings.image.build_args == expected


NO_VALUES = {
    "a build argument": (
        {"build_args": ["TOKEN"]}, "--build-arg TOKEN: missing value",
        "write TOKEN=VALUE, or set the environment variable"),
    "a label": ({"labels": ["TOKEN"]}, "--label TOKEN: missing value", "write TOKEN=VALUE"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "message", "hint"), NO_VALUES.values(), ids=NO_VALUES)
def test_load_settings_name_without_value_raises_error(flags: dict[str, object], message: str, hint: str) -> None:
    assert refused(flags) == (message, hint)


def test_load_settings_label_without_value_raises_error() -> None:
    assert refused({"labels": ["HOME"]}, {"HOME": "/root"})[0] == "--label HOME: missing value"


DURATIONS: dict[str, tuple[object, int]] = {
    "seconds": ("90", 90),
    "a number": (90, 90),
    "with s": ("90s", 90),
    "minutes": ("45m", 2700),
    "hours": ("2h", 7200),
    "spaces around": (" 1h ", 3600),
    "none at all": ("0", 0),
}


@pytest.mark.parametrize(("value", "seconds"), DURATIONS.values(), ids=DURATIONS)
def test_durations_are_seconds_or_have_a_unit(value: object, seconds: int) -> None:
    assert load(file={"retry-deadline": value}).settings.run.retry_deadline == seconds


@pytest.mark.parametrize("value", ["1.5h", "h", "", "-5", "1d", "1h30m", "90 s x", True, None, 1.5])
def test_load_settings_invalid_duration_raises_error(value: object) -> None:
    message, hint = refused(file={"retry-deadline": value})
    assert message == f"multiarch.toml: retry-deadline: {value!r} is not a duration"
    assert hint == "write a number of seconds, or a number with a unit: 90, 90s, 15m, 2h"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", True), ("true", True), ("yes", True), ("on", True), ("0", False), ("false", False), ("no", False)],
)
def test_load_settings_switch_accepts_common_words(text: str, expected: bool) -> None:  # noqa: FBT001
    assert load(environment={"MULTIARCH_PULL": text}).settings.image.pull is expected


# The file


TOML = {
    "flat keys": ('cache-mode = "min"\nbuilder-name = "b"', {"cache_mode": "min", "builder_name": "b"}),
    "tables": ('[cache]\nmode = "min"\nref = "c"\n[builder]\nname = "b"', {"cache_mode": "min", "cache_ref": "c"}),
    "a table of arguments": ('[build-args]\nA = "1"', {"build_args": {"A": "1"}}),
    "arguments under build": ('[build.args]\nA = "1"', {"build_args": {"A": "1"}}),
    "a dotted key": ("retry.attempts = 9", {"retry_attempts": 9}),
    "a quoted label": ('[labels]\n"org.opencontainers.image.title" = "x"', {
        "labels": {"org.opencontainers.image.title": "x"}}),
    "a list": ('platforms = ["arm64"]\ntags = []', {"platforms": ("linux/arm64",), "tags": ()}),
    "switches and numbers": ("pull = true\nretry-attempts = 2", {"pull": True, "retry_attempts": 2}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TOML.values(), ids=TOML)
def test_load_settings_file_is_flat_or_has_tables(text: str, expected: dict[str, object]) -> None:
    settings = load(file=tomllib.loads(text)).settings
    assert {name: INFOS[name].value_in(settings) for name in expected} == expected


@pytest.mark.parametrize("key", ["provenance", "sbom"])
def test_load_settings_attestation_accepts_toml_booleans(key: str) -> None:
    assert INFOS[key].value_in(load(file={key: True}).settings) == "true"
    assert INFOS[key].value_in(load(file={key: False}).settings) == "false"
    assert INFOS[key].value_in(load(file={key: "mode=max"}).settings) == "mode=max"


# What is refused


REFUSED: dict[str, tuple[dict[str, object], dict[str, str], dict[str, object], str, str]] = {
    "a misspelt variable": (
        {}, {"MULTIARCH_PLATFORM": "x"}, {},
        "MULTIARCH_PLATFORM is not a setting", "did you mean MULTIARCH_PLATFORMS?"),
    "a misspelt key": (
        {}, {}, {"platfroms": ["x"]}, "multiarch.toml: 'platfroms' is not a setting", "did you mean platforms?"),
    "a misspelt key in a table": (
        {}, {}, {"cache": {"mod": "x"}}, "multiarch.toml: 'cache-mod' is not a setting", "did you mean cache-mode?"),
    "an underscore in a key": (
        {}, {}, {"cache_mode": "x"}, "multiarch.toml: 'cache_mode' is not a setting", "did you mean cache-mode?"),
    "a table of nothing": (
        {}, {}, {"cash": {"mode": "x"}}, "multiarch.toml: 'cash' is not a setting", "did you mean cache?"),
    "an empty table for a text": (
        {}, {}, {"commit-tag": {}}, "multiarch.toml: commit-tag: a table is not valid: expected str, got object",
        "see --commit-tag in --help-all"),
    "a misspelt value in a flag": (
        {"cache": "registri"}, {}, {},
        "--cache: 'registri' is not one of registry, s3, local, inline, none", "did you mean registry?"),
    "in a variable": (
        {}, {"MULTIARCH_CACHE_MODE": "mx"}, {},
        "MULTIARCH_CACHE_MODE: 'mx' is not one of max, min", "did you mean max?"),
    "in the file": (
        {}, {}, {"if-exists": "ignore"},
        "multiarch.toml: if-exists: 'ignore' is not one of skip, rebuild, fail", "known: skip, rebuild, fail"),
    "a platform": (
        {}, {"MULTIARCH_PLATFORMS": "linux/arm46"}, {},
        "MULTIARCH_PLATFORMS: 'linux/arm46' is not a platform", "did you mean linux/arm64?"),
    "a repository in the seed's variable": (
        {}, {"AWS_ECR_REPOSITORY_NAME": "Shop"}, {},
        "AWS_ECR_REPOSITORY_NAME: 'Shop' is not a repository name",
        "use lower-case letters and digits with . _ - or / between them, at most 255, for example shop"),
    "a tag": (
        {"tags": ("a b",)}, {}, {}, "--tag: 'a b' is not a tag",
        "use letters, digits, _ . and -, at most 128, and do not start with . or -"),
    "a commit tag": (
        {}, {"GIT_TAG": "feature/x"}, {}, "GIT_TAG: 'feature/x' is not a tag",
        "use letters, digits, _ . and -, at most 128, and do not start with . or -"),
    "a namespace of AWS's own": (
        {}, {"MULTIARCH_METRICS": "AWS/Builds"}, {}, "MULTIARCH_METRICS: 'AWS/Builds' is not a CloudWatch namespace",
        "use letters, digits, spaces and . - _ / # : but do not start with : or AWS/"),
    "a namespace that is too long": (
        {"metrics": "n" * 256}, {}, {}, f"--metrics: '{'n' * 80}…' is not a CloudWatch namespace",
        "use letters, digits, spaces and . - _ / # : but do not start with : or AWS/"),
    "a container": (
        {"containers": ("web", "my.shop")}, {}, {}, "--container: 'my.shop' is not a container's name",
        "use at most 255 letters, digits, _ and -, as in the ECS task definition"),
    "an account": (
        {"account": "1234"}, {}, {},
        "--account: '1234' is not an AWS account ID", "an account ID has 12 digits: 123456789012"),
    "a number": (
        {}, {"MULTIARCH_RETRY_ATTEMPTS": "many"}, {},
        "MULTIARCH_RETRY_ATTEMPTS: 'many' is not valid: expected int, got str",
        "see --retry-attempts in --help-all"),
    "a number that is too small": (
        {}, {}, {"retry-attempts": 0},
        "multiarch.toml: retry-attempts: 0 is not valid: expected int >= 1",
        "see --retry-attempts in --help-all"),
    "a switch": (
        {}, {"MULTIARCH_PULL": "maybe"}, {},
        "MULTIARCH_PULL: 'maybe' is not valid: expected bool, got str",
        "see --pull in --help-all"),
    "a text where a list belongs": (
        {}, {}, {"tags": "latest"}, "multiarch.toml: tags: 'latest' is not valid: expected array, got str",
        "see --tag in --help-all"),
    "no platform": ({"platforms": ("",)}, {}, {}, "no platform to build for",
        "add a platform: --platform linux/amd64"),
    "a remote driver without an address": (
        {"builder_driver": "remote"}, {}, {}, "the remote driver needs an endpoint",
        "add --builder-endpoint tcp://host:1234"),
    "a driver option without a value": (
        {"builder_options": ("network",)}, {}, {}, "--builder-option: 'network' is not NAME=VALUE",
        'write NAME=VALUE; quote the whole if the value contains a comma: "NAME=a,b"'),
    "a builder's name that docker would not take": (
        {"builder_name": "-x"}, {}, {},
        "--builder-name: '-x' is not the name of a builder", "use letters, digits, _ . and -"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "environment", "file", "message", "hint"), REFUSED.values(), ids=REFUSED)
def test_load_settings_invalid_value_names_place_and_fix(
    flags: dict[str, object], environment: dict[str, str], file: dict[str, object], message: str, hint: str
) -> None:
    assert refused(flags, environment, file) == (message, hint)


@pytest.mark.parametrize("variable", ["MULTIARCH_CONFIG", "MULTIARCHITECTURE", "multiarch_x", "HOME"])
def test_variables_of_others_and_that_of_the_file_are_no_settings(variable: str) -> None:
    assert load(environment={variable: "x"}).settings == Settings()


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        load().settings.image.repository = "other"  # type: ignore[misc]  # that is the point


# What a declaration says


@pytest.mark.parametrize("info", SETTINGS, ids=lambda info: info.key)
def test_settings_have_help_group_flag_variable_and_key(info: SettingInfo) -> None:
    assert info.text[0].isupper()
    assert info.text.endswith(".")
    assert info.group in (
        "Image",
        "Registry",
        "Source",
        "Build",
        "Cache",
        "Builder",
        "Retries",
        "Deploy files",
        "Report",
        "Logs",
        "Local",
    )
    assert info.flags[0].startswith("--")
    assert info.variables[0] == f"MULTIARCH_{info.name.upper().rstrip('_')}"
    assert info.key == info.name.rstrip("_").replace("_", "-")
    assert info.metavar or info.choices or info.kind == "switch"


def test_settings_have_distinct_flags_and_variables() -> None:
    flags = [flag for info in SETTINGS for flag in info.flags]
    variables = [variable for info in SETTINGS for variable in info.variables]
    assert len(set(flags)) == len(flags)
    assert len(set(variables)) == len(variables)


KINDS = {
    "repository": "text",
    "platforms": "list",
    "build_args": "map",
    "pull": "switch",
    "cache_mode": "choice",
    "retry_attempts": "number",
    "retry_deadline": "number",
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)
def test_settings_kind_follows_the_type_of_the_default(name: str, kind: str) -> None:
    assert next(info for info in SETTINGS if info.name == name).kind == kind
