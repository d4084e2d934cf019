"""Whether a builder that is there is the one that the plan wants. Pure."""

import csv
import re
from dataclasses import dataclass

from multiarch.plan import EnsureBuilder


@dataclass(frozen=True, kw_only=True)
class BuilderFacts:
    """What `docker buildx inspect` says of a builder."""

    driver: str
    options: frozenset[str]


def parse_inspect(text: str) -> BuilderFacts:
    """Read the text of `docker buildx inspect`, which has no other form: https://github.com/docker/buildx/issues/2024."""
    driver = re.search(r"^Driver:\s*(\S+)", text, re.MULTILINE)
    options = re.findall(r"^Driver Options:\s*(.*)", text, re.MULTILINE)
    pairs = (pair for line in options for pair in re.findall(r'([\w.-]+)="((?:[^"\\]|\\.)*)"', line))
    return BuilderFacts(
        driver=driver[1] if driver else "",
        options=frozenset(f"{name}={_unquoted(value)}" for name, value in pairs),
    )


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def misfit(wanted: EnsureBuilder, there: BuilderFacts) -> str:
    """Say how the builder differs from the one that is wanted; empty where it fits.

    Options that it has beyond those that are wanted do no harm.
    """
    if there.driver != wanted.driver:
        return f"its driver is {there.driver}, not {wanted.driver}"
    # buildx reads an option as a line of CSV: several of them, or one in quotes that has a comma.
    options = [option for line in wanted.options for option in next(csv.reader([line]))]
    missing = [option for option in options if option not in there.options]
    return f"it was made without {', '.join(missing)}" if missing else ""
