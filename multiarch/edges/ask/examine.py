"""Finds out what `doctor` reports on: all questions at once, each with an end, and nothing written anywhere."""

import os
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from multiarch.deadline import Deadline
from multiarch.doctor.docker import emulator, is_local, usable_builder
from multiarch.doctor.machine import Daemon, parse_endpoint, parse_info
from multiarch.doctor.model import Answer, Observed, RepositoryState, Unanswered
from multiarch.edges.ask.question import Asked, ask
from multiarch.edges.aws import HARMLESS_ACTIONS, Aws, Token
from multiarch.edges.docker.config import DockerConfig
from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.docker.process import Docker
from multiarch.edges.files.private import PrivateFolder
from multiarch.edges.registry.client import RegistryClient
from multiarch.edges.registry.clients import Registries, ecr_token
from multiarch.errors import FailurePhase, MultiarchError, OperationFailedError
from multiarch.failures import understand
from multiarch.image.ecr import Permission, Permissions, RepositoryFacts
from multiarch.image.platform import Platform
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.builder import Builder, parse_builders
from multiarch.plan.model import Plan
from multiarch.plan.repositories import builder_image, pushed_repositories, references
from multiarch.plan.steps import UNVERIFIED_TAG
from multiarch.run.recovery import final_error
from multiarch.text.redaction import Redaction

# For everything together: with Python's start, and what stopping takes, no examination lasts longer than 15 s.
SECONDS = 10.0
_A_NICETY = 3.0
_STOPPING = 1.0
# The folder of buildx that holds the builders.
_INSTANCES = "instances"

_DOCKER = "see whether dockerd hangs (docker info), and whether DOCKER_HOST names the right one"
_NETWORK = "look at the network path: NAT, proxy, VPC endpoints, security groups"
# What to do where no rule has a better word: mostly somebody who does not answer.
_WHERE_TO_LOOK = {
    FailurePhase.DAEMON: _DOCKER,
    FailurePhase.BUILDER_BOOT: _DOCKER,
    FailurePhase.ECR_API: _NETWORK,
    FailurePhase.STS: _NETWORK,
    FailurePhase.LOGIN: _NETWORK,
    FailurePhase.MANIFEST: _NETWORK,
}

# The failure rules for an image that docker does not have: BuildKit's own has a rule of its own.
_NO_IMAGE = ("image-not-found", "buildkit-image-missing")
# https://docs.docker.com/engine/containers/run/#exit-status: the command cannot be invoked, or is not found.
_NO_PROGRAM = (126, 127)

# What is not there, by whether a creation template makes it.
_STATES: Mapping[bool | None, RepositoryState] = {
    True: "created on push",
    False: "missing",
    None: "missing, or created on push",
}

_Value = TypeVar("_Value")


def unanswered(error: OperationFailedError | MultiarchError) -> Unanswered:
    """Say why a question has no answer, in the words that a failed build would use."""
    if isinstance(error, MultiarchError):
        return Unanswered(cause=error.message, advice=error.hint, exit_code=error.exit_code)
    diagnosis = understand(error)
    output = diagnosis.line.strip()
    return Unanswered(
        cause=diagnosis.cause,
        advice=diagnosis.advice or _WHERE_TO_LOOK.get(diagnosis.phase, ""),
        output="" if output in diagnosis.cause else output,
        exit_code=final_error("", diagnosis, 1, 0.0).exit_code,
        refused=error.code.startswith("AccessDenied"),
    )


def answer(future: Asked[_Value]) -> Answer[_Value]:
    try:
        return future.result()
    except (OperationFailedError, MultiarchError) as error:
        return unanswered(error)


