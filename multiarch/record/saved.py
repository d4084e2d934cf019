"""`events.jsonl`: a run's record as lines of JSON, written during the run and read again. Pure.

    {"multiarch": "begin", "format": 2, ...}    what the run is about; again when more is known
    {"multiarch": "attempt", "number": 1}       an attempt of the build begins
    {"vertexes": [...]}                         BuildKit's events, as `--progress=rawjson` prints them
    ERROR: failed to build: ...                 messages of buildx
    {"multiarch": "end", ...}                   phases and outcome; missing if the run was killed

Secrets are redacted. Output is saved in whole lines; of a transfer, only the begin and the end.
"""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from msgspec import ValidationError, convert

from multiarch.errors import ConfigurationError
from multiarch.image.platform import Platform
from multiarch.record.assemble import make_record
from multiarch.record.model import Record, RunInfo
from multiarch.record.outcome import Outcome, RunPhase, RunStatus
from multiarch.record.reader import BuildReader
from multiarch.record.steps import StepKind, StepState
from multiarch.text.plain import plain
from multiarch.text.redaction import Redaction

FORMAT = 2
_KIND = "multiarch"

_Value = TypeVar("_Value")


class EventLog:
    """Writes the lines of a run. A killed run leaves the lines that were written."""

    def __init__(self, write: Callable[[str], object], redaction: Redaction) -> None:
        """Prepare.

        Args:
            write: writes a line with its newline.
            redaction: redacts secrets.
        """
        self._write = write
        self._redaction = redaction

    def begin(self, run: RunInfo) -> None:
        begin = run.begin.isoformat() if run.begin else None
        self._line({_KIND: "begin", "format": FORMAT, **_fields(replace(run, begin=None)), "begin": begin})

    def attempt(self, number: int) -> None:
        self._line({_KIND: "attempt", "number": number})

    def end(self, record: Record) -> None:
        outcome, native = _fields(record.outcome), list(record.native)
        self._line({_KIND: "end", "native": native, "phases": plain(record.phases), "outcome": outcome})

    def event(self, event: Mapping[str, Any]) -> None:
        self._line(event)

    def output(self, digest: str, lines: tuple[str, ...]) -> None:
        text = self._redaction.clean("\n".join((*lines, "")))
        data = base64.b64encode(text.encode(errors="replace")).decode()
        self._write(json.dumps({"logs": [{"vertex": digest, "data": data}]}) + "\n")

    def message(self, line: str) -> None:
        self._write(self._redaction.clean(line) + "\n")

    def _line(self, value: Mapping[str, Any]) -> None:
        self._write(json.dumps(self._redaction.clean_all(dict(value)), separators=(",", ":")) + "\n")


def _fields(value: object) -> dict[str, Any]:
    fields = plain(value)
    assert isinstance(fields, dict)
    return fields


def read_record(lines: Iterable[str]) -> Record:
    """Read a run's log, or BuildKit's events alone (`--progress=rawjson`); the log can be incomplete.

    Raises:
        ConfigurationError: the log has another format, is damaged, or has no events.
    """
    run, reader, attempt, is_ours = RunInfo(), BuildReader(), 0, False
    end = _End()
    for line in lines:
        ours = _ours(line)
        match ours.get(_KIND):
            case "begin":
                run, is_ours = _run(ours), True
                reader = BuildReader(run)
            case "attempt":
                reader, attempt = BuildReader(run), attempt + 1
            case "end":
                end = _typed(_End, _read_end(ours))
            case _:
                for _ in reader.feed(line.rstrip("\n")):
                    pass
    if not is_ours and not reader.vertexes:
        raise ConfigurationError(
            "the file is not a log of build events", hint="build --report DIR writes one: DIR/events.jsonl"
        )
    record = make_record(
        reader if reader.vertexes else None,
        run=run,
        phases=end.phases,
        outcome=end.outcome,
        attempt=attempt,
        native=end.native,
    )
    return record if is_ours else replace(record, outcome=replace(record.outcome, status=_status(record)))


def _status(record: Record) -> RunStatus:
    """Return the status of a log of BuildKit alone, which does not know what happened to the image."""
    if record.failed_step:
        return "failed"
    open_ends = (StepState.WAITING, StepState.UNFINISHED, StepState.CANCELED)
    # BuildKit names all steps of the Dockerfile before the first one runs: until then, no step is open.
    is_begun = any(step.kind is StepKind.DOCKERFILE for step in record.steps)
    return "ended" if is_begun and not any(step.state in open_ends for step in record.steps) else "unfinished"


@dataclass(frozen=True, kw_only=True)
class _End:
    """The last line of a log."""

    native: tuple[str, ...] = ()
    phases: tuple[RunPhase, ...] = ()
    outcome: Outcome | None = None


def _ours(line: str) -> Mapping[str, Any]:
    """Return the fields of a line of multiarch; none of another line, or of one that was cut off."""
    if not line.startswith(f'{{"{_KIND}":'):
        return {}
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _run(fields: Mapping[str, Any]) -> RunInfo:
    if fields.get("format") != FORMAT:
        msg = f"the log has format {fields.get('format')}; this version reads format {FORMAT}"
        raise ConfigurationError(msg, hint="use the version of multiarch that wrote the log")
    return _typed(RunInfo, fields)


def _read_end(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields as dataclasses are read: a platform is written as one word, and `class_` as `class`."""
    outcome = fields.get("outcome")
    if not isinstance(outcome, dict):
        return fields
    read = dict(outcome)
    if isinstance(failure := read.get("failure"), dict) and "class" in failure:
        read["failure"] = {**failure, "class_": failure["class"]}
    if isinstance(images := read.get("images"), list):
        read["images"] = [_read_image(image) if isinstance(image, dict) else image for image in images]
    return {**fields, "outcome": read}


def _read_image(image: Mapping[str, Any]) -> Mapping[str, Any]:
    platforms = image.get("platforms")
    if not isinstance(platforms, list):
        return image
    read = [
        {**each, "platform": asdict(Platform.parse(str(each.get("platform"))))} if isinstance(each, dict) else each
        for each in platforms
    ]
    return {**image, "platforms": read}


def _typed(kind: type[_Value], fields: Mapping[str, Any]) -> _Value:
    try:
        return convert(fields, kind)
    except ValidationError as error:
        msg = f"the log is damaged: {error}"
        raise ConfigurationError(msg, hint="remove the damaged line and all lines after it") from None
