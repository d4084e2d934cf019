"""What is being built, however the build was started: commit, branch, tag, pull request and where each was learnt."""

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
