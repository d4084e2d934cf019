"""What docker, its plugins and TLS print about the build host."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CA, CONFIG, PRIVILEGED

HOST_RULES: tuple[FailureRule, ...] = (
    FailureRule("host-disk-full", None, CONFIG, {
        "no space left on device": "failed to register layer: write /usr/lib/libx.so: no space left on device",
        "disk quota exceeded": "write /var/lib/docker/tmp/GetImageBlob1: disk quota exceeded",
        "enospc": "Error: ENOSPC, write",
        "not enough (?:free )?(?:disk )?space": "Not enough free space on the build host",
        "disk is full": "Error: the disk is full",
    }, cause="the disk of the build host is full",
        advice=("use a larger CodeBuild compute type, or free the cache: docker system prune -af; docker buildx "
                "prune -af"), why="the disk stays full",
    ),
    FailureRule("docker-missing", FailurePhase.DAEMON, CONFIG, {
        "docker: (?:command )?not found": "docker: command not found",
    }, cause="docker is not installed",
        advice="install docker with the buildx plugin; CodeBuild's standard images include both",
        why="the command stays missing",
    ),
    FailureRule("docker-unreachable", FailurePhase.DAEMON, CONFIG, {
        "cannot connect to the docker daemon": "ERROR: Cannot connect to the Docker daemon",
        "is the docker daemon running":
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        r"dial unix \S*docker\.sock": "dial unix /var/run/docker.sock: connect: no such file or directory",
        "error during connect: ": "error during connect: this error may indicate that the docker daemon has stopped",
        "permission denied while trying to connect to the docker":
            "permission denied while trying to connect to the docker API at unix:///var/run/docker.sock",
        "failed to start daemon": "failed to start daemon: Error initializing network controller",
        "couldn't connect to docker daemon": "ERROR: Couldn't connect to Docker daemon at http+docker://localhost",
        "(?:un|not )able to connect to podman":
            ("Error: unable to connect to Podman socket: dial unix /run/user/1000/podman/podman.sock: connect: no "
             "such file or directory"),
        "cannot connect to podman":
            ("Cannot connect to Podman. Please verify your connection to the Linux system using `podman system "
             "connection list`"),
        "docker endpoint for .{1,40} not found": 'ERROR: docker endpoint for "default" not found',
        "timed out waiting for (?:docker|daemon)": "Timed out waiting for docker to start",
        "daemon is not running": "Error: the Docker daemon is not running.",
        r"\bdocker\.service: (?:main process exited|failed with result)":
            "Jan  2 03:04:05 host systemd[1]: docker.service: Failed with result 'exit-code'.",
    }, cause="cannot connect to the docker daemon", advice=PRIVILEGED, why="the daemon does not start by itself",
    ),
    FailureRule("docker-version-unsupported", FailurePhase.BUILDER_CREATE, CONFIG, {
        r"client version \S+ is too (?:new|old)":
            "Error response from daemon: client version 1.22 is too old. Minimum supported API version is 1.24",
        "'buildx' is not a docker command": "docker: 'buildx' is not a docker command.",
        "unknown command: docker buildx": "Error: unknown command: docker buildx",
        "unknown (?:shorthand )?flag": "unknown flag: --platform",
        "docker api version": "Maximum supported Docker API version is 1.43",
        "requires api version": '"--platform" requires API version 1.38, but the Docker daemon API version is 1.37',
        "buildx(?: component)? is missing or broken":
            "fork/exec: BuildKit is enabled but the buildx component is missing or broken.",
    }, cause="docker or the buildx plugin is missing or too old",
        advice="install a newer docker and buildx, or set DOCKER_API_VERSION", why="the version stays the same",
        unless="dockerfile parse error",
    ),
    FailureRule("credential-helper-failed", None, CONFIG, {
        "error getting credentials - err":
            "ERROR: failed to solve: error getting credentials - err: exit status 1, out: ``",
        "error saving credentials": "Error saving credentials: `docker-credential-pass` failed",
        r"docker-credential-[\w.-]+\W.{0,60}(?:not found|no such file)":
            "error getting credentials: exec: docker-credential-ecr-login: executable file not found in $PATH",
        "credentials store.{0,60}(?:not|fail|error)": "credentials store is not initialized: run `pass init`",
        "(?:error|fail).{0,60}credential helper":
            "[ERROR] Error getting the version of the configured credential helper",
        "error storing credentials": "Error storing credentials - err: exit status 1",
        "cannot autolaunch d-bus": "Cannot autolaunch D-Bus without X11 $DISPLAY",
    }, cause="the docker credential helper failed",
        advice="install the helper, or remove credsStore and credHelpers from ~/.docker/config.json",
        why="the helper stays missing",
    ),
)  # fmt: skip

# Before every rule of the network: their messages end in the same words.
TLS_RULES: tuple[FailureRule, ...] = (
    FailureRule("certificate-untrusted", None, CONFIG, {
        "x509:":
            ('Error response from daemon: Get "https://registry-1.docker.io/v2/library/alpine/manifests/3": tls: '
             "failed to verify certificate: x509: certificate signed by unknown authority"),
        "failed to verify certificate":
            ('failed to do request: Head "https://registry-1.docker.io/v2/library/alpine/manifests/3": tls: '
             "failed to verify certificate: x509: certificate is not valid for any names"),
        "certificate signed by unknown authority": "tls: certificate signed by unknown authority",
        "certificate has expired": "Error: certificate has expired",
        "tls: unknown certificate": "remote error: tls: unknown certificate authority",
        "certificate is valid for": "Hostname/IP does not match: certificate is valid for shop.example.com",
        "unable to get local issuer": "unable to get local issuer certificate",
        "self[- ]signed certificate": "Error: self-signed certificate in certificate chain",
        "remote error: tls: (?!internal)": "remote error: tls: handshake failure",
    }, cause="the certificate of {host} is not trusted", advice=CA, why="a proxy or a private CA: it stays unknown",
    ),
    FailureRule("tls-unsupported", None, CONFIG, {
        "server gave http response to https client":
            ('Error response from daemon: Get "https://10.0.0.7:5000/v2/": http: server gave HTTP response to '
             "HTTPS client"),
        "first record does not look like a tls handshake": "tls: first record does not look like a TLS handshake",
        "wrong_version_number": "[SSL: WRONG_VERSION_NUMBER] (_ssl.c:1000)",
        "wrong version number": "ssl3_get_record:wrong version number",
        "record layer failure": "[SSL] record layer failure (_ssl.c:1000)",
    }, cause="{host} does not support TLS",
        advice="configure it as an insecure registry (daemon.json, buildkitd.toml), or check the proxy",
        why="the protocol stays the same",
    ),
    FailureRule("proxy-failed", None, CONFIG, {
        "proxyconnect tcp":
            ('failed to do request: Head "https://registry-1.docker.io/v2/library/alpine/manifests/3": '
             "proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused"),
        "proxy authentication required": "Error response from daemon: Proxy Authentication Required",
        r"\b407\b": "received unexpected HTTP status: 407",
        "proxy error": "Proxy Error: the proxy could not handle the request",
        "cannot connect to proxy": "('Cannot connect to proxy.', OSError('Tunnel connection failed'))",
        "unsupported proxy": "Unsupported proxy syntax in 'proxy:3128'",
    }, cause="the proxy is unreachable or rejected the connection",
        advice="check HTTP_PROXY, HTTPS_PROXY and NO_PROXY (--driver-opt env.HTTPS_PROXY=…)",
        why="the proxy setting stays wrong",
    ),
    FailureRule("docker-privileges-missing", FailurePhase.DAEMON, CONFIG, {
        ("(?:unshare|mount|clone|failed to register layer|rootlesskit|newuidmap).{0,120}(?:operation not permitted"
         "|permission denied)"):
            "failed to register layer: unshare: operation not permitted",
    }, cause="the docker daemon lacks a privilege that a build needs", advice=PRIVILEGED,
        why="the privilege stays missing",
    ),
    FailureRule("rootless-ids-missing", FailurePhase.DAEMON, CONFIG, {
        "insufficient uids or gids":
            ("Error: adding layer with blob: processing tar file(potentially insufficient UIDs or GIDs available "
             "in user namespace: Check /etc/subuid and /etc/subgid): exit status 1"),
        "/etc/sub[ug]id":
            ("Error: adding layer with blob: processing tar file(potentially insufficient UIDs or GIDs available "
             "in user namespace: Check /etc/subuid and /etc/subgid): exit status 1"),
        "newuidmap.{0,80}(?:not found|failed)": 'exec: "newuidmap": executable file not found in $PATH',
    }, cause="the user has too few subordinate IDs for a rootless build",
        advice="add a range to /etc/subuid and /etc/subgid, or run as root", why="the range stays too small",
    ),
    FailureRule("trust-policy-missing", None, CONFIG, {
        "error loading trust policy": "Error loading trust policy: open policy.json",
        r"containers/policy\.json": "open /etc/containers/policy.json: no such file or directory",
    }, cause="the image trust policy is missing", advice="create /etc/containers/policy.json",
        why="the file stays missing",
    ),
)  # fmt: skip
