"""A docker engine, registries and an AWS API for tests, on this machine: `python -m dev.stack up`."""

from __future__ import annotations

from dev.stack.api import Stack, cold, create_repository, load
from dev.stack.errors import StackDownError, StackError
from dev.stack.layout import Registry
from dev.stack.turns import turn

__all__ = ["Registry", "Stack", "StackDownError", "StackError", "cold", "create_repository", "load", "turn"]
