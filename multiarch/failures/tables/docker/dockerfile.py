"""What the Dockerfile frontend and bake print about the Dockerfile, the context and the platforms."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT

DOCKERFILE_RULES: tuple[FailureRule, ...] = (
    FailureRule("base-platform-missing", FailurePhase.BASE_PULL, PERMANENT, {
        "no match for platform in manifest":
            ("alpine:3: failed to resolve source metadata for docker.io/library/alpine:3: no match for platform "
             "in manifest: not found"),
        r"no matching manifest for (?P<platform>\S+)":
            "no matching manifest for linux/arm64/v8 in the manifest list entries",
        "does not (?:match|provide) the specified platform":
            ("image with reference docker.io/library/alpine:3 was found but does not match the specified "
             "platform: wanted linux/arm64, actual: linux/amd64"),
        "no supported platform found": "no supported platform found in manifest list",
        "image .{0,80}platform .{0,60}does not match":
            "image docker.io/library/alpine:3: platform linux/amd64 of it does not match",
    }, cause="{image} is not available for {platform}",
        advice="build for fewer platforms (--platform), or use a base image that supports all of them",
        why="the base image stays as it is",
    ),
    FailureRule("platform-invalid", None, CONFIG, {
        "unknown operating system or architecture":
            '"linux/arm46": unknown operating system or architecture: invalid argument',
        "failed to parse platform": "failed to parse platform linux_arm64",
        "invalid platform": "invalid platform option linux/",
        "is an invalid (?:os|component)":
            '"linux/a b" is an invalid component of "linux/a b": platform specifier component',
    }, cause="a platform is invalid", advice="correct --platform, for example: linux/amd64,linux/arm64",
        why="the value stays wrong",
    ),
    FailureRule("dockerfile-missing", FailurePhase.DOCKERFILE, CONFIG, {
        "failed to read dockerfile": "failed to read dockerfile: open Dockerfile: no such file or directory",
        "failed to resolve dockerfile": "failed to resolve dockerfile in build context",
        "dockerfile: no such file": "failed to read dockerfile: open Dockerfile: no such file or directory",
        "the dockerfile .{0,80}(?:cannot be empty|must be within)":
            "ERROR: the Dockerfile (Dockerfile) cannot be empty",
        "file with no instructions": "Error response from daemon: file with no instructions",
        "dockerfile cannot be empty": "error: dockerfile cannot be empty",
        "cannot locate (?:specified )?dockerfile": "Cannot locate specified Dockerfile: Dockerfile",
    }, cause="Dockerfile {path} is missing or empty", advice="check --file and the build context",
        why="the file stays missing", unless="failed to (?:fetch remote|load cache key)|error fetching default branch",
    ),
    FailureRule("context-file-unreadable", FailurePhase.DOCKERFILE, CONFIG, {
        "error checking context": "error checking context: 'no permission to read from '/src/data/pg''.",
        "error from sender: (?:open|stat|l?stat|readlink|walk) .{1,300}denied":
            "error from sender: open /src/data/pg: permission denied",
        "no permission to read from": "error checking context: 'no permission to read from '/src/data/pg''.",
        "can't stat '": "error checking context: can't stat '/src/secret'",
    }, cause="the build context contains a file that cannot be read",
        advice="add the file to .dockerignore, or make it readable", why="the permissions stay the same",
    ),
    FailureRule("context-missing", FailurePhase.DOCKERFILE, CONFIG, {
        "unable to prepare context": 'ERROR: unable to prepare context: path "ctx" not found',
        "resolve : lstat": "resolve : lstat ctx: no such file or directory",
        "path .{1,200} not found$": 'unable to prepare: path "/src/ctx" not found',
        "context must be a directory": "context must be a directory: /src/Dockerfile",
    }, cause="the build context does not exist", advice="check the path of the context and the working directory",
        why="the folder stays missing",
    ),
    FailureRule("image-name-unqualified", FailurePhase.BASE_PULL, CONFIG, {
        "short-name .{0,80}(?:did not resolve|enforced)":
            ('Error: short-name "base" did not resolve to an alias and no unqualified-search registries are '
             "defined"),
    }, cause="the image name has no registry, and podman does not guess one",
        advice="use the full name: docker.io/library/NAME:TAG", why="the name stays short",
    ),
    FailureRule("image-name-invalid", FailurePhase.DOCKERFILE, CONFIG, {
        "invalid reference format": 'ERROR: invalid tag "shop:": invalid reference format',
        r"base name \(.{0,200}\) should not be blank": "failed to solve: base name (${BASE}) should not be blank",
        "repository name .{0,40}must be lowercase":
            "invalid reference: repository name (library/Shop) must be lowercase",
        r"invalid tag \"": 'ERROR: invalid tag "Shop:1": it is refused',
        "failed to parse stage name": 'failed to parse stage name "shop:": it is refused',
        "invalid image name": 'invalid image name "shop:"',
        "couldn't parse image reference": "couldn't parse image reference \"shop:\": it is refused",
        r"empty (?:image|ref)\b": "empty image name",
    }, cause="an image name is invalid or empty",
        advice="set the build argument that the name uses (--build-arg), or correct the name",
        why="the name stays wrong",
    ),
    FailureRule("target-missing", FailurePhase.DOCKERFILE, CONFIG, {
        r"target stage \"?(?P<stage>[\w.-]+)\"? could not be found": 'target stage "prod" could not be found',
        "failed to reach build target": "failed to reach build target prod in Dockerfile",
        "failed to find target": "ERROR: failed to find target prod",
        "could not find any target": "could not find any target matching 'prod'",
        "could not match targets": "ERROR: could not match targets",
        "couldn't find a bake definition": "ERROR: couldn't find a bake definition",
        r"target \S+ not found": "ERROR: target prod not found",
    }, cause="stage or target {stage} does not exist", advice="correct --target", why="the stage stays missing",
    ),
    FailureRule("secret-missing", FailurePhase.DOCKERFILE, CONFIG, {
        r"secret \S+: not found": "failed to solve: secret npmrc: not found",
        "(?:secret|ssh) (?:agent )?.{0,60}not found": "failed to solve: ssh agent default not found",
        "could not parse ssh": "ERROR: could not parse ssh: [default]: it is refused",
        "ssh_auth_sock": "ERROR: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set",
        "no ssh (?:handler|key)": 'failed to solve: no SSH key "default" forwarded from the client',
        "failed to stat .{0,200}secret": "failed to stat /src/.npmrc: the secret of the build is away",
        "unset ssh": "unset ssh forward key default",
        "invalid empty ssh agent socket": "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set",
    }, cause="the build needs a secret or an SSH agent that it did not get", advice="pass it with --secret or --ssh",
        why="the secret stays missing",
    ),
    FailureRule("entitlement-missing", FailurePhase.OTHER, CONFIG, {
        "additional privileges requested": "ERROR: additional privileges requested: network.host",
        "entitlement .{0,60}(?:is )?not allowed":
            ("ERROR: failed to build: failed to solve: granting entitlement security.insecure is not allowed by "
             "build daemon configuration"),
        "requesting privileges for":
            "ERROR: this build is requesting privileges for following possibly insecure capabilities",
        "is not allowed by (?:the )?policy": "source is not allowed by policy",
        "requested by the build but not allowed": "ERROR: network.host was requested by the build but not allowed",
        r"(?:security\.insecure|network\.host) is not allowed":
            ("ERROR: failed to build: failed to solve: granting entitlement security.insecure is not allowed by "
             "build daemon configuration"),
    }, cause="the build requests an entitlement that is not granted", advice="grant it: docker buildx bake --allow",
        why="the entitlement stays missing",
    ),
    FailureRule("copy-source-missing", FailurePhase.DOCKERFILE, PERMANENT, {
        "failed to calculate checksum of ref":
            'failed to compute cache key: failed to calculate checksum of ref a::b: "/dist": not found',
        "failed to compute cache key: .{0,300}not found":
            'failed to compute cache key: failed to calculate checksum of ref a::b: "/dist": not found',
        "not found: not found": '"/dist": not found: not found',
        "copy failed:": "COPY failed: stat /var/tmp/docker-1/dist: file does not exist",
        "add failed:": "ADD failed: stat /var/tmp/docker-1/dist: file does not exist",
        "forbidden path outside the build context": "Forbidden path outside the build context: ../dist ()",
        "failed to walk": "failed to walk: lstat dist",
        r"excluded by \.dockerignore": "file dist: excluded by .dockerignore",
        "no such file or directory: not found": "lstat /dist: no such file or directory: not found",
    }, cause="COPY or ADD: {path} is not in the build context",
        advice="check the path, the context and .dockerignore", why="the file stays missing",
        unless="input/output error|i/o error",
    ),
    FailureRule("dockerfile-invalid", FailurePhase.DOCKERFILE, PERMANENT, {
        "dockerfile parse error": "dockerfile parse error on line 3: unknown instruction: RUNS",
        "unknown instruction": "unknown instruction: RUNS",
        "failed to process": 'failed to process "${X": it is refused',
        "circular dependency": "circular dependency detected on stage: build",
        "requires (?:at least|exactly) (?:one|two)": "COPY requires at least two arguments, but only one was provided",
        r"failed to create llb definition: .{0,80}line \d+":
            ("failed to solve with frontend dockerfile.v0: failed to create LLB definition: Dockerfile parse "
             "error line 9: Unknown flag: mount"),
        "dockerfile contains no stages": "dockerfile contains no stages to build",
        "from requires": "FROM requires either one or three arguments",
        "no build stage in current context": "no build stage in current context",
        "unexpected end of statement": "unexpected end of statement while looking for matching double-quote",
        "syntax error": "syntax error: unexpected end",
        "isn't allowed as an onbuild": "FROM isn't allowed as an ONBUILD trigger",
        "invalid (?:field|value|argument|expression|user|containerport)":
            "ERROR: invalid field 'type' must be a key=value pair",
        "cannot copy from stage": 'cannot copy from stage "build": it is the current one',
        "unsupported (?:modifier|option)": "unsupported modifier (+) in substitution",
        "lint violation": "lint violation found for rules: JSONArgsRecommended",
        "must be specified": "target, source must be specified",
        "when using (?:copy|add) with":
            "When using COPY with more than one source file, the destination must be a directory and end with a /",
        "cannot copy to non-directory": "cannot copy to non-directory: /app",
        "cannot replace to directory": "cannot replace to directory /app with file",
        "cannot mount from stage": 'cannot mount from stage "build": it needs to be defined before the current stage',
        "names can not be blank": "ENV names can not be blank",
        "missing env": "invalid interpolation: missing env",
        "parsing (?:yaml|hcl)": "error parsing YAML: mapping values",
        "^yaml: ": "yaml: line 3: mapping values are refused in this context",
        "there is no variable named":
            'ERROR: docker-bake.hcl:12,15-24: Unknown variable; There is no variable named "X".',
        r"\.ya?ml: .{0,200}(?:is not allowed|did not find)":
            "validating compose.yml: services.web Additional property builds_ is not allowed",
        r"additional propert(?:y|ies) \S+ (?:is|are) not allowed":
            "validating compose.yml: services.web Additional property builds_ is not allowed",
        "invalid interpolation format": 'invalid interpolation format for services.shop.image: "${X"',
        r"\.hcl:\d+": 'ERROR: docker-bake.hcl:12,15-24: Unknown variable; There is no variable named "X".',
        "failed to parse .{0,200}(?:yaml|hcl|json)": "ERROR: failed to parse docker-bake.json: it is no JSON",
        "heredoc": "unterminated heredoc",
        "checksum (?:mismatch|must|can't)": "checksum mismatch sha256:00",
        "digest mismatch": "digest mismatch sha256:00: sha256:11",
        "build-arg .{0,80}not consumed":
            "[Warning] One or more build-args [X] were not consumed: build-arg X was not consumed",
        "unable to find user": "unable to find user app: no matching entries in passwd file",
        "no users found": "no users found",
        "unable to find group": "unable to find group app: no matching entries in group file",
    }, cause="the Dockerfile or the bake file is invalid", advice="correct the line that the error names",
        why="the file stays wrong",
    ),
    FailureRule("image-format-unsupported", None, PERMANENT, {
        "schema ?1": "Pulling Schema 1 images have been deprecated and disabled by default since containerd v2.0.",
        "media type .{0,120}(?:no longer supported|unsupported|not supported)":
            ('media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since '
             "containerd v2.1"),
        "unsupported media type": "unsupported media type application/vnd.cncf.helm.config.v1+json",
        "unsupported manifest": "unsupported manifest version",
        "unexpected media type": "unexpected media type text/html for sha256:00",
        "invalid content digest": "invalid content digest in response: invalid checksum digest format",
        "unknown media type": "unknown media type: application/json",
        "encountered unknown type":
            "encountered unknown type application/vnd.oci.empty.v1+json; children may not be fetched",
    }, cause="the format of {image} is unsupported",
        advice="rebuild the image with a current docker, or use another image", why="the image stays as it is",
    ),
)  # fmt: skip
