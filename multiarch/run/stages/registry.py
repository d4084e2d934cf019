"""Prepares the registry before the build: login, repositories, and existing images of this commit."""

from collections.abc import Mapping
from dataclasses import dataclass

from multiarch.errors import RegistryError
from multiarch.image.ecr import RepositoryFacts, create_command, mutability_command
from multiarch.image.manifest import Manifest
from multiarch.image.reference import Repository
from multiarch.plan.build.cache.move import Move, move_cache, move_warnings
from multiarch.plan.model import Target
from multiarch.plan.steps import FindRepository, Login
from multiarch.run.context import Context
from multiarch.run.stages.existing import Existing, check_moves, find_existing


@dataclass(frozen=True, kw_only=True)
class RegistryState:
    """The state of the registry before the build.

    Attributes:
        existing: by target, the images that its pinned tags point to.
        moves: caches whose tags are immutable.
        cache_warnings: one per such cache; logged only if something is built.
    """

    existing: Mapping[str, Existing]
    moves: tuple[Move, ...]
    cache_warnings: tuple[str, ...]

    @property
    def reused(self) -> Mapping[str, Manifest]:
        """By target, the existing image of this commit: these targets are not built."""
        return {name: found.image for name, found in self.existing.items() if found.image}


class RegistryStage:
    """Signs in, and finds repositories and images."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def prepare(self) -> RegistryState:
        """Return the state of the registry that the build depends on.

        Raises:
            MultiarchError: a repository is missing, a tag belongs to another build, or the registry refused.
        """
        plan = self._context.plan
        for login in plan.prepare.logins:
            self.log_in(login, fresh=False)
        facts: dict[Repository, RepositoryFacts] = {}
        moves: list[Move] = []
        warnings: list[str] = []
        for step in plan.prepare.repositories:
            found, notes = self._find(step, facts)
            moves += found
            warnings += notes
        existing = {}
        for target in plan.targets:
            of_image = facts.get(target.repository) if target.repository else None
            named = find_existing(self._context, target.reuse, of_image) if target.reuse else Existing()
            existing[target.name] = named
            if named.image:
                self._log_reused(target)
            if of_image:
                check_moves(self._context, target.publish, of_image, named.image.digest if named.image else "")
        return RegistryState(existing=existing, moves=tuple(moves), cache_warnings=tuple(warnings))

    def log_in(self, step: Login, *, fresh: bool) -> None:
        text = self._context.recovery.run("login", lambda: self._context.runtime.log_in(step.registry, fresh=fresh))
        self._context.log.info(text, phase="login")

    def _find(self, step: FindRepository, facts: dict[Repository, RepositoryFacts]) -> tuple[list[Move], list[str]]:
        """Return the caches of a repository that need another tag, and warnings; note the repository's settings."""
        state = self._context.runtime.find_repository(step.repository)
        if isinstance(state, RepositoryFacts):
            facts[step.repository] = state
            names = [tag for target in self._context.plan.targets for tag in target.tags]
            moves = [move for tag in step.cache_tags if (move := move_cache(step.repository, tag, state, names))]
            lost = [move.tag for move in moves if not move.to]
            command = mutability_command(step.repository, state, lost) if lost else ""
            return moves, move_warnings(moves, command) if moves else []
        if state != "missing":
            return [], []
        registry, name = step.repository.registry, step.repository.name
        msg = f"repository {name} does not exist in account {registry.account}, {registry.region}"
        command = create_command(step.repository)
        if step.holds_image:
            raise RegistryError(msg, hint=f"create it in that account: {command}")
        moves = [Move(repository=step.repository, tag=tag, to="") for tag in step.cache_tags]
        return moves, [f"cache export disabled: {msg}. To create it: {command}"]

    def _log_reused(self, target: Target) -> None:
        assert target.repository
        name = target.repository.tagged(target.commit_tag)
        self._context.log.info(f"{name} already exists for this commit; skipping the build", phase="registry")
