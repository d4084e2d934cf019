"""BuildKit's events, as `--progress=rawjson` prints them: their parts, times and names. Pure.

An event is one JSON object per line with any of `vertexes`, `statuses`, `logs` and `warnings`. Of a vertex, the last
state counts: https://github.com/moby/buildkit/blob/master/client/graph.go. Other lines are messages of buildx.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from multiarch.record.steps import StepKind, StepName

# https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go (prefixCommand)
_STEP = re.compile(
    r"\[(?:(?P<runs_on>(?:linux|windows|darwin|freebsd)/[\w/]+)(?:->(?P<target>[\w/]+))?\s+)?"
    r"(?P<stage>[^\]]*?)\s*(?P<number>\d+)/(?P<total>\d+)\]\s+(?P<what>.*)",
    re.DOTALL,
)
# buildx puts the bake target before each name where it builds several: progress.WithPrefix in buildx's util/progress.
_PREFIX = re.compile(r"\[([\w-]+)(?=[ \]])")
_NO_TARGETS: Mapping[str, tuple[str, str]] = {}
_SYSTEMS = ("linux/", "windows/", "darwin/", "freebsd/")
_CACHE_IMPORT = "importing cache manifest"
_KINDS = (
    (_CACHE_IMPORT, StepKind.CACHE_IMPORT),
    ("exporting cache", StepKind.CACHE_EXPORT),
    ("exporting to", StepKind.EXPORT),
)
# BuildKit's own steps around those of the Dockerfile.
_INTERNAL = re.compile(
    r"\[(?:(?P<platform>\S+/\S+) )?(?:internal|auth)\]|resolving provenance|resolve image config|inferred"
)
_NO_LOCAL_CACHE = re.compile(r"WARNING: local cache import at (\S+) not found")


def parse_event(line: str) -> Mapping[str, Any] | None:
    """Return the event in a line; None for any other line."""
    if not line.startswith("{"):
        return None
    try:
        event = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    known = ("vertexes", "statuses", "logs", "warnings")
    return event if isinstance(event, dict) and any(key in event for key in known) else None


def parts(event: Mapping[str, Any], kind: str, key: str) -> Sequence[Mapping[str, Any]]:
    """Return an event's parts of a kind, without malformed ones: they must not end a build."""
    found = event.get(kind)
    if not isinstance(found, list):
        return ()
    return [each for each in found if isinstance(each, dict) and isinstance(each.get(key), str)]


def decode(data: object) -> bytes:
    text = str(data)
    try:
        return base64.b64decode(text)
    except ValueError:
        return text.encode()


def parse_time(text: object) -> float | None:
    """Return the seconds of the epoch of a time in Go's format; None if it is malformed."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return None


def parse_name(name: str, targets: Mapping[str, tuple[str, str]] = _NO_TARGETS) -> StepName:
    """Parse the name of a vertex; a name without a platform has none.

    Args:
        name: as BuildKit shows it.
        targets: image and platform of each bake target, if several are built.
    """
    image, platform, name = _without_target(name, targets)
    match = _STEP.match(name)
    if not match:
        internal = _INTERNAL.match(name)
        platform = platform or (internal["platform"] or "" if internal else "")
        return StepName(name=name, kind=_kind(name), image=image, platform=platform, instruction=name)
    runs_on, target = match["runs_on"] or "", match["target"] or ""
    if target and not target.startswith(_SYSTEMS):
        target = f"{runs_on.partition('/')[0]}/{target}"
    return StepName(
        name=name,
        kind=StepKind.DOCKERFILE,
        image=image,
        platform=target or runs_on or platform,
        runs_on=runs_on,
        stage=match["stage"],
        number=int(match["number"]),
        total=int(match["total"]),
        instruction=match["what"],
    )


def _without_target(name: str, targets: Mapping[str, tuple[str, str]]) -> tuple[str, str, str]:
    """Split `[image-linux-arm64 compile 2/3] RUN make` into image, platform and the name without the bake target."""
    match = _PREFIX.match(name)
    if not match or match[1] not in targets:
        return "", "", name
    rest = name[match.end() :]
    return *targets[match[1]], rest.lstrip("] ") if rest.startswith("]") else f"[{rest.lstrip()}"


def _kind(name: str) -> StepKind:
    if _INTERNAL.match(name):
        return StepKind.INTERNAL
    return next((kind for begin, kind in _KINDS if name.startswith(begin)), StepKind.OTHER)


def cache_reference(name: str) -> str:
    """Return the cache that a vertex imports: `importing cache manifest from REFERENCE`."""
    return name.removeprefix(_CACHE_IMPORT).removeprefix(" from ").strip()


def missing_local_cache(line: str) -> str:
    """Return the folder in which buildx found no cache; empty for any other line."""
    match = _NO_LOCAL_CACHE.match(line)
    return match[1] if match else ""
