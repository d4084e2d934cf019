"""A docker engine, registries and an AWS API for tests, on this machine: `python -m tests.stack up`."""

from __future__ import annotations

from tests.stack.api import Stack, cold, create_repository, load
from tests.stack.errors import StackDownError, StackError
from tests.stack.layout import Registry
from tests.stack.turns import turn

__all__ = ["Registry", "Stack", "StackDownError", "StackError", "cold", "create_repository", "load", "turn"]
