"""The folder that a run's report goes to: looked at before the build, written when it has ended."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from multiarch.edges.folder import check_folder, remove_files, write_files
from multiarch.errors import OutputError
from multiarch.report.names import ALL_FILES, EVENTS

FLAG = "--report"


class ReportFolder:
    """The report of one run.

    Until the run has ended, its events are in a file that has no name: the folder may be in the build's context, and a
    file that is never the same twice would take the cache from each step that copies all of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._events: IO[str] | None = None

    def begin(self) -> None:
        """Make sure that the folder can be written, and remove what an earlier run wrote there.

        Raises:
            ConfigurationError: it cannot be written.
        """
        check_folder(self._folder, flag=FLAG)
        remove_files(self._folder, ALL_FILES)
        self._events = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - until the end

    def add(self, line: str) -> None:
        """Keep a line of the run's events; where the disk is full, the build goes on without."""
        if self._events:
            try:
                self._events.write(line)
            except OSError:
                self._close()

    def finish(self, views: Mapping[str, bytes]) -> None:
        """Write everything.

        Raises:
            OutputError: it cannot be written.
        """
        write_files(self._folder, views)
        if not self._events:
            return
        fresh = self._folder / f".{EVENTS}.new"
        try:
            self._events.seek(0)
            with fresh.open("w", encoding="utf-8") as file:
                shutil.copyfileobj(self._events, file)
            fresh.replace(self._folder / EVENTS)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            msg = f"{self._folder / EVENTS} cannot be written: {error.strerror}"
            raise OutputError(msg) from None
        finally:
            self._close()

    def _close(self) -> None:
        if self._events:
            self._events.close()
        self._events = None
