"""The parts of a log: lines that can be the cause, and lines that must not mask it. Pure.

Set aside are steps that succeeded, a missing cache, steps canceled because another failed, lines that only repeat that
something failed, and the text of the commands.
"""

from collections.abc import Sequence

from multiarch.failures.reading import Line, compiled
from multiarch.failures.tables.unexplained import HARMLESS_IMPORT

VERDICT = (
    r"failed to solve|^(?:error: )?(?:target \S+: )?failed to (?:build|receive status|get status)"
    r"|^error: (?:target \S+: )?failed to(?! download)"
    r"|did not complete success|executor failed running|returned a non-zero code|waiting for process to exit: "
    r"|building at step \"run "
)
# Verdicts that the output of a step does not explain: only messages of BuildKit do.
OF_BUILDKIT = r"failed to solve|failed to (?:receive|get) status"
STEP_VERDICT = (
    r"failed to solve: .{0,40}exit code: \d|runc run failed|did not complete success?fully"
    r"|executor failed running|returned a non-zero code|did not terminate suc?cess?fully"
    r"|waiting for process to exit: |building at step \"run .{0,400}: (?:while running|exit status)"
)
_COMMAND = (
    r"process \"(?P<a>.*?)\" did not|executor failed running \[(?P<b>.*?)\](?::|$)"
    r"|the command '(?P<c>.*?)' returned|building at step \"run (?P<d>.*?)\"|\] run (?P<e>.+?):?$"
)
_HEADER = (
    r"^(?:=> )?(?:error |cached |canceled )?(?:> )?\[(?:internal|auth|[^\]]*\d+/\d+)[^\]]*\] |^=> |^> (?:\["
    r"|importing|exporting|pushing|resolve|from |load )|^step \d+/\d+ : |^running command |^--->|^\+ "
)
RUN_HEADER = r"\] run |^step \d+/\d+ : run"
_CONSEQUENCE = (
    r"non tty device|command did not exit successfully|phase complete: |command_execution_error"
    r"|^make(?:\[\d+\])?: \*\*\*"
    r"|process completed with exit code|the process '.{1,80}' failed|exited with code exit status|\bcanceled$"
    r"|context canceled$"
    r"|failed with return code: \d|returned exit code \d|finished: failure$"
    r"|service '\S+' failed to build ?: build failed"
    r"|^warning: (?:no output|current commit|buildx: )|^warn\[\d|^time=.{1,60}level=warn|^see '?docker "
    r"|build summary|learn more at"
)
_DONE = r"done \d+(?:\.\d+)?s$"
# The last line of a build or a push that succeeded.
_SUCCESS = (
    r"^successfully (?:built|tagged) |^successfully pushed |^naming to \S+ (?:\d\S* )?done$"
    r"|^pushing manifest for \S+ (?:\d\S* )?done$|^[\w.-]+: digest: sha256:\w+ size: \d"
    r"|phase complete: build state: succeeded|^finished: success$|^job succeeded$"
)
WARNING = r"(?:[\w-]+ )?warn(?:ing)?\b|w: "
# A line that says in general that something failed, unlike `0 errors` and `error-free`.
SIGN = (
    r"\b(?:error|fatal|failed|failure|denied|panic|exception|cannot|unable to|could not|exit (?:code"
    r"|status):? [1-9]\d*|errors? occurred)\b"
    r"(?!-free)"
)
NO_SIGN = r"\b(?:0|no) (?:errors?|failed|failures?)\b|failed:? 0\b|errors?:? 0\b|without errors?"


def unfinished(log: Sequence[Line]) -> Sequence[Line]:
    """Leave out the output of steps that succeeded: errors before `|| true` and retries in a step are no failure."""
    kept: list[Line] = []
    done: set[str] = set()
    for line in reversed(log):
        if line.step and not line.output:
            if compiled(_DONE).match(line.text):
                done.add(line.step)
                continue
            if line.text.startswith(("ERROR: ", "CANCELED")):
                done.discard(line.step)
        if line.step not in done:
            kept.append(line)
    return tuple(reversed(kept))


def ended_well(log: Sequence[Line]) -> bool:
    """Whether the log ends in a success: no verdict anywhere, and no error after the success."""
    ends = [index for index, line in enumerate(log) if compiled(_SUCCESS).search(line.text)]
    if not ends or any(
        compiled(VERDICT).search(line.text) and not compiled(HARMLESS_IMPORT).search(line.text) for line in log
    ):
        return False
    return not any(compiled(SIGN).search(line.text) for line in log[ends[-1] :])


def set_aside(log: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Split into the lines that can be the cause, and those about a cache that could not be read."""
    steps = {line.step for line in log if line.step and compiled(HARMLESS_IMPORT).search(line.text)}
    kept: list[Line] = []
    importing: list[Line] = []
    cut = False  # the line before is about the import and was cut off: this line is its rest
    for line in log:
        about = compiled(HARMLESS_IMPORT).search(line.text) or cut or (line.step in steps and not line.output)
        cut = bool(about) and line.text.endswith(":") and not line.text.startswith(">")
        if about and not compiled("failed to solve").search(line.text):
            if compiled(r"error|not found|fail").search(line.text):
                importing.append(line)
        elif not compiled(_CONSEQUENCE).search(line.text) and not _is_header(line):
            kept.append(line)
    return kept, importing


def _is_header(line: Line) -> bool:
    """Whether the line only announces a step: it quotes the command, which is no message."""
    return not line.output and bool(compiled(_HEADER).match(line.text))


def command_of(log: Sequence[Line]) -> str:
    for pattern in (STEP_VERDICT, RUN_HEADER):
        for line in reversed(log):
            if compiled(pattern).search(line.text) and (match := compiled(_COMMAND).search(line.text)):
                return next(group for group in match.groups() if group)
    return ""
