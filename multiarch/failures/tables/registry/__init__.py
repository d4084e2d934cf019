"""What registries answer, and the network between them and the builder."""

from multiarch.failures.tables.registry.answers import ANSWER_RULES
from multiarch.failures.tables.registry.passing import PASSING_RULES

__all__ = ["ANSWER_RULES", "PASSING_RULES"]
