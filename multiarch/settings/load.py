"""What the user wants: every setting, declared once.

A setting's declaration below is its default, type, check, help, flag, variable and key in the file; the command line,
the JSON schema and `docs/reference.md` are made from it. Values come from, first one wins: a flag, the environment,
`multiarch.toml` (or `[tool.multiarch]` in `pyproject.toml`), the default. Each remembers where it came from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import cast

from multiarch.errors import ConfigurationError
from multiarch.image.tags import parse_flavor
from multiarch.settings.conflicts import check_contents, check_together, defaults_for
from multiarch.settings.image import ImageSettings
from multiarch.settings.info import ENVIRONMENT_PREFIX, SETTINGS
from multiarch.settings.model import Settings
from multiarch.settings.run import RunSettings
from multiarch.settings.values import SWITCH, check, from_text, from_texts
from multiarch.text.hints import nearest_hint
from multiarch.text.shown import cut, shown

CONFIG_VARIABLE = "MULTIARCH_CONFIG"

TRUST_VARIABLE = "MULTIARCH_TRUST_CONFIG"

DEFAULT_ORIGIN = "default"


@dataclass(frozen=True, kw_only=True)
class LoadedSettings:
    """The settings, and where each value came from: a flag, a variable, a file's name or `default`.

    Attributes:
        checkout_file: the name of a settings file that is in the checkout; empty for the team's own file.
        is_trusted: the team lets a file in the checkout set everything.
    """

    settings: Settings
    origins: Mapping[str, str]
    checkout_file: str = ""
    is_trusted: bool = False


def load_settings(
    *,
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    file: Mapping[str, object],
    file_name: str,
    in_checkout: bool = True,
    is_trusted: bool = False,
) -> LoadedSettings:
    """Merge the four layers and check the outcome.

    Args:
        flags: values by setting name, those that were passed and no others.
        environment: all variables; an empty one counts as not set.
        file: the parsed table of `multiarch.toml` or `[tool.multiarch]`.
        file_name: what to call that file in messages.
        in_checkout: that file is in the checkout.
        is_trusted: `--trust-config` was passed; `MULTIARCH_TRUST_CONFIG` says the same.

    Raises:
        ConfigurationError: an unknown key or variable, or a value that does not pass.
    """
    _refuse_unknown_variables(environment)
    table = _flatten(file, file_name)
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for info in SETTINGS:
        variable = next((name for name in info.variables if environment.get(name)), None)
        if info.name in flags:
            values[info.name] = from_texts(info, flags[info.name], environment)
            origins[info.name] = info.flags[0]
        elif variable:
            values[info.name] = from_text(info, environment[variable], environment)
            origins[info.name] = variable
        elif info.key in table:
            values[info.name] = table[info.key]
            origins[info.name] = file_name
        else:
            origins[info.name] = DEFAULT_ORIGIN
    infos = {info.name: info for info in SETTINGS}
    checked = {
        name: check(infos[name], value, origins[name], strict=origins[name] == file_name)
        for name, value in values.items()
    }
    for name, value in defaults_for(str(checked.get("for_", ""))).items():
        if name not in checked:
            checked[name] = value
            origins[name] = f"--for {checked['for_']}"
    image, run = ({info.name: checked[info.name] for info in SETTINGS if info.scope == scope and info.name in checked}
                  for scope in ("image", "run"))  # fmt: skip
    settings = Settings(image=ImageSettings(**image), run=RunSettings(**run))  # type: ignore[arg-type]  # each is of its declared type now
    if origins["tags"] == DEFAULT_ORIGIN and parse_flavor(settings.image.flavor).latest == "false":
        settings = replace(settings, image=replace(settings.image, tags=()))
    check_together(settings)
    check_contents(settings, chosen=checked)
    return LoadedSettings(
        settings=settings,
        origins=origins,
        checkout_file=file_name if in_checkout else "",
        is_trusted=is_trusted or _is_trusted_by(environment),
    )


def _is_trusted_by(environment: Mapping[str, str]) -> bool:
    text = environment.get(TRUST_VARIABLE, "").strip().lower()
    if text and text not in SWITCH:
        msg = f"{TRUST_VARIABLE}: {shown(text)} is not true or false"
        raise ConfigurationError(msg, hint=f"set {TRUST_VARIABLE}=true, or unset the variable")
    return bool(text) and SWITCH[text]


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {variable for info in SETTINGS for variable in info.variables} | {CONFIG_VARIABLE, TRUST_VARIABLE}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            msg = f"{cut(variable)} is not a setting"
            raise ConfigurationError(msg, hint=_nearest(variable, known))


def _nearest(name: str, known: Iterable[str]) -> str:
    near = nearest_hint(cut(name), known)
    return near if near.startswith("did you mean") else "multiarch build --help-all lists the settings"


def _flatten(file: Mapping[str, object], file_name: str) -> Mapping[str, object]:
    """Accept `[cache] mode = …` for `cache-mode = …`: a table whose entries are settings under a common first word."""
    keys = {info.key: info for info in SETTINGS}
    flat: dict[str, object] = {}
    for key, value in file.items():
        names_map = key in keys and keys[key].kind == "map"
        is_table = isinstance(value, Mapping) and not names_map and any(name.startswith(f"{key}-") for name in keys)
        inner = cast("Mapping[str, object]", value) if is_table else {}
        entries = {f"{key}-{name}": each for name, each in inner.items()} if is_table else {key: value}
        for name, each in entries.items():
            if name not in keys:
                msg = f"{file_name}: {shown(name)} is not a setting"
                raise ConfigurationError(msg, hint=_nearest(name, keys))
            flat[name] = list(each) if isinstance(each, tuple) else each
    return flat
