"""What docker, buildx, the builder and the disk mean for a plan. Pure."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from multiarch.doctor.machine import Daemon, parse_version
from multiarch.doctor.model import Check, Observed, Unanswered, failed, not_examined, not_known, ok, problem, warning
from multiarch.errors import BuilderError, ConfigurationError
from multiarch.image.platform import Platform
from multiarch.plan.builder import REJECTED_HINT, Builder, BuilderAction, decide
from multiarch.plan.model import Plan
from multiarch.plan.repositories import builder_image
from multiarch.plan.steps import EnsureBuilder

# The first with `--progress rawjson` and with annotations in bake's definitions.
_OLDEST_BUILDX = (0, 12)
# The first whose registry cache can be an image manifest, as ECR needs it: docs of the exporter, image-manifest.
_OLDEST_BUILDKIT = (0, 12)
_LITTLE = 5_000_000_000
_TOO_LITTLE = 1_000_000_000

_SILENT = "docker does not answer"
_BINFMT = "docker run --privileged --rm tonistiigi/binfmt --install {}"
# What BuildKit calls the emulators that its image brings: util/archutil and solver/llbsolver/ops/exec_binfmt.go
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
# A machine runs these without help, too.
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
            yield not_examined(name, _SILENT)
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
    text = f"{found.version}, runs; images in {f'containerd ({found.store})' if found.containerd else found.store}"
    needs_containerd = any(len(target.platforms) > 1 or target.cache_to for target in plan.targets)
    if step.driver == "docker" and not found.containerd and needs_containerd:
        what = "builds one platform and writes no cache"
        cure = "use --driver docker-container, or --platform with one alone and --cache none"
        return problem("docker", f"{text}; with this store, docker's own builder {what}", cure, BuilderError.exit_code)
    return ok("docker", text)


def _endpoint(step: EnsureBuilder, observed: Observed) -> Check:
    """Docker Server, or any other remote docker: a builder in a container of it has none of its cache."""
    name, found = "docker host", observed.endpoint
    if isinstance(found, Unanswered):
        return not_examined(name, _SILENT) if found == observed.docker else not_known(name, found)
    if not found or is_here(found):
        return ok(name, f"{found or 'the default'}, on this machine")
    if step.driver == "docker-container":
        cure = "--driver docker builds with its own builder, and its cache; or unset DOCKER_HOST and DOCKER_CONTEXT"
        return warning(name, f"{found}, a remote docker (Docker Server?), whose own cache the builder misses", cure)
    return ok(name, f"{found}, a remote docker")


def is_here(endpoint: str) -> bool:
    """Whether a docker endpoint is on this machine, and so are docker's folders."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("unix", "npipe"):
        return True
    host = parts.hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _buildx(observed: Observed) -> Check:
    if isinstance(observed.buildx, Unanswered):
        if observed.buildx == observed.docker:
            return not_examined("buildx", _SILENT)
        return failed("buildx", observed.buildx)
    found = " ".join(observed.buildx.split()[1:2]) or observed.buildx.strip()
    version = parse_version(found)
    if version and version < _OLDEST_BUILDX:
        cure = "use a newer CodeBuild image, or install buildx: https://github.com/docker/buildx/releases"
        needed = ".".join(map(str, _OLDEST_BUILDX))
        return problem("buildx", f"{found} is too old: {needed} or later", cure, BuilderError.exit_code)
    return ok("buildx", found)


def _there(step: EnsureBuilder, observed: Observed) -> Builder | None:
    builders = () if isinstance(observed.builders, Unanswered) else observed.builders
    return next((each for each in builders if each.name == step.name), None)


def taken(step: EnsureBuilder, there: Builder | None) -> Builder | None:
    """Return the builder that the build finds running and takes as it is."""
    return there if there and there.is_running and decide(step, there)[0] is BuilderAction.USE else None


def _builder(step: EnsureBuilder, observed: Observed) -> Check:
    if isinstance(observed.builders, Unanswered):
        return not_known("builder", observed.builders)
    there = _there(step, observed)
    if not there:
        if not step.create:
            cure = "name one that is there (docker buildx ls), or use --driver docker-container"
            return problem("builder", f"there is no builder {step.name}", cure, BuilderError.exit_code)
        made = ", ".join((step.driver, *step.options))
        return ok("builder", f"{step.name} is not there yet, the build makes it: {made}")
    fate, reason = decide(step, there)
    if fate is BuilderAction.RECREATE:
        return ok("builder", f"{step.name} is there and will be made anew, with its cache: {reason}")
    if fate is BuilderAction.REJECT:
        found = f"{step.name} is not the one that is wanted: {reason}"
        return problem("builder", found, REJECTED_HINT, BuilderError.exit_code)
    if there.trouble:
        return warning(
            "builder", f"{step.name} cannot be asked: {there.trouble}", "the build boots it, or makes it anew"
        )
    version = parse_version(there.version)
    # Docker's own builder, and development builds, name no version of BuildKit's.
    shown = f"BuildKit {there.version}" if version and version > (0, 0) else "BuildKit of an unknown version"
    if version and (0, 0) < version < _OLDEST_BUILDKIT:
        cure = f"use a newer one: --builder-image {_OFFICIAL}:v0.12.0 or later, or a newer docker"
        return problem("builder", f"{step.name}: {shown} is too old for a cache in ECR", cure, BuilderError.exit_code)
    return ok("builder", f"{step.name} {'runs' if there.is_running else 'is there, and will be booted'}: {shown}")


