"""Asks everything that `doctor` reports: all questions side by side, each until a deadline; nothing is written."""

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from multiarch.deadline import Deadline
from multiarch.doctor.model import Observed, Unanswered
from multiarch.edges.ask.docker import ask_docker
from multiarch.edges.ask.question import Asked, Questions
from multiarch.edges.ask.registry import RegistryQuestions
from multiarch.edges.aws import Aws, Token
from multiarch.edges.docker.config import DockerConfig
from multiarch.edges.docker.process import Docker
from multiarch.edges.files.private import PrivateFolder
from multiarch.edges.registry.clients import Registries, ecr_token
from multiarch.plan.model import Plan
from multiarch.text.redaction import Redaction

# For all questions together. With Python's start and the end of commands, `doctor` takes 15 s at most.
SECONDS = 10.0
_STOPPING = 1.0
# The folder of buildx with a file for each builder.
_INSTANCES = "instances"


class Examination:
    """Asks this machine, AWS and the registry once."""

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
        self._questions = Questions(deadline)
        self._docker: Docker | None = None
        self._private = PrivateFolder()
        self._config = DockerConfig(environment)
        self._registry = RegistryQuestions(
            self._questions,
            aws=aws,
            aws_suffixes=aws_suffixes,
            config=self._config,
            registries=Registries(environment, self._config, redaction, deadline=deadline),
        )

    def observe(self, plan: Plan, refusals: Mapping[str, Unanswered], token: Asked[Token] | None) -> Observed:
        """Ask everything that a plan depends on.

        Args:
            plan: the plan to examine.
            refusals: checks that failed before any question.
            token: the registry's token, if it was asked for already.
        """
        registry = plan.prepare.logins[0].registry if plan.prepare.logins else None
        if registry and not token and not self._config.has_helper(registry.host):
            token = self._questions.ask(
                lambda: ecr_token(self._aws, registry, self._aws_suffixes, self._redaction), "login"
            )
        with self._looking() as docker:
            machine = ask_docker(
                plan, docker, self._questions, lambda repository, tag: self._registry.has(repository, tag, token)
            )
            online = self._registry.ask(plan, token)
            return Observed(now=datetime.now(UTC), refusals=refusals, **machine(), **online())  # type: ignore[arg-type]  # the fields by name

    def abandon(self) -> None:
        """Kill running commands at once, and remove the copy of the builders."""
        if self._docker:
            self._docker.kill()
        self._private.close()

    @contextmanager
    def _looking(self) -> Iterator[Docker]:
        """Run docker commands on a copy of the user's builders, since buildx writes to the folder that it reads."""
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


def _copy_files(here: Path, there: Path) -> None:
    """Copy the regular files of a folder. Skip unreadable files: no builder is in them."""
    there.mkdir()
    with suppress(OSError):
        for each in here.iterdir():
            with suppress(OSError):
                if each.is_file():
                    shutil.copyfile(each, there / each.name)
