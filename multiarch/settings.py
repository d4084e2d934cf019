"""What the user wants: every setting, declared once.

A setting's declaration below is its default, type, check, help, flag, variable and key in the file; the command line,
the JSON schema and `docs/reference.md` are made from it. Values come from, first one wins: a flag, the environment,
`multiarch.toml` (or `[tool.multiarch]` in `pyproject.toml`), the default. Each remembers where it came from.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast, get_args, get_origin

from msgspec import Meta, ValidationError, convert

from multiarch.contradictions import check_contents, defaults_for
from multiarch.errors import ConfigurationError
from multiarch.image import Platform, check_container, check_repository, nearest_hint
from multiarch.names import check_flavor, check_tag_rule, parse_flavor
from multiarch.names.rule import is_rule

ENVIRONMENT_PREFIX = "MULTIARCH_"
CONFIG_VARIABLE = "MULTIARCH_CONFIG"
DEFAULT_SOURCE = "default"

# The floating moby/buildkit:buildx-stable-1 has changed image formats under its users twice; raise this line instead.
BUILDKIT_IMAGE = "moby/buildkit:v0.32.2"

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@dataclass(frozen=True)
class Rule:
    """What a type cannot say of a text: returns it as it is used, or raises ConfigurationError.

    Attributes:
        check: the rule.
        before: it reads the value as it was written, before its type is looked at.
    """

    check: Callable[[Any], object]
    before: bool = False

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - a text, or a tuple of texts
        if isinstance(value, tuple):
            return tuple(dict.fromkeys(str(self.check(each)) for each in value))
        return self.check(value)


def _seconds(value: object) -> int:
    match = re.fullmatch(r"(\d+)([smh]?)", str(value).strip())
    if not match or isinstance(value, bool):
        msg = f"{value!r} is not a duration"
        raise ConfigurationError(msg, hint="a duration is a number of seconds, or one with a unit: 90, 90s, 15m, 2h")
    return int(match[1]) * _UNITS[match[2]]


def _time(value: object) -> int:
    text = str(value).strip()
    if re.fullmatch(r"\d{1,11}", text):
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is not a time"
        raise ConfigurationError(msg, hint="seconds since 1970, or ISO 8601: 2026-01-31T12:00:00Z") from None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def _namespace(text: str) -> str:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Namespace."""
    if re.fullmatch(r"(?!:|AWS/)[A-Za-z0-9._#:/ -]{1,255}", text):
        return text
    msg = f"{text!r} is not a namespace of CloudWatch"
    raise ConfigurationError(msg, hint="letters, digits, spaces and . - _ / # : not starting with : or AWS/")


