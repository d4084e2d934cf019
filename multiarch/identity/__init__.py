"""What is being built, however the build was started: commit, branch, tag, pull request and where each was learnt."""

from multiarch.identity.checkout import Checkout, parse_refs, parse_status
from multiarch.identity.codebuild import in_codebuild
from multiarch.identity.find import find_identity, no_commit
from multiarch.identity.model import Commit, Event, Identity

__all__ = [
    "Checkout",
    "Commit",
    "Event",
    "Identity",
    "find_identity",
    "in_codebuild",
    "no_commit",
    "parse_refs",
    "parse_status",
]
