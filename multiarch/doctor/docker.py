"""Checks docker, buildx, the builder, the platforms and the disk. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from multiarch.doctor.machine import Daemon, parse_version
from multiarch.doctor.model import (
    Check,
    CheckStatus,
    Observed,
    Unanswered,
    failed,
    ok,
    problem,
    skipped,
    unknown,
    warning,
)
from multiarch.errors import BuilderError, ConfigurationError
from multiarch.image.platform import Platform
from multiarch.plan.build.builder import REJECTED_HINT, Builder, BuilderAction, decide
from multiarch.plan.model import Plan
from multiarch.plan.repositories import builder_image
from multiarch.plan.steps import EnsureBuilder

# The first version with `--progress rawjson` and with annotations in bake definitions.
_OLDEST_BUILDX = (0, 12)
# The first version that can export a registry cache as an image manifest, which ECR requires:
# https://docs.docker.com/build/cache/backends/registry/ (image-manifest)
_OLDEST_BUILDKIT = (0, 12)
# Bytes of free disk space.
_LOW_DISK = 5_000_000_000
_FULL_DISK = 1_000_000_000

_NO_DOCKER = "docker is not responding"
_BINFMT = "docker run --privileged --rm tonistiigi/binfmt --install {}"
# Names of the emulators in BuildKit's image: util/archutil and solver/llbsolver/ops/exec_binfmt.go of moby/buildkit.
_EMULATORS = {
    "arm64": "aarch64",
    "amd64": "x86_64",
    "386": "i386",
    "arm": "arm",
    "loong64": "loongarch64",
    "mips64": "mips64",
    "mips64le": "mips64el",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
_OFFICIAL = "moby/buildkit"
# Pairs of machine and platform that need no emulator.
_ALSO_NATIVE = {("amd64", "386"), ("arm64", "arm")}


def docker_checks(plan: Plan, observed: Observed) -> Iterator[Check]:
    step = plan.prepare.builder
    if not step:
        return
    yield _docker(step, plan, observed)
    yield _endpoint(step, observed)
    yield _buildx(observed)
    if isinstance(observed.docker, Unanswered) and step.driver in ("docker", "docker-container"):
        for name in ("builder", *([] if step.driver == "docker" else ["builder image"]), "platforms", "disk"):
            yield skipped(name, _NO_DOCKER)
        return
    yield _builder(step, observed)
    if builder_image(step):
        yield _image(step, observed)
    for platform in plan.platforms:
        yield _platform(platform, step, observed)
    if observed.free is not None:
        yield _disk(observed)


def _docker(step: EnsureBuilder, plan: Plan, observed: Observed) -> Check:
    found = observed.docker
    if isinstance(found, Unanswered):
        return failed("docker", found)
    text = f"version {found.version}, image store {f'containerd ({found.store})' if found.containerd else found.store}"
    needs_containerd = any(len(target.platforms) > 1 or target.cache_to for target in plan.targets)
    if step.driver == "docker" and not found.containerd and needs_containerd:
        limit = "driver docker can build only one platform and cannot export a cache"
        fix = "use --driver docker-container, or a single --platform with --cache none"
        return problem("docker", f"{text}; with this store, {limit}", fix, BuilderError.exit_code)
    return ok("docker", text)


def _endpoint(step: EnsureBuilder, observed: Observed) -> Check:
    """Check for a remote docker, such as CodeBuild's Docker Server: a docker-container builder cannot use its cache."""
    name, found = "docker host", observed.endpoint
    if isinstance(found, Unanswered):
        return skipped(name, _NO_DOCKER) if found == observed.docker else unknown(name, found)
    if not found or is_local(found):
        return ok(name, f"{found or 'default'}, on this machine")
    if step.driver == "docker-container":
        fix = "use --driver docker to build with the remote cache, or unset DOCKER_HOST and DOCKER_CONTEXT"
        text = f"{found} is remote (Docker Server?); builder {step.name} cannot use the cache of the remote docker"
        return warning(name, text, fix)
    return ok(name, f"{found}, remote")


