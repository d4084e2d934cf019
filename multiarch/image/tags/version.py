"""Version numbers: read, and compared. Pure.

Semantic versions are read by semver, Python's own by packaging; both are imported where a version is to be read alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

# Never a commit's digits, which may be a number.
_LOOKS = re.compile(r"[vV]?(?P<version>\d+\.[0-9A-Za-z.+!_-]*)")


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version, as a rule's pattern may ask for it.

    Attributes:
        text: the whole version in its normal form, without a leading v and without build metadata.
        is_final: no pre-release, and nothing else that only its full name should stand for.
        words: raw, version, major, minor and patch.
    """

    text: str
    is_final: bool
    words: Mapping[str, str]


def parse_semver(text: str) -> Version | None:
    """Read a semantic version, with or without a leading v; None where it is none: https://semver.org."""
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
    """Read a Python version; None where it is none: https://peps.python.org/pep-0440/."""
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
    """Return the version that a name says, in its normal form; empty where it says none."""
    looks = _LOOKS.fullmatch(name)
    found = (parse_semver(looks["version"]) or parse_pep440(looks["version"])) if looks else None
    return found.text if found else ""


def is_later_version(there: str, ours: str) -> bool | None:
    """Whether a version comes after ours; None where one of the two is none, or they cannot be compared."""
    if not _LOOKS.fullmatch(there) or not _LOOKS.fullmatch(ours):
        return None
    if parse_semver(there) and parse_semver(ours):
        from semver import Version as Semver

        return bool(Semver.parse(there.removeprefix("v")) > Semver.parse(ours.removeprefix("v")))
    if parse_pep440(there) and parse_pep440(ours):
        from packaging.version import Version as Pep440

        return Pep440(there) > Pep440(ours)
    return None