class Examination:
    """One look at this machine, at AWS and at the registry."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        aws: Aws,
        aws_suffixes: Sequence[Collection[str]],
        redaction: Redaction,
        deadline: Deadline,
    ) -> None:
        """Prepare; nothing is asked yet.

        Raises:
            ConfigurationError: docker's configuration cannot be read.
        """
        self._environment = environment
        self._aws = aws
        self._aws_suffixes = aws_suffixes
        self._redaction = redaction
        self._deadline = deadline
        self._docker: Docker | None = None
        self._private = PrivateFolder()
        self._config = DockerConfig(environment)
        self._registries = Registries(environment, self._config, redaction)

    def observe(self, plan: Plan, refusals: Mapping[str, Unanswered], token: Asked[Token] | None) -> Observed:
        """Ask everything that the plan depends on.

        Args:
            plan: what is to be examined.
            refusals: what is wrong before anybody is asked.
            token: the registry's token, where somebody has asked for it already.
        """
        registry = plan.prepare.logins[0].registry if plan.prepare.logins else None
        if registry and not token and not self._config.has_helper(registry.host):
            token = self._ask(lambda: ecr_token(self._aws, registry, self._aws_suffixes, self._redaction), "login")
        with self._looking() as docker:
            machine = self._ask_docker(plan, docker, token)
            online = self._ask_registry(plan, token)
            return Observed(now=datetime.now(UTC), refusals=refusals, **machine(), **online())  # type: ignore[arg-type]  # the fields by name

    def abandon(self) -> None:
        """Kill what still runs, at once, and remove the copy of the builders."""
        if self._docker:
            self._docker.kill()
        self._private.close()

    @contextmanager
    def _looking(self) -> Iterator[Docker]:
        """Run docker commands that see the user's builders; buildx writes wherever it looks, so it looks at a copy."""
        scratch = self._private.path / "buildx"
        scratch.mkdir()
        own = Path(self._environment.get("BUILDX_CONFIG") or self._config.folder / "buildx")
        _copy_files(own / _INSTANCES, scratch / _INSTANCES)
        self._docker = docker = Docker({**self._environment, "BUILDX_CONFIG": str(scratch)})
        try:
            yield docker
        finally:
            docker.stop(patience=_STOPPING)
            self._private.close()

    def _ask_docker(self, plan: Plan, docker: Docker, token: Asked[Token] | None) -> Callable[[], dict[str, object]]:
        step = plan.prepare.builder
        image = builder_image(step) if step else None

        def run(*words: str, phase: str = "daemon") -> str:
            return docker.run(("docker", *words), phase=phase)

        info = self._ask(lambda: _info(run("info", "--format", "{{json .}}")), "daemon")
        endpoint = self._ask(lambda: parse_endpoint(run("context", "ls", "--format", "json")), "daemon")
        buildx = self._ask(lambda: run("buildx", "version"), "daemon")
        builders = self._ask(lambda: parse_builders(run("buildx", "ls", "--format", "json")), "builder-boot")
        here = there = None
        if step and image:
            name = next(each.partition("=")[2] for each in step.options if each.startswith("image="))
            here = self._ask(lambda: _is_here(run, name), "daemon")
            there = self._ask(lambda: self._client(image[0].registry, token).has(*image), "builder-boot")

        def answers() -> dict[str, object]:
            found = answer(builders)
            running = usable_builder(step, _named(found, step.name)) if step else None
            docker_says, where = answer(info), answer(endpoint)
            # An image that docker has it need not pull; who waits for a registry then waits for nothing.
            is_here = answer(here) if here and not running else None
            return {
                "docker": docker_says,
                "endpoint": where,
                "buildx": answer(buildx),
                "builders": found,
                "emulators": self._emulators(plan, running, run),
                "free": _free(docker_says, where),
                "image_is_local": is_here,
                "image_in_registry": answer(there) if there and not running and is_here is not True else None,
            }

        return answers

    def _emulators(
        self, plan: Plan, builder: Builder | None, run: Callable[..., str]
    ) -> Answer[frozenset[Platform]] | None:
        """Try the emulators that the builder's image may bring: its list of platforms does not name them."""
        if not builder or builder.driver != "docker-container":
            return None
        container = f"buildx_buildkit_{builder.nodes[0].name}"
        tries = {
            platform: self._ask(_call(_runs, run, container, emulator(platform)), "builder-boot")
            for platform in plan.platforms
            if str(platform) not in builder.platforms
        }
        answers = {platform: answer(future) for platform, future in tries.items()}
        silent = [each for each in answers.values() if isinstance(each, Unanswered)]
        return silent[0] if silent else frozenset(platform for platform, runs in answers.items() if runs)

    def _ask_registry(self, plan: Plan, token: Asked[Token] | None) -> Callable[[], dict[str, object]]:
        if plan.is_local:
            return dict
        registry = plan.prepare.logins[0].registry if plan.prepare.logins else None
        repositories = [each for each in pushed_repositories(plan) if each.registry.is_ecr]
        caller = None
        if registry:
            soon = self._deadline.at_most(_A_NICETY)
            caller = ask(lambda: self._aws.caller(registry.region), phase="sts", deadline=soon)
        states = {each: self._ask(_call(self._state, each), "ecr-api") for each in repositories}
        permissions = {
            each: {
                action: self._ask(_call(self._permission, states[each], each, action), "ecr-api")
                for action in HARMLESS_ACTIONS
            }
            for each in repositories
        }
        tags = {
            repository.tagged(tag): self._ask(_call(self._has, repository, tag, token), "manifest")
            for repository, tag in _tags(plan)
        }

        def answers() -> dict[str, object]:
            return {
                "caller": answer(caller) if caller else None,
                "expires": _map(answer(token), lambda each: each.expires) if token else None,
                "uses_credential_helper": bool(registry) and token is None,
                "repositories": {each: answer(future) for each, future in states.items()},
                "permissions": {each: _permissions(asked) for each, asked in permissions.items()},
                "tags": {name: answer(future) for name, future in tags.items()},
            }

        return answers

    def _state(self, repository: Repository) -> RepositoryState:
        registry, name = repository.registry, repository.name
        if facts := self._aws.repository(registry, name):
            return facts
        return _STATES[self._aws.is_made_on_push(registry, name)]

    def _permission(self, state: Asked[RepositoryState], repository: Repository, action: str) -> Permission:
        """Ask only of a repository that is there: who must not describe it may still push to it."""
        try:
            if not isinstance(state.result(), RepositoryFacts):
                return Permission.UNKNOWN
        except OperationFailedError as error:
            if not error.code.startswith("AccessDenied"):
                raise
        return self._aws.permission(repository.registry, repository.name, action)

    def _has(self, repository: Repository, tag: str, token: Asked[Token] | None) -> bool:
        return self._client(repository.registry, token).has(repository, tag)

    def _client(self, registry: Registry, token: Asked[Token] | None) -> RegistryClient:
        def credentials() -> Credentials | None:
            # Whoever asks another registry does not wait for the token of this one.
            found = token.result() if token and registry.is_ecr else None
            if found and registry.is_answered_by(found.host, self._aws_suffixes):
                return Credentials(username=found.username, password=found.password)
            return self._config.credentials(registry.host)

        return self._registries.client(registry, credentials)

    def _ask(self, question: Callable[[], _Value], phase: str) -> Future[_Value]:
        return ask(question, phase=phase, deadline=self._deadline)


