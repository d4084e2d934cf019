"""The folder that a run's report goes to: written when the run has ended."""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from multiarch.edges.files.folder import write_files
from multiarch.report.folder.names import EVENTS


class ReportFolder:
    """The report of one run.

    Until the run has ended, its events are in a file that has no name: the folder may be in the build's context, and a
    file that is never the same twice would take the cache from each step that copies all of it.

    Attributes:
        lost: why the events were lost, as after a full disk; empty while they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: IO[bytes] | None = None
        self.lost = ""

    def begin(self) -> None:
        """Begin to keep the run's events."""
        try:
            self._events = tempfile.TemporaryFile("w+b")  # noqa: SIM115 - until the end
        except OSError as error:
            self._lose(error)

    def add(self, line: str) -> None:
        """Keep a line of the run's events; where the disk is full, the build goes on without."""
        if self._events:
            try:
                self._events.write(line.encode(errors="replace"))
            except OSError as error:
                self._lose(error)

    def finish(self, views: Mapping[str, bytes]) -> None:
        """Write everything; without the events, if they were lost: `lost` then says why.

        Raises:
            OutputError: it cannot be written.
        """
        if self._events:
            try:
                self._events.flush()
            except OSError as error:
                self._lose(error)
        try:
            events: Mapping[str, IO[bytes]] = {EVENTS: self._events} if self._events else {}
            write_files(self._folder, {**views, **events})
        finally:
            self.close()

    def _lose(self, error: OSError) -> None:
        self.lost = error.strerror or str(error)
        self.close()

    def close(self) -> None:
        """Forget the events."""
        events, self._events = self._events, None
        if events:
            with suppress(OSError):
                events.close()
