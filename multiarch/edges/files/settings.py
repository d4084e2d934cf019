"""The settings file: found, read within bounds, and told apart from a file that the team keeps outside the checkout."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from multiarch.edges.files.read import read_file
from multiarch.errors import ConfigurationError

_OWN_FILE = "multiarch.toml"
_PROJECT_FILE = "pyproject.toml"

_LARGEST = 1 << 20
# A key of so many parts takes tomllib time and memory by the square of them; a setting has three at most.
# The quantifiers are possessive, and a match starts where a word does: a long text takes no longer than its length.
_DEEP_KEY = r"""(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){32}"""


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """A settings file, as it was found.

    Attributes:
        name: what messages call it; empty where there is none.
        in_checkout: it is a file of the checkout, which the author of a pull request can write.
    """

    name: str = ""
    table: Mapping[str, object] = field(default_factory=dict)
    in_checkout: bool = True


def read_settings_file(folder: Path, chosen: str | None, environment: Mapping[str, str]) -> SettingsFile:
    """Return the chosen file, or the one of the current folder.

    Raises:
        ConfigurationError: the file cannot be read, leads out of the checkout, is too large or is not TOML.
    """
    folder, root = _real(folder), checkout_root(folder, environment)
    if chosen:
        path = folder / chosen
        in_checkout = _as_written(path).is_relative_to(root) or _real(path).is_relative_to(root)
        return SettingsFile(name=chosen, table=_table(path, chosen, root), in_checkout=in_checkout)
    if os.path.lexists(folder / _OWN_FILE):
        return SettingsFile(name=_OWN_FILE, table=_table(folder / _OWN_FILE, _OWN_FILE, root))
    if os.path.lexists(folder / _PROJECT_FILE):
        name = f"{_PROJECT_FILE} [tool.multiarch]"
        return SettingsFile(name=name, table=_table(folder / _PROJECT_FILE, _PROJECT_FILE, root))
    return SettingsFile()


def checkout_root(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return the outermost folder whose files the repository's author writes, without links.

    It is the top of the git checkout that the folder is in, also from within a submodule; in CodeBuild, the folder of
    the primary source, which has no .git where a ZIP was unpacked.
    """
    folder = _real(folder)
    sources = environment.get("CODEBUILD_SRC_DIR", "")
    known = [_real(Path(sources))] if sources else []
    roots = [each for each in (folder, *folder.parents) if os.path.lexists(each / ".git") or each in known]
    return roots[-1] if roots else folder


def leaves_checkout(path: Path, root: Path) -> bool:
    """Whether an absolute path in the checkout leads out of it through a link."""
    return _as_written(path).is_relative_to(root) and not _real(path).is_relative_to(root)


def _real(path: Path) -> Path:
    """Return a path without links; a link to itself stays, where `Path.resolve` raises before Python 3.13."""
    return Path(os.path.realpath(path))


def _as_written(path: Path) -> Path:
    """Return a path whose links are not followed: what is in the checkout by its name is the author's."""
    return Path(os.path.normpath(path))


def check_inside(paths: Mapping[str, str], folder: Path, root: Path, file_name: str, *, pull_request: bool) -> None:
    """Check that paths which a file in the checkout names are in the checkout.

    Args:
        paths: by the key of their setting.
        folder: that they are relative to.
        root: of the checkout.
        file_name: of the file.
        pull_request: a pull request is built, whose file is trusted in no case.

    Raises:
        ConfigurationError: a path leads out of it.
    """
    for key, path in paths.items():
        if not _real(folder / path).is_relative_to(root):
            msg = f"{file_name}: {key} leads out of the checkout"
            more = "" if pull_request else ", or trust the file: --trust-config"
            raise ConfigurationError(msg, hint=f"use a path in the checkout, or set --{key}{more}")


def _table(path: Path, name: str, root: Path) -> Mapping[str, object]:
    if leaves_checkout(path, root):
        msg = f"cannot read {name}: a link out of the checkout"
        raise ConfigurationError(msg, hint="replace the link with a file, or name the file: --config FILE")
    table = _read_toml(path, name)
    if path.name != _PROJECT_FILE:
        return table
    tool = table.get("tool", {})
    own = tool.get("multiarch", {}) if isinstance(tool, dict) else tool
    if not isinstance(own, dict):
        msg = f"{name}: [tool.multiarch] is not a table"
        raise ConfigurationError(msg, hint="write the settings under the heading [tool.multiarch]")
    return cast("Mapping[str, object]", own)


def _parse(text: str) -> dict[str, Any]:
    if re.search(_DEEP_KEY, text):
        raise RecursionError
    return tomllib.loads(text)


def _read_toml(path: Path, name: str) -> dict[str, Any]:
    try:
        return _parse(read_file(path, _LARGEST).decode())
    except OSError as error:
        msg = f"cannot read {name}: {error.strerror}"
        raise ConfigurationError(msg, hint="check the path and the permissions of the file") from None
    except UnicodeDecodeError:
        msg = f"{name} is not UTF-8 text"
        raise ConfigurationError(msg, hint="save the file as UTF-8") from None
    except RecursionError:
        msg = f"{name} is nested too deeply"
        raise ConfigurationError(msg, hint="a setting is a key, or a key in a table") from None
    except tomllib.TOMLDecodeError as error:
        msg = f"{name} is not TOML: {error}"
        raise ConfigurationError(msg, hint='quote texts: key = "value"; https://toml.io shows the format') from None
    except ValueError:  # of an integer with more digits than Python converts
        msg = f"{name} has a number that is too large"
        raise ConfigurationError(msg, hint="write a smaller number, or quote it as a text") from None