def _copy_files(here: Path, there: Path) -> None:
    """Copy a folder's files; what cannot be read is no builder: a link to nowhere, a pipe, another user's file."""
    there.mkdir()
    with suppress(OSError):
        for each in here.iterdir():
            with suppress(OSError):
                if each.is_file():
                    shutil.copyfile(each, there / each.name)


def _call(function: Callable[..., _Value], *arguments: object) -> Callable[[], _Value]:
    return lambda: function(*arguments)


def _map(value: Answer[_Value], function: Callable[[_Value], object]) -> object:
    return value if isinstance(value, Unanswered) else function(value)


def _permissions(asked: Mapping[str, Asked[Permission]]) -> Answer[Permissions]:
    """One refusal is worth more than four answers that did not come."""
    answers = {action: answer(future) for action, future in asked.items()}
    silent = [each for each in answers.values() if isinstance(each, Unanswered)]
    if len(silent) == len(answers):
        return silent[0]
    return {action: Permission.UNKNOWN if isinstance(each, Unanswered) else each for action, each in answers.items()}


def _tags(plan: Plan) -> Iterable[tuple[Repository, str]]:
    """Yield the tags that the plan writes; in another registry than ECR the first, to see whether it answers."""
    is_of_docker = plan.prepare.builder and plan.prepare.builder.driver == "docker"
    for target in plan.targets:
        image = target.repository
        if not image:
            continue
        yield image, target.commit_tag
        if image.registry.is_ecr:
            yield from ((image, tag) for tag in (*([UNVERIFIED_TAG] if is_of_docker else []), *target.tags[1:]))
            yield from (each for each in references(target.cache_to) if each[0].registry == image.registry)


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
    """Return the free bytes of docker's disk; None where it is not one of this machine, or not to be seen from here."""
    if isinstance(docker, Unanswered) or isinstance(endpoint, Unanswered) or not is_local(endpoint or "unix:///"):
        return None
    try:
        return shutil.disk_usage(os.fspath(Path(docker.root))).free if docker.root else None
    except OSError:
        return None
