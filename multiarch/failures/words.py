"""Finds the names for a cause in the output: phase, image, host and so on. Pure."""

import re
from collections.abc import Mapping, Sequence

from multiarch.errors import FailurePhase
from multiarch.failures.reading import Line, compiled

# The phase of a line, where the rule has none.
_PHASES: tuple[tuple[FailurePhase, str], ...] = (
    (FailurePhase.ECR_API, (r"calling the (?:getauthorization|\w*repositor|\w*image|\w*layer)\w* operation"
     r"|operation error ecr(?: public)?:|registry auth\b")),
    (FailurePhase.OTHER, r"secrets ?manager|parameter store"),
    (FailurePhase.RUN_STEP, r"could not (?:get|head) '|while downloading https?://|failed to commit transaction"),
    (FailurePhase.CACHE_IMPORT, r"cache importer|importing cache|\bgetobject\b|extract cache"),
    (FailurePhase.CACHE_EXPORT, (r"exporting cache|writing (?:manifest|layer|config) blob|cache export"
     r"|file presence in cache|\bs3: (?:put|upload|headobject)")),
    (FailurePhase.BUILDER_BOOT, r"moby/buildkit|for bootstrap|failed to list workers|cannot create resource"),
    (FailurePhase.BASE_PULL,
     (r"failed to solve.{0,200}error getting credentials|initializing source docker:|unauthenticated pull"
     r"|pull access denied|token for pull")),
    (FailurePhase.LOGIN, (r"error getting credentials|(?:error|failed) (?:saving|storing) credentials|login attempt"
     r"|docker login(?!'|.{0,300}login succeeded)|(?<!run 'aws ecr )(?<!run aws ecr )get-login|credential helper"
     r"|/v2/\\?\"?: (?:denied|unauthorized)")),
    (FailurePhase.BASE_PULL, r"(?:failed|unable|error)(?: to)? pull|pull image err|copying system image|docker pull "),
    (FailurePhase.PUSH, (r"failed to push|blobs/uploads|/v2/\S+/blobs/sha|exporting to|\bput\b|\bpatch |ecr:(?:initiate"
     r"|upload|complete|put|batchcheck)|already exists|name unknown"
     r"|writing blob|reuse blob|at destination|remote destination|layer upload|(?:running|checking|no) push"
     r"|(?:write|create)[_ ](?:organization )?package"
     r"|(?<!pull access denied.)requested access to the resource is denied"
     r"|^(?:error: )?(?:\S+ )?denied: |exported snapshot|maximum allowed number of images|\bpush: |jib-\w+-plugin"
     r"|i/o error for image"
     r"|extraction snapshot|push(?:ing|ed)? |content store")),
    (FailurePhase.ECR_API, r"api\.ecr|ecr:\w"),
    (FailurePhase.STS, (r"calling the (?:getcalleridentity|assumerole\w*|getsessiontoken|\w+configuration\w*"
     r"|list\w+) operation|assume role|operation error sts:|\bsts\b|assumerole|(?<!basic auth )credentials")),
    (FailurePhase.OTHER, r"calling the \w+ operation|endpoint url"),
    (FailurePhase.MANIFEST,
     r"imagetools|manifest (?:create|push|list)|manifest blob|creating manifest |no such manifest"),
    (FailurePhase.DOCKERFILE, r"failed to co(?:py files|mpute cache key)|transferring context"),
    (FailurePhase.BASE_PULL, (r"\bpull|resolve|load metadata"
     r"|load cache key|manifests?[/ ]|\bhead\b|token|httpreadseeker"
     r"|/v2/|image|register layer|buildkit/content/ingest|commit on ref .?layer|toomanyrequests|: from ")),
    (FailurePhase.GIT, r"\bgit\b"),
    (FailurePhase.DOCKERFILE, r"dockerfile"),
)  # fmt: skip

BOOTING = r"booting build(?:kit|er)|pulling image \S*buildkit"

# Links in messages to documentation: not the host of a failure.
_LINKS = (
    r"docs\.|www\.|aka\.ms|learn\.|help\.|developer\.|stackoverflow\.|yarnpkg\.com/en/docs"
    r"|github\.com/[^\s\"]{1,200}/(?:issues|blob|wiki)"
)
# The hosts behind the name of a registry: a login uses the name.
_BEHIND: Mapping[str, str] = {
    "auth.docker.io": "docker.io",
    "registry-1.docker.io": "docker.io",
    "index.docker.io": "docker.io",
    "production.cloudflare.docker.com": "docker.io",
}
# What a cause says where the output names no host, by phase.
_SOMEWHERE: Mapping[FailurePhase, str] = {
    **dict.fromkeys(
        (
            FailurePhase.BASE_PULL,
            FailurePhase.PUSH,
            FailurePhase.LOGIN,
            FailurePhase.MANIFEST,
            FailurePhase.CACHE_EXPORT,
        ),
        "the registry",
    ),
    **dict.fromkeys((FailurePhase.STS, FailurePhase.ECR_API), "AWS"),
    FailurePhase.RUN_STEP: "the server",
    FailurePhase.BUILDER_BOOT: "the builder",
}

