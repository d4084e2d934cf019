"""What docker, buildx, BuildKit and the emulator say of themselves, and what it means."""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import (
    BUILDER_LOST,
    CA,
    CONFIG,
    DRIVER,
    PERMANENT,
    PRIVILEGED,
    REPAIR,
    THROTTLED,
    T,
)

HOST_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "host-disk-full",
        None, CONFIG,
        r"no space left on device|disk quota exceeded|enospc|not enough (?:free )?(?:disk )?space|disk is full",
        "the disk of the build host is full",
        "take a larger CodeBuild compute type, or free the cache: docker system prune -af; docker buildx prune -af",
        "space does not come back by itself",
    ),
    FailureRule(
        "docker-missing",
        FailurePhase.DAEMON, CONFIG,
        r"docker: (?:command )?not found",
        "docker is not installed",
        "install docker with its buildx plugin; CodeBuild's standard images have both",
        "nothing to run",
    ),
    FailureRule(
        "docker-unreachable",
        FailurePhase.DAEMON, CONFIG,
        r"cannot connect to the docker daemon|is the docker daemon running|dial unix \S*docker\.sock"
        r"|error during connect: "
        r"|permission denied while trying to connect to the docker|failed to start daemon"
        r"|couldn't connect to docker daemon|(?:un|not )able to connect to podman|cannot connect to podman"
        r"|docker endpoint for .{1,40} not found|docker is unreachable|timed out waiting for (?:docker|daemon)"
        r"|daemon is not running"
        r"|docker daemon is not running|cannot connect to docker endpoint|no docker endpoint"
        r"|\bdocker\.service: (?:main process exited|failed with result)",
        "the docker daemon cannot be reached", PRIVILEGED, "no daemon, no build",
    ),
    FailureRule(
        "docker-version-unsupported",
        FailurePhase.BUILDER_CREATE, CONFIG,
        r"client version \S+ is too (?:new|old)|'buildx' is not a docker command|unknown command: docker buildx"
        r"|unknown (?:shorthand )?flag|docker api version|requires api version"
        r"|buildx(?: component)? is missing or broken",
        "docker or its buildx plugin is too old or missing",
            "install a newer docker and buildx; or set DOCKER_API_VERSION",
        "a version does not change by itself", unless="dockerfile parse error",
    ),
    FailureRule(
        "credential-helper-failed",
        None, CONFIG,
        r"error getting credentials - err|error saving credentials|docker-credential-[\w.-]+\W.{0,60}(?:not found"
        r"|no such file)"
        r"|credentials store.{0,60}(?:not|fail|error)|(?:error|fail).{0,60}credential helper"
        r"|error storing credentials|cannot autolaunch d-bus"
        r"|not implemented.{0,20}credential",
        "the docker credential helper failed",
            "remove credsStore and credHelpers from ~/.docker/config.json, or install it",
        "the helper stays missing",
    ),
)  # fmt: skip

# Before every row of the network, since their chains end in the same words.
TLS_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "certificate-untrusted",
        None, CONFIG,
        r"x509:|failed to verify certificate|certificate signed by unknown authority|certificate has expired"
        r"|tls: unknown certificate"
        r"|certificate is valid for|unable to get local issuer|self[- ]signed certificate"
        r"|remote error: tls: (?!internal)",
        "the certificate of {host} is not trusted", CA, "a proxy or a private CA; it stays so",
    ),
    FailureRule(
        "tls-unsupported",
        None, CONFIG, r"server gave http response to https client|first record does not look like a tls handshake"
        r"|wrong_version_number|wrong version number|record layer failure",
        "{host} does not speak TLS",
            "name it as an insecure registry (daemon.json, buildkitd.toml), or check the proxy",
        "the protocol stays the same",
    ),
    FailureRule(
        "proxy-failed",
        None, CONFIG, r"proxyconnect tcp|proxy authentication required|\b407\b|proxy error|cannot connect to proxy"
        r"|unsupported proxy",
        "the proxy refuses or is not there",
            "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY (--driver-opt env.HTTPS_PROXY=…)",
        "a proxy setting",
    ),
    FailureRule(
        "docker-privileges-missing",
        FailurePhase.DAEMON, CONFIG, r"(?:unshare|mount|clone|failed to register layer|rootlesskit"
        r"|newuidmap).{0,120}(?:operation not permitted|permission denied)",
        "the docker daemon may not do what a build needs", PRIVILEGED, "a permission",
    ),
    FailureRule(
        "rootless-ids-missing",
        FailurePhase.DAEMON, CONFIG, r"insufficient uids or gids|/etc/sub[ug]id|newuidmap.{0,80}(?:not found|failed)",
        "the user has too few user ids for a rootless build", "add a range to /etc/subuid and /etc/subgid, or run as "
        "root",
        "the range stays short",
    ),
    FailureRule(
        "trust-policy-missing",
        None, CONFIG, r"error loading trust policy|containers/policy\.json",
        "the tool has no policy of which images to trust", "write /etc/containers/policy.json", "the file stays "
        "missing",
    ),
)  # fmt: skip