def _unless_empty(rule: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: rule(text) if text else text


Texts = tuple[str, ...]
RepositoryName = Annotated[str, Rule(_unless_empty(check_repository))]
TagRuleText = Annotated[str, Rule(_unless_empty(check_tag_rule))]
TagRules = Annotated[Texts, Rule(check_tag_rule)]
FlavorEntries = Annotated[Texts, Rule(check_flavor)]
Platforms = Annotated[Texts, Rule(Platform.parse)]
Containers = Annotated[Texts, Rule(check_container)]
Namespace = Annotated[str, Rule(_unless_empty(_namespace))]
Seconds = Annotated[int, Rule(_seconds, before=True)]
Time = Annotated[int, Rule(_time, before=True)]
# TOML has words of its own for true and false.
Words = Annotated[str, Rule(lambda value: str(value).lower() if isinstance(value, bool) else value, before=True)]


def setting(
    default: object,
    text: str,
    *,
    group: str,
    flags: Sequence[str] = (),
    environment: Sequence[str] = (),
    metavar: str = "",
    separator: Literal[",", "\n"] = ",",
) -> Any:  # noqa: ANN401 - dataclasses' own field has this type
    """Declare a setting.

    Args:
        default: the value where nothing says otherwise; its type decides how text is read.
        text: one sentence for people.
        group: the heading it stands under in the help and in the reference.
        flags: docker's own words for it, beside the flag that its name gives.
        environment: variables beside `MULTIARCH_NAME`, first one wins.
        metavar: what stands for the value in the help.
        separator: what parts the entries of a list in a variable; lines always do.
    """
    told = {
        "text": text,
        "group": group,
        "flags": flags,
        "environment": environment,
        "metavar": metavar,
        "separator": separator,
    }
    return field(default_factory=dict, metadata=told) if default == {} else field(default=default, metadata=told)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. `load_settings` checks them one by one, and `check_together` those that depend on each other."""

    repository: RepositoryName = setting(
        "", "Repository to push to.", group="Image", environment=["AWS_ECR_REPOSITORY_NAME"], metavar="NAME"
    )
    registry: str = setting(
        "",
        "Registry host: an ECR registry, also of another account or region, or any other. "
        "Derived from account and region when not given.",
        group="Image",
        environment=["AWS_REGISTRY_NAME"],
        metavar="HOST",
    )
    account: Annotated[str, Meta(pattern=r"^(\d{12})?$")] = setting(
        "", "AWS account of the registry.", group="Image", environment=["AWS_ACCOUNT_ID"], metavar="ID"
    )
    region: str = setting(
        "",
        "AWS region of the registry.",
        group="Image",
        environment=["AWS_DEFAULT_REGION", "AWS_REGION"],
        metavar="NAME",
    )
    commit_tag: TagRuleText = setting(
        "",
        "The tag, or the rule, that names this commit. Default: its first 7 digits, with -dirty for a changed tree.",
        group="Image",
        environment=["GIT_TAG"],
        metavar="TAG|RULE",
    )
    tags: TagRules = setting(
        ("latest",),
        "Further tags: names, which move to this image once the commit's tag stands, or rules in the words of "
        "docker/metadata-action (type=semver,pattern={{version}}). A changed tree gets none of them.",
        group="Image",
        flags=["-t"],
        metavar="TAG|RULE",
    )
    flavor: FlavorEntries = setting(
        (),
        "What holds for all tags, in the words of docker/metadata-action: latest=auto|true|false, "
        "prefix=TEXT[,onlatest=true], suffix=TEXT[,onlatest=true].",
        group="Image",
        metavar="WORD=VALUE",
        separator="\n",
    )
    annotations: Mapping[str, str] = setting(
        {},
        "Annotation of the image, before its name the levels that it is for, as in docker: index,manifest:NAME=VALUE. "
        "Default: both. An empty value leaves out one that would be there.",
        group="Image",
        metavar="[LEVEL:]NAME=VALUE",
        separator="\n",
    )
    oci_labels: bool = setting(
        True,
        "Let labels and annotations say what the image is: org.opencontainers.image.source, version and so on.",
        group="Image",
    )
    force_move: bool = setting(False, "Move tags also to an older commit than the one that they name.", group="Image")
    if_exists: Literal["skip", "rebuild", "fail"] = setting(
        "skip",
        "What to do when the registry has this commit's image: skip the build, rebuild and replace it, or fail.",
        group="Image",
    )

    commit: Annotated[str, Meta(pattern=r"^([0-9a-f]{40}([0-9a-f]{24})?)?$")] = setting(
        "", "The commit, where there is no .git to ask.", group="Identity", metavar="SHA"
    )
    commit_time: Time = setting(
        0,
        "When it was committed: seconds since 1970, or ISO 8601; decides which of two commits is newer.",
        group="Identity",
        metavar="TIME",
    )
    branch: Annotated[str, Rule(lambda text: text.removeprefix("refs/heads/"))] = setting(
        "",
        "The branch that is built; in CodePipeline, #{SourceVariables.BranchName} of the source action.",
        group="Identity",
        metavar="NAME",
    )
    ref_tag: Annotated[str, Rule(lambda text: text.removeprefix("refs/tags/"))] = setting(
        "", "The git tag that is built.", group="Identity", metavar="NAME"
    )
    pull_request: Annotated[int, Meta(ge=0)] = setting(
        0, "The pull request that is built.", group="Identity", metavar="NUMBER"
    )
    base_branch: Annotated[str, Rule(lambda text: text.removeprefix("refs/heads/"))] = setting(
        "", "The branch that the pull request is for.", group="Identity", metavar="NAME"
    )
    default_branch: Annotated[str, Rule(lambda text: text.removeprefix("refs/heads/"))] = setting(
        "", "The repository's default branch.", group="Identity", metavar="NAME"
    )
    repository_url: str = setting("", "The git repository's URL.", group="Identity", metavar="URL")
    event: Literal["auto", "push", "tag", "pull-request", "release", "schedule", "pipeline", "manual"] = setting(
        "auto",
        "What started the build; a rule of EventBridge that follows a clock has to say schedule.",
        group="Identity",
    )

    platforms: Platforms = setting(
        ("linux/amd64", "linux/arm64"), "Platforms to build for.", group="Build", metavar="OS/ARCH"
    )
    context: str = setting(".", "Folder, or URL, that the build is made from.", group="Build", metavar="PATH")
    dockerfile: str = setting(
        "",
        "Dockerfile to build. Default: Dockerfile in the context.",
        group="Build",
        flags=["--file", "-f"],
        metavar="PATH",
    )
    target: str = setting("", "Stage of the Dockerfile to build. Default: the last.", group="Build", metavar="STAGE")
    build_args: Mapping[str, str | None] = setting(
        {},
        "Build argument; without =VALUE, the environment's value. For secrets there is --secret.",
        group="Build",
        metavar="NAME[=VALUE]",
        separator="\n",
    )
    labels: Mapping[str, str] = setting(
        {},
        "Label of the image; those of org.opencontainers.image are annotations too. An empty value leaves one out.",
        group="Build",
        metavar="NAME=VALUE",
        separator="\n",
    )
    secrets: Texts = setting(
        (), "Secret for RUN --mount=type=secret.", group="Build", metavar="id=ID[,src=FILE|,env=NAME]", separator="\n"
    )
    ssh: Texts = setting(
        (), "SSH agent or key for RUN --mount=type=ssh.", group="Build", metavar="ID[=SOCKET|KEY]", separator="\n"
    )
    pull: bool = setting(False, "Ask the registry for newer base images.", group="Build")
    no_cache: bool = setting(False, "Run every step, whatever the cache holds.", group="Build")
    provenance: Words = setting(
        "false",
        "Provenance attestation: false, true, or docker's own words (mode=max).",
        group="Build",
        metavar="WORDS",
    )
    sbom: Words = setting(
        "false",
        "SBOM attestation: false, true, or docker's own words (generator=IMAGE).",
        group="Build",
        metavar="WORDS",
    )

    for_: Literal["anything", "lambda", "ecs", "eks"] = setting(
        "anything", "Where the image is to run: what that cannot run is refused before the build.", group="Build"
    )
    reproducible: bool = setting(
        False, "The same digest for the same commit: all times in the image are the commit's.", group="Build"
    )
    compression: Literal["gzip", "zstd", "estargz", "uncompressed"] = setting(
        "gzip", "Compression of the layers that are built, in the image and in its cache.", group="Build"
    )
    compression_level: Annotated[str, Rule(str, before=True), Meta(pattern=r"^(\d|1\d|2[0-2])?$")] = setting(
        "", "Its level: 0 to 9, of zstd to 22. Default: BuildKit's own.", group="Build", metavar="LEVEL"
    )
    force_compression: bool = setting(False, "Compress the base image's layers anew, too.", group="Build")

    cache: Literal["registry", "s3", "local", "inline", "none"] = setting(
        "registry", "Where the build cache is kept between builds; with --local: local.", group="Cache"
    )
    cache_ref: str = setting(
        "cache",
        "Cache image: a tag in the repository, or a whole reference; in a bucket, the last part of its name.",
        group="Cache",
        metavar="TAG|REFERENCE",
    )
    cache_repository: str = setting(
        "",
        "Repository of the cache, in the image's registry or with another host. Default: the image's.",
        group="Cache",
        metavar="NAME",
    )
    cache_scope: Literal["shared", "branch"] = setting(
        "shared",
        "One cache for all builds, or one for each branch, which falls back to the default branch's.",
        group="Cache",
    )
    cache_pull_request: Literal["write", "read", "own"] = setting(
        "write",
        "What a pull request's build does with the cache: as any other build, only read it, or write one of its own.",
        group="Cache",
    )
    cache_per_platform: bool = setting(
        False,
        "A cache for each platform, built as a target each: needed where the builder has several nodes.",
        group="Cache",
    )
    cache_mode: Literal["max", "min"] = setting(
        "max", "Which steps the cache holds: those of all stages (max) or of the image alone (min).", group="Cache"
    )
    cache_from: Texts = setting(
        (),
        "Further cache to read, in docker's own words or as a reference.",
        group="Cache",
        metavar="REFERENCE",
        separator="\n",
    )
    cache_options: Texts = setting(
        (),
        "Further option of the cache's backend, in BuildKit's words.",
        group="Cache",
        metavar="NAME=VALUE",
        separator="\n",
    )
    s3_bucket: str = setting("", "Bucket of --cache s3.", group="Cache", metavar="NAME")
    s3_region: str = setting("", "Region of the bucket. Default: the registry's.", group="Cache", metavar="NAME")
    s3_prefix: str = setting("", "What all names in the bucket begin with.", group="Cache", metavar="PREFIX")
    local_cache: str = setting(
        "",
        "Folder of the local cache. Default: multiarch/REPOSITORY in the user's cache folder.",
        group="Cache",
        metavar="DIR",
    )

    builder_name: Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")] = setting(
        "",
        "Builder to use. Default: multiarch, or default with the docker driver.",
        group="Builder",
        flags=["--builder"],
        metavar="NAME",
    )
    builder_driver: Literal["docker-container", "docker", "remote", "kubernetes"] = setting(
        "docker-container", "Driver of the builder.", group="Builder", flags=["--driver"]
    )
    builder_image: str = setting(
        BUILDKIT_IMAGE,
        "BuildKit image of the builder; a copy in your own registry spares Docker Hub's limits.",
        group="Builder",
        metavar="REFERENCE",
    )
    builder_options: Texts = setting(
        (), "Driver option.", group="Builder", flags=["--driver-opt"], metavar="NAME=VALUE", separator="\n"
    )
    builder_endpoint: str = setting(
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

    handover: str = setting(
        "",
        "Folder for what comes after the build: imagedefinitions.json, imageDetail.json and image.env. "
        "Default: none is written.",
        group="Hand-over",
        metavar="DIR",
    )
    containers: Containers = setting(
        (),
        "Container of the ECS task definition that runs the image. Default: the last part of the repository's name.",
        group="Hand-over",
        metavar="NAME",
    )

    report: str = setting(
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

    dist: str = setting("dist", "Folder that --local writes the image to.", group="Local", metavar="DIR")


@dataclass(frozen=True, kw_only=True)
class SettingInfo:
    """What a declaration says of one setting, for those who make flags, variables and pages from it."""

    name: str
    key: str
    kind: Literal["text", "number", "switch", "choice", "list", "map"]
    choices: tuple[str, ...]
    flags: tuple[str, ...]
    variables: tuple[str, ...]
    separator: str
    metavar: str
    group: str
    text: str
    default: object
    type: Any


_SWITCH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_SINGULAR = {"tags": "tag", "platforms": "platform", "build_args": "build-arg", "labels": "label", "secrets": "secret",
             "annotations": "annotation", "builder_options": "builder-option", "cache_options": "cache-option",
             "containers": "container"}  # fmt: skip


def _info(name: str, declared: type, default: object, told: Mapping[str, Any]) -> SettingInfo:
    word = name.rstrip("_")  # one that is a keyword of Python
    choices = get_args(declared) if get_origin(declared) is Literal else ()
    kind: Any = "choice" if choices else "text"
    match default:
        case bool():
            kind = "switch"
        case int():
            kind = "number"
        case tuple():
            kind = "list"
        case dict():
            kind = "map"
    return SettingInfo(
        name=name,
        key=word.replace("_", "-"),
        kind=kind,
        choices=choices,
        flags=(f"--{_SINGULAR.get(word, word.replace('_', '-'))}", *told["flags"]),
        variables=(f"{ENVIRONMENT_PREFIX}{word.upper()}", *told["environment"]),
        separator=told["separator"],
        metavar=told["metavar"],
        group=told["group"],
        text=told["text"],
        default=default,
        type=declared,
    )


def _infos() -> tuple[SettingInfo, ...]:
    defaults = Settings()
    return tuple(
        _info(each.name, cast("type", each.type), getattr(defaults, each.name), each.metadata)
        for each in fields(Settings)
    )


SETTINGS: tuple[SettingInfo, ...] = _infos()


@dataclass(frozen=True, kw_only=True)
class LoadedSettings:
    """The settings, and where each value came from: a flag, a variable, a file's name or `default`."""

    settings: Settings
    sources: Mapping[str, str]


def load_settings(
    *, flags: Mapping[str, object], environment: Mapping[str, str], file: Mapping[str, object], file_name: str
) -> LoadedSettings:
    """Merge the four layers and check the outcome.

    Args:
        flags: values by setting name, those that were passed and no others.
        environment: all variables; an empty one counts as not set.
        file: the parsed table of `multiarch.toml` or `[tool.multiarch]`.
        file_name: what to call that file in messages.

    Raises:
        ConfigurationError: an unknown key or variable, or a value that does not pass.
    """
    _refuse_unknown_variables(environment)
    table = _flatten(file, file_name)
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for info in SETTINGS:
        variable = next((name for name in info.variables if environment.get(name)), None)
        if info.name in flags:
            values[info.name] = _from_texts(info, flags[info.name], environment)
            sources[info.name] = info.flags[0]
        elif variable:
            values[info.name] = _from_text(info, environment[variable], environment)
            sources[info.name] = variable
        elif info.key in table:
            values[info.name] = table[info.key]
            sources[info.name] = file_name
        else:
            sources[info.name] = DEFAULT_SOURCE
    infos = {info.name: info for info in SETTINGS}
    checked = {name: _check(infos[name], value, sources[name]) for name, value in values.items()}
    for name, value in defaults_for(str(checked.get("for_", ""))).items():
        if name not in checked:
            checked[name] = value
            sources[name] = f"--for {checked['for_']}"
    settings = Settings(**checked)  # type: ignore[arg-type]  # each is of its declared type now
    if sources["tags"] == DEFAULT_SOURCE and parse_flavor(settings.flavor).latest == "false":
        settings = replace(settings, tags=())
    check_together(settings)
    check_contents(settings, chosen=checked)
    return LoadedSettings(settings=settings, sources=sources)


def check_together(settings: Settings) -> None:
    """Check what no single setting can say.

    Raises:
        ConfigurationError: two settings contradict each other.
    """
    if not settings.platforms:
        msg = "no platform to build for"
        raise ConfigurationError(msg, hint="name at least one: --platform linux/amd64")
    if settings.builder_driver == "remote" and not settings.builder_endpoint:
        msg = "the remote driver needs to know where BuildKit listens"
        raise ConfigurationError(msg, hint="name it: --builder-endpoint tcp://host:1234")
    if "latest" in settings.tags and parse_flavor(settings.flavor).latest == "false":
        msg = "the tags name latest, and the flavor says latest=false"
        raise ConfigurationError(msg, hint="leave one of them out")
    bad = [option for option in settings.builder_options if "=" not in option]
    if bad:
        msg = f"builder option {bad[0]!r} has no value"
        raise ConfigurationError(msg, hint="driver options are NAME=VALUE, for example network=host")


def _refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    known = {variable for info in SETTINGS for variable in info.variables} | {CONFIG_VARIABLE}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            msg = f"the variable {variable} is not a setting"
            raise ConfigurationError(
                msg, hint=nearest_hint(variable, (name for name in known if name.startswith(ENVIRONMENT_PREFIX)))
            )


def _flatten(file: Mapping[str, object], file_name: str) -> Mapping[str, object]:
    """Accept `[cache] mode = …` for `cache-mode = …`: a table whose entries are settings under a common first word."""
    keys = {info.key: info for info in SETTINGS}
    flat: dict[str, object] = {}
    for key, value in file.items():
        names_map = key in keys and keys[key].kind == "map"
        entries = (
            {f"{key}-{inner}": each for inner, each in value.items()}
            if isinstance(value, Mapping) and not names_map
            else {key: value}
        )
        for name, each in entries.items():
            if name not in keys:
                msg = f"{file_name}: {name!r} is not a setting"
                raise ConfigurationError(msg, hint=nearest_hint(name, keys))
            flat[name] = list(each) if isinstance(each, tuple) else each
    return flat


def _split(info: SettingInfo, text: str) -> list[str]:
    # The words of a rule, which begins with type=, are parted by commas of their own.
    has_commas = info.separator == ","
    lines = text.split("\n")
    parts = [part for line in lines for part in (line.split(",") if has_commas and not is_rule(line) else [line])]
    return [part.strip() for part in parts if part.strip()]


def _from_text(info: SettingInfo, text: str, environment: Mapping[str, str]) -> object:
    if info.kind not in ("list", "map"):
        return text.strip()
    return _from_texts(info, _split(info, text), environment)


def _from_texts(info: SettingInfo, value: object, environment: Mapping[str, str]) -> object:
    if info.kind == "list":
        entries = cast("Sequence[str]", value)
        return tuple(part for entry in entries for part in (_split(info, entry) if info.separator == "," else [entry]))
    if info.kind == "map":
        return dict(_pair(info, entry, environment) for entry in cast("Sequence[str]", value))
    return value


def _pair(info: SettingInfo, entry: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
    name, equals, value = entry.partition("=")
    if equals:
        return name, value
    if info.name == "build_args" and name in environment:
        return name, None
    msg = f"{info.flags[0]} {entry}: no value"
    reason = "and the environment has none" if info.name == "build_args" else ""
    raise ConfigurationError(msg, hint=f"write {entry}=VALUE {reason}".strip())


def _check(info: SettingInfo, value: object, source: str) -> object:
    where = source if source.startswith(("-", ENVIRONMENT_PREFIX, "AWS_", "GIT_")) else f"{source}: {info.key}"
    rules = [each for each in get_args(info.type)[1:] if isinstance(each, Rule)]
    try:
        for rule in rules:
            value = rule(value) if rule.before else value
        if info.kind == "switch" and isinstance(value, str):
            value = _SWITCH.get(value.lower(), value)
        value = convert(value, info.type, strict=info.kind != "number")
        for rule in rules:
            value = value if rule.before else rule(value)
    except ConfigurationError as error:
        error.message = f"{where}: {error.message}"
        raise
    except ValidationError as error:
        if info.choices:
            msg = f"{where}: {value!r} is not one of {', '.join(info.choices)}"
            raise ConfigurationError(msg, hint=nearest_hint(str(value), info.choices)) from None
        reason = str(error).replace("`", "").removeprefix("Expected ")
        msg = f"{where}: {value!r} does not pass: expected {reason}"
        raise ConfigurationError(msg, hint=f"see {info.flags[0]} in --help") from None
    return value
