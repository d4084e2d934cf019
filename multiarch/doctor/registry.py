"""Checks AWS credentials, permissions, repositories, tags and the registry. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from multiarch.doctor.model import Check, Observed, Unanswered, failed, ok, problem, skipped, unknown, warning
from multiarch.errors import AwsError, ConfigurationError, RegistryError
from multiarch.image.ecr import (
    UNTESTED_ACTIONS,
    Permission,
    RepositoryFacts,
    create_command,
    denied,
    mutability_command,
)
from multiarch.image.reference import Repository
from multiarch.plan.build.cache.move import move_cache
from multiarch.plan.model import Plan, Target
from multiarch.plan.repositories import references
from multiarch.plan.steps import UNVERIFIED_TAG

_NO_LOGIN = "AWS login failed"


def registry_checks(plan: Plan, observed: Observed) -> Iterator[Check]:
    if plan.is_local:
        return
    if plan.prepare.logins:
        yield _credentials(plan, observed)
    images = {target.repository for target in plan.targets}
    for target in plan.targets:
        if target.repository and target.repository in observed.repositories:
            yield _repository(target.repository, observed)
            yield from _tags(plan, target, target.repository, observed)
        for repository, tag in references(target.cache_to):
            if repository in observed.repositories:
                yield from _cache(target, repository, tag, observed)
    for repository in observed.permissions:
        if isinstance(observed.repositories.get(repository), str):
            continue
        yield _permissions(repository, observed, is_cache=repository not in images)
    for target in plan.targets:
        if target.repository:
            yield _registry(target, target.repository, observed)


def _credentials(plan: Plan, observed: Observed) -> Check:
    name = "credentials"
    if observed.uses_credential_helper:
        return ok(name, "docker's credential helper signs in to the registry")
    if isinstance(observed.expires, Unanswered):
        return failed(name, observed.expires)
    caller = observed.caller if isinstance(observed.caller, str) else "AWS credentials are valid"
    if observed.expires is None:
        return ok(name, f"{caller}; the lifetime of the registry token is unknown")
    left = observed.expires - observed.now
    until = observed.expires.astimezone(observed.now.tzinfo).strftime("%Y-%m-%d %H:%M %Z")
    if left <= timedelta(0):
        # The token is new, so one of the two clocks is wrong. The check of the registry shows whether the token works.
        fix = "set the clock of this machine (chronyd, ntpd), or check AWS_ENDPOINT_URL"
        return warning(name, f"{caller}; the new registry token already expired at {until}", fix)
    shown = f"{caller}; the registry token lasts {_duration(left)}, until {until}"
    if left < timedelta(seconds=plan.retry.deadline):
        fix = "renew the credentials before the build"
        return warning(name, f"{shown}, shorter than --retry-deadline ({plan.retry.deadline / 60:.0f} min)", fix)
    return ok(name, shown)


def _duration(left: timedelta) -> str:
    minutes = left.total_seconds() / 60
    return f"{minutes / 60:.1f} h" if minutes > 90 else f"{minutes:.0f} min"  # noqa: PLR2004


def _repository(repository: Repository, observed: Observed) -> Check:
    name, found = "repository", observed.repositories[repository]
    match found:
        case RepositoryFacts():
            return ok(name, f"{repository} exists (tags: {found.shown()})")
        case "missing":
            text = f"{repository} does not exist"
            fix = f"create it in that account: {create_command(repository)}"
            return problem(name, text, fix, RegistryError.exit_code)
        case Unanswered():
            return _optional(name, found, observed)
        case "missing, or created on push":
            text = f"{repository} does not exist; whether a creation template would create it is unknown"
            return warning(name, text, f"without a template, create it in that account: {create_command(repository)}")
        case _:
            return ok(name, f"{repository} does not exist; a creation template creates it at the first push")


def _optional(name: str, why: Unanswered, observed: Observed) -> Check:
    """Return a warning: the build does not need this answer. A failed login has its own check."""
    if isinstance(observed.expires, Unanswered):
        return skipped(name, _NO_LOGIN)
    return unknown(name, why)


def _tags(plan: Plan, target: Target, repository: Repository, observed: Observed) -> Iterator[Check]:
    """Check that no floating tag is immutable: ECR lets a push create an immutable tag, but not move it."""
    facts = observed.repositories[repository]
    if not isinstance(facts, RepositoryFacts):
        return
    floating = [step.tag for step in target.publish if step.floating]
    if plan.prepare.builder and plan.prepare.builder.driver == "docker":
        floating.append(UNVERIFIED_TAG)
    if target.reuse and target.reuse.if_exists == "rebuild":
        floating.append(target.commit_tag)
    immutable = [tag for tag in dict.fromkeys(floating) if facts.is_immutable(tag)]
    existing = [tag for tag in immutable if observed.tags.get(repository.tagged(tag)) is True]
    fix = f"allow moving: {mutability_command(repository, facts, immutable)}; or use --tag and --if-exists skip"
    if existing:
        text = f"cannot move {_tag_list(existing)}: immutable in {repository.name}, and already exists"
        yield problem("tags", text, fix, ConfigurationError.exit_code)
    elif immutable:
        effect = "this build can create it, later builds cannot move it"
        yield warning("tags", f"{_tag_list(immutable)}: immutable in {repository.name}; {effect}", fix)
    else:
        written = [tag for tag in dict.fromkeys((*target.tags, *floating)) if _is_known(tag, target, observed)]
        yield ok("tags", f"{', '.join(written)} can be written")


def _tag_list(tags: list[str]) -> str:
    return f"tag{'s' if len(tags) > 1 else ''} {', '.join(tags)}"


def _is_known(tag: str, target: Target, observed: Observed) -> bool:
    """Return whether the tag is the one that the build would use; without a commit, the commit tag is a placeholder."""
    return tag != target.commit_tag or "commit" not in observed.refusals


def _cache(target: Target, repository: Repository, tag: str, observed: Observed) -> Iterator[Check]:
    """Check the cache tag; never a problem, because a failed cache export does not fail the build."""
    name, facts = "cache tag", observed.repositories[repository]
    if isinstance(facts, Unanswered):
        if repository != target.repository:
            yield _optional(name, facts, observed)
        return
    if facts in ("missing", "missing, or created on push"):
        if repository != target.repository:
            effect = "no cache is exported" if facts == "missing" else "cache export needs a creation template"
            yield warning(name, f"{repository} does not exist: {effect}", create_command(repository))
        return
    if isinstance(facts, str) or not facts.is_immutable(tag):
        yield ok(name, f"{repository.tagged(tag)} can be overwritten")
        return
    move = move_cache(repository, tag, facts, target.tags)
    if move and move.to:
        yield ok(name, f"tag {tag} is immutable in {repository.name}; the cache is written to tag {move.to}")
        return
    fix = f"allow moving: {mutability_command(repository, facts, [tag])}; or use --cache-repository NAME"
    yield warning(name, f"tag {tag} is immutable in {repository.name}; cache export is disabled", fix)


def _permissions(repository: Repository, observed: Observed, *, is_cache: bool) -> Check:
    name, found = "permissions", observed.permissions[repository]
    if isinstance(found, Unanswered):
        return _optional(name, found, observed)
    unanswered = [_short(action) for action, each in found.items() if each is Permission.UNKNOWN]
    if missing := denied(found):
        text = f"the role is not allowed to perform {', '.join(missing)} on {repository.name}"
        fix = "add the policy that python -m multiarch policy prints to the role"
        return warning(name, text, fix) if is_cache else problem(name, text, fix, AwsError.exit_code)
    allowed = [_short(action) for action, each in found.items() if each is Permission.ALLOWED]
    if not allowed:
        why = Unanswered(cause="AWS reported no permissions of the role", exit_code=0)
        return _optional(name, why, observed)
    parts = [f"on {repository.name}: {', '.join(allowed)}"]
    if unanswered:
        parts.append(f"unknown: {', '.join(unanswered)}")
    parts.append(f"not tested, because a test would write: {', '.join(map(_short, UNTESTED_ACTIONS))}")
    return ok(name, "; ".join(parts))


def _short(action: str) -> str:
    return action.removeprefix("ecr:")


def _registry(target: Target, repository: Repository, observed: Observed) -> Check:
    name, exists = "registry", observed.tags.get(repository.tagged(target.commit_tag))
    if isinstance(exists, Unanswered):
        if repository.registry.is_ecr and isinstance(observed.expires, Unanswered):
            return skipped(name, _NO_LOGIN)
        return failed(name, exists)
    if exists is None:
        return skipped(name, "the plan writes no tag")
    state = f"; tag {target.commit_tag} {'already exists' if exists else 'does not exist yet'}"
    known = _is_known(target.commit_tag, target, observed)
    return ok(name, f"{repository.registry} is responding{state if known else ''}")
