"""What buildx and BuildKit print about the builder."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import BUILDER_LOST, CONFIG, DRIVER, PERMANENT, REPAIR

BUILDER_RULES: tuple[FailureRule, ...] = (
    FailureRule("emulation-missing", FailurePhase.QEMU, CONFIG, {
        "exec format error": "exec /bin/sh: exec format error",
        "binfmt_misc.{0,60}(?:fail|denied|not)":
            ('cannot register "/usr/bin/qemu-aarch64" to /proc/sys/fs/binfmt_misc/register: write: operation not '
             "permitted"),
        "failed to register binfmt": "failed to register binfmt: arm64",
        "does not match the detected host platform.{0,80}exec":
            ("WARNING: The requested image's platform (linux/arm64) does not match the detected host platform "
             "(linux/amd64/v3) and no specific platform was requested\nexec /bin/sh: failed"),
    }, cause="cannot run a program of another platform: emulation is not set up",
        advice=("run `docker run --privileged --rm tonistiigi/binfmt --install all`, or build {platform} "
                "natively; check --platform"), why="emulation does not appear by itself",
    ),
    FailureRule("emulator-crashed", FailurePhase.QEMU, PERMANENT, {
        "qemu: uncaught target signal": "qemu: uncaught target signal 11 (Segmentation fault) - core dumped",
        r"qemu-\w+: (?!warning).{0,80}(?:fault|unhandled|unsupported|unknown)": "qemu-aarch64: unknown syscall 435",
        r"ecdsa\s+verification failure":
            "tls: invalid signature by the server certificate: ECDSA verification failure",
        "buildkit_qemu_emulator": "exec: /dev/.buildkit_qemu_emulator: it crashed",
    }, cause="QEMU crashed or produced wrong results",
        advice="update QEMU (tonistiigi/binfmt), or build the platform natively",
        why="a bug of the emulator happens again",
    ),
    FailureRule("builder-state-corrupt", None, BUILDER_LOST, {
        r"parent\s+snap\s?shot .{0,100}does\s+not\s+exist":
            ('failed to solve: failed to prepare extraction snapshot "extract-1 sha256:00": parent snapshot '
             "sha256:11 does not exist: not found"),
        "failed to prepare extraction snapshot":
            'failed to solve: failed to prepare extraction snapshot "extract-1 sha256:00"',
        "snapshot .{0,100}does not exist":
            ('failed to prepare extraction snapshot "extract-1": parent snapshot sha256:00 does not exist: not '
             "found"),
        "content digest .{0,100}not found":
            "failed to get reader from content store: content digest sha256:00: not found",
        "layer does not exist": "layer does not exist",
        "lease .{0,80}(?:does not exist|not found)": 'failed to solve: lease "k9b85fmmnhy2hyeacrb7sx1du": not found',
        "missing descriptor handlers": "failed to solve: missing descriptor handlers for lazy blobs: [sha256:00]",
        "failed to get (?:layer|state for index|edge)": "failed to get edge: inconsistent graph",
        "inconsistent graph state": "inconsistent graph state in edge [2/3] RUN make",
        "buildkit scheduler error":
            ("buildkit scheduler error: return leaving incoming open. Please report this with "
             "BUILDKIT_SCHEDULER_DEBUG=1"),
        "no such job": "no such job 0123456789abcdef",
        r"failed to (?:load|restore missing snapshot|get ref by blob|find ref for id)\b.{0,80}not found":
            "failed to load ref: k9b85fmmnhy2: not found",
        "unlazy requires": "failed to solve: unlazy requires an applier",
        "failed to get reader from content store":
            "failed to get reader from content store: content digest sha256:00: not found",
        (r"\b(?:open|l?stat|rename|link|mkdir|remove|unlink\w*|chmod|readdirent|sync|readlink) /var/lib/(?:buildkit"
         "|docker|containerd|desktop-containerd)/"):
            ('failed to compute cache key: failed commit on ref "layer-sha256:00": rename '
             "/var/lib/buildkit/content/ingest/1/data /var/lib/buildkit/content/blobs/sha256/00: no such file or "
             "directory"),
        "database (?:not open|is locked)": "database not open",
        "input/output error":
            ("ERROR: failed to solve: Internal: write tmp file: write "
             "/var/lib/buildkit/runc-overlayfs/content/ingest/.../updatedat.tmp: input/output error"),
        "read-only file system.{0,40}/var/lib": "mkdir: read-only file system: /var/lib/buildkit",
        "structure needs cleaning": "lstat: structure needs cleaning",
        "failed to mount .{0,200}(?:invalid argument|no such file)":
            "failed to mount /tmp/buildkit-1: invalid argument",
        "unknown blob sha256.{0,80}in history": "failed to solve: unknown blob sha256:00aa in history",
        r"blob sha256:\w+ not found": "failed to solve: blob sha256:00aa not found",
        "failed to walk .{0,120}no such file":
            "failed to walk /tmp/buildkit-1: lstat /tmp/buildkit-1: no such file or directory",
        "failed to rename: .{0,200}(?:file exists|no such file)":
            "failed to rename: rename /tmp/a /tmp/b: file exists",
    }, cause="the state of the builder is corrupt", advice=REPAIR,
        why="the same builder fails again, a new builder does not",
        unless=("failed to calculate checksum|permission denied|dockerfile: no such file|buildkit-mount"
                "|docker/tmp"),
    ),
    FailureRule("builder-socket-denied", FailurePhase.BUILDER_BOOT, CONFIG, {
        r"buildkitd?\.sock: connect: permission denied":
            'dialing: dial unix /run/buildkit/buildkitd.sock: connect: permission denied"',
        "(?:operation not permitted|permission denied).{0,80}buildkit":
            "mkdir: permission denied: /run/user/1000/buildkit",
        "rootless.{0,80}(?:fail|error|permi)":
            "[rootlesskit:parent] error: failed to start the child: rootless needs newuidmap: error",
        "failed to (?:list workers|dial).{0,200}permission denied":
            ('error: failed to list workers: Unavailable: connection error: desc = "transport: Error while\n'
             'dialing: dial unix /run/buildkit/buildkitd.sock: connect: permission denied"'),
    }, cause="permission denied on the builder's socket",
        advice="add the user to the docker group, or run privileged", why="the permission stays missing",
    ),
    FailureRule("builder-lost", FailurePhase.BUILDER_BOOT, BUILDER_LOST, {
        "frontend grpc server closed": "bc.Build: failed to solve: frontend grpc server closed unexpectedly",
        "error reading from server":
            "Error: build target: build main: failed to solve: Unavailable: error reading from server: EOF",
        "failed to (?:receive|get) status: .{0,200}(?:unavailable|eof|transport|canceled)":
            "error: failed to receive status: rpc error: code = Unavailable desc = transport is closing",
        "transport is closing":
            "error: failed to receive status: rpc error: code = Unavailable desc = transport is closing",
        "client connection is closing": "rpc error: code = Canceled desc = grpc: the client connection is closing",
        "closing transport due to":
            ("ERROR: failed to receive status: rpc error: code = Unavailable desc = closing transport due to: "
             'connection error: desc = "error reading from server: EOF", received prior goaway: code: NO_ERROR, '
             'debug data: "graceful_stop"'),
        "error while dialing":
            ("error: failed to get status: rpc error: code = Unavailable desc = all SubConns are in "
             'TransientFailure, latest connection error: connection error: desc = "transport: error while '
             'dialing: dial http: unknown network http"'),
        "all subconns are in":
            ("error: failed to get status: rpc error: code = Unavailable desc = all SubConns are in "
             'TransientFailure, latest connection error: connection error: desc = "transport: error while '
             'dialing: dial http: unknown network http"'),
        "no such container: buildx_": "ERROR: No such container: buildx_buildkit_multiarch0",
        r"container (?:\S+ )?(?:is )?(?:not running|has stopped|has exited)":
            "Error response from daemon: container 0123456789ab is not running",
        r"buildkitd?\.sock":
            ("error: listing workers for Build: dial unix /run/buildkit/buildkitd.sock: connect: no such file or "
             "directory"),
        "failed to dial grpc": "failed to dial gRPC: unable to upgrade to h2c, received 404",
        "make sure buildkitd is running": "cannot connect, make sure buildkitd is running",
        "failed to (?:bootstrap|start container)": "ERROR: failed to bootstrap builder node multiarch0",
        "failed to list workers":
            ('error: failed to list workers: Unavailable: connection error: desc = "transport: error while '
             'dialing: EOF"'),
        "connection error: desc": 'error: Unavailable: connection error: desc = "error reading server preface: EOF"',
        "no active sessions?": "ERROR: no active session for os44n22472jqaz3bk2t3jktq2: context deadline exceeded",
        "graceful_stop":
            ("ERROR: failed to receive status: rpc error: code = Unavailable desc = closing transport due to: "
             'connection error: desc = "error reading from server: EOF", received prior goaway: code: NO_ERROR, '
             'debug data: "graceful_stop"'),
        "received prior goaway":
            ("ERROR: failed to receive status: rpc error: code = Unavailable desc = closing transport due to: "
             'connection error: desc = "error reading from server: EOF", received prior goaway: code: NO_ERROR, '
             'debug data: "graceful_stop"'),
        "session (?:healthcheck failed|not found)": "session healthcheck failed",
        "buildkitd?.{0,80}(?:connection refused|did not start|exited|crash)": "buildkitd exited with code 1",
        r"failed to find instance \"?(?P<builder>[\w.-]+)\"? for append":
            'ERROR: failed to find instance "multiarch" for append',
        "unexpected server preface": "http2: unexpected server preface",
        "code = unavailable desc = (?!unexpected http)":
            "rpc error: code = Unavailable desc = error reading from server: EOF",
        r"buildx_buildkit_\S+ .{0,60}(?:not running|no such)": "buildx_buildkit_multiarch0 is not running",
        "(?:error reading|reading) preface": "error reading preface: file already closed",
    }, cause="lost the connection to the builder",
        advice=REPAIR + "; a common reason is lack of memory: use a larger compute type",
        why="a new builder has a new connection", unless=r"\blocked for \d|\bref \S+ locked",
    ),
    FailureRule("buildkit-image-missing", FailurePhase.BUILDER_BOOT, CONFIG, {
        r"no such image: \S*buildkit":
            "ERROR: Error response from daemon: No such image: moby/buildkit:buildx-stable-1",
    }, cause="the BuildKit image is missing: pulling it failed",
        advice="run `docker pull moby/buildkit:buildx-stable-1` to see why; or use a copy: --driver-opt image=…",
        why="docker does not pull it again",
    ),
    FailureRule("builder-options-invalid", FailurePhase.BUILDER_CREATE, CONFIG, {
        r"failed to initialize builder .{0,120}\b(?:invalid|unknown|unsupported|forbidden)\b":
            'ERROR: failed to initialize builder b (b0): invalid replicas "many"',
    }, cause="the options of the builder are invalid",
        advice="correct --driver-opt and the configuration of `docker buildx create`",
        why="the same options are rejected again",
    ),
    FailureRule("kubernetes-access-denied", FailurePhase.BUILDER_BOOT, CONFIG, {
        r"cannot (?:get|list|watch|create|update|patch|delete) resource \\?\"":
            ('ERROR: error for bootstrap "b": deployments.apps is forbidden: User "u" cannot get resource '
             '"deployments"'),
    }, cause="the cluster does not allow this account to create the builder",
        advice=("grant the account of KUBECONFIG a role for deployments and pods (kubectl auth can-i create "
                "deployments)"), why="the role stays missing",
    ),
    FailureRule("kubernetes-pods-not-ready", FailurePhase.BUILDER_BOOT, CONFIG, {
        r"expected \d+ replicas to be ready": "ERROR: expected 1 replicas to be ready, got 0",
        r"timed out waiting for \d+ pods": "timed out waiting for 1 pods to be ready",
    }, cause="the pods of the builder did not become ready",
        advice="run `kubectl describe pod`: check image, quota and node selector",
        why="a pod that cannot be scheduled stays pending",
    ),
    FailureRule("builder-missing", FailurePhase.BUILDER_CREATE, BUILDER_LOST, {
        r"no builder \"?(?P<builder>[\w.-]+)\"? found": 'ERROR: no builder "multiarch" found',
        "failed to find (?:builder )?instance": "ERROR: failed to find instance multiarch",
        "buildx/instances/.{0,80}no such file":
            "open /root/.docker/buildx/instances/multiarch: no such file or directory",
        "no valid drivers found": "ERROR: no valid drivers found",
        "failed to initialize builder": "ERROR: failed to initialize builder b (b0): no such context",
        r"builder \S+ (?:not found|does not exist)": "ERROR: builder multiarch does not exist",
    }, cause="builder {builder} does not exist", advice="create the builder, then retry",
        why="a new builder fixes it", unless="permission denied|tls data|not supported",
    ),
    FailureRule("builder-exists", FailurePhase.BUILDER_CREATE, CONFIG, {
        r"existing instance for \"?(?P<builder>[\w.-]+)":
            'ERROR: existing instance for "multiarch" but no append mode, specify the node name',
        "instance name .{0,80}already exists": 'ERROR: instance name "multiarch" already exists, use --append',
        "name already (?:exists|in use)": "Conflict. The container name is taken: name already in use",
    }, cause="builder {builder} already exists",
        advice="use it with --builder, choose another name, or remove it: docker buildx rm {builder}",
        why="the name stays taken",
    ),
    FailureRule("driver-feature-unsupported", FailurePhase.BUILDER_CREATE, CONFIG, {
        "additional instances of driver": 'additional instances of driver "docker" cannot be created',
        "failed to find driver": 'error: failed to find driver "remote"',
        "could not create a builder instance":
            ("could not create a builder instance with TLS data loaded from environment. Please use `docker "
             "context create <context-name>` to create a context for current environment and then create a "
             "builder instance with context set to <context-name>"),
        "is a reserved name": "default is a reserved name and cannot be used to identify builder instance",
        "invalid (?:driver option|builder name|endpoint|env option)":
            "ERROR: invalid driver option memorysize for docker-container driver",
        r"does not support the \S+ driver": "ERROR: buildx does not support the podman driver",
        "requires docker api access": "remote driver requires docker API access",
        "multiple platforms feature is currently not supported":
            ("multiple platforms feature is currently not supported for docker driver. Please switch to a "
             "different driver"),
        "multi-platform build is not supported": "ERROR: Multi-platform build is not supported for the docker driver.",
        "attestations? (?:is|are) not supported":
            "ERROR: failed to build: Attestation is not supported for the docker driver.",
        "feature is currently not supported for":
            ("multiple platforms feature is currently not supported for docker driver. Please switch to a "
             "different driver"),
        "not (?:yet )?implemented for docker driver": "this is not implemented for docker driver",
        r"is not supported for the (?P<driver>\S+) driver(?<!cache export)":
            "ERROR: Multi-platform build is not supported for the docker driver.",
        "for multi-node builds currently not supported":
            "docker exporter for multi-node builds currently not supported",
        "switch to a different driver":
            "Switch to a different driver, or turn on the containerd image store, and try again.",
        "requires? (?:the )?containerd image store": "ERROR: this requires the containerd image store",
    }, cause="the builder's driver does not support this feature",
        advice=DRIVER + ", --provenance false, or the containerd image store", why="the driver stays the same",
        unless="cache export",
    ),
    FailureRule("multi-platform-export-unsupported", FailurePhase.MANIFEST, CONFIG, {
        "does not (?:currently )?support exporting manifest lists":
            "docker exporter does not currently support exporting manifest lists",
        "is a manifest list": "docker.io/x/y:1 is a manifest list",
        "index annotations not supported": "index annotations not supported for single platform export",
    }, cause="an image of several platforms cannot be loaded or joined this way",
        advice="push instead of --load; join with `docker buildx imagetools create`",
        why="the exporter stays the same",
    ),
)  # fmt: skip
