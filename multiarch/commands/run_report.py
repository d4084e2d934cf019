"""The report of a build: its events as they come, its files when it has ended, whatever came of it."""

from pathlib import Path

from multiarch.edges.files.report import ReportFolder
from multiarch.errors import OutputError
from multiarch.log import Log
from multiarch.record import EventLog
from multiarch.report.names import EVENTS
from multiarch.run.execution import Execution
from multiarch.text.redaction import Redaction


class RunReport:
    """Of one run."""

    def __init__(self, folder: Path, shown: str, redaction: Redaction) -> None:
        """Begin it.

        Args:
            folder: where to.
            shown: the folder, as the user called it.
            redaction: takes the secrets out.
        """
        self._folder = ReportFolder(folder)
        self._folder.begin()
        self._shown = shown
        self._redaction = redaction
        self.events = EventLog(self._folder.add, redaction)

    def write(self, execution: Execution, log: Log) -> None:
        """Write it; an image that is good does not fail on its report."""
        # Templates and XML: nobody waits for them before the builder has done its work.
        from multiarch.report.files import report_files

        try:
            record = execution.record(self._redaction)
            self.events.end(record)
            self._folder.finish(report_files(record))
        except OutputError as error:
            log.warning(f"there is no report: {error.message}", phase="report")
        except Exception as error:  # noqa: BLE001 - what came of the build is said in any case
            text = f"there is no report, by a mistake of ours: {type(error).__name__}: {error}"
            log.warning(f"{text}; please report it", phase="report")
        else:
            if self._folder.lost:
                log.warning(f"{EVENTS} is missing from {self._shown}: {self._folder.lost}", phase="report")
            log.info(f"written to {self._shown}", phase="report")
        finally:
            self.close()

    def close(self) -> None:
        """Forget the events."""
        self._folder.close()
