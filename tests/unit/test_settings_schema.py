"""The schema of multiarch.toml: current, and it takes whatever `load_settings` takes."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import strategies as st

from dev import settings_schema
from multiarch.errors import ConfigurationError
from multiarch.settings.info import SETTINGS
from tests.unit.fakes import load
from tests.unit.properties import property_of
from tests.unit.test_forms import BAD, FORMS, GOOD, INFOS, LISTS, flags_for

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = settings_schema.settings_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def passes_load(table: Mapping[str, object]) -> bool:
    try:
        load(file=table)
    except ConfigurationError:
        return False
    return True


def in_file(flags: Mapping[str, Any]) -> dict[str, object]:
    """The table of a file that says what these flags say."""

    def written(name: str, value: Any) -> object:  # noqa: ANN401 - of any setting
        if INFOS[name].kind == "map":
            return dict(entry.partition("=")[::2] for entry in value)
        return list(value) if isinstance(value, tuple) else value

    return {INFOS[name].key: written(name, value) for name, value in flags.items()}


def test_settings_schema_file_is_current() -> None:
    text = settings_schema.PATH.read_text(encoding="utf-8")
    assert text == settings_schema.text(), "run: python -m dev.schema"
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_settings_schema_has_every_setting_with_its_text() -> None:
    for info in SETTINGS:
        said = SCHEMA["properties"][info.key]
        assert info.text in str(said)


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_settings_schema_takes_what_load_takes(name: str, value: object) -> None:
    table = in_file(flags_for(name, value))
    assert passes_load(table)
    VALIDATOR.validate(table)


# Forms that a pattern says wholly; of the others, the schema refuses less than `load_settings` does.
EXACT = (
    "repository", "account", "region", "commit", "repository_url", "context", "dockerfile", "target", "builder_name",
    "builder_endpoint", "s3_bucket", "s3_region", "s3_prefix", "local_cache", "deploy_files", "report", "dist",
    "metrics", "compression_level", "containers", "ssh", "cache_options", "build_args", "labels",
)  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, value in BAD if name in EXACT])
def test_settings_schema_refuses_a_bad_form(name: str, value: Any) -> None:  # noqa: ANN401 - of any setting
    table = in_file(flags_for(name, value))
    if isinstance(value, str) and value.endswith("\n"):
        return  # `$` of Python's `re` matches before it, an editor's does not
    assert not passes_load(table)
    assert not VALIDATOR.is_valid(table)


TOML = {
    "keys": ('repository = "shop"\ntags = ["latest", "type=sha"]\nretry-deadline = "45m"', True),
    "tables": ('[cache]\nmode = "min"\nref = "c"\n[build.args]\nA = "1"\n[retry]\nattempts = 2', True),
    "a map": ('[build-args]\nVERSION = "1.2"', True),
    "other types": ('provenance = true\nsbom = "generator=image"\ncompression = "zstd"\ncompression-level = 9', True),
    "a duration as a number": ("retry-deadline = 90", True),
    "a time": ("commit-time = 2026-01-31T12:00:00Z", True),
    "an unknown key": ('platform = "linux/amd64"', False),
    "an unknown key in a table": ('[cache]\nmod = "max"', False),
    "an underscore": ('cache_mode = "max"', False),
    "no such choice": ('cache-mode = "most"', False),
    "a text for a list": ('tags = "latest"', False),
    "a text for a map": ('build-args = "A=1"', False),
    "a list for a map": ('build-args = ["A=1"]', False),
    "a number in a map": ("[build-args]\nA = 1", False),
    "a text for a number": ('retry-attempts = "5"', False),
    "a number that is too small": ("retry-attempts = 0", False),
    "a number that is too large": ("retry-attempts = 101", False),
    "a fraction": ("retry-attempts = 1.5", False),
    "a text for a switch": ('pull = "yes"', False),
    "a number for a switch": ("pull = 1", False),
    "a number for a text": ("repository = 5", False),
    "a switch for a text": ("repository = true", False),
    "a table in a table": ('[cache.pull]\nrequest = "own"', False),
}


@pytest.mark.parametrize(("text", "is_good"), TOML.values(), ids=TOML)
def test_settings_schema_and_load_agree(text: str, is_good: bool) -> None:  # noqa: FBT001 - a table's column
    table = tomllib.loads(text)
    # An editor validates JSON's types: it hands a date over as text.
    as_json = {
        key: value if isinstance(value, str | int | list | dict | float) else str(value) for key, value in table.items()
    }
    assert (passes_load(table), VALIDATOR.is_valid(as_json)) == (is_good, is_good)


WORDS = st.sampled_from(
    sorted(
        {str(each) for values, _ in FORMS.values() for each in values}
        | {e for good, bad in LISTS.values() for e in good + bad}
    )
)
ODD = st.one_of(
    WORDS, st.booleans(), st.integers(-1, 200), st.lists(WORDS, max_size=2), st.dictionaries(WORDS, WORDS, max_size=1)
)
TABLES = st.dictionaries(
    st.sampled_from([info.key for info in SETTINGS] + ["cache", "build", "retry", "x"]), ODD, max_size=3
)


@property_of(TABLES)
def test_settings_schema_takes_any_table_that_load_takes(table: dict[str, object]) -> None:
    if passes_load(table):
        VALIDATOR.validate(table)
