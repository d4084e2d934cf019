"""What a build did: read from BuildKit's events, saved, shown as it happens, and told at the end. Pure.

`model.py` is the one value that every view reads, `Record`. `reader.py` takes BuildKit's events line by line, with
`buildkit.py` for their form and `dockerfile.py` for the lines that steps begin on; `assemble.py` makes a record of what
was read, and `saved.py` writes a run's events to a file and reads them again.
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
