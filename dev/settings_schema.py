"""The JSON schema of `multiarch.toml`, from the declarations of the settings: an editor completes and checks with it.

Draft 7, which editors know: https://taplo.tamasfe.dev/configuration/directives.html#the-schema-directive
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

import multiarch
from multiarch.settings.declare import FromFile, ValueCheck
from multiarch.settings.info import SETTINGS, SettingInfo

PATH: Final = Path(multiarch.__file__).parent / "schemas" / "settings.schema.json"

# What a text may contain: one line, and no control character.
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"


# What `multiarch` refuses in a file of the checkout, for whoever writes the file.
_REFUSED: Final = {
    FromFile.NEVER: " Only flags, variables and a trusted file can set this.",
    FromFile.INSIDE: " The path must be in the checkout.",
    FromFile.REGISTRY: " The cache must be in the image's registry.",
}


def settings_schema() -> dict[str, Any]:
    """Return the schema: each setting as a key, and under a table of its first words."""
    properties: dict[str, Any] = {info.key: _schema(info) for info in SETTINGS}
    for table, inner in _tables().items():
        nested = {"type": "object", "properties": inner, "additionalProperties": False}
        properties[table] = {"anyOf": [properties[table], nested]} if table in properties else nested
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:multiarch-codebuild:settings",
        "title": "multiarch.toml",
        "description": "Settings of multiarch: docs/reference.md explains each of them.",
        "type": "object",
        "properties": dict(sorted(properties.items())),
        "additionalProperties": False,
    }


def _tables() -> dict[str, dict[str, Any]]:
    """Return the tables that settings may stand in: `[cache] mode` is `cache-mode`."""
    maps = {info.key for info in SETTINGS if info.kind == "map"}
    tables: dict[str, dict[str, Any]] = {}
    for info in SETTINGS:
        words = info.key.split("-")
        for length in range(1, len(words)):
            table = "-".join(words[:length])
            if table not in maps:
                tables.setdefault(table, {})["-".join(words[length:])] = _schema(info)
    return tables


def _schema(info: SettingInfo) -> dict[str, Any]:
    described = {"description": f"{info.text}{_REFUSED.get(info.from_file, '')}"}
    if info.default not in ("", (), {}):
        described["default"] = list(info.default) if isinstance(info.default, tuple) else info.default  # type: ignore[assignment]  # JSON
    return described | _value(info)


def _value(info: SettingInfo) -> dict[str, Any]:
    match info.kind:
        case "switch":
            return {"type": "boolean"}
        case "choice":
            return {"enum": list(info.choices)}
        case "list":
            return {"type": "array", "items": _text(info)}
        case "map":
            names = {"propertyNames": {"pattern": pattern}} if (pattern := _pattern(info)) else {}
            return {"type": "object", "additionalProperties": {"type": "string", "pattern": _LINES}, **names}
        case _:
            return _number(info) if info.kind == "number" else _written(info)


def _number(info: SettingInfo) -> dict[str, Any]:
    pattern = _pattern(info)
    if pattern:  # a duration or a time, which is also written as a text
        return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": pattern}]}
    bounds = next(each for each in get_args(info.type) if isinstance(each, msgspec.Meta))
    return {"type": "integer", "minimum": bounds.ge, "maximum": bounds.le}


def _written(info: SettingInfo) -> dict[str, Any]:
    """Return a text's schema; a check that reads other types too says which."""
    others = {"provenance": "boolean", "sbom": "boolean", "compression-level": "integer"}
    if info.key not in others:
        return _text(info)
    bounds = {"minimum": 0, "maximum": 22} if info.key == "compression-level" else {}
    return {"anyOf": [{"type": others[info.key], **bounds}, _text(info)]}


def _text(info: SettingInfo) -> dict[str, Any]:
    pattern = _pattern(info)
    return {"type": "string", "allOf": [{"pattern": _LINE}, {"pattern": pattern}]} if pattern else {
        "type": "string", "pattern": _LINE}  # fmt: skip


def _pattern(info: SettingInfo) -> str:
    checks = (each for each in get_args(info.type) if isinstance(each, ValueCheck))
    return next((check.pattern for check in checks if check.pattern), "")


def text() -> str:
    return json.dumps(settings_schema(), indent=2) + "\n"
