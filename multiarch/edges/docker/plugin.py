"""Finds the program that `docker buildx` starts.

docker starts it twice, first to ask what it is: 0.13 s a command that a build does not have to wait for. buildx runs by
itself just as well: https://github.com/docker/buildx#manual-download
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from multiarch.edges.files.read import read_file

# Bytes of config.json; the largest seen have some kilobytes.
CONFIG_SIZE = 8 * 1024 * 1024

_NAME = "docker-buildx"
# In docker's own order: https://github.com/docker/cli/blob/master/cli-plugins/manager/manager_unix.go
_SYSTEM = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
_SCRIPT = b"#!"


def find_buildx(environment: Mapping[str, str]) -> str:
    """Return the plugin that docker would start; empty where docker itself is to be asked.

    That is so where there is no such plugin, and where `docker` is a script of somebody's own: it may be another
    program's, or do more than docker does.
    """
    docker = shutil.which("docker", path=environment.get("PATH", ""))
    if not docker or _is_script(Path(docker)):
        return ""
    found = (folder / _NAME for folder in _folders(environment))
    return next((str(path) for path in found if path.is_file() and os.access(path, os.X_OK)), "")


def _folders(environment: Mapping[str, str]) -> Iterator[Path]:
    config = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "/"), ".docker"))
    try:
        extra = json.loads(read_file(config / "config.json", CONFIG_SIZE))["cliPluginsExtraDirs"]
        yield from (Path(each) for each in extra if isinstance(each, str))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    yield config / "cli-plugins"
    yield from map(Path, _SYSTEM)


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SCRIPT)) == _SCRIPT
    except OSError:
        return True
