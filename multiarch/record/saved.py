"""A run's record as lines of JSON, written while it runs, and read again: `events.jsonl`. Pure.

    {"multiarch": "begin", "format": 1, ...}    what the run is about
    {"multiarch": "try", "number": 1}           a build begins; again where it is tried again
    {"vertexes": [...]}                         BuildKit's events, as `--progress=rawjson` prints them
    ERROR: failed to build: ...                 buildx's own words
    {"multiarch": "end", ...}                   phases and outcome; not there where the run was killed

Secrets are taken out of every line. Output stands in whole lines; of a transfer, its beginning and its end.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from multiarch.errors import ConfigurationError
from multiarch.image import Platform
from multiarch.manifest import Layer, PlatformImage
from multiarch.record.assemble import make_record
from multiarch.record.model import (
    Failure,
    Instruction,
    Interval,
    Outcome,
    Phase,
    Record,
    Retry,
    Run,
    Setting,
    TagOutcome,
)
from multiarch.record.reader import BuildReader
from multiarch.redaction import Redaction
from multiarch.show import plain

FORMAT = 1
_KIND = "multiarch"


class EventLog:
    """Writes a run's lines. Nobody reads it before the run ends, and a run that is killed leaves what was written."""

    def __init__(self, write: Callable[[str], object], redaction: Redaction) -> None:
        """Prepare.

        Args:
            write: takes a line, its end included.
            redaction: takes the secrets out.
        """
        self._write = write
        self._redaction = redaction

    def begin(self, run: Run) -> None:
        begin = run.begin.isoformat() if run.begin else None
        self._line({_KIND: "begin", "format": FORMAT, **_fields(replace(run, begin=None)), "begin": begin})

    def attempt(self, number: int) -> None:
        self._line({_KIND: "try", "number": number})

    def end(self, record: Record) -> None:
        outcome, native = _fields(record.outcome), list(record.native)
        self._line({_KIND: "end", "native": native, "phases": plain(record.phases), "outcome": outcome})

    def event(self, event: Mapping[str, Any]) -> None:
        self._line(event)

    def output(self, digest: str, lines: tuple[str, ...]) -> None:
        text = self._redaction.clean("\n".join((*lines, "")))
        data = base64.b64encode(text.encode(errors="replace")).decode()
        self._write(json.dumps({"logs": [{"vertex": digest, "data": data}]}) + "\n")

    def said(self, line: str) -> None:
        self._write(self._redaction.clean(line) + "\n")

    def _line(self, value: Mapping[str, Any]) -> None:
        self._write(json.dumps(self._redaction.clean_all(dict(value)), separators=(",", ":")) + "\n")


def _fields(value: object) -> dict[str, Any]:
    fields = plain(value)
    assert isinstance(fields, dict)
    return fields


def read_record(lines: Iterable[str]) -> Record:
    """Read a run's log, or BuildKit's events alone (`--progress=rawjson`), wherever it ends.

    Raises:
        ConfigurationError: it is in a later format, or has nothing of a build in it.
    """
    run, reader, attempt, is_ours = Run(), BuildReader(), 0, False
    end: Mapping[str, Any] = {}
    for line in lines:
        ours = _ours(line)
        match ours.get(_KIND):
            case "begin":
                run, is_ours = _run(ours), True
                reader = BuildReader(run)
            case "try":
                reader, attempt = BuildReader(run), int(ours.get("number", 1))
            case "end":
                end = ours
            case _:
                for _ in reader.feed(line.rstrip("\n")):
                    pass
    if not is_ours and not reader.vertexes:
        raise ConfigurationError("this is no log of a build's events", hint="--report DIR writes one: DIR/events.jsonl")
    return make_record(
        reader if reader.vertexes else None,
        run=run,
        phases=[_phase(each) for each in end.get("phases", ())],
        outcome=_outcome(end["outcome"]) if "outcome" in end else None,
        attempt=attempt,
        native=end.get("native", ()),
    )


def _ours(line: str) -> Mapping[str, Any]:
    """Return a line of ours; one that was cut off is none."""
    if not line.startswith(f'{{"{_KIND}":'):
        return {}
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _run(fields: Mapping[str, Any]) -> Run:
    if fields.get("format") != FORMAT:
        msg = f"this log has format {fields.get('format')}, and {FORMAT} is the one that can be read"
        raise ConfigurationError(msg, hint="read it with the version of multiarch that wrote it")
    known = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    begin = fields.get("begin")
    typed: dict[str, Any] = {name: value for name, value in known.items() if name in Run.__dataclass_fields__}
    typed["begin"] = datetime.fromisoformat(begin) if begin else None
    typed["settings"] = tuple(Setting(**each) for each in known.get("settings", ()))
    typed["instructions"] = tuple(Instruction(**each) for each in known.get("instructions", ()))
    return Run(**typed)


def _phase(fields: Mapping[str, Any]) -> Phase:
    return Phase(name=fields["name"], interval=Interval(**fields["interval"]))


def _outcome(fields: Mapping[str, Any]) -> Outcome:
    return Outcome(
        **{
            **fields,
            "tags": tuple(TagOutcome(**each) for each in fields["tags"]),
            "platforms": tuple(_image(each) for each in fields["platforms"]),
            "failure": Failure(**fields["failure"]) if fields["failure"] else None,
            "retries": tuple(Retry(**each) for each in fields["retries"]),
            "warnings": tuple(fields["warnings"]),
        }
    )


def _image(fields: Mapping[str, Any]) -> PlatformImage:
    layers = tuple(Layer(**each) for each in fields["layers"])
    return PlatformImage(**{**fields, "platform": Platform.parse(fields["platform"]), "layers": layers})
