"""What AWS and the registry mean for a plan. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from multiarch.doctor.model import Check, Observed, Unanswered, failed, not_examined, not_known, ok, problem, warning
from multiarch.errors import AwsError, ConfigurationError, RegistryError
from multiarch.image.ecr import UNASKED_ACTIONS, Permission, RepositoryFacts, create_command, denied, let_move
from multiarch.image.reference import Repository
from multiarch.plan.cache.move import move_cache
from multiarch.plan.model import Plan, Target
from multiarch.plan.repositories import references
from multiarch.plan.steps import UNVERIFIED_TAG

_NO_AWS = "AWS gave no login"


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
    if observed.login_is_left:
        return ok(name, "signing in is left to the registry's credential helper")
    if isinstance(observed.expires, Unanswered):
        return failed(name, observed.expires)
    who = observed.caller if isinstance(observed.caller, str) else "AWS knows us"
    if observed.expires is None:
        return ok(name, f"{who}; AWS does not say how long its registry token lasts")
    left = observed.expires - observed.now
    until = observed.expires.astimezone(observed.now.tzinfo).strftime("%Y-%m-%d %H:%M %Z")
    if left <= timedelta(0):
        # A token that was made this second: only one of the two clocks can be wrong. Whether it is valid all the same,
        # the line about the registry tells.
        cure = "set this machine's clock (chronyd, ntpd), or see AWS_ENDPOINT_URL"
        return warning(name, f"{who}; the registry token that AWS made just now ended {until}", cure)
    shown = f"{who}; the registry token lasts {_hours(left)}, until {until}"
    if left < timedelta(seconds=plan.retry.deadline):
        cure = "sign in anew before the build; it does so itself where the credentials last longer"
        return warning(name, f"{shown}, less than the run may take ({plan.retry.deadline / 60:.0f} min)", cure)
    return ok(name, shown)


def _hours(left: timedelta) -> str:
    minutes = left.total_seconds() / 60
    return f"{minutes / 60:.1f} h" if minutes > 90 else f"{minutes:.0f} min"  # noqa: PLR2004 - as people say it


def _repository(repository: Repository, observed: Observed) -> Check:
    name, found = "repository", observed.repositories[repository]
    match found:
        case RepositoryFacts():
            return ok(name, f"{repository} is there, its tags are {found.shown()}")
        case "missing":
            text = f"{repository} does not exist"
            cure = f"make it once, as that account: {create_command(repository)}"
            return problem(name, text, cure, RegistryError.exit_code)
        case Unanswered():
            return _unasked(name, found, observed)
        case "missing, or made on push":
            text = f"{repository} does not exist, and AWS does not say whether a creation template makes it"
            return warning(name, text, f"if none does, make it once, as that account: {create_command(repository)}")
        case _:
            return ok(name, f"{repository} is not there yet: a creation template makes it at the first push")


def _unasked(name: str, why: Unanswered, observed: Observed) -> Check:
    """What a build does not need to ask; where nobody is signed in, the reason stands above already."""
    if isinstance(observed.expires, Unanswered):
        return not_examined(name, _NO_AWS)
    return not_known(name, why)


def _tags(plan: Plan, target: Target, repository: Repository, observed: Observed) -> Iterator[Check]:
    """An immutable tag can be made and not moved: what moves works once."""
    facts = observed.repositories[repository]
    if not isinstance(facts, RepositoryFacts):
        return
    floating = [step.tag for step in target.publish if step.floating]
    if plan.prepare.builder and plan.prepare.builder.driver == "docker":
        floating.append(UNVERIFIED_TAG)
    if target.reuse and target.reuse.if_exists == "rebuild":
        floating.append(target.commit_tag)
    stuck = [tag for tag in dict.fromkeys(floating) if facts.is_immutable(tag)]
    taken = [tag for tag in stuck if observed.tags.get(repository.tagged(tag)) is True]
    cure = f"let it move: {let_move(repository, facts, stuck)}; or do without: --tag, --if-exists skip"
    if taken:
        text = f"{', '.join(taken)} cannot move: the tag is there, and immutable"
        yield problem("tags", text, cure, ConfigurationError.exit_code)
    elif stuck:
        yield warning(
            "tags", f"{', '.join(stuck)} is immutable: this build can make it, and no later one move it", cure
        )
    else:
        written = [tag for tag in dict.fromkeys((*target.tags, *floating)) if _is_known(tag, target, observed)]
        yield ok("tags", f"{', '.join(written)} can be written")


def _is_known(tag: str, target: Target, observed: Observed) -> bool:
    """Where nobody knows the commit, the plan's name for it is a makeshift."""
    return tag != target.commit_tag or "commit" not in observed.refusals


def _cache(target: Target, repository: Repository, tag: str, observed: Observed) -> Iterator[Check]:
    """An export that fails costs the next build its cache, and this one nothing: never a problem."""
    name, facts = "cache tag", observed.repositories[repository]
    if isinstance(facts, Unanswered):
        if repository != target.repository:
            yield _unasked(name, facts, observed)
        return
    if facts in ("missing", "missing, or made on push"):
        if repository != target.repository:
            kept = "no cache is kept" if facts == "missing" else "a cache is kept if a creation template makes it"
            yield warning(name, f"{repository} does not exist: {kept}", create_command(repository))
        return
    if isinstance(facts, str) or not facts.is_immutable(tag):
        yield ok(name, f"{repository.tagged(tag)} can be written again and again")
        return
    move = move_cache(repository, tag, facts, target.tags)
    if move and move.to:
        yield ok(name, f"{tag} is immutable in {repository.name}: the cache is kept as {move.to}, which is not")
        return
    cure = f"let it move: {let_move(repository, facts, [tag])}; or keep it elsewhere: --cache-repository NAME"
    yield warning(name, f"{tag} is immutable in {repository.name}: no cache is written", cure)


def _permissions(repository: Repository, observed: Observed, *, is_cache: bool) -> Check:
    name, found = "permissions", observed.permissions[repository]
    if isinstance(found, Unanswered):
        return _unasked(name, found, observed)
    unknown = [_short(action) for action, each in found.items() if each is Permission.UNKNOWN]
    if lacking := denied(found):
        text = f"the role may not do {', '.join(lacking)} on {repository.name}"
        cure = "python -m multiarch policy prints the policy that the role needs"
        return warning(name, text, cure) if is_cache else problem(name, text, cure, AwsError.exit_code)
    allowed = [_short(action) for action, each in found.items() if each is Permission.ALLOWED]
    if not allowed:
        return _unasked(name, Unanswered(cause="AWS did not say what the role may do", exit_code=0), observed)
    rest = f"{' and '.join(map(_short, UNASKED_ACTIONS))} cannot be tried without writing"
    silent = f"; AWS does not say: {', '.join(unknown)}" if unknown else ""
    return ok(name, f"on {repository.name}: {', '.join(allowed)}{silent}; {rest}")


def _short(action: str) -> str:
    return action.removeprefix("ecr:")


def _registry(target: Target, repository: Repository, observed: Observed) -> Check:
    name, there = "registry", observed.tags.get(repository.tagged(target.commit_tag))
    if isinstance(there, Unanswered):
        if repository.registry.is_ecr and isinstance(observed.expires, Unanswered):
            return not_examined(name, _NO_AWS)
        return failed(name, there)
    if there is None:
        return not_examined(name, "there is no tag to look for")
    state = f"; {target.commit_tag} is {'there already' if there else 'not there yet'}"
    return ok(name, f"{repository.registry} answers{state if _is_known(target.commit_tag, target, observed) else ''}")
