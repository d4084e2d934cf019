"""The form of each value: refused where it is read, with the flag that it came from; near misses pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from multiarch.errors import ConfigurationError
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.text.shown import shown
from tests.unit.fakes import ECR_HOST, load
from tests.unit.properties import property_of

if TYPE_CHECKING:
    from collections.abc import Mapping

from hypothesis import strategies as st

INFOS = {info.name: info for info in SETTINGS}
DIGEST = f"sha256:{'0' * 64}"

# Values that are taken as they are, and near misses that are refused.
FORMS: Mapping[str, tuple[list[object], list[object]]] = {
    "repository": (["shop", "team/shop.api", "a__b"], ["Shop", "a b", "a//b", "/a", "a\n", f"{ECR_HOST}/shop"]),
    "registry": (["ghcr.io", "localhost:5000"], ["a b", "ghcr.io/team", "user@host", "h:99999999", "h:٣", "-x"]),
    "account": (["123456789012"], ["12345678901", "1234567890123", "١٢٣٤٥٦٧٨٩٠١٢", "123456789012 "]),
    "region": (["eu-west-1", "us-gov-west-1"], ["eu west 1", "EU-WEST-1", "eu-west-1;", "eu_west", "-eu", "eu-"]),
    "commit_tag": (["v1", "type=sha"], ["a b", "feature/x", "type=nothing"]),
    "commit": (["a" * 40, "0" * 64], ["a" * 39, "A" * 40, "a" * 41, "HEAD"]),
    "branch": (
        ["main", "feature/login", "größe", "a.b", "x@y"],
        ["a b", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "-x", "/a", "a/", "a//b", "a.lock", "@", "a@{b",
         ".a", "a/.b", "a\x1b[31m", "a\nb", "a\x00"]),
    "git_tag": (["v1.2.3"], ["v 1", "v1..2"]),
    "base_branch": (["main"], ["main "]),
    "default_branch": (["main"], ["ma in"]),
    "repository_url": (["https://github.com/team/shop", "git@host:team/shop.git"], ["https://a b", "a\nb"]),
    "context": (
        [".", "app", "my folder; rm -rf /", "https://host/a.git#main"], ["-x", "a\nb", "a\x00b", "a\x1b]0;x\x07"]),
    "dockerfile": (["Dockerfile.prod", "docker/größe"], ["-f", "a\rb"]),
    "target": (["run", "Run-1.2_x", "0"], ["a'b", "a b", "-x", ".x", "a/b"]),
    "builder_name": (["multiarch", "b.1-x_y"], ["-x", "a b", "a/b"]),
    "builder_image": (
        ["moby/buildkit:v0.32.2", "localhost:5000/b", f"ghcr.io/a/b@{DIGEST}"],
        ["x y", "", "Moby/buildkit", "a/b:c d", "a/b@sha256:00", "a/b@"]),
    "builder_endpoint": (["tcp://host:1234", "unix:///run/b.sock", "context-1"], ["-x", "tcp://a b", "a\nb"]),
    "cache_ref": (
        ["cache", "localhost:5000/c", "ghcr.io/a/b:c"], ["a b", "a/b:c d", "", f"a/b@{DIGEST}", "-x", "Ghcr.io/A:b"]),
    "cache_repository": (["caches", "team/caches", "ghcr.io/team/caches"], ["a b", "Caches", "ghcr.io/team/caches:x"]),
    "s3_bucket": (["my-bucket.1", "arn:aws:s3:eu-west-1:123456789012:accesspoint/a"], ["a b", "s3://b", "b/", "-b"]),
    "s3_region": (["eu-west-1", "auto"], ["eu west"]),
    "s3_prefix": (["ci/", "a b"], ["a\nb"]),
    "local_cache": (["/tmp/c", "c"], ["-c", "c\n"]),
    "deploy_files": (["out"], ["-out", "a\tb"]),
    "report": (["report"], ["--report"]),
    "dist": (["dist", "/abs/dist"], ["", "-dist"]),
    "metrics": (["CI/Builds"], ["AWS/x", ":x", "größe"]),
    "provenance": (["true", "mode=max"], ["mode", 'mode="max']),
    "sbom": (["false", "generator=image"], ["generator"]),
    "compression_level": (["0", "22"], ["23", "-1", "9 ", "٣"]),
}  # fmt: skip
LISTS: Mapping[str, tuple[list[str], list[str]]] = {
    "platforms": (["linux/arm64", "windows/amd64"], ["linux/arm46", "linux/amd64/v٢", "a b"]),
    "tags": (["latest", "type=sha"], ["a b", "ü"]),
    "flavor": (["latest=false", '"suffix=a",onlatest=true'], ["lastest=false"]),
    "containers": (["web"], ["my.shop", "a b"]),
    "secrets": (["id=a", 'id=a,"src=b,c"'], ["a", "id=a,dst=b", 'id=a,"src=b', "id=a\nb"]),
    "ssh": (["default", "deploy=keys/id", "a=/run/s.sock"], ["-x", "a b", "=x", "a=", "a=b\nc"]),
    "cache_from": (["a/b:c", "type=registry,ref=a/b:c", "type=gha"], ["a b", "type=registry", "ref=a", "type=local,a"]),
    "cache_options": (["ignore-error=true"], ["ignore-error", "a\nb=c"]),
    "builder_options": (["network=host", 'memory=2g,"env.no_proxy=a,b"'], ["network", "env.NO_PROXY=a,b", "=x"]),
}
MAPS: Mapping[str, tuple[list[str], list[str]]] = {
    "build_args": (
        ["A=x", "npm.token-1=x y", "A=line one\nline two", "A=", "größe=x"],
        ["A B=x", "A\nid;=x", "$(id)=x", "=x", "-A=x", "A\xa0B=x", "A`id`=x", "A/B=x", ".A=x"]),
    "labels": (["org.opencontainers.image.title=x", "a/b=x"], ["a b=x", "a\nb=x", "=x", "a=\x1b[31m", "a=\x00"]),
    "annotations": (["index:a.b=x", "a=x"], ["a b=x", "=x"]),
}  # fmt: skip

ALL: Mapping[str, tuple[list[Any], list[Any]]] = {
    **{
        name: ([(each,) for each in good], [(each,) for each in bad]) for name, (good, bad) in {**LISTS, **MAPS}.items()
    },
    **FORMS,
}
GOOD = [(name, value) for name, (good, _) in ALL.items() for value in good]
BAD = [(name, value) for name, (_, bad) in ALL.items() for value in bad]


def flags_for(name: str, value: object) -> dict[str, object]:
    """The setting, with those that it needs."""
    needs: Mapping[str, object] = {
        "s3_bucket": {"cache": "s3"},
        "s3_region": {"cache": "s3", "s3_bucket": "b"},
        "s3_prefix": {"cache": "s3", "s3_bucket": "b"},
        "compression_level": {"compression": "zstd"},
    }.get(name, {})
    return {**needs, name: value}


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_value_of_good_form_is_taken(name: str, value: object) -> None:
    loaded = load(flags_for(name, value))
    assert loaded.origins[name] == INFOS[name].flags[0]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_value_of_bad_form_is_refused_with_its_flag(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(flags_for(name, value))
    assert caught.value.message.startswith(INFOS[name].flags[0])
    assert caught.value.hint
    assert caught.value.message.isprintable()


TEXTS = [info for info in SETTINGS if info.kind in ("text", "list")]


@pytest.mark.parametrize("info", TEXTS, ids=lambda info: info.key)
@pytest.mark.parametrize("character", ["\x00", "\n", "\x1b", "\x7f", "\x9b", "\u2028", "\udcff"], ids=ascii)
def test_control_character_in_any_text_is_refused(info: SettingInfo, character: str) -> None:
    if info.separator == "," and character == "\n":
        return  # lines part the entries of such a list
    text = f"a{character}b"
    with pytest.raises(ConfigurationError) as caught:
        load({info.name: (text,) if info.kind == "list" else text})
    assert caught.value.message.isprintable()


def test_text_settings_are_all_in_the_table() -> None:
    assert {info.name for info in SETTINGS if info.kind in ("text", "list", "map")} == set(ALL)


REFUSED = {
    "a cache reference": ({"cache_ref": "a b"}, "--cache-ref: 'a b' is not a tag"),
    "a builder image": ({"builder_image": "x y"}, "--builder-image: 'library/x y' is not a repository name"),
    "a name that a shell would run": (
        {"build_args": ["A\nid;B=1"]}, "--build-arg: 'A\\nid;B' is not the name of a build argument"),
    "a branch with terminal codes": (
        {"branch": "a\x1b[31m"}, "--branch: the value contains the character '\\x1b'"),
    "bytes that are no text": ({"context": "a\udcff"}, "--context: the value contains the character '\\udcff'"),
}  # fmt: skip


@pytest.mark.parametrize(("flags", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_value_is_named_in_one_line(flags: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(flags)
    assert caught.value.message == message


ODD: dict[str, list[object]] = {
    "retry-attempts": [True, 101, 10**400, 1.5, [], float("nan")],
    "retry-deadline": ["9" * 5000, 10**400, "٣", []],
    "commit-time": ["9" * 13, 10**400, -1, "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "yesterday", True, []],
    "pull-request": [-1, 2**64, 10**400, "²"],
    "repository": [5, 10**400, ["a"], {"a": "b"}, True],
    "tags": ["latest", [5], [["a"]]],
    "build-args": [["A=1"], {"A": 1}, {"A": ["b"]}],
    "pull": ["maybe", 2, []],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in ODD.items() for value in values])
def test_value_of_another_type_is_one_error(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(file={key: value})
    assert len(caught.value.message) < 300


@property_of(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_shown_any_value_is_short_and_printable(value: object) -> None:
    assert len(shown(value)) < 400
    assert shown(value).isprintable()
