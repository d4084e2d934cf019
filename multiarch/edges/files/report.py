"""The folder that a run's report goes to: written when the run has ended."""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from multiarch.edges.files.folder import write_files
from multiarch.errors import OutputError
from multiarch.report.names import EVENTS


class ReportFolder:
    """The report of one run.

    Until the run has ended, its events are in a file that has no name: the folder may be in the build's context, and a
    file that is never the same twice would take the cache from each step that copies all of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: IO[str] | None = None

    def begin(self) -> None:
        """Begin to keep the run's events."""
        self._events = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - until the end

    def add(self, line: str) -> None:
        """Keep a line of the run's events; where the disk is full, the build goes on without."""
        if self._events:
            self._keep(self._events, line)

    def finish(self, views: Mapping[str, bytes]) -> None:
        """Write everything.

        Raises:
            OutputError: it cannot be written.
        """
        if self._events:
            self._keep(self._events, "", now=True)
        try:
            write_files(self._folder, views)
            if self._events:
                self._write_events(self._events)
        finally:
            self.close()

    def _keep(self, events: IO[str], text: str, *, now: bool = False) -> None:
        try:
            events.write(text)
            if now:
                events.flush()
        except OSError:
            self.close()

    def close(self) -> None:
        """Forget the events."""
        events, self._events = self._events, None
        if events:
            with suppress(OSError):
                events.close()

    def _write_events(self, events: IO[str]) -> None:
        """Copy them, however many there are."""
        fresh = self._folder / f".{EVENTS}.new"
        try:
            events.seek(0)
            with fresh.open("w", encoding="utf-8") as file:
                shutil.copyfileobj(events, file)
            fresh.replace(self._folder / EVENTS)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            msg = f"{self._folder / EVENTS} cannot be written: {error.strerror}"
            raise OutputError(msg) from None
