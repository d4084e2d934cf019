"""Finds the source of a build: commit, branch, tag and pull request, each with its origin."""

from multiarch.source.checkout import Checkout, parse_refs, parse_status
from multiarch.source.codebuild import in_codebuild
from multiarch.source.find import find_source, no_commit
from multiarch.source.model import Commit, Source, TriggerEvent

__all__ = [
    "Checkout",
    "Commit",
    "Source",
    "TriggerEvent",
    "find_source",
    "in_codebuild",
    "no_commit",
    "parse_refs",
    "parse_status",
]
