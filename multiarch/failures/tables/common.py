"""What the tables share: classes, hosts, network errors, and advice that recurs."""

from multiarch.errors import FailureClass

T = FailureClass.TRANSIENT
THROTTLED = FailureClass.THROTTLED
AUTH_EXPIRED = FailureClass.AUTH_EXPIRED
BUILDER_LOST = FailureClass.BUILDER_LOST
PERMANENT = FailureClass.PERMANENT
CONFIG = FailureClass.CONFIG

# Hosts of registries and of AWS that exist: if such a name does not resolve, DNS failed. An unknown region (`us-est-1`)
# is not among them.
REGION = (
    r"(?:us|eu|ap|ca|sa|me|af|il|mx|cn)(?:-gov|-iso[a-z]?)?-(?:(?:north|south)?(?:east|west)|north|south|central)-\d"
)
KNOWN_HOST = (
    rf"(?:[\w.-]*\.)?(?:docker\.io|docker\.com|ghcr\.io|quay\.io|gcr\.io|pkg\.dev|registry\.k8s\.io"
    rf"|mcr\.microsoft\.com|"
    rf"public\.ecr\.aws|nvcr\.io|github\.com|githubusercontent\.com|gitlab\.com|bitbucket\.org|cloudfront\.net|"
    rf"r2\.cloudflarestorage\.com|{REGION}\.amazonaws\.com(?:\.cn)?|sts\.amazonaws\.com|s3\.amazonaws\.com)"
)
LOCAL_HOST = r"(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\])"
PRIVATE_HOST = r"(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d+\.\d+"
SERVER_ERROR = (
    r"(?:\b(?:http |code[ :=]+|status[ :=]+|statuscode[ :=]+)?(?:500 internal server error|502 bad gateway|"
    r"503 service (?:temporarily )?unavailable|504 gateway time-?out|52[0-5]\b|529\b)"
    r"|status(?: code)?[:=]? ?\(?50[0234]\b|http/[\d.]+ 50[0234]\b|\b(?:internal server error|bad gateway|"
    r"service (?:temporarily )?unavailable|gateway time-?out)\b)"
)
NETWORK = (
    r"(?:tls handshake timeout|i/o timeout|connection reset by peer|connection timed out|broken pipe|"
    r"client\.timeout (?:or context cancellation )?(?:exceeded )?while|client\.timeout exceeded|"
    r"request canceled while waiting for connection|context deadline exceeded|timeout awaiting response headers|"
    r"no route to host|network is unreachable|software caused connection abort|operation timed out|"
    r"use of closed network connection|server closed idle connection|transport connection broken|"
    r"http2: (?:client connection lost|timeout|server sent goaway|transport received server's graceful)|"
    r"(?:server sent )?goaway|connection lost|client connection force closed|"
    r"bad record mac|unexpected eof|(?<=: )eof\b|unexpected end of stream|connection was (?:closed"
    r"|forcibly)|"
    r"read/write on closed pipe|read on closed response body|a connection attempt failed because|wsarecv"
    r"|malformed http response|server misbehaving"
    r"|temporary failure in name resolution|try again"
    r"|read timed out|timed out\. \((?:connect|read) timeout|eof occurred in violation of protocol)"
)
REQUEST = (
    r"(?:\b(?:get|head|put|post|patch)(?: request to)? \\?[\"'`<]?https?://|failed to do request|dial tcp"
    r"|read tcp|write tcp)"
)
GRANT = "allow {action} on {resource} in the role's policy (for another account also in the repository policy)"
AGAIN = "retry; if it fails again, check the network path: NAT, proxy, VPC endpoints, security groups"
SLOWER = "retry later; log in to the registry, or pull through ECR (pull-through cache)"
CREDENTIALS = "provide credentials of an account that has access: the CodeBuild role, or AWS_PROFILE"
REPAIR = "recreate the builder (docker buildx rm, then docker buildx create), then retry"
CA = "add the CA to docker (/etc/docker/certs.d/HOST/ca.crt), to the builder (buildkitd.toml) and to AWS_CA_BUNDLE"
DRIVER = "use a builder with --driver docker-container"
PRIVILEGED = "enable privileged mode in the CodeBuild project, or start dockerd and check DOCKER_HOST"
ROOM = "use a larger CodeBuild compute type, or free disk space: docker system prune -af; docker buildx prune -af"
STEP = "check the last lines of the step's output, and fix the step: {step}"
ONCE = "retry once; if it fails again, use a mirror, a proxy or retries in the step"
