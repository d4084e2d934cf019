"""What a settings file in the checkout may set: the author of a pull request writes that file. Pure.

Flags and variables are the team's. `--trust-config` lets the file set everything, except in a pull request's build.
"""

from collections.abc import Iterator, Mapping

from multiarch.errors import ConfigurationError
from multiarch.image.reference import names_registry, parse_reference, parse_repository
from multiarch.settings.declare import FromFile
from multiarch.settings.info import SETTINGS, SettingInfo
from multiarch.settings.load import LoadedSettings
from multiarch.text.csv_words import CacheEntry


def check_trust(loaded: LoadedSettings, *, pull_request: bool = False) -> None:
    """Check that a file in the checkout sets nothing that spends the trust of the host or the role.

    Args:
        loaded: the settings.
        pull_request: a pull request is built, whose file is trusted in no case.

    Raises:
        ConfigurationError: a key is for flags and variables alone.
    """
    for info in _of_checkout(loaded, FromFile.NEVER, pull_request=pull_request):
        msg = f"{loaded.checkout_file}: a file in the checkout cannot set {info.key}"
        raise ConfigurationError(msg, hint=_elsewhere(info, pull_request=pull_request))


def check_registries(loaded: LoadedSettings, host: str, *, pull_request: bool = False) -> None:
    """Check that a file in the checkout names caches in the image's registry alone.

    Args:
        loaded: the settings.
        host: the image's registry; empty for a local build.
        pull_request: as for `check_trust`.

    Raises:
        ConfigurationError: a cache is elsewhere.
    """
    for info in _of_checkout(loaded, FromFile.REGISTRY, pull_request=pull_request):
        if not all(each == host for each in _hosts(info, loaded)):
            place = f"in {host}" if host else "that a local build has"
            msg = f"{loaded.checkout_file}: a file in the checkout cannot set {info.key} to a cache that is not {place}"
            raise ConfigurationError(msg, hint=_elsewhere(info, pull_request=pull_request))


def paths_of_checkout(loaded: LoadedSettings, *, pull_request: bool = False) -> Mapping[str, str]:
    """Return the paths that a file in the checkout names, by key: they must be in the checkout."""
    infos = _of_checkout(loaded, FromFile.INSIDE, pull_request=pull_request)
    return {info.key: str(info.value_in(loaded.settings)) for info in infos}


def _of_checkout(loaded: LoadedSettings, kind: FromFile, *, pull_request: bool) -> Iterator[SettingInfo]:
    """Yield the settings of a kind that an untrusted file has set."""
    if not loaded.checkout_file or (loaded.is_trusted and not pull_request):
        return
    yield from (
        info for info in SETTINGS if info.from_file is kind and loaded.origins[info.name] == loaded.checkout_file
    )


def _hosts(info: SettingInfo, loaded: LoadedSettings) -> Iterator[str]:
    """Yield the registries of a setting's caches; a cache that is in none counts as one without a name."""
    match info.value_in(loaded.settings):
        case tuple() as entries:
            for entry in map(CacheEntry.parse, entries):
                yield parse_reference(entry.reference)[0].registry.host if entry.reference else "-"
        case str() as text if info.name == "cache_ref" and set(text) & set(":/"):
            yield parse_reference(text)[0].registry.host
        case str() as text if info.name == "cache_repository" and names_registry(text):
            yield parse_repository(text).registry.host


def _elsewhere(info: SettingInfo, *, pull_request: bool) -> str:
    if pull_request:
        return f"set {info.flags[0]} or {info.variables[0]}; a pull request's build trusts no file of the checkout"
    return f"set {info.flags[0]} or {info.variables[0]}, or trust the file: --trust-config"
