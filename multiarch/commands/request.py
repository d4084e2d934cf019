"""What was asked for, before docker or AWS is asked anything: the first half of every command that has a plan."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from multiarch.commands import World
from multiarch.edges.aws import Aws, Token, load_partitions
from multiarch.edges.files.inputs import read_event
from multiarch.edges.git import read_checkout
from multiarch.errors import ConfigurationError
from multiarch.image.reference import legal_repository
from multiarch.image.registry import Partitions, Registry
from multiarch.image.tags import TagContext
from multiarch.plan.bake import argument_values, is_remote
from multiarch.plan.deploy_files import DEPLOY_FILES
from multiarch.plan.destination import Destination, find_destination
from multiarch.plan.facts import Facts
from multiarch.plan.secrets import secret_arguments
from multiarch.report.names import ALL_FILES, FLAG
from multiarch.settings.load import LoadedSettings
from multiarch.settings.model import Settings
from multiarch.settings.run import RunSettings
from multiarch.source import Checkout, Source, TriggerEvent, find_source, in_codebuild
from multiarch.source.ref import SourceValues

# What the image is called where nothing says it: the rest of the plan is worth a look all the same.
_NO_TAG = "unknown"


@dataclass(frozen=True, kw_only=True)
class OwnFolder:
    """A folder that a run writes files to.

    Attributes:
        subject: what they are, in a word.
        name: the folder, as the user called it.
        flag: the setting that names it.
    """

    subject: str
    name: str
    flag: str
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """Settings, and what follows from them on this machine.

    Attributes:
        context: the folder that the build is made from; of a URL, the one where the command runs.
        identity: what is being built.
        destination: None for a local build.
    """

    world: World
    loaded: LoadedSettings
    context: Path
    source: Source
    partitions: Partitions
    destination: Destination | None

    @property
    def is_named(self) -> bool:
        """Whether anything says what the image is called."""
        return bool(self.source.commit or self.loaded.settings.image.commit_tag)

    @property
    def moment(self) -> TagContext:
        """What tag rules can tell of."""
        return TagContext(source=self.source, now=_begin(self.world.environment))

    def named(self) -> LoadedSettings:
        """The settings, with a tag also where nothing says what the image is called."""
        if self.is_named:
            return self.loaded
        image = replace(self.loaded.settings.image, commit_tag=_NO_TAG)
        return replace(self.loaded, settings=replace(self.loaded.settings, image=image))

    def facts(self, registry: Registry | None) -> Facts:
        """Return what a plan is made from.

        Args:
            registry: the destination's own, or what AWS said where that is not known; None for a local build.
        """
        run, image = self.loaded.settings.run, self.loaded.settings.image
        secrets = secret_arguments(image.build_args, self.world.environment)
        home = self.world.environment.get("HOME") or str(Path.home())
        return Facts(
            source=self.source,
            registry=registry,
            # What buildx draws cannot be cleaned of secrets: with secrets, the log is written line by line.
            interactive=_is_terminal() and run.log_format != "json" and not (image.secrets or secrets),
            folder_name=legal_repository(self.context.name),
            secret_arguments=secrets,
            arguments=argument_values(image, self.world.environment),
            now=self.moment.now,
            cache_folder=self.world.environment.get("XDG_CACHE_HOME") or f"{home}/.cache",
        )


def _begin(environment: Mapping[str, str]) -> datetime:
    """Return when the build began: CodeBuild's own time where it says one, so that all of a build has one date."""
    milliseconds = environment.get("CODEBUILD_START_TIME", "")
    # 14 digits end in the year 5138, which is more than a clock says and less than `datetime` knows.
    is_time = re.fullmatch(r"[0-9]{1,14}", milliseconds)
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if is_time else datetime.now(UTC)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def read_request(loaded: LoadedSettings, world: World, *, local: bool) -> Request:
    """Look at the checkout and the environment.

    Raises:
        ConfigurationError: the registry or the region is none.
    """
    settings, environment, folder = loaded.settings.image, world.environment, world.folder
    remote = is_remote(settings.context)
    context = folder if remote else (folder / settings.context).resolve()
    source = find_source(
        passed_values(loaded),
        # What a URL holds is no commit of this checkout.
        None if remote else _read_checkout(loaded, world, context),
        {} if remote else environment,
        read_event(environment),
    )
    partitions = load_partitions()
    return Request(
        world=world,
        loaded=loaded,
        context=context,
        source=source,
        partitions=partitions,
        destination=None if local else find_destination(loaded, environment, partitions),
    )


def passed_values(loaded: LoadedSettings) -> SourceValues:
    """Return what the settings say of the source, each value with the flag, variable or file that set it."""
    settings, origins = loaded.settings.run, loaded.origins
    return SourceValues(
        sha=(settings.commit, origins["commit"]),
        time=(settings.commit_time, origins["commit_time"]),
        branch=(settings.branch, origins["branch"]),
        tag=(settings.git_tag, origins["git_tag"]),
        pull_request=(settings.pull_request, origins["pull_request"]),
        base_branch=(settings.base_branch, origins["base_branch"]),
        default_branch=(settings.default_branch, origins["default_branch"]),
        repository_url=(settings.repository_url, origins["repository_url"]),
        event=("" if settings.event == "auto" else TriggerEvent(settings.event), origins["event"]),
    )


def _read_checkout(loaded: LoadedSettings, world: World, context: Path) -> Checkout | None:
    own = _own_output(loaded.settings, world.folder, context)
    leave_out = [each for each in own if each.is_relative_to(context)]
    return read_checkout(context, world.environment, leave_out=leave_out, trusted=in_codebuild(world.environment))


def _own_output(settings: Settings, folder: Path, context: Path) -> Iterator[Path]:
    """Yield what we write ourselves; never the whole context, which would make every tree a clean one."""
    layout = (folder / settings.run.dist / (settings.image.repository or legal_repository(context.name))).resolve()
    if layout != context:
        yield layout
    for own in own_folders(settings.run):
        yield from ((folder / own.name).resolve() / file for file in own.files)


def own_folders(settings: RunSettings) -> Iterator[OwnFolder]:
    """Yield the folders that a run writes files to when it has ended."""
    if settings.deploy_files:
        yield OwnFolder(subject="deploy files", name=settings.deploy_files, flag="--deploy-files", files=DEPLOY_FILES)
    if settings.report:
        yield OwnFolder(subject="report", name=settings.report, flag=FLAG, files=ALL_FILES)


def ask_for_token(destination: Destination, aws: Aws) -> Token:
    """Ask AWS for a token where not all of the registry is known: its own host names account, region and partition.

    Raises:
        ConfigurationError: nothing names a region.
        OperationFailedError: AWS refused, or did not answer.
    """
    region = destination.region or aws.default_region()
    if not region:
        msg = "no AWS region"
        raise ConfigurationError(msg, hint="set AWS_DEFAULT_REGION, --region or --registry")
    return aws.token(region=region, account=destination.account)