def _image(step: EnsureBuilder, observed: Observed) -> Check:
    """Where it comes from; docker tries to pull it, and then takes the one that it has."""
    name, there = "builder image", _there(step, observed)
    image = next(option.partition("=")[2] for option in step.options if option.startswith("image="))
    if taken(step, there):
        return ok(name, f"{image}: the builder runs already")
    if observed.image_is_there is True:
        return ok(name, f"{image}: the registry has it")
    if observed.image_is_here is True:
        return ok(name, f"{image}: docker has it, wherever it came from")
    cure = "name one that can be pulled, for example a copy in ECR: --builder-image REFERENCE"
    if observed.image_is_there is False:
        return problem(name, f"{image} does not exist", cure, ConfigurationError.exit_code)
    if isinstance(observed.image_is_there, Unanswered):
        why = observed.image_is_there
        if isinstance(observed.docker, Daemon) and observed.docker.detours:
            return warning(name, f"{image} cannot be looked up: {why.cause}; docker's mirror or proxy may have it")
        return Check(
            name=name,
            status=failed(name, why).status,
            found=f"{image} cannot be had: {why.cause}",
            cure=cure,
            said=why.said,
            exit_code=BuilderError.exit_code,
        )
    return not_examined(name, f"{image} is the builder's to find")


def _platform(platform: Platform, step: EnsureBuilder, observed: Observed) -> Check:
    name = f"platform {platform}"
    there = _there(step, observed)
    runs = _runs(step, observed)
    if not runs:
        return not_examined(name, "the builder tells when it runs")
    machine = observed.docker.architecture if isinstance(observed.docker, Daemon) else ""
    if step.driver in ("docker", "docker-container") and machine:
        pair = (machine, platform.architecture)
        if machine == platform.architecture or (pair in _ALSO_NATIVE and _is_in(platform, runs)):
            return ok(name, "native")
    if _is_in(platform, runs):
        if step.driver not in ("docker", "docker-container"):
            return ok(name, f"{step.name} runs it")
        return ok(name, "emulated (QEMU): RUN steps take several times as long")
    if step.driver == "docker-container":
        emulated = observed.emulators if there and there.is_running else None
        if isinstance(emulated, Unanswered):
            return not_known(name, emulated)
        if _brings(step, platform) if emulated is None else platform in emulated:
            return ok(name, "emulated by BuildKit's own QEMU: RUN steps take several times as long")
    cure = f"{_BINFMT.format(platform.architecture)}, or a builder on such a machine"
    if step.driver == "docker":
        cure = f"{cure}, or --driver docker-container, whose image brings emulators"
    return problem(name, f"missing: {step.name} cannot run it, only {', '.join(runs)}", cure, BuilderError.exit_code)


def _runs(step: EnsureBuilder, observed: Observed) -> tuple[str, ...]:
    """What the builder runs; one that is yet to be made runs what docker on the same machine runs."""
    builders = () if isinstance(observed.builders, Unanswered) else observed.builders
    there = _there(step, observed)
    if there and there.platforms:
        return there.platforms
    if step.driver in ("remote", "kubernetes"):
        return ()
    return next((each.platforms for each in builders if each.driver == "docker" and each.platforms), ())


def _is_in(platform: Platform, names: tuple[str, ...]) -> bool:
    return platform in {Platform.parse(name) for name in names if _is_platform(name)}


def _is_platform(name: str) -> bool:
    try:
        Platform.parse(name)
    except ConfigurationError:  # a newer BuildKit may name what we do not know
        return False
    return True


def emulator(platform: Platform) -> str:
    """Return the program in BuildKit's image that runs a platform."""
    return f"buildkit-qemu-{_EMULATORS.get(platform.architecture, platform.architecture)}"


def _brings(step: EnsureBuilder, platform: Platform) -> bool:
    """Whether a builder that is yet to be made can emulate; of another image than the official one nobody knows."""
    image = builder_image(step)
    is_official = image and (image[0].name == _OFFICIAL or image[0].name.endswith(f"/{_OFFICIAL}"))
    return bool(is_official) and platform.os == "linux" and platform.architecture in _EMULATORS


def _disk(observed: Observed) -> Check:
    if isinstance(observed.free, Unanswered):
        return not_known("disk", observed.free)
    assert observed.free is not None
    where = observed.docker.root if isinstance(observed.docker, Daemon) else "docker's folder"
    found = f"{observed.free / 1e9:.1f} GB free in {where}"
    cure = "docker system prune --all, docker buildx prune --all, or a larger CodeBuild compute type"
    if observed.free < _TOO_LITTLE:
        return problem("disk", found, cure, BuilderError.exit_code)
    return warning("disk", found, cure) if observed.free < _LITTLE else ok("disk", found)
