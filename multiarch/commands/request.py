"""Reads the settings, the checkout and the environment: the first half of every command with a plan."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from multiarch.commands import World
from multiarch.edges.aws import Aws, Token, load_partitions
from multiarch.edges.files.inputs import read_event
from multiarch.edges.files.settings import check_inside, checkout_root
from multiarch.edges.git import read_checkout
from multiarch.errors import ConfigurationError
from multiarch.image.reference import legal_repository
from multiarch.image.registry import Partitions, Registry
from multiarch.image.tags import TagContext
from multiarch.plan.build.bake import argument_values, is_remote
from multiarch.plan.build.secrets import secret_arguments
from multiarch.plan.deploy_files import DEPLOY_FILES
from multiarch.plan.destination import Destination, find_destination
from multiarch.plan.facts import Facts
from multiarch.report.folder.names import ALL_FILES, FLAG
from multiarch.settings.info import SETTINGS
from multiarch.settings.load import LoadedSettings
from multiarch.settings.model import Settings
from multiarch.settings.run import RunSettings
from multiarch.settings.trust import check_registries, check_trust, paths_of_checkout
from multiarch.source import Checkout, Source, TriggerEvent, find_source, in_codebuild
from multiarch.source.ref import SourceValues

# The commit tag of a plan without a commit, which `doctor` and `policy` can still use.
_NO_TAG = "unknown"


@dataclass(frozen=True, kw_only=True)
class OutputFolder:
    """A folder that a run writes files to.

    Attributes:
        subject: the kind of files.
        name: the folder, as in the settings.
        flag: the flag of the setting.
        files: the names of all files that a run can write.
    """

    subject: str
    name: str
    flag: str
    files: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Request:
    """The settings, and the facts about this machine that need no docker and no AWS.

    Attributes:
        context: the context folder; for a URL, the current folder.
        source: the commit, branch and tag of the build.
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
        """Return whether a commit or --commit-tag names the image."""
        return bool(self.source.commit or self.loaded.settings.image.commit_tag)

    @property
    def tag_context(self) -> TagContext:
        """The values that tag rules can use."""
        return TagContext(source=self.source, now=_begin(self.world.environment))

    def named(self) -> LoadedSettings:
        """Return the settings, with a placeholder as the commit tag if nothing names the image."""
        if self.is_named:
            return self.loaded
        image = replace(self.loaded.settings.image, commit_tag=_NO_TAG)
        return replace(self.loaded, settings=replace(self.loaded.settings, image=image))

    def facts(self, registry: Registry | None) -> Facts:
        """Return the facts for `make_plan`.

        Args:
            registry: the registry of the destination, or the one that AWS returned; None for a local build.
        """
        run, image = self.loaded.settings.run, self.loaded.settings.image
        secrets = secret_arguments(image.build_args, self.world.environment)
        home = self.world.environment.get("HOME") or str(Path.home())
        return Facts(
            source=self.source,
            registry=registry,
            # buildx's progress display cannot be redacted, so a build with secrets logs line by line.
            interactive=_is_terminal() and run.log_format != "json" and not (image.secrets or secrets),
            folder_name=legal_repository(self.context.name),
            secret_arguments=secrets,
            arguments=argument_values(image, self.world.environment),
            now=self.tag_context.now,
            cache_folder=self.world.environment.get("XDG_CACHE_HOME") or f"{home}/.cache",
        )


def _begin(environment: Mapping[str, str]) -> datetime:
    """Return when the build began; in CodeBuild its start time, so that all commands of a build use one date."""
    milliseconds = environment.get("CODEBUILD_START_TIME", "")
    # 14 digits end in the year 5138, which is more than a clock says and less than `datetime` knows.
    is_time = re.fullmatch(r"[0-9]{1,14}", milliseconds)
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC) if is_time else datetime.now(UTC)


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def read_request(loaded: LoadedSettings, world: World, *, local: bool) -> Request:
    """Read the checkout and the environment.

    Raises:
        ConfigurationError: the registry or the region is invalid.
    """
    settings, environment, folder = loaded.settings.image, world.environment, world.folder
    pull_request = check_settings_file(loaded, world)
    remote = is_remote(settings.context)
    context = folder if remote else (folder / settings.context).resolve()
    # A URL as the context is not this checkout.
    checkout = None if remote else _read_checkout(loaded, world, context)
    source = find_source(passed_values(loaded), checkout, {} if remote else environment, read_event(environment))
    partitions = load_partitions()
    destination = None if local else find_destination(loaded, environment, partitions)
    check_registries(loaded, destination.shown().host if destination else "", pull_request=pull_request)
    return Request(
        world=world,
        loaded=loaded,
        context=context,
        source=source,
        partitions=partitions,
        destination=destination,
    )


def check_settings_file(loaded: LoadedSettings, world: World) -> bool:
    """Check what a settings file in the checkout sets, before any path of it is used.

    Returns:
        Whether a pull request is built: the variables of the CI and the flags say so, as the file itself could deny it.

    Raises:
        ConfigurationError: a key is for flags and variables alone, or a path leads out of the checkout.
    """
    environment = world.environment
    by_team = passed_values(loaded, without=loaded.checkout_file)
    pull_request = find_source(by_team, None, environment, read_event(environment)).is_pull_request
    check_trust(loaded, pull_request=pull_request)
    paths = dict(paths_of_checkout(loaded, pull_request=pull_request))
    if is_remote(paths.get("context", "")):
        del paths["context"]
    root = checkout_root(world.folder, environment)
    check_inside(paths, world.folder, root, loaded.checkout_file, pull_request=pull_request)
    return pull_request


def passed_values(loaded: LoadedSettings, *, without: str = "") -> SourceValues:
    """Return the settings about the source, each with the flag, variable or file that set it.

    Args:
        loaded: the settings.
        without: a file whose values do not count.
    """
    origins = loaded.origins
    ignored = [info.name for info in SETTINGS if info.scope == "run" and without and origins[info.name] == without]
    settings = replace(loaded.settings.run, **{name: getattr(RunSettings(), name) for name in ignored})
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
    """Yield the outputs of a run, except the context itself, which would hide all uncommitted changes."""
    layout = (folder / settings.run.dist / (settings.image.repository or legal_repository(context.name))).resolve()
    if layout != context:
        yield layout
    for own in output_folders(settings.run):
        yield from ((folder / own.name).resolve() / file for file in own.files)


def output_folders(settings: RunSettings) -> Iterator[OutputFolder]:
    """Yield the folders that a run writes files to at its end."""
    if settings.deploy_files:
        yield OutputFolder(
            subject="deploy files", name=settings.deploy_files, flag="--deploy-files", files=DEPLOY_FILES
        )
    if settings.report:
        yield OutputFolder(subject="report", name=settings.report, flag=FLAG, files=ALL_FILES)


def ask_for_token(destination: Destination, aws: Aws) -> Token:
    """Ask AWS for a registry token; its host name contains the account, the region and the partition.

    Raises:
        ConfigurationError: the region is unknown.
        OperationFailedError: AWS denied the request, or did not respond.
    """
    region = destination.region or aws.default_region()
    if not region:
        msg = "no AWS region"
        raise ConfigurationError(msg, hint="set AWS_DEFAULT_REGION, --region or --registry")
    return aws.token(region=region, account=destination.account)
