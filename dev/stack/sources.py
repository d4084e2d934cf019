"""Where this machine gets its Debian packages: its own apt sources, read in both of their formats."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# The options that decide whether a source is trusted; the others (architectures, languages…) are not wanted here.
_KEPT: Final = {"signed-by": "Signed-By", "trusted": "Trusted", "check-valid-until": "Check-Valid-Until"}
_ONE_LINE: Final = re.compile(
    r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$"
)
_ALIASES: Final = ("oldstable", "stable", "testing", "unstable")


@dataclass(frozen=True, kw_only=True)
class Source:
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Print the source in the format of .sources files."""
        lines = [
            "Types: deb",
            f"URIs: {' '.join(self.uris)}",
            f"Suites: {' '.join(self.suites)}",
            f"Components: {' '.join(self.components)}",
            *(f"{_KEPT[name]}: {value}" for name, value in self.options),
        ]
        return "\n".join(lines) + "\n"


def read(etc_apt: Path) -> tuple[Source, ...]:
    """All enabled binary sources of the machine."""
    parts = sorted((etc_apt / "sources.list.d").glob("*"))
    found: list[Source] = []
    for file in (etc_apt / "sources.list", *parts):
        if file.is_file() and file.suffix == ".list":
            found.extend(parse_lines(file.read_text()))
        elif file.is_file() and file.suffix == ".sources":
            found.extend(parse_stanzas(file.read_text()))
    return tuple(found)


def parse_lines(text: str) -> Iterator[Source]:
    """Read the one-line format of sources.list."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if match:
            pairs = (option.partition("=") for option in (match["options"] or "").split())
            yield Source(
                uris=(match["uri"],),
                suites=(match["suite"],),
                components=tuple(match["components"].split()),
                options=_kept({name.lower(): value for name, _, value in pairs}),
            )


def parse_stanzas(text: str) -> Iterator[Source]:
    """Read the deb822 format of .sources files."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines).strip()):
        fields = _fields(stanza)
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() not in {"no", "false"}:
            yield Source(
                uris=tuple(fields["uris"].split()),
                suites=tuple(fields["suites"].split()),
                components=tuple(fields.get("components", "").split()),
                options=_kept(fields),
            )


def of_release(origins: Iterable[Source], codename: str) -> tuple[Source, ...]:
    """The sources of the release that the machine runs, its updates included; other makers' sources are left out."""
    return tuple(
        origin
        for origin in origins
        if "main" in origin.components
        and any(suite.removesuffix("/").split("-")[0] in {codename, *_ALIASES} for suite in origin.suites)
    )


def of_suite(origins: Iterable[Source], codename: str, suite: str) -> Source | None:
    """The machine's main archive, turned to another suite."""
    for origin in origins:
        if {codename, *_ALIASES} & set(origin.suites):
            return replace(origin, suites=(suite,), components=("main",))
    return None


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1].isspace():
            # A key block may stand in the file itself, over many lines.
            fields[name] += "\n" + line
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def _kept(options: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, options[name]) for name in _KEPT if name in options)
