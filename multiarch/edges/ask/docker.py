"""Doctor's questions to docker and buildx."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from multiarch.doctor.docker import emulator, is_local, usable_builder
from multiarch.doctor.machine import Daemon, parse_endpoint, parse_info
from multiarch.doctor.model import Answer, Unanswered
from multiarch.edges.ask.answer import answer
from multiarch.edges.ask.question import Questions
from multiarch.edges.docker.process import Docker
from multiarch.errors import OperationFailedError
from multiarch.failures import understand
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.plan.build.builder import Builder, parse_builders
from multiarch.plan.model import Plan
from multiarch.plan.repositories import builder_image

# The failure rules for an image that docker does not have.
_NO_IMAGE = ("image-not-found", "buildkit-image-missing")
# The command cannot be invoked, or is not found: https://docs.docker.com/engine/containers/run/#exit-status
_NO_PROGRAM = (126, 127)


def ask_docker(
    plan: Plan, docker: Docker, questions: Questions, in_registry: Callable[[Repository, str], bool]
) -> Callable[[], dict[str, object]]:
    """Ask docker and buildx; return what waits for the answers, by the fields of `Observed`.

    Args:
        plan: names the builder and the platforms.
        docker: runs docker commands.
        questions: asks.
        in_registry: whether a registry has an image.
    """
    step = plan.prepare.builder
    image = builder_image(step) if step else None

    def run(*words: str, phase: str = "daemon") -> str:
        return docker.run(("docker", *words), phase=phase)

    info = questions.ask(lambda: _info(run("info", "--format", "{{json .}}")), "daemon")
    endpoint = questions.ask(lambda: parse_endpoint(run("context", "ls", "--format", "json")), "daemon")
    buildx = questions.ask(lambda: run("buildx", "version"), "daemon")
    builders = questions.ask(lambda: parse_builders(run("buildx", "ls", "--format", "json")), "builder-boot")
    here = there = None
    if step and image:
        name = next(each.partition("=")[2] for each in step.options if each.startswith("image="))
        here = questions.ask(lambda: _is_here(run, name), "daemon")
        there = questions.ask(lambda: in_registry(*image), "builder-boot")

    def answers() -> dict[str, object]:
        found = answer(builders)
        running = usable_builder(step, _named(found, step.name)) if step else None
        daemon, where = answer(info), answer(endpoint)
        # Docker does not pull an image that it has, so the registry's answer is not awaited for it.
        is_here = answer(here) if here and not running else None
        return {
            "docker": daemon,
            "endpoint": where,
            "buildx": answer(buildx),
            "builders": found,
            "emulators": _emulators(plan, running, run, questions),
            "free": _free(daemon, where),
            "image_is_local": is_here,
            "image_in_registry": answer(there) if there and not running and is_here is not True else None,
        }

    return answers


def _emulators(
    plan: Plan, builder: Builder | None, run: Callable[..., str], questions: Questions
) -> Answer[frozenset[Platform]] | None:
    """Try the emulators of the builder's image, which the builder's list of platforms leaves out."""
    if not builder or builder.driver != "docker-container":
        return None
    container = f"buildx_buildkit_{builder.nodes[0].name}"
    runs = {
        platform: questions.ask(partial(_runs, run, container, emulator(platform)), "builder-boot")
        for platform in plan.platforms
        if str(platform) not in builder.platforms
    }
    answers = {platform: answer(future) for platform, future in runs.items()}
    unanswered = [each for each in answers.values() if isinstance(each, Unanswered)]
    return unanswered[0] if unanswered else frozenset(platform for platform, each in answers.items() if each)


def _info(text: str) -> Daemon:
    daemon = parse_info(text)
    if not daemon.version:
        raise OperationFailedError("daemon", ["Cannot connect to the Docker daemon: it names no version"])
    return daemon


def _is_here(run: Callable[..., str], image: str) -> bool:
    try:
        run("image", "inspect", "--format", "{{.Id}}", image)
    except OperationFailedError as error:
        if understand(error).rule in _NO_IMAGE:
            return False
        raise
    return True


def _runs(run: Callable[..., str], container: str, program: str) -> bool:
    try:
        run("exec", container, f"/usr/bin/{program}", "-version")
    except OperationFailedError as error:
        if error.exit_code in _NO_PROGRAM:
            return False
        raise
    return True


def _named(builders: Answer[tuple[Builder, ...]], name: str) -> Builder | None:
    return None if isinstance(builders, Unanswered) else next((each for each in builders if each.name == name), None)


def _free(docker: Answer[Daemon], endpoint: Answer[str]) -> int | None:
    """Return the free bytes of docker's disk, None for a disk of another machine and for one that cannot be read."""
    if isinstance(docker, Unanswered) or isinstance(endpoint, Unanswered) or not is_local(endpoint or "unix:///"):
        return None
    try:
        return shutil.disk_usage(os.fspath(Path(docker.root))).free if docker.root else None
    except OSError:
        return None
