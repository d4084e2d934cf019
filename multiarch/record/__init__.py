"""The record of a run: read from BuildKit's events, shown live, saved, and read again. Pure.

`model.py` has `Record`, which every view reads. `reader.py` reads BuildKit's events line by line, with `buildkit.py`
for their format and `dockerfile.py` for the lines of the Dockerfile. `assemble.py` makes the record, and `saved.py`
writes a run's events to a file and reads them.
"""

from multiarch.record.assemble import make_record
from multiarch.record.masking import masked
from multiarch.record.model import CacheAccess, CacheUse, ImageInfo, PartInfo, Record, RunInfo, Setting
from multiarch.record.outcome import Failure, ImageOutcome, Outcome, PublishedTag, Retry, RunPhase
from multiarch.record.reader import BuildEvent, BuildReader, EventKind
from multiarch.record.saved import EventLog, read_record
from multiarch.record.steps import (
    BuildStep,
    BuildWarning,
    Instruction,
    Interval,
    StepKind,
    StepName,
    StepState,
    Transfer,
)

__all__ = [
    "BuildEvent",
    "BuildReader",
    "BuildStep",
    "BuildWarning",
    "CacheAccess",
    "CacheUse",
    "EventKind",
    "EventLog",
    "Failure",
    "ImageInfo",
    "ImageOutcome",
    "Instruction",
    "Interval",
    "Outcome",
    "PartInfo",
    "PublishedTag",
    "Record",
    "Retry",
    "RunInfo",
    "RunPhase",
    "Setting",
    "StepKind",
    "StepName",
    "StepState",
    "Transfer",
    "make_record",
    "masked",
    "read_record",
]
