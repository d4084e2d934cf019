"""The commands `doctor` and `policy`, wired: a plan, what was observed, and what it means."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from multiarch.destination import BUILD_ARN, Destination
from multiarch.doctor import Unanswered, examine, exit_code, report_as_json, report_as_text
from multiarch.edges.aws import Aws, Token
from multiarch.edges.examine import SECONDS, Examination, unanswered
from multiarch.edges.inputs import check_inputs, secret_values
from multiarch.edges.later import Later
from multiarch.errors import ConfigurationError, MultiarchError, OperationFailedError
from multiarch.image import Registry
from multiarch.plan import Plan, make_plan
from multiarch.policy import policy_as_json, pushed_repositories
from multiarch.redaction import Redaction
from multiarch.request import Request, read_request
from multiarch.settings import LoadedSettings
from multiarch.source import no_commit

# What the image is called where nobody knows the commit: the rest of the plan is worth a look all the same.
_NO_TAG = "unknown"


def report(
    loaded: LoadedSettings, environment: Mapping[str, str], folder: Path, *, local: bool, as_json: bool
) -> tuple[int, Sequence[str]]:
    """Examine a plan; return the exit code and the lines to print.

    Raises:
        ConfigurationError: there is nothing to examine: no such region, or docker's configuration cannot be read.
    """
    request = read_request(loaded, environment, folder, local=local)
    redaction = Redaction(secret_values(loaded.settings, folder, environment))
    aws = Aws()
    examination = Examination(environment, aws=aws, aws_suffixes=request.partitions.suffixes, redaction=redaction)
    refusals = dict(_refusals(request))
    token = _token(request.destination, aws)
    plan = _plan(request, _registry(request.destination, token), refusals)
    checks = examine(plan, examination.observe(plan, refusals, token))
    lines = [report_as_json(checks)] if as_json else report_as_text(checks)
    return exit_code(checks), [redaction.clean(line) for line in lines]


def policy_of(
    loaded: LoadedSettings, environment: Mapping[str, str], folder: Path, *, optional: bool
) -> tuple[str, str]:
    """Return the IAM policy of a plan as JSON, and what has to be said beside it.

    Raises:
        ConfigurationError: there is no repository, or no such region.
    """
    request = read_request(loaded, environment, folder, local=False)
    assert request.destination
    plan = make_plan(_named(request).settings, request.facts(request.destination.shown()))
    return policy_as_json(plan, request.partitions, optional=optional), _note(plan, environment)


def _note(plan: Plan, environment: Mapping[str, str]) -> str:
    repositories = [each for each in pushed_repositories(plan) if each.registry.is_ecr]
    if not repositories:
        return "nothing of this plan is in Amazon ECR, so it needs no permission of AWS"
    fields = environment.get(BUILD_ARN, "").split(":")
    own = fields[4] if len(fields) > 5 else ""  # noqa: PLR2004 - arn:partition:service:region:account:resource
    foreign = [
        each for each in repositories if own and each.registry.account.isdigit() and each.registry.account != own
    ]
    names = ", ".join(each.name for each in foreign)
    return f"{names} is another account's: its repository policy has to allow the same actions" if names else ""


def _named(request: Request) -> LoadedSettings:
    """The settings, with a tag where neither they nor the checkout have one."""
    loaded = request.loaded
    if request.commit or loaded.settings.commit_tag:
        return loaded
    return replace(loaded, settings=loaded.settings.model_copy(update={"commit_tag": _NO_TAG}))


def _refusals(request: Request) -> Mapping[str, Unanswered]:
    refusals = {}
    try:
        check_inputs(request.loaded.settings, request.folder, request.environment)
    except ConfigurationError as error:
        refusals["inputs"] = unanswered(error)
    if not request.commit and not request.loaded.settings.commit_tag:
        refusals["commit"] = unanswered(no_commit(request.environment))
    return refusals


def _token(destination: Destination | None, aws: Aws) -> Later[Token] | None:
    """Ask for a token at once where nothing else names the registry: its host name is part of the answer."""
    if not destination or destination.registry:
        return None

    def ask() -> Token:
        region = destination.region or aws.default_region()
        if not region:
            msg = "no AWS region"
            raise ConfigurationError(msg, hint="set AWS_DEFAULT_REGION, or pass --region or --registry")
        return aws.token(region=region, account=destination.account)

    return Later(ask, phase="login", seconds=SECONDS)


def _registry(destination: Destination | None, token: Later[Token] | None) -> Registry | None:
    if not destination or not token:
        return destination.registry if destination else None
    try:
        return Registry.parse(token.get().host)
    except (OperationFailedError, MultiarchError):
        return destination.shown()


def _plan(request: Request, registry: Registry | None, refusals: dict[str, Unanswered]) -> Plan:
    """Make the plan; without a repository, that of a local build, so that docker can be examined all the same."""
    settings = _named(request).settings
    try:
        return make_plan(settings, request.facts(registry))
    except ConfigurationError as error:
        refusals["repository"] = unanswered(error)
        return make_plan(settings, request.facts(None))
