"""Platforms: parse, normalize and print. Pure."""

import re
from dataclasses import dataclass
from typing import Self

from multiarch.errors import ConfigurationError
from multiarch.text.hints import nearest_hint
from multiarch.text.shown import shown

# Go's list for the operating systems that BuildKit builds for: https://go.dev/doc/install/source#environment
_ARCHITECTURES = {
    "linux": ("amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64", "mips64le"),
    "windows": ("amd64", "arm64", "386"),
}

# Spellings that docker accepts: https://github.com/containerd/platforms (database.go)
_SPELLINGS = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "i386": "386"}

_ARM_VARIANTS = ("v5", "v6", "v7")


@dataclass(frozen=True, kw_only=True, order=True)
class Platform:
    """An operating system and an architecture, in docker's normalized form: `linux/arm64`, `linux/arm/v7`."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `os/architecture[/variant]`, or an architecture, for linux.

        Raises:
            ConfigurationError: the platform is unknown; the hint suggests a similar one.
        """
        parts = text.strip().lower().split("/")
        if len(parts) == 1:
            parts = ["linux", *parts]
        os, architecture, variant = (*parts, "")[:3]
        if architecture == "armhf":
            variant = variant or "v7"
        architecture = _SPELLINGS.get(architecture, architecture)
        # The variants that containerd drops: https://github.com/containerd/platforms (normalizeArch)
        if (architecture, variant) in {("arm64", "v8"), ("arm64", "8"), ("amd64", "v1")}:
            variant = ""
        if architecture == "arm":
            variant = variant if variant.startswith("v") else f"v{variant or 7}"
        known = architecture in _ARCHITECTURES.get(os, ())
        good_variant = (
            variant in _ARM_VARIANTS
            if architecture == "arm"
            else not variant or bool(re.fullmatch(r"v[0-9]+", variant))
        )
        if len(parts) > 3 or not known or not good_variant:  # noqa: PLR2004 - os, architecture, variant
            names = [f"{name}/{each}" for name, all_of in _ARCHITECTURES.items() for each in all_of]
            msg = f"{shown(text)} is not a platform"
            raise ConfigurationError(msg, hint=nearest_hint("/".join(parts[:2]), names))
        return cls(os=os, architecture=architecture, variant=variant)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))
