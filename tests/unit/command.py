"""A command in a process of its own, without docker, AWS or anything else to ask."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import multiarch
from dev.project import coverage_variables

ROOT = Path(multiarch.__file__).parent.parent
MODULE = ("-m", "multiarch")
# Runs the command, and tells the peak of its memory in kilobytes.
MEASURED = (
    "-c",
    """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "multiarch", *sys.argv[1:]]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
""",
)


@dataclass(frozen=True, kw_only=True)
class Said:
    code: int
    out: str
    err: str


def run_command(*words: str | Path, content: bytes = b"", program: tuple[str, ...] = MODULE) -> Said:
    """Run `multiarch` with these words; whatever it is handed, it says no traceback."""
    ran = subprocess.run(
        [sys.executable, *program, *map(str, words)],
        input=content,
        # Coverage takes memory of its own: where memory is measured, lines are not.
        env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT)} | ({} if program is MEASURED else coverage_variables()),
        capture_output=True,
        check=False,
        timeout=300,  # a machine that is busy with other tests reads 100 MB slowly
    )
    said = Said(code=ran.returncode, out=ran.stdout.decode(), err=ran.stderr.decode())
    assert "Traceback" not in said.out + said.err
    return said