BUILDER_RULES: tuple[FailureRule, ...] = (
    # Exec format and emulation
    FailureRule(
        "emulation-missing",
        FailurePhase.QEMU, CONFIG,
        r"exec format error|no such file or directory.{0,40}qemu-|binfmt_misc.{0,60}(?:fail|denied|not)"
        r"|failed to register binfmt"
        r"|does not match the detected host platform.{0,80}exec",
        "the step's program is for another platform, and no emulation is set up",
        "run docker run --privileged --rm tonistiigi/binfmt --install all, or build {platform} natively; check "
            "--platform",
        "emulation does not appear by itself",
    ),
    FailureRule(
        "emulator-crashed",
        FailurePhase.QEMU, PERMANENT,
        r"qemu: uncaught target signal|qemu-\w+: (?!warning).{0,80}(?:fault|unhandled|unsupported|unknown)"
        r"|ecdsa\s+verification failure|buildkit_qemu_emulator",
        "the emulator (QEMU) computed wrongly or crashed",
            "update it (tonistiigi/binfmt), or build the platform natively",
        "an emulator's bug comes again",
    ),
    # Builder state
    FailureRule(
        "builder-state-corrupt",
        None, BUILDER_LOST,
        r"parent\s+snap\s?shot .{0,100}does\s+not\s+exist|failed to prepare extraction snapshot"
        r"|snapshot .{0,100}does not exist"
        r"|content digest .{0,100}not found|layer does not exist|lease .{0,80}(?:does not exist|not found)"
        r"|missing descriptor handlers"
        r"|failed to get (?:layer|state for index|edge)|inconsistent graph state|buildkit scheduler error|no such job"
        r"|failed to (?:load|restore missing snapshot|get ref by blob|find ref for id)\b.{0,80}not found"
        r"|unlazy requires"
        r"|failed to get reader from content store|\b(?:open|l?stat|rename|link|mkdir|remove|unlink\w*|chmod"
        r"|readdirent|sync|readlink) /var/lib/(?:buildkit|docker|containerd|desktop-containerd)/"
        r"|metadata_v2\.db|database (?:not open|is locked)|cache\.db|input/output error"
        r"|read-only file system.{0,40}/var/lib"
        r"|structure needs cleaning|failed to mount .{0,200}(?:invalid argument|no such file)"
        r"|unknown blob sha256.{0,80}in history"
        r"|blob sha256:\w+ not found|failed to walk .{0,120}no such file|failed to rename: .{0,200}(?:file exists"
        r"|no such file)",
        "the builder's own state is broken", REPAIR, "the same builder fails again, a new one does not",
        unless="failed to calculate checksum|permission denied|dockerfile: no such file|buildkit-mount|docker/tmp",
    ),
    FailureRule(
        "builder-socket-denied",
        FailurePhase.BUILDER_BOOT, CONFIG,
        r"buildkitd?\.sock: connect: permission denied|(?:operation not permitted|permission denied).{0,80}buildkit"
        r"|rootless.{0,80}(?:fail|error|permi)"
        r"|failed to (?:list workers|dial).{0,200}permission denied",
        "the builder's socket may not be opened", "give the user the rights (docker group), or run privileged",
        "a permission",
    ),
    FailureRule(
        "builder-lost",
        FailurePhase.BUILDER_BOOT, BUILDER_LOST,
        r"frontend grpc server closed|error reading from server|failed to (?:receive"
        r"|get) status: .{0,200}(?:unavailable|eof|transport|canceled)"
        r"|transport is closing|client connection is closing|closing transport due to|error while dialing"
        r"|all subconns are in"
        r"|no such container: buildx_|container (?:\S+ )?(?:is )?(?:not running|has stopped|has exited)"
        r"|buildkitd?\.sock"
        r"|failed to dial grpc|make sure buildkitd is running|failed to (?:bootstrap|start container)"
        r"|failed to list workers"
        r"|connection error: desc|no active sessions?|graceful_stop|received prior goaway"
        r"|session (?:healthcheck failed|not found)"
        r"|buildkitd?.{0,80}(?:connection refused|did not start|exited|crash)"
        r"|error: error response from daemon: container .{0,80} not running"
        r"|failed to find instance \"?(?P<builder>[\w.-]+)\"? for append|exec stream terminated"
        r"|unexpected server preface"
        r"|code = unavailable desc = (?!unexpected http)|buildx_buildkit_\S+ .{0,60}(?:not running|no such)"
        r"|(?:error reading|reading) preface",
        "the builder has gone away during the build",
        REPAIR + " (out of memory is a common reason: larger compute type)",
        "the connection to it is lost, a new builder has one",
    ),
    FailureRule(
        "buildkit-image-missing",
        FailurePhase.BUILDER_BOOT, CONFIG, r"no such image: \S*buildkit",
        "BuildKit's own image is not there: pulling it failed before",
        "docker pull moby/buildkit:buildx-stable-1 shows why; or take a copy: --driver-opt image=…", "nothing pulls "
        "it again",
    ),
    FailureRule(
        "builder-options-invalid",
        FailurePhase.BUILDER_CREATE, CONFIG, r"failed to initialize builder .{0,120}\b(?:invalid|unknown|unsupported"
        r"|forbidden)\b",
        "the builder's settings are wrong", "correct --driver-opt and the configuration of docker buildx create",
        "the same settings are refused again",
    ),
    FailureRule(
        "kubernetes-access-denied",
        FailurePhase.BUILDER_BOOT, CONFIG, r"cannot (?:get|list|watch|create|update|patch|delete) resource \\?\"",
        "the cluster does not let this account make the builder",
        "give the account of KUBECONFIG a role for deployments and pods (kubectl auth can-i create deployments)",
        "a role stays missing",
    ),
    FailureRule(
        "kubernetes-pods-not-ready",
        FailurePhase.BUILDER_BOOT, CONFIG, r"expected \d+ replicas to be ready|timed out waiting for \d+ pods",
        "the builder's pods did not get ready", "see kubectl describe pod: image, quota and node selector",
        "a pod that cannot be placed stays so",
    ),
    FailureRule(
        "builder-missing",
        FailurePhase.BUILDER_CREATE, BUILDER_LOST,
        r"no builder \"?(?P<builder>[\w.-]+)\"? found|failed to find (?:builder )?instance"
        r"|buildx/instances/.{0,80}no such file"
        r"|no valid drivers found|failed to initialize builder|builder \S+ (?:not found|does not exist)",
        "the builder {builder} is not there", "create it, then try again", "a new builder does it",
        unless=r"permission denied|tls data|not supported",
    ),
    FailureRule(
        "builder-exists",
        FailurePhase.BUILDER_CREATE, CONFIG,
        r"existing instance for \"?(?P<builder>[\w.-]+)|instance name .{0,80}already exists|name already (?:exists"
        r"|in use)",
        "a builder named {builder} exists already",
            "use it with --builder, choose another name, or docker buildx rm it",
        "the name stays taken",
    ),
    FailureRule(
        "driver-feature-unsupported",
        FailurePhase.BUILDER_CREATE, CONFIG,
        r"additional instances of driver|failed to find driver|could not create a builder instance|is a reserved name"
        r"|invalid (?:driver option|builder name|endpoint|env option)|does not support the \S+ driver"
        r"|requires docker api access"
        r"|multiple platforms feature is currently not supported|multi-platform build is not supported"
        r"|attestations? (?:is|are) not supported|feature is currently not supported for"
        r"|not (?:yet )?implemented for docker driver"
        r"|is not supported for the (?P<driver>\S+) driver(?<!cache export)"
        r"|for multi-node builds currently not supported"
        r"|switch to a different driver|requires? (?:the )?containerd image store|mismatched driver",
        "this driver or this builder option cannot do it", DRIVER +
            " (or --provenance false, or the containerd image store)",
        "a driver's limits stay", unless="cache export",
    ),
    FailureRule(
        "multi-platform-export-unsupported",
        FailurePhase.MANIFEST, CONFIG,
        r"does not (?:currently )?support exporting manifest lists|is a manifest list|cannot export multiple platforms"
        r"|multiple platforms (?:are|is) not supported|cannot use --load with"
        r"|index annotations not supported",
        "several platforms cannot be loaded, or joined, this way",
            "push instead of --load; join with docker buildx imagetools create",
        "an exporter's limits stay",
    ),
)  # fmt: skip

