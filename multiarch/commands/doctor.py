"""The command `doctor`: makes the plan, observes the machine, AWS and the registry, and reports the checks."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from multiarch.commands import World
from multiarch.commands.request import Request, ask_for_token, output_folders, read_request
from multiarch.deadline import Deadline
from multiarch.doctor import Check, Unanswered, examine, exit_code, report_as_json, report_as_text
from multiarch.edges.ask.answer import unanswered
from multiarch.edges.ask.examine import SECONDS, Examination
from multiarch.edges.ask.question import ask
from multiarch.edges.aws import Aws, Token
from multiarch.edges.files.folder import check_folder
from multiarch.edges.files.inputs import check_inputs, secret_values
from multiarch.errors import ConfigurationError, MultiarchError, OperationFailedError
from multiarch.image.registry import Registry
from multiarch.plan.destination import Destination
from multiarch.plan.make import make_plan
from multiarch.plan.model import Plan
from multiarch.settings.load import LoadedSettings
from multiarch.source import no_commit
from multiarch.text.redaction import Redaction


def report(world: World, loaded: LoadedSettings, *, local: bool, as_json: bool) -> tuple[int, Sequence[str]]:
    """Check a plan; return the exit code and the lines to print.

    Raises:
        ConfigurationError: no plan can be made: the region is unknown, or docker's configuration cannot be read.
    """
    deadline = Deadline(SECONDS)
    request = read_request(loaded, world, local=local)
    redaction = Redaction(secret_values(loaded.settings.image, world.folder, world.environment))
    aws = Aws()
    examination = Examination(
        world.environment,
        aws=aws,
        aws_suffixes=request.partitions.suffixes,
        redaction=redaction,
        deadline=deadline,
    )
    refusals = dict(_refusals(request))
    # The plan contains the registry's host name, which comes with the token. So the token gets half of the time.
    token = _token(request.destination, aws, deadline.at_most(SECONDS / 2))

    def look() -> Sequence[Check]:
        plan = _plan(request, _registry(request.destination, token), refusals)
        return examine(plan, examination.observe(plan, refusals, token))

    with world.interruption.cleaning_up(examination.abandon):
        checks = world.interruption.call(look, stop=examination.abandon)
    lines = [report_as_json(checks)] if as_json else report_as_text(checks)
    return exit_code(checks), [redaction.clean(line) for line in lines]


def _refusals(request: Request) -> Mapping[str, Unanswered]:
    refusals = {}
    try:
        check_inputs(request.loaded.settings.image, request.world.folder, request.world.environment)
    except ConfigurationError as error:
        refusals["inputs"] = unanswered(error)
    for own in output_folders(request.loaded.settings.run):
        try:
            check_folder(request.world.folder / own.name, flag=own.flag)
        except ConfigurationError as error:
            refusals[own.subject] = unanswered(error)
    if not request.is_named:
        refusals["commit"] = unanswered(no_commit(request.world.environment))
    return refusals


def _token(destination: Destination | None, aws: Aws, deadline: Deadline) -> Future[Token] | None:
    """Start the request of a token unless the registry is configured: the answer contains the registry's host name."""
    if not destination or destination.registry:
        return None
    return ask(lambda: ask_for_token(destination, aws), phase="login", deadline=deadline)


def _registry(destination: Destination | None, token: Future[Token] | None) -> Registry | None:
    if not destination or not token:
        return destination.registry if destination else None
    try:
        return Registry.parse(token.result().host)
    except (OperationFailedError, MultiarchError):
        return destination.shown()


def _plan(request: Request, registry: Registry | None, refusals: dict[str, Unanswered]) -> Plan:
    """Make the plan; without a repository, the plan of a local build, so that docker is still checked."""
    settings = request.named().settings
    try:
        return make_plan(settings, request.facts(registry))
    except ConfigurationError as error:
        refusals["repository"] = unanswered(error)
        return make_plan(settings, request.facts(None))
