"""`python -m dev.stack up|down|status|env`."""

from __future__ import annotations

import argparse
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor

from dev.stack import api, builder, engine
from dev.stack.down import down
from dev.stack.errors import StackError
from dev.stack.state import State
from dev.stack.steps import steps
from dev.stack.up import up


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.stack", description=__doc__)
    commands = {"up": up, "down": down, "status": status, "env": env}
    parser.add_argument("command", choices=commands)
    try:
        commands[parser.parse_args().command]()
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def status() -> None:
    """Say for each part whether it is there."""
    state = State()
    with ThreadPoolExecutor() as pool:
        for step, ready in [(step, pool.submit(step.ready)) for step in steps(state)]:
            print(f"{step.name:<12}{'up' if ready.result() else 'down'}")
    by = "by the test stack" if engine.is_ours(state) else "before the test stack"
    print(f"docker engine {engine.version()}, started {by}")
    print(f"builder image {state.fact(builder.IMAGE) or 'none'} {state.fact(builder.KIND)}")


def env() -> None:
    for name, value in api.load().environment().items():
        print(f"export {name}={shlex.quote(value)}")


if __name__ == "__main__":
    sys.exit(main())