CACHE_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "cache-export-unsupported",
        FailurePhase.CACHE_EXPORT, CONFIG, r"cache export (?:feature )?is (?:currently )?not supported",
        "the driver docker cannot write this kind of cache",
        "use a builder with --driver docker-container, or turn on the containerd image store; or --cache none",
        "a driver's limits stay",
    ),
    FailureRule(
        "cache-export-refused",
        FailurePhase.CACHE_EXPORT, CONFIG,
        r"error writing manifest blob.{0,200}\b40\d\b"
        r"|unknown cache exporter|(?:invalid|unsupported) (?:cache|compression) (?:type|mode)",
        "the cache could not be written to {host}",
        "ECR wants image-manifest=true,oci-mediatypes=true and a tag that may be overwritten; or --cache none",
        "the registry refuses this form of cache each time",
    ),
    FailureRule(
        "github-cache-rate-limited",
        FailurePhase.CACHE_EXPORT, THROTTLED, r"maximum timeout reached",
        "GitHub limits how often its cache may be written", "try again later, or export with ignore-error=true",
        "BuildKit says so after it waited for the limit to lift",
    ),
    FailureRule(
        "cache-service-error",
        FailurePhase.CACHE_EXPORT, T, r"error writing (?:layer|manifest|config) blob: not_found"
        r"|services aren't available right now",
        "the cache service had trouble of its own", "try again, or export with ignore-error=true",
        "it forgets uploads under load",
    ),
    FailureRule(
        "cache-layer-missing",
        FailurePhase.CACHE_IMPORT, CONFIG,
        r"could not fetch content descriptor .{0,200}not found|cache (?:manifest|layer"
        r"|key).{0,60}(?:missing|invalid|corrupt)"
        r"|unknown cache importer",
        "the cache names a layer that the registry no longer has",
            "build once with --cache none, then export the cache anew",
        "the layer stays gone",
    ),
)  # fmt: skip
