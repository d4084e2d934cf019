"""What is known about the stack between two runs: a JSON file, rewritten whole at each change."""

from __future__ import annotations

import fcntl
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from dev.stack import layout, undo
from dev.stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION: Final = 1
# A fact: an `up` came to its end.
READY: Final = "ready"


class State:
    """The undo list and a few facts. Several steps run at a time, so each change holds the lock."""

    def __init__(self, folder: Path = layout.STATE) -> None:
        self._file = folder / "state.json"
        self._lock = threading.Lock()
        self._undo: list[undo.Undo] = []
        self._facts: dict[str, str] = {}
        if self._file.exists():
            data = json.loads(self._file.read_text())
            if data["version"] != VERSION:
                msg = f"{self._file} is of version {data['version']}, this code reads {VERSION}: take that stack down "
                msg += "with the checkout that started it"
                raise StackError(msg)
            self._undo = [undo.from_json(entry) for entry in data["undo"]]
            self._facts = data["facts"]

    @property
    def exists(self) -> bool:
        """Whether anything was ever begun here."""
        return self._file.parent.exists()

    @property
    def entries(self) -> tuple[undo.Undo, ...]:
        return tuple(self._undo)

    def fact(self, name: str) -> str:
        """The fact's value, or an empty string."""
        return self._facts.get(name, "")

    def learn(self, **facts: str) -> None:
        with self._lock:
            self._facts.update(facts)
            self._write()

    def will(self, *entries: undo.Undo) -> None:
        """Remember how to take back what is about to be done."""
        with self._lock:
            new = [entry for entry in entries if entry not in self._undo]
            if new:
                self._undo.extend(new)
                self._write()

    def undone(self, entry: undo.Undo) -> None:
        with self._lock:
            self._undo.remove(entry)
            self._write()

    def _write(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        data = {"version": VERSION, "facts": self._facts, "undo": [undo.to_json(entry) for entry in self._undo]}
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(data, indent=1) + "\n")
        new.replace(self._file)


@contextmanager
def only_one() -> Iterator[None]:
    """Hold off a second `up` or `down` on this machine until the first is through."""
    # Not in the state folder, which `down` removes.
    with layout.RUN.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
