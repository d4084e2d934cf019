"""Work side by side."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from multiarch.image.manifest import PlatformImage
from multiarch.image.platform import Platform
from multiarch.plan.steps import Step

_AT_ONCE = 8


def at_once(groups: Sequence[Sequence[Step]], do: Callable[[Step], None]) -> Iterator[BaseException | None]:
    """Run groups of steps side by side, each in its order, and yield how each ended, as it ends.

    Daemon threads, so that a run that was interrupted does not wait for an answer that nobody wants any more.
    """
    outcomes = start(groups, do)
    for _ in groups:
        yield outcomes.get()


def start(groups: Sequence[Sequence[Step]], do: Callable[[Step], None]) -> SimpleQueue[BaseException | None]:
    outcomes: SimpleQueue[BaseException | None] = SimpleQueue()

    def run(group: Sequence[Step]) -> None:
        try:
            for step in group:
                do(step)
        except BaseException as error:  # noqa: BLE001 - raised again in the main thread
            outcomes.put(error)
        else:
            outcomes.put(None)

    for group in groups:
        threading.Thread(target=run, args=(group,), daemon=True).start()
    return outcomes


def map_all(function: Callable[[Platform], PlatformImage], platforms: Sequence[Platform]) -> Sequence[PlatformImage]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return list(pool.map(function, platforms))
