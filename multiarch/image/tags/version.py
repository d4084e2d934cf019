"""Parses and compares version numbers. Pure.

semver parses semantic versions, packaging parses Python versions. Both are imported only when needed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# A version has a dot, unlike a commit, whose digits can be a number.
_LOOKS = re.compile(r"[vV]?(?P<version>\d+\.[0-9A-Za-z.+!_-]*)")


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version.

    Attributes:
        text: the whole version in normalized form, without a leading v and build metadata.
        is_final: not a pre-release or post-release.
        words: the expressions raw, version, major, minor and patch.
    """

    text: str
    is_final: bool
    words: Mapping[str, str]


def parse_semver(text: str) -> Version | None:
    """Parse a semantic version, with or without a leading v; None for other texts: https://semver.org."""
    from semver import Version as Semver

    try:
        found = Semver.parse(text.strip().removeprefix("v").removeprefix("="))
    except ValueError:
        return None
    version = str(found.replace(build=None))
    return Version(
        text=version,
        is_final=not found.prerelease,
        words=_words(text, version, found.major, found.minor, found.patch),
    )


def parse_pep440(text: str) -> Version | None:
    """Parse a Python version; None for other texts: https://peps.python.org/pep-0440/."""
    from packaging.version import InvalidVersion
    from packaging.version import Version as Pep440

    try:
        found = Pep440(text)
    except InvalidVersion:
        return None
    return Version(
        text=str(found),
        is_final=not (found.is_prerelease or found.is_postrelease),
        words=_words(text, str(found), found.major, found.minor, found.micro),
    )


def _words(raw: str, version: str, major: int, minor: int, patch: int) -> Mapping[str, str]:
    return {"raw": raw, "version": version, "major": str(major), "minor": str(minor), "patch": str(patch)}


def version_of(name: str) -> str:
    """Return the version in a tag, in normalized form; empty if there is none."""
    looks = _LOOKS.fullmatch(name)
    found = (parse_semver(looks["version"]) or parse_pep440(looks["version"])) if looks else None
    return found.text if found else ""


def is_later_version(first: str, second: str) -> bool | None:
    """Return whether the first version is later; None if one is not a version, or if they cannot be compared."""
    if not _LOOKS.fullmatch(first) or not _LOOKS.fullmatch(second):
        return None
    if parse_semver(first) and parse_semver(second):
        from semver import Version as Semver

        return bool(Semver.parse(first.removeprefix("v")) > Semver.parse(second.removeprefix("v")))
    if parse_pep440(first) and parse_pep440(second):
        from packaging.version import Version as Pep440

        return Pep440(first) > Pep440(second)
    return None
