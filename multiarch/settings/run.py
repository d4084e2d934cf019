"""The settings of a run: where the image goes, what is built, on which builder, and what is told of it. Pure."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from multiarch.settings.declare import setting
from multiarch.settings.forms import (
    Account,
    BuilderName,
    CommitId,
    DriverOptions,
    Endpoint,
    GitRef,
    Namespace,
    NeededPath,
    Path,
    Reference,
    Region,
    RegistryHost,
    Seconds,
    Time,
    Url,
)

# The floating moby/buildkit:buildx-stable-1 has changed image formats under its users twice; raise this line instead.
BUILDKIT_IMAGE = "moby/buildkit:v0.32.2"


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """What holds for a whole run, however many images it builds."""

    registry: RegistryHost = setting(
        "",
        "Registry host: an ECR registry, also of another account or region, or any other. "
        "Derived from account and region when not given.",
        group="Image",
        environment=["AWS_REGISTRY_NAME"],
        metavar="HOST",
    )
    account: Account = setting(
        "", "AWS account of the registry.", group="Image", environment=["AWS_ACCOUNT_ID"], metavar="ID"
    )
    region: Region = setting(
        "",
        "AWS region of the registry.",
        group="Image",
        environment=["AWS_DEFAULT_REGION", "AWS_REGION"],
        metavar="NAME",
    )

    commit: CommitId = setting("", "The commit, where there is no .git to ask.", group="Source", metavar="SHA")
    commit_time: Time = setting(
        0,
        "When it was committed: seconds since 1970, or ISO 8601; decides which of two commits is newer.",
        group="Source",
        metavar="TIME",
    )
    branch: GitRef = setting(
        "",
        "The branch that is built; in CodePipeline, #{SourceVariables.BranchName} of the source action.",
        group="Source",
        metavar="NAME",
    )
    git_tag: GitRef = setting("", "The git tag that is built.", group="Source", metavar="NAME")
    pull_request: Annotated[int, Meta(ge=0, le=2**31)] = setting(
        0, "The pull request that is built.", group="Source", metavar="NUMBER"
    )
    base_branch: GitRef = setting("", "The branch that the pull request is for.", group="Source", metavar="NAME")
    default_branch: GitRef = setting("", "The repository's default branch.", group="Source", metavar="NAME")
    repository_url: Url = setting("", "The git repository's URL.", group="Source", metavar="URL")
    event: Literal["auto", "push", "tag", "pull-request", "release", "schedule", "pipeline", "manual"] = setting(
        "auto",
        "What started the build; a rule of EventBridge that follows a clock has to say schedule.",
        group="Source",
    )

    builder_name: BuilderName = setting(
        "",
        "Builder to use. Default: multiarch, or default with the docker driver.",
        group="Builder",
        flags=["--builder"],
        metavar="NAME",
    )
    builder_driver: Literal["docker-container", "docker", "remote", "kubernetes"] = setting(
        "docker-container", "Driver of the builder.", group="Builder", flags=["--driver"]
    )
    builder_image: Reference = setting(
        BUILDKIT_IMAGE,
        "BuildKit image of the builder; a copy in your own registry spares Docker Hub's limits.",
        group="Builder",
        metavar="REFERENCE",
    )
    builder_options: DriverOptions = setting(
        (), "Driver option.", group="Builder", flags=["--driver-opt"], metavar="NAME=VALUE", separator="\n"
    )
    builder_endpoint: Endpoint = setting(
        "",
        "Where the builder runs: a docker context or a BuildKit address (remote: tcp://host:1234).",
        group="Builder",
        metavar="ENDPOINT",
    )
    builder_keep: bool = setting(True, "Keep the builder, and its local cache, after the run.", group="Builder")

    retry_attempts: Annotated[int, Meta(ge=1, le=100)] = setting(
        5, "Tries of each phase, for causes that can pass.", group="Retries", metavar="N"
    )
    retry_deadline: Seconds = setting(
        2700, "Time after which nothing is tried again: seconds, or 90s, 45m, 2h.", group="Retries", metavar="TIME"
    )

    deploy_files: Path = setting(
        "",
        "Folder for what comes after the build: imagedefinitions.json, imageDetail.json and image.env. "
        "Default: none is written.",
        group="Deploy files",
        metavar="DIR",
    )

    report: Path = setting(
        "",
        "Folder to write a report of the run to, whatever came of it: report.html, junit.xml, report.json and more. "
        "Default: no report.",
        group="Report",
        metavar="DIR",
    )

    log_format: Literal["auto", "console", "json"] = setting(
        "auto", "Lines for people, or one JSON object a line; auto is console.", group="Logs"
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting("info", "The least level shown.", group="Logs")
    metrics: Namespace = setting(
        "",
        "CloudWatch namespace of the run's metrics, which the log then has in one line. Default: no such line.",
        group="Logs",
        metavar="NAMESPACE",
    )

    dist: NeededPath = setting("dist", "Folder that --local writes the image to.", group="Local", metavar="DIR")