def is_local(endpoint: str) -> bool:
    """Return whether a docker endpoint is on this machine, with docker's folders on this machine's disk."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("unix", "npipe"):
        return True
    host = parts.hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _buildx(observed: Observed) -> Check:
    if isinstance(observed.buildx, Unanswered):
        if observed.buildx == observed.docker:
            return skipped("buildx", _NO_DOCKER)
        return failed("buildx", observed.buildx)
    found = " ".join(observed.buildx.split()[1:2]) or observed.buildx.strip()
    version = parse_version(found)
    if version and version < _OLDEST_BUILDX:
        fix = "use a newer CodeBuild image, or install buildx: https://github.com/docker/buildx/releases"
        oldest = ".".join(map(str, _OLDEST_BUILDX))
        return problem(
            "buildx", f"buildx {found} is too old: {oldest} or later is required", fix, BuilderError.exit_code
        )
    return ok("buildx", f"version {found}")


def _existing_builder(step: EnsureBuilder, observed: Observed) -> Builder | None:
    builders = () if isinstance(observed.builders, Unanswered) else observed.builders
    return next((each for each in builders if each.name == step.name), None)


def usable_builder(step: EnsureBuilder, existing: Builder | None) -> Builder | None:
    """Return the existing builder if it is running and the build will use it unchanged."""
    return existing if existing and existing.is_running and decide(step, existing)[0] is BuilderAction.USE else None


def _builder(step: EnsureBuilder, observed: Observed) -> Check:
    if isinstance(observed.builders, Unanswered):
        return unknown("builder", observed.builders)
    existing = _existing_builder(step, observed)
    if not existing:
        if not step.create:
            fix = "name an existing builder (docker buildx ls), or use --driver docker-container"
            return problem("builder", f"builder {step.name} does not exist", fix, BuilderError.exit_code)
        return ok("builder", f"builder {step.name} will be created ({', '.join((step.driver, *step.options))})")
    action, reason = decide(step, existing)
    if action is BuilderAction.RECREATE:
        return ok("builder", f"builder {step.name} will be recreated, keeping its cache: {reason}")
    if action is BuilderAction.REJECT:
        return problem("builder", f"builder {step.name} {reason}", REJECTED_HINT, BuilderError.exit_code)
    if existing.error:
        text = f"cannot inspect builder {step.name}: {existing.error}"
        return warning("builder", text, "none needed: the build boots the builder, or recreates it")
    version = parse_version(existing.version)
    # The builder of dockerd, and development builds, report no version of BuildKit.
    shown = f"BuildKit {existing.version}" if version and version > (0, 0) else "BuildKit of an unknown version"
    if version and (0, 0) < version < _OLDEST_BUILDKIT:
        fix = f"use --builder-image {_OFFICIAL}:v0.12.0 or later, or a newer docker"
        text = f"builder {step.name}: {shown} is too old for a cache in ECR"
        return problem("builder", text, fix, BuilderError.exit_code)
    state = "is running" if existing.is_running else "exists and will be booted"
    return ok("builder", f"builder {step.name} {state} ({shown})")


def _image(step: EnsureBuilder, observed: Observed) -> Check:
    """Check where the builder's image comes from: docker pulls it, and falls back to its local copy."""
    name = "builder image"
    image = next(option.partition("=")[2] for option in step.options if option.startswith("image="))
    if usable_builder(step, _existing_builder(step, observed)):
        return ok(name, f"{image}: not needed, builder {step.name} is running")
    if observed.image_in_registry is True:
        return ok(name, f"{image} exists in the registry")
    if observed.image_is_local is True:
        return ok(name, f"{image} exists in docker's image store")
    fix = "name an image that docker can pull, for example a copy in ECR: --builder-image REFERENCE"
    if observed.image_in_registry is False:
        return problem(name, f"{image} does not exist", fix, ConfigurationError.exit_code)
    if isinstance(observed.image_in_registry, Unanswered):
        why = observed.image_in_registry
        if isinstance(observed.docker, Daemon) and observed.docker.uses_proxy:
            return warning(name, f"cannot look up {image}: {why.cause}; docker's mirror or proxy may have the image")
        return Check(
            name=name,
            status=CheckStatus.PROBLEM,
            found=f"cannot look up {image}: {why.cause}",
            fix=fix,
            output=why.output,
            exit_code=BuilderError.exit_code,
        )
    return skipped(name, f"{image} is pulled by the machine of builder {step.name}")


