"""Debian's package manager, with an index of its own.

apt is told to keep its sources, pins, lists and archives in the state folder. The machine's own configuration is read
but never changed: there is nothing to put back, even if this process is killed. Only `install` changes the machine.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tarfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import layout, sources
from dev.stack.errors import StackError, StepFailedError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

FOLDER: Final = layout.STATE / "apt"
LOG: Final = layout.LOGS / "apt.log"
_LISTS: Final = Path("/var/lib/apt/lists")
_PIN: Final = "Package: {packages}\nPin: release a={suite}\nPin-Priority: {priority}\n"


@dataclass(frozen=True)
class Index:
    """The packages of one architecture: of the machine's release, and those named from one more suite."""

    architecture: str
    suite: str = ""
    from_suite: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def install(self, packages: Sequence[str]) -> None:
        self._update()
        options = (
            "--yes",
            "--no-install-recommends",
            "-oDPkg::Lock::Timeout=60",
            # Nothing here must survive a power cut, so dpkg need not wait for the disk.
            "-oDpkg::Options::=--force-unsafe-io",
            # Without manuals, dpkg does not build the machine's index of them anew: 3 s.
            "-oDpkg::Options::=--path-exclude=/usr/share/man/*",
        )
        # An earlier run may have been killed in the middle of its installation.
        run(["dpkg", "--configure", "--pending"], "dpkg can't finish what was interrupted earlier")
        run(["apt-get", *self._options, "install", *options, *packages], "installing packages failed")

    def would_install(self, packages: Sequence[str]) -> tuple[str, ...]:
        """The packages that `install` would add, dependencies included."""
        self._update()
        out = run(
            ["apt-get", *self._options, "install", "--simulate", "--no-install-recommends", *packages],
            "apt finds no way to install what is missing",
        )
        words = (line.split() for line in out.splitlines() if line.startswith("Inst "))
        # "Inst name (new version …)", but "Inst name [old version] (new version …)" for an upgrade.
        return tuple(line[1] for line in words if not line[2].startswith("["))

    def unpack(self, package: str, members: Collection[str], target: Path) -> bool:
        """Download a package and take one file out of it; nothing is installed."""
        self._update()
        folder = self._folder / "download" / package
        folder.mkdir(parents=True, exist_ok=True)
        run(["apt-get", *self._options, "download", package], f"downloading {package} failed", cwd=folder)
        return take_member(next(folder.glob("*.deb")), members, target)

    @property
    def _folder(self) -> Path:
        return FOLDER / self.architecture

    @property
    def _options(self) -> tuple[str, ...]:
        folder = self._folder
        return (
            "--quiet",
            f"-oDir::State::Lists={folder}/lists",
            "-oDir::Etc::SourceList=/dev/null",
            f"-oDir::Etc::SourceParts={folder}/sources",
            "-oDir::Etc::Preferences=/dev/null",
            f"-oDir::Etc::PreferencesParts={folder}/preferences",
            f"-oDir::Cache={folder}/cache",
            f"-oDir::Cache::Archives={folder}/archives",
            # Container images turn these caches off; with them each further apt command saves half a second.
            "-oDir::Cache::PkgCache=pkgcache.bin",
            "-oDir::Cache::SrcPkgCache=srcpkgcache.bin",
            f"-oAPT::Architecture={self.architecture}",
            f"-oAPT::Architectures={self.architecture}",
            "-oAcquire::Languages=none",
            "-oAPT::Sandbox::User=root",
        )

    def _update(self) -> None:
        with self._lock:
            if not (self._folder / "lists" / "done").exists():
                self._write_configuration()
                run(["apt-get", *self._options, "update", "--error-on=any"], "reading Debian's index failed")
                (self._folder / "lists" / "done").touch()

    def _write_configuration(self) -> None:
        codename = release()["VERSION_CODENAME"]
        own = sources.of_release(sources.read(Path("/etc/apt")), codename)
        suite = sources.of_suite(own, codename, self.suite) if self.suite else None
        if not own or (self.suite and suite is None):
            msg = f"no apt source for {codename} in /etc/apt, so no package can be installed"
            raise StackError(msg)
        for name in ("sources", "preferences", "lists/partial", "archives/partial", "cache"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / "sources" / "stack.sources").write_text("\n".join(map(str, (*own, suite) if suite else own)))
        if suite:
            # 100: a package of this suite is taken only if asked for by name, and here the names are those of docker.
            pins = ((100, "*"), (990, " ".join(self.from_suite)))
            text = "\n".join(_PIN.format(packages=p, suite=self.suite, priority=n) for n, p in pins)
            (self._folder / "preferences" / "stack").write_text(text)
        for file in _LISTS.glob(f"*binary-{self.architecture}_Packages*"):
            # What the machine has read already need not come over the network again.
            shutil.copy2(file, self._folder / "lists")
            for signature in _LISTS.glob(f"{file.name.split('_dists_')[0]}*InRelease"):
                shutil.copy2(signature, self._folder / "lists")


def purge(packages: Sequence[str]) -> None:
    """Remove those of the packages that are there, with their configuration."""
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Abbrev}\n", *packages],
        capture_output=True,
        text=True,
        check=False,  # it fails for a package that dpkg has never heard of
    )
    present = [line.split()[0] for line in listed.stdout.splitlines() if line.split()[1] not in {"un", "pn"}]
    if present:
        run(["dpkg", "--purge", *present], "removing packages failed")


def run(command: Sequence[str], failure: str, cwd: Path | None = None) -> str:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    process = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        cwd=cwd,
        check=False,
    )
    with LOG.open("a") as log:
        log.write(f"$ {' '.join(command)}\n{process.stdout}\n")
    if process.returncode:
        raise StepFailedError.from_log(failure, LOG)
    return process.stdout


def take_member(package: Path, members: Collection[str], target: Path) -> bool:
    """Copy the first of the named files out of a .deb; say whether it has one."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
            found = next((entry for entry in archive if entry.name.removeprefix("./") in members), None)
            content = archive.extractfile(found) if found else None
            if content:
                target.parent.mkdir(parents=True, exist_ok=True)
                new = target.with_suffix(".new")
                with new.open("wb") as output:
                    shutil.copyfileobj(content, output)
                new.chmod(0o755)
                new.replace(target)
        # The rest of a large package is of no interest.
        process.kill()
    return content is not None


def release() -> dict[str, str]:
    return platform.freedesktop_os_release()


def supported() -> bool:
    """Whether this is Debian itself: other systems of the family keep foreign architectures on other servers."""
    try:
        return release()["ID"] == "debian" and shutil.which("apt-get") is not None
    except (OSError, KeyError):
        return False


def architecture() -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
