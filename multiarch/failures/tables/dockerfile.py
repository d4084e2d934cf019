"""What the Dockerfile frontend and bake say of the Dockerfile, the context and the platforms."""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import CONFIG, PERMANENT

DOCKERFILE_RULES: tuple[FailureRule, ...] = (
    # Platforms
    FailureRule(
        "base-platform-missing",
        FailurePhase.BASE_PULL, PERMANENT,
        r"no match for platform in manifest|no matching manifest for (?P<platform>\S+)|does not (?:match"
        r"|provide) the specified platform"
        r"|no supported platform found|image .{0,80}platform .{0,60}does not match",
        "{image} is not made for {platform}",
            "build for fewer platforms (--platform), or take a base image made for all of them",
        "the base image stays as it is",
    ),
    FailureRule(
        "platform-invalid",
        None, CONFIG, r"unknown operating system or architecture|failed to parse platform|invalid platform"
        r"|is an invalid (?:os|component)",
        "a platform is misspelt", "correct --platform: linux/amd64,linux/arm64", "the spelling stays wrong",
    ),
    # Dockerfile and context
    FailureRule(
        "dockerfile-missing",
        FailurePhase.DOCKERFILE, CONFIG,
        r"failed to read dockerfile|failed to resolve dockerfile|dockerfile: no such file"
        r"|the dockerfile .{0,80}(?:cannot be empty|must be within)"
        r"|file with no instructions|dockerfile cannot be empty|cannot locate (?:specified )?dockerfile",
        "the Dockerfile {path} is not there, or empty", "check --file and the context folder", "it stays missing",
        unless=r"failed to (?:fetch remote|load cache key)|error fetching default branch",
    ),
    FailureRule(
        "context-file-unreadable",
        FailurePhase.DOCKERFILE, CONFIG,
        r"error checking context|error from sender: (?:open|stat|l?stat|readlink|walk) .{1,300}denied"
        r"|no permission to read from"
        r"|can't stat '",
        "the build context holds a file that may not be read",
        "name it in .dockerignore, or give the user the right to read it", "its permissions stay",
    ),
    FailureRule(
        "context-missing",
        FailurePhase.DOCKERFILE, CONFIG,
        r"unable to prepare context|resolve : lstat|path .{1,200} not found$|context must be a directory",
        "the context folder is not there", "check the context folder and the working directory", "it stays missing",
    ),
    FailureRule(
        "image-name-unqualified",
        FailurePhase.BASE_PULL, CONFIG, r"short-name .{0,80}(?:did not resolve|enforced)",
        "the image name names no registry, and podman does not guess one",
        "write it whole: docker.io/library/NAME:TAG", "the name stays short",
    ),
    FailureRule(
        "image-name-invalid",
        FailurePhase.DOCKERFILE, CONFIG,
        r"invalid reference format|base name \(.{0,200}\) should not be blank"
        r"|repository name .{0,40}must be lowercase|invalid tag \""
        r"|failed to parse stage name|invalid image name|couldn't parse image reference|empty (?:image|ref)\b",
        "an image name is not valid, or empty",
            "give the build argument it is made of (--build-arg), or correct the name",
        "the name stays wrong",
    ),
    FailureRule(
        "target-missing",
        FailurePhase.DOCKERFILE, CONFIG,
        r"target stage \"?(?P<stage>[\w.-]+)\"? could not be found|failed to reach build target|failed to find target"
        r"|could not find any target|could not match targets|couldn't find a bake definition|target \S+ not found",
        "there is no stage or target {stage}", "correct --target", "it stays missing",
    ),
    FailureRule(
        "secret-missing",
        FailurePhase.DOCKERFILE, CONFIG,
        r"secret \S+: not found|(?:secret|ssh) (?:agent )?.{0,60}not found|could not parse ssh|ssh_auth_sock"
        r"|no ssh (?:handler|key)"
        r"|failed to stat .{0,200}secret|unset ssh|invalid empty ssh agent socket",
        "a secret or an SSH agent was not handed to the build", "hand it over with --secret or --ssh",
            "it stays missing",
    ),
    FailureRule(
        "entitlement-missing",
        FailurePhase.OTHER, CONFIG,
        r"additional privileges requested|entitlement .{0,60}(?:is )?not allowed|requesting privileges for"
        r"|is not allowed by (?:the )?policy"
        r"|requested by the build but not allowed|(?:security\.insecure|network\.host) is not allowed",
        "the build asks for privileges that it was not given", "grant them: --allow in docker buildx bake",
            "a permission",
    ),
    FailureRule(
        "copy-source-missing",
        FailurePhase.DOCKERFILE, PERMANENT,
        r"failed to calculate checksum of ref|failed to compute cache key: .{0,300}not found|not found: not found"
        r"|copy failed:|add failed:"
        r"|forbidden path outside the build context|failed to walk|excluded by \.dockerignore"
        r"|no such file or directory: not found",
        "COPY or ADD names {path}, which is not in the context", "check the path, the context folder and .dockerignore",
        "the file stays missing", unless=r"input/output error|i/o error",
    ),
    FailureRule(
        "dockerfile-invalid",
        FailurePhase.DOCKERFILE, PERMANENT,
        r"dockerfile parse error|unknown (?:instruction|flag)|failed to process|circular dependency"
        r"|requires (?:at least|exactly) (?:one|two)"
        r"|failed to create llb definition: .{0,80}line \d+|dockerfile contains no stages|from requires"
        r"|no build stage in current context"
        r"|unexpected end of statement|syntax error|isn't allowed as an onbuild|invalid (?:field|value|argument"
        r"|expression|user|containerport)"
        r"|cannot copy from stage|unsupported (?:modifier|option)|lint violation|must be specified"
        r"|when using (?:copy|add) with"
        r"|cannot copy to non-directory|cannot replace to directory|cannot mount from stage|names can not be blank"
        r"|missing env|parsing (?:yaml|hcl)|^yaml: |there is no variable named|\.ya?ml: .{0,200}(?:is not allowed"
        r"|did not find)"
        r"|additional propert(?:y|ies) \S+ (?:is|are) not allowed|invalid interpolation format|\.hcl:\d+"
        r"|failed to parse .{0,200}(?:yaml|hcl|json)|heredoc|checksum (?:mismatch|must|can't)|digest mismatch"
        r"|build-arg .{0,80}not consumed"
        r"|unable to find user|no users found|unable to find group",
        "the Dockerfile or the bake file has a mistake", "correct it in the line that is named", "it stays wrong",
    ),
    FailureRule(
        "image-format-unsupported",
        None, PERMANENT, r"schema ?1|media type .{0,120}(?:no longer supported|unsupported|not supported)"
        r"|unsupported media type|unsupported manifest"
        r"|unexpected media type|invalid content digest|unknown media type|encountered unknown type",
        "{image} has a format that is not supported", "rebuild the image with a current docker, or take another",
            "the image stays as it is",
    ),
)  # fmt: skip
