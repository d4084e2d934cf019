"""What docker, buildx, BuildKit and the emulator print."""

from multiarch.failures.tables.docker.builder import BUILDER_RULES
from multiarch.failures.tables.docker.cache import CACHE_RULES
from multiarch.failures.tables.docker.dockerfile import DOCKERFILE_RULES
from multiarch.failures.tables.docker.host import HOST_RULES, TLS_RULES

__all__ = ["BUILDER_RULES", "CACHE_RULES", "DOCKERFILE_RULES", "HOST_RULES", "TLS_RULES"]
