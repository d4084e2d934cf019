"""Writes the report of a build: events during the run, files at its end, also after a failure."""

from pathlib import Path

from multiarch.edges.files.report import ReportFolder
from multiarch.errors import OutputError
from multiarch.log import Log
from multiarch.record import EventLog
from multiarch.report.folder.names import EVENTS
from multiarch.run.execution import Execution
from multiarch.text.redaction import Redaction


class RunReport:
    """The report of one run."""

    def __init__(self, folder: Path, shown: str, redaction: Redaction) -> None:
        """Begin the report.

        Args:
            folder: the folder for the files.
            shown: the folder, as in the settings.
            redaction: removes secrets.
        """
        self._folder = ReportFolder(folder)
        self._folder.begin()
        self._shown = shown
        self._redaction = redaction
        self.events = EventLog(self._folder.add, redaction)

    def write(self, execution: Execution, log: Log) -> None:
        """Write the files; a failure is a warning, because the image is not affected."""
        # Imported late, because templates and XML are slow to import.
        from multiarch.report.folder.files import report_files

        try:
            record = execution.record(self._redaction)
            self.events.end(record)
            self._folder.finish(report_files(record))
        except OutputError as error:
            log.warning(f"could not write the report: {error.message}", phase="report")
        except Exception as error:  # noqa: BLE001 - the result of the build is printed in any case
            text = f"could not write the report (bug in multiarch): {type(error).__name__}: {error}"
            log.warning(f"{text}; please open an issue", phase="report")
        else:
            if self._folder.lost:
                log.warning(f"{EVENTS} is missing from {self._shown}: {self._folder.lost}", phase="report")
            log.info(f"written to {self._shown}", phase="report")
        finally:
            self.close()

    def close(self) -> None:
        """Close the file of the events."""
        self._folder.close()