# What a cause and an advice can name.
_NAMES: tuple[tuple[str, str], ...] = (
    ("host", rf"https?://(?!{_LINKS})(?P<x>[\w.-]+\.[\w-]+|localhost)"),
    ("host", r"\bhost='(?P<x>[\w.-]+)'|\bconnect(?:ion|ing)? to (?P<y>(?:[\w-]+\.)+[a-z]{2,})\b"),
    ("host", r"(?P<x>\d{12}\.dkr[.-]ecr[.-][\w.-]+?)(?=[/:\s\"']|$)"),
    ("host", (r"(?:lookup|resolve host:?|resolve hostname|resolving|bad address|host address|enotfound"
     r"|eai_again) ['\"]?(?P<x>[\w-]+(?:\.[\w-]+)+)")),
    ("host",
     r"(?:^|[\s\"'(=/])(?P<x>(?:[\w-]+\.)*(?:docker\.io|ghcr\.io|quay\.io|gcr\.io|azurecr\.io|amazonaws\.com))\b"),
    ("image", (r"(?:failed to (?:push|resolve source metadata for|resolve reference|copy)|access denied for"
     r"|manifest for|image) \"?(?P<x>[\w./:@-]*[\w])\"?(?=[,:\s\"]|$)")),
    ("image", r"/v2/(?P<x>[\w./-]+)/manifests/"),
    ("image", r"importing cache manifest from (?P<x>[\w./:@-]+\w)"),
    ("operation", r"calling the (?P<x>\w+) operation|operation error [\w ]{1,40}: (?P<y>\w+)"),
    ("status", r"\b(?P<x>[45]\d\d [A-Za-z][A-Za-z ]{3,24}\b|[345]\d\d)\b"),
    ("package", (r"(?:unable to locate package|package|requirement) '?(?P<x>[\w.@/+-]+(?:[=<>~!]=[\w.*]+)?)"
     r"|(?P<y>[\w.@/+-]+) \(no such package\)")),
    ("path", r"\"(?P<x>/[^\"]{1,200})\": not found|(?:open|lstat|stat|read) (?P<y>[^\s:]{1,200}): no such file"),
    ("platform", r"\b(?P<x>linux/[\w/]+)"),
    ("repository", r"repository (?:with name )?'?(?P<x>[\w./:-]+)'? "),
    ("resource", r"\bon resources?:\s*(?P<x>[^\s\"\\,]+)"),
    ("action", r"(?P<x>\b(?:ecr|ecr-public|sts|kms|s3|codebuild|logs|secretsmanager|ssm):[A-Z]\w+)"),
    ("tag", r"tag '?(?P<x>[\w.-]+)'? already"),
    ("stage", r"(?:stage|(?:find|build) target) \"?(?P<x>[\w.-]+)"),
    ("builder", r"builder \"?(?P<x>[\w.-]+)"),
)  # fmt: skip
# What a cause says where the output does not name it; empty: the sentence does without. Advice has NAME instead.
GENERAL = {
    "host": "the host",
    "image": "the image",
    "operation": "API",
    "status": "no HTTP status",
    "package": "",
    "command": "",
    "path": "a file",
    "platform": "the requested platform",
    "repository": "",
    "resource": "the repository",
    "action": "an action",
    "tag": "",
    "stage": "",
    "builder": "",
    "step": "",
}


def names_of(window: str, around: str, phase: FailurePhase) -> dict[str, str]:
    """Return the names in the deciding line; for a name that it lacks, the name in the lines around it."""
    names: dict[str, str] = {}
    for text in (window, around):
        for name, pattern in _NAMES:
            if name not in names and (found := compiled(pattern).search(text)):
                names[name] = next(filter(None, found.groups()), "")
    host = names.get("host", "")
    return (
        GENERAL
        | {"host": _SOMEWHERE.get(phase, GENERAL["host"])}
        | names
        | ({"host": _BEHIND.get(host, host)} if host else {})
    )


def fill(template: str, names: Mapping[str, str], *, placeholder: bool = False) -> str:
    """Return the template with its {names}; of a name that the output lacks nothing is left, or a placeholder."""
    if not names.get("step"):
        template = re.sub(r"(?:; step:|:) \{step\}", "", template)
    filled = re.sub(r"\{(\w+)\}", lambda match: names.get(match[1]) or match[1].upper() * placeholder, template)
    return " ".join(filled.split())


_BACK = 6  # lines
# What BuildKit prints as it works, by phase: if the connection to the builder is lost, that phase was interrupted.
_PROGRESS: tuple[tuple[FailurePhase, str], ...] = (
    (
        FailurePhase.CACHE_EXPORT,
        r"^exporting (?:cache|to github)|build cache for export|^writing (?:layer|config|manifest|cache)",
    ),
    (FailurePhase.CACHE_IMPORT, r"^importing cache"),
    (FailurePhase.PUSH, r"^(?:=> )*(?:exporting|pushing) |push token for"),
    (FailurePhase.DOCKERFILE, r"load build (?:context|definition)|^transferring (?:context|dockerfile)"),
    (FailurePhase.BASE_PULL, r"load metadata for|pull token for|^extracting sha256|^sha256:\w+ [\d.]+\w?b / "),
)


def interrupted(before: Sequence[Line]) -> FailurePhase | None:
    """Return the phase in which these lines end, None where they do not tell."""
    for line in reversed(before[-_BACK:]):
        if line.output:
            return FailurePhase.RUN_STEP
        for phase, pattern in _PROGRESS:
            if compiled(pattern).search(line.text):
                return phase
    return None


def phase_of(text: str) -> FailurePhase | None:
    return next((phase for phase, pattern in _PHASES if compiled(pattern).search(text)), None)
