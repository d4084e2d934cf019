"""The browser that looks at reports: Debian's Chromium, unless one is here already."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from dev.stack.undo import PurgePackages

if TYPE_CHECKING:
    from dev.stack.apt import Index
    from dev.stack.state import State

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
# Without a font of its own kind, a picture of a page shows what no user sees.
_PACKAGES: Final = ("chromium", "fonts-liberation")
# Root has no sandbox, and a closed network no Google.
FLAGS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


def find() -> str:
    """The browser's path, empty where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), "")


def install(state: State, index: Index) -> None:
    state.will(PurgePackages(names=index.would_install(_PACKAGES)))
    index.install(_PACKAGES)
