"""Doctor's questions to AWS and the registry."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from multiarch.doctor.model import Answer, RepositoryState, Unanswered
from multiarch.edges.ask.answer import answer, map_answer
from multiarch.edges.ask.question import Asked, Questions, ask
from multiarch.edges.aws import HARMLESS_ACTIONS, Aws, Token
from multiarch.edges.docker.config import DockerConfig
from multiarch.edges.docker.credentials import Credentials
from multiarch.edges.registry.client import RegistryClient
from multiarch.edges.registry.clients import Registries
from multiarch.errors import OperationFailedError
from multiarch.image.ecr import Permission, Permissions, RepositoryFacts
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.model import Plan
from multiarch.plan.repositories import pushed_repositories, references
from multiarch.plan.steps import UNVERIFIED_TAG

# The caller's name is worth a short wait alone.
_CALLER_SECONDS = 3.0

# The state of a repository that does not exist, by whether a creation template makes it.
_STATES: Mapping[bool | None, RepositoryState] = {
    True: "created on push",
    False: "missing",
    None: "missing, or created on push",
}


class RegistryQuestions:
    """Asks AWS and the registries of a plan."""

    def __init__(
        self,
        questions: Questions,
        *,
        aws: Aws,
        aws_suffixes: Sequence[Collection[str]],
        config: DockerConfig,
        registries: Registries,
    ) -> None:
        self._questions = questions
        self._aws = aws
        self._aws_suffixes = aws_suffixes
        self._config = config
        self._registries = registries

    def ask(self, plan: Plan, token: Asked[Token] | None) -> Callable[[], dict[str, object]]:
        """Ask AWS and the registry; return what waits for the answers, by the fields of `Observed`."""
        if plan.is_local:
            return dict
        registry = plan.prepare.logins[0].registry if plan.prepare.logins else None
        repositories = [each for each in pushed_repositories(plan) if each.registry.is_ecr]
        caller = None
        if registry:
            soon = self._questions.deadline.at_most(_CALLER_SECONDS)
            caller = ask(lambda: self._aws.caller(registry.region), phase="sts", deadline=soon)
        states = {each: self._questions.ask(partial(self._state, each), "ecr-api") for each in repositories}
        permissions = {
            each: {
                action: self._questions.ask(partial(self._permission, states[each], each, action), "ecr-api")
                for action in HARMLESS_ACTIONS
            }
            for each in repositories
        }
        tags = {
            repository.tagged(tag): self._questions.ask(partial(self.has, repository, tag, token), "manifest")
            for repository, tag in _tags(plan)
        }

        def answers() -> dict[str, object]:
            return {
                "caller": answer(caller) if caller else None,
                "expires": map_answer(answer(token), lambda each: each.expires) if token else None,
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
        """Ask only for an existing repository. A role without the right to describe it may have the right to push."""
        try:
            if not isinstance(state.result(), RepositoryFacts):
                return Permission.UNKNOWN
        except OperationFailedError as error:
            if not error.code.startswith("AccessDenied"):
                raise
        return self._aws.permission(repository.registry, repository.name, action)

    def has(self, repository: Repository, tag: str, token: Asked[Token] | None) -> bool:
        """Whether a registry has a tag; raises what an edge raises."""
        return self._client(repository.registry, token).has(repository, tag)

    def _client(self, registry: Registry, token: Asked[Token] | None) -> RegistryClient:
        def credentials() -> Credentials | None:
            # A request to another registry does not wait for this token.
            found = token.result() if token and registry.is_ecr else None
            if found and registry.is_answered_by(found.host, self._aws_suffixes):
                return Credentials(username=found.username, password=found.password)
            return self._config.credentials(registry.host)

        return self._registries.client(registry, credentials)


def _permissions(asked: Mapping[str, Asked[Permission]]) -> Answer[Permissions]:
    """Return the permissions that are known, or why none is."""
    answers = {action: answer(future) for action, future in asked.items()}
    silent = [each for each in answers.values() if isinstance(each, Unanswered)]
    if len(silent) == len(answers):
        return silent[0]
    return {action: Permission.UNKNOWN if isinstance(each, Unanswered) else each for action, each in answers.items()}


def _tags(plan: Plan) -> Iterable[tuple[Repository, str]]:
    """Yield the tags that the plan writes; outside ECR the first tag alone, to see whether the registry responds."""
    is_of_docker = plan.prepare.builder and plan.prepare.builder.driver == "docker"
    for target in plan.targets:
        image = target.repository
        if not image:
            continue
        yield image, target.commit_tag
        if image.registry.is_ecr:
            yield from ((image, tag) for tag in (*([UNVERIFIED_TAG] if is_of_docker else []), *target.tags[1:]))
            yield from (each for each in references(target.cache_to) if each[0].registry == image.registry)