def _platform(platform: Platform, step: EnsureBuilder, observed: Observed) -> Check:
    name = f"platform {platform}"
    existing = _existing_builder(step, observed)
    runs = _supported(step, observed)
    if not runs:
        return skipped(name, f"builder {step.name} is not running")
    if platform.os != "linux" and not _is_in(platform, runs):
        fix = "use COPY and ADD only, or a builder on such a machine"
        return warning(name, f"RUN steps fail: builder {step.name} runs linux only", fix)
    machine = observed.docker.architecture if isinstance(observed.docker, Daemon) else ""
    if step.driver in ("docker", "docker-container") and machine:
        pair = (machine, platform.architecture)
        if machine == platform.architecture or (pair in _ALSO_NATIVE and _is_in(platform, runs)):
            return ok(name, "native")
    if _is_in(platform, runs):
        if step.driver not in ("docker", "docker-container"):
            return ok(name, f"supported by builder {step.name}")
        return ok(name, "emulated (QEMU of this machine): RUN steps take several times as long")
    if step.driver == "docker-container":
        emulated = observed.emulators if existing and existing.is_running else None
        if isinstance(emulated, Unanswered):
            return unknown(name, emulated)
        if _can_emulate(step, platform) if emulated is None else platform in emulated:
            return ok(name, "emulated (QEMU of BuildKit): RUN steps take several times as long")
    fix = f"{_BINFMT.format(platform.architecture)}, or use a builder on a machine of this architecture"
    if step.driver == "docker":
        fix = f"{fix}, or --driver docker-container, whose image has emulators"
    text = f"unsupported by builder {step.name}, which supports {', '.join(runs)}"
    return problem(name, text, fix, BuilderError.exit_code)


def _supported(step: EnsureBuilder, observed: Observed) -> tuple[str, ...]:
    """Return the platforms of the builder; before it exists, those of docker on the same machine."""
    builders = () if isinstance(observed.builders, Unanswered) else observed.builders
    existing = _existing_builder(step, observed)
    if existing and existing.platforms:
        return existing.platforms
    if step.driver in ("remote", "kubernetes"):
        return ()
    return next((each.platforms for each in builders if each.driver == "docker" and each.platforms), ())


def _is_in(platform: Platform, names: tuple[str, ...]) -> bool:
    return platform in {Platform.parse(name) for name in names if _is_platform(name)}


def _is_platform(name: str) -> bool:
    try:
        Platform.parse(name)
    except ConfigurationError:  # a platform that only a newer BuildKit knows
        return False
    return True


def emulator(platform: Platform) -> str:
    """Return the name of the program in BuildKit's image that emulates a platform."""
    return f"buildkit-qemu-{_EMULATORS.get(platform.architecture, platform.architecture)}"


def _can_emulate(step: EnsureBuilder, platform: Platform) -> bool:
    """Return whether the builder's image has an emulator; known only of the official image and copies of its name."""
    image = builder_image(step)
    is_official = image and (image[0].name == _OFFICIAL or image[0].name.endswith(f"/{_OFFICIAL}"))
    return bool(is_official) and platform.os == "linux" and platform.architecture in _EMULATORS


def _disk(observed: Observed) -> Check:
    if isinstance(observed.free, Unanswered):
        return unknown("disk", observed.free)
    assert observed.free is not None
    folder = observed.docker.root if isinstance(observed.docker, Daemon) else "docker's data folder"
    found = f"{observed.free / 1e9:.1f} GB free in {folder}"
    fix = "run docker system prune --all or docker buildx prune --all, or use a larger CodeBuild compute type"
    if observed.free < _FULL_DISK:
        return problem("disk", found, fix, BuilderError.exit_code)
    return warning("disk", found, fix) if observed.free < _LOW_DISK else ok("disk", found)
