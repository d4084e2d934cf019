"""Docker: the machine's own if it runs, else one that is installed and started here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import apt, layout, process
from dev.stack.errors import StackError
from dev.stack.undo import PurgePackages, RemoveGroup, RemoveNetworkLink, RemovePath

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dev.stack.state import State

OURS: Final = "engine-is-ours"
LEAST: Final = 25
# Debian's releases are behind what multiarch needs; its testing suite is not, and these packages need nothing newer.
SUITE: Final = "testing"
FROM_SUITE: Final = ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini-static")
_DAEMON: Final = "dockerd"
_SOCKET: Final = Path("/var/run/docker.sock")
_DATA: Final = layout.STATE / "docker"
_LEFT_IN_RUN: Final = ("/run/docker", "/run/containerd", "/run/runc")
_BRIDGE: Final = "docker0"
_UNITS: Final = ("docker.service", "docker.socket", "containerd.service")
# They appear with the packages or with the daemon, and purging the packages leaves them.
_LEFT_BY_PACKAGES: Final = ("/var/lib/docker", "/var/lib/containerd", "/opt/containerd", *_LEFT_IN_RUN)
_PLUGINS: Final = tuple(Path(f"/usr/{folder}/docker/cli-plugins") for folder in ("libexec", "lib", "local/lib"))
_CONFIGURATION: Final = f"""{{
  "features": {{"containerd-snapshotter": true}},
  "storage-driver": "overlayfs",
  "data-root": "{_DATA}",
  "exec-root": "{layout.RUN}/docker",
  "pidfile": "{layout.RUN}/docker.pid",
  "iptables": false,
  "ip6tables": false,
  "ip-masq": false,
  "ip-forward": false
}}
"""


def docker(*arguments: str, stdin: bytes = b"", seconds: float = 120) -> str:
    """Run docker with a configuration folder of the stack's own, so that nobody's logins and builders are touched."""
    return run_docker(arguments, stdin, {"DOCKER_CONFIG": str(layout.STATE / "docker-config")}, seconds)


def run_docker(arguments: Sequence[str], stdin: bytes, variables: Mapping[str, str], seconds: float) -> str:
    what = f"`docker {' '.join(arguments)}`"
    environment = {**os.environ, **variables}
    try:
        result = subprocess.run(
            ["docker", *arguments], input=stdin, capture_output=True, env=environment, timeout=seconds, check=False
        )
    except FileNotFoundError as error:
        msg = "no `docker` command on PATH"
        raise StackError(msg) from error
    except subprocess.TimeoutExpired as error:
        msg = f"{what} did not end within {seconds:.0f} s"
        raise StackError(msg) from error
    if result.returncode:
        lines = (result.stderr or result.stdout).decode(errors="replace").splitlines()
        msg = "\n".join([f"{what} failed:", *(f"    {line}" for line in lines[-20:])])
        raise StackError(msg)
    return result.stdout.decode(errors="replace").strip()


def works() -> bool:
    return bool(_server_version())


def version() -> str:
    return _server_version() or "none"


def missing_packages() -> tuple[str, ...]:
    """What has to be installed for an engine, by what is not there yet."""
    if works():
        return () if shutil.which("socat") else ("socat",)
    wanted: tuple[str, ...] = ()
    if not shutil.which("dockerd"):
        wanted = ("docker.io", "containerd", "runc", "tini-static")
    if not shutil.which("docker"):
        wanted += ("docker-cli",)
    if not any((folder / "docker-buildx").exists() for folder in _PLUGINS):
        wanted += ("docker-buildx",)
    if not shutil.which("socat"):
        wanted += ("socat",)
    return wanted


def install(state: State, index: apt.Index) -> None:
    packages = missing_packages()
    new = index.would_install(packages)
    if "docker.io" in new:
        state.will(*(RemovePath(path=path) for path in _LEFT_BY_PACKAGES if not Path(path).exists()))
        _mask_services(state)
        if "docker" not in {line.split(":")[0] for line in Path("/etc/group").read_text().splitlines()}:
            state.will(RemoveGroup(name="docker"))
    state.will(PurgePackages(names=new))
    index.install(packages)


def start(state: State) -> None:
    if not works():
        _start_daemon(state)
    found = _server_version()
    if int(found.split(".")[0]) < LEAST:
        msg = f"docker engine {found} is too old: {LEAST} or newer is required"
        raise StackError(msg)
    try:
        docker("buildx", "version")
    except StackError as error:
        msg = f"{shutil.which('docker')} has no buildx plugin\n  fix: install docker-buildx for it"
        raise StackError(msg) from error


def _mask_services(state: State) -> None:
    """Keep systemd, where there is one, from starting a docker of its own beside ours, now or after a reboot."""
    folder = Path("/etc/systemd/system")
    for unit in _UNITS if folder.is_dir() else ():
        mask = folder / unit
        if not mask.exists():
            state.will(RemovePath(path=str(mask)))
            mask.symlink_to("/dev/null")


def restart(state: State) -> None:
    """Stop the stack's docker, and start it again: what runs in it ends."""
    if not is_ours(state):
        msg = "the test stack did not start this docker engine, so it does not restart it"
        raise StackError(msg)
    process.stop(_DAEMON)
    _start_daemon(state)


def is_ours(state: State) -> bool:
    return bool(state.fact(OURS))


def remove_link(name: str) -> None:
    if Path("/sys/class/net", name).exists():
        subprocess.run(["ip", "link", "delete", name], check=True, capture_output=True)


def _start_daemon(state: State) -> None:
    # Its own data folder: the images of a docker that is installed here but stopped stay as they are.
    _DATA.mkdir(parents=True, exist_ok=True)
    layout.RUN.mkdir(parents=True, exist_ok=True)
    file = layout.STATE / "daemon.json"
    file.write_text(_CONFIGURATION)
    state.learn(**{OURS: "yes"})
    # A network link and firewall rules are what dockerd leaves behind; it is told to leave the firewall alone.
    if not Path("/sys/class/net", _BRIDGE).exists():
        state.will(RemoveNetworkLink(name=_BRIDGE))
    state.will(RemovePath(path=str(layout.RUN)), RemovePath(path=str(_SOCKET)))
    for left in (_SOCKET, layout.RUN / "docker.pid"):
        # A daemon that was killed leaves them, and the next one takes the pid for its own.
        left.unlink(missing_ok=True)
    # BuildKit cuts a step's log at 2 MiB, and sooner where it comes fast: tests of much output want all of it.
    unlimited = ["BUILDKIT_STEP_LOG_MAX_SIZE=-1", "BUILDKIT_STEP_LOG_MAX_SPEED=-1"]
    process.start(state, _DAEMON, ["env", *unlimited, "dockerd", "--config-file", str(file)], ready=works, seconds=60)


def _server_version() -> str:
    if not _SOCKET.exists() and "DOCKER_HOST" not in os.environ:
        return ""
    try:
        return docker("version", "--format", "{{.Server.Version}}", seconds=10)
    except StackError:
        return ""


def bridge_address() -> str:
    """Where a container finds the machine that it runs on."""
    return docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")


def keeps_indexes() -> bool:
    """Whether docker keeps images in containerd, so that its own BuildKit can make images of several platforms."""
    return "io.containerd.snapshotter" in docker("info", "--format", "{{.DriverStatus}}")
