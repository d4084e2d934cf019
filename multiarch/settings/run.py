"""The settings of a run: where the image goes, what is built, the builder, and the reports. Pure."""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from multiarch.settings.declare import FromFile, setting
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
        "Registry to push to: an ECR registry of any account and region, or another registry.",
        group="Registry",
        environment=["AWS_REGISTRY_NAME"],
        metavar="HOST",
        derived="ECR of the account and region",
        from_file=FromFile.NEVER,
        common=True,
    )
    account: Account = setting(
        "",
        "AWS account of the registry.",
        group="Registry",
        environment=["AWS_ACCOUNT_ID"],
        metavar="ID",
        derived="the current account",
        from_file=FromFile.NEVER,
    )
    region: Region = setting(
        "",
        "AWS region of the registry.",
        group="Registry",
        environment=["AWS_DEFAULT_REGION", "AWS_REGION"],
        metavar="NAME",
        derived="the current region",
        from_file=FromFile.NEVER,
    )

    commit: CommitId = setting(
        "",
        "Commit ID, where there is no .git folder.",
        group="Source",
        metavar="SHA",
        from_file=FromFile.NEVER,
    )
    commit_time: Time = setting(
        0,
        "Time of the commit: seconds since 1970, or ISO 8601. The later of two commits is the newer one.",
        group="Source",
        metavar="TIME",
        from_file=FromFile.NEVER,
    )
    branch: GitRef = setting(
        "",
        "Branch of the build; in CodePipeline, #{SourceVariables.BranchName} of the source action.",
        group="Source",
        metavar="NAME",
        from_file=FromFile.NEVER,
    )
    git_tag: GitRef = setting("", "Git tag of the build.", group="Source", metavar="NAME", from_file=FromFile.NEVER)
    pull_request: Annotated[int, Meta(ge=0, le=2**31)] = setting(
        0, "Pull request of the build.", group="Source", metavar="NUMBER", from_file=FromFile.NEVER
    )
    base_branch: GitRef = setting(
        "",
        "Branch that the pull request targets.",
        group="Source",
        metavar="NAME",
        from_file=FromFile.NEVER,
    )
    default_branch: GitRef = setting("", "Default branch of the git repository.", group="Source", metavar="NAME")
    repository_url: Url = setting("", "URL of the git repository.", group="Source", metavar="URL")
    event: Literal["auto", "push", "tag", "pull-request", "release", "schedule", "pipeline", "manual"] = setting(
        "auto",
        "Trigger of the build; pass schedule for an EventBridge rule with a schedule.",
        group="Source",
        from_file=FromFile.NEVER,
    )

    builder_name: BuilderName = setting(
        "",
        "Builder to use.",
        group="Builder",
        flags=["--builder"],
        metavar="NAME",
        derived="multiarch, or default for the docker driver",
    )
    builder_driver: Literal["docker-container", "docker", "remote", "kubernetes"] = setting(
        "docker-container",
        "Driver of the builder.",
        group="Builder",
        flags=["--driver"],
        from_file=FromFile.NEVER,
    )
    builder_image: Reference = setting(
        BUILDKIT_IMAGE,
        "BuildKit image of the builder; a copy in your registry avoids Docker Hub's rate limits.",
        group="Builder",
        metavar="REFERENCE",
        from_file=FromFile.NEVER,
    )
    builder_options: DriverOptions = setting(
        (),
        "Driver option.",
        group="Builder",
        flags=["--driver-opt"],
        metavar="NAME=VALUE",
        separator="\n",
        from_file=FromFile.NEVER,
    )
    builder_endpoint: Endpoint = setting(
        "",
        "Where the builder runs: a docker context, or a BuildKit address for the remote driver (tcp://host:1234).",
        group="Builder",
        metavar="ENDPOINT",
        from_file=FromFile.NEVER,
    )
    builder_keep: bool = setting(True, "Keep the builder and its local cache after the run.", group="Builder")

    retry_attempts: Annotated[int, Meta(ge=1, le=100)] = setting(
        5, "Maximum attempts per phase for transient failures.", group="Retries", metavar="N"
    )
    retry_deadline: Seconds = setting(
        2700,
        "Time of the run after which nothing is retried: seconds, or 90s, 45m, 2h.",
        group="Retries",
        metavar="TIME",
    )

    deploy_files: Path = setting(
        "",
        "Folder for files that the next stage reads: imagedefinitions.json, imageDetail.json and image.env. "
        "Off by default.",
        group="Deploy files",
        metavar="DIR",
        from_file=FromFile.INSIDE,
        common=True,
    )

    report: Path = setting(
        "",
        "Folder for a report of the run: report.html, junit.xml, report.json and more. Off by default.",
        group="Report",
        metavar="DIR",
        from_file=FromFile.INSIDE,
        common=True,
    )

    log_format: Literal["auto", "console", "json"] = setting(
        "auto", "Log lines for people (console), or one JSON object per line; auto is console.", group="Logs"
    )
    log_level: Literal["debug", "info", "warning", "error"] = setting("info", "Lowest level to log.", group="Logs")
    metrics: Namespace = setting(
        "",
        "Emit CloudWatch metrics (EMF) to the log under this namespace. Off by default.",
        group="Logs",
        metavar="NAMESPACE",
    )

    dist: NeededPath = setting(
        "dist",
        "Folder for the image of a --local build.",
        group="Local",
        metavar="DIR",
        from_file=FromFile.INSIDE,
    )
