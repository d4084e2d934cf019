"""Returns the public URL of a git remote. Pure."""

import re
from urllib.parse import urlsplit

_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/@]+):(?!//)(?P<path>.+)")
_CODECOMMIT = re.compile(r"codecommit::(?P<region>[a-z0-9-]+)://(?:[^@/]+@)?(?P<name>[\w.-]+)")


def public_url(text: str) -> str:
    """Return the web address of a git remote without credentials; empty for a local path and for an invalid URL.

    `git@host:team/shop.git` and `ssh://git@host/team/shop.git` become `https://host/team/shop`.
    """
    text = text.strip()
    if match := _CODECOMMIT.fullmatch(text):
        return f"https://git-codecommit.{match['region']}.amazonaws.com/v1/repos/{match['name']}"
    if "://" not in text:
        match = _SCP.fullmatch(text)
        return f"https://{match['host']}/{_path(match['path'])}" if match else ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("https", "http", "ssh", "git") or not host:
        return ""
    scheme = "http" if parts.scheme == "http" else "https"
    # The port of an SSH URL is not the port of the web address.
    where = f"{host}:{port}" if port and parts.scheme.startswith("http") else host
    return f"{scheme}://{where}/{_path(parts.path)}".rstrip("/")


def _path(path: str) -> str:
    return path.strip("/").removesuffix(".git")
