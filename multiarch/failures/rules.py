r"""The table of what registries, AWS, docker, BuildKit and the Dockerfile frontend say, and what it means.

Order matters: the first row that is found decides. Rows go from the cause to its consequences, and from what no retry
cures to what may pass; so a row that leads to a retry comes after everything that could look like it.

Go errors are chains, `outer: inner: innermost`, and mostly the innermost clause decides. Patterns therefore name the
inner clause, together with an outer one only where the outer one changes the meaning.
"""

from multiarch.failures.model import FailureClass, Phase, Rule

T = FailureClass.TRANSIENT
THROTTLED = FailureClass.THROTTLED
AUTH_EXPIRED = FailureClass.AUTH_EXPIRED
BUILDER_LOST = FailureClass.BUILDER_LOST
PERMANENT = FailureClass.PERMANENT
CONFIG = FailureClass.CONFIG

# Hosts of registries and of AWS that exist: a name of them that does not resolve is the resolver's fault. A region that
# does not exist (`us-est-1`) is none of them.
_REGION = (
    r"(?:us|eu|ap|ca|sa|me|af|il|mx|cn)(?:-gov|-iso[a-z]?)?-(?:(?:north|south)?(?:east|west)|north|south|central)-\d"
)
KNOWN_HOST = (
    rf"(?:[\w.-]*\.)?(?:docker\.io|docker\.com|ghcr\.io|quay\.io|gcr\.io|pkg\.dev|registry\.k8s\.io"
    rf"|mcr\.microsoft\.com|"
    rf"public\.ecr\.aws|nvcr\.io|github\.com|githubusercontent\.com|gitlab\.com|bitbucket\.org|cloudfront\.net|"
    rf"r2\.cloudflarestorage\.com|{_REGION}\.amazonaws\.com(?:\.cn)?|sts\.amazonaws\.com|s3\.amazonaws\.com)"
)
_LOCAL_HOST = r"(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\])"
_SERVER_ERROR = (
    r"(?:\b(?:http |code[ :=]+|status[ :=]+|statuscode[ :=]+)?(?:500 internal server error|502 bad gateway|"
    r"503 service (?:temporarily )?unavailable|504 gateway time-?out|520|521|522|523|524|525|529 )"
    r"|status(?: code)?[:=]? ?\(?50[0234]\b|http/[\d.]+ 50[0234]\b|\b(?:internal server error|bad gateway|"
    r"service (?:temporarily )?unavailable|gateway time-?out)\b)"
)
_NETWORK = (
    r"(?:tls handshake timeout|i/o timeout|connection reset by peer|connection timed out|broken pipe|"
    r"client\.timeout (?:or context cancellation )?(?:exceeded )?while|client\.timeout exceeded|"
    r"request canceled while waiting for connection|context deadline exceeded|timeout awaiting response headers|"
    r"no route to host|network is unreachable|software caused connection abort|operation timed out|"
    r"use of closed network connection|server closed idle connection|transport connection broken|"
    r"http2: (?:client connection lost|timeout|server sent goaway|transport received server's graceful)|"
    r"(?:server sent )?goaway|connection lost|client connection force closed|"
    r"bad record mac|unexpected eof|(?<=: )eof\b|unexpected end of (?:json input|stream)|connection was (?:closed"
    r"|forcibly)|"
    r"read/write on closed pipe|wsarecv|malformed http response|server misbehaving"
    r"|temporary failure in name resolution|try again"
    r"|read timed out|timed out\. \((?:connect|read) timeout|eof occurred in violation of protocol)"
)
_REQUEST = (
    r"(?:\b(?:get|head|put|post|patch)(?: request to)? \\?[\"'`<]?https?://|failed to do request|dial tcp"
    r"|read tcp|write tcp)"
)
_GRANT = "allow {action} on {resource} in the role's policy (and in the repository's, for another account)"
_AGAIN = "try again; if it stays, look at the network path: NAT, proxy, VPC endpoints, security groups"
_SLOWER = "wait before the next try; log in to the registry, or pull from a copy in ECR (pull-through cache)"
_CREDENTIALS = "give the build credentials of an account that is allowed: the CodeBuild role, or AWS_PROFILE"
_REPAIR = "remove and create the builder again (docker buildx rm, then create), then try again"
_CA = "give the CA to docker (/etc/docker/certs.d/HOST/ca.crt), to the builder (buildkitd.toml) and to AWS_CA_BUNDLE"
_DRIVER = "use a builder with --driver docker-container"
_PRIVILEGED = "switch on privileged mode in the CodeBuild project, or start dockerd and see DOCKER_HOST"

AWS_RULES: tuple[Rule, ...] = (
    Rule(
        None, AUTH_EXPIRED,
        r"\b(?:expiredtoken(?:exception)?|requestexpired|tokenexpired)\b"
        r"|security token included in the request is expired"
        r"|authorization token (?:has )?expired|provided token has expired|token is expired",
        "the credentials for {host} have expired", "log in again, with fresh credentials", "a new login cures it",
    ),
    Rule(
        Phase.STS, CONFIG,
        r"sso session (?:associated with this profile )?(?:has )?(?:expired|is otherwise invalid)|token has expired and"
        r" refresh failed|error loading sso token|refreshing temporary credentials failed"
        r"|pending authorization expired",
        "the AWS SSO session has ended", "run aws sso login", "only a person can sign in there",
    ),
    Rule(
        None, CONFIG,
        r"is not\s+authorized\s+to\s+perform:?\s*(?P<action>[\w-]+:\w+)(?:\s+on\s+(?:the\s+)?resources?:\s*"
        r"(?P<resource>[^\s\"\\,]+))?",
        "the role may not do {action}", _GRANT, "a missing permission does not appear by itself",
    ),
    Rule(
        None, CONFIG,
        r"is not authorized to perform|\b(?:accessdenied(?:exception)?|unauthorizedoperation|notauthorized"
        r"|optinrequired|explicit deny)\b|not authorized to assume|with an explicit deny",
        "AWS refused the {operation} operation", _GRANT, "a missing permission does not appear by itself",
    ),
    Rule(
        None, CONFIG,
        r"\b(?:unrecognizedclient(?:exception)?|invalidclienttokenid|invalidaccesskeyid|authfailure"
        r"|incompletesignature(?:exception)?|missingauthenticationtoken(?:exception)?|invalididentitytoken"
        r"|idprejectedclaim|invalididentitytokenexception|packedpolicytoolarge)\b"
        r"|security token included in the request is invalid",
        "AWS does not know the credentials of the {operation} call", _CREDENTIALS, "the same key stays unknown",
    ),
    Rule(
        None, CONFIG,
        r"credential should be scoped to a valid region|(?:the )?authorization header is malformed.*region",
        "the request was signed for another region",
        "set AWS_DEFAULT_REGION and AWS_STS_REGIONAL_ENDPOINTS=regional", "the region stays wrong",
    ),
    Rule(
        None, CONFIG, r"signature (?:not yet current|expired)|requesttimetooskewed|is (?:earlier|later) than",
        "this machine's clock is wrong: AWS refused the signature", "synchronise the clock (chronyd, ntpd)",
        "the clock stays wrong",
    ),
    Rule(
        None, CONFIG, r"signaturedoesnotmatch|invalidsignature(?:exception)?|request signature we calculated",
        "the secret key does not fit the access key", _CREDENTIALS, "the same key stays wrong",
    ),
    Rule(
        None, CONFIG, r"an error occurred \((?P<status>30\d|40[0-7]|41\d)\) when calling|<!doctype html.*not found",
        "something else than AWS answered the {operation} call with {status}",
        "check AWS_ENDPOINT_URL and the proxy (HTTPS_PROXY, NO_PROXY)", "a page of HTML is no answer of AWS",
        given=r"an error occurred \(\d+\) when calling",
    ),
    Rule(
        Phase.STS, CONFIG,
        r"unable to locate credentials|nocredential(?:s|providers|serror)|no valid credential sources"
        r"|partial credentials found"
        r"|config profile \(.{1,80}\) could not be found|failed to refresh cached credentials, no ec2 imds role"
        r"|could not load credentials from any providers|no ec2 imds role found|credentials could not be loaded"
        r"|failed to retrieve credentials|noauthhandlerfound|unable to parse config file|credential_process|"
        r"credentialretrievalerror|infinite loop in credential configuration",
        "there are no AWS credentials", _CREDENTIALS + ", and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI inside containers",
        "none will appear by themselves", unless="time(?:d )?out",
    ),
    Rule(
        None, CONFIG,
        r"(?:you )?must (?:also )?specify a region|noregionerror|could not find region|missing region|invalid region"
        r"|invalid endpoint: https?:|not a valid region|could not resolve (?:the )?region|provided region",
        "no AWS region is known, or it is no region", "set AWS_DEFAULT_REGION, or --region",
            "the setting stays missing",
    ),
    Rule(
        None, CONFIG, r"certificate_verify_failed|ssl validation failed|certificate verify failed",
        "the certificate of {host} is not trusted", _CA, "the proxy's CA stays unknown",
    ),
    Rule(
        Phase.ECR_API, CONFIG,
        r"repositorynotfound(?:exception)?|the repository with name '?(?P<repository>[^\s']+)'? does not exist",
        "the ECR repository {repository} does not exist",
        "create it: aws ecr create-repository --repository-name {repository} (see account and region too)",
        "pushing does not create it", given=r"when calling|\(repositorynotfound",
    ),
    Rule(
        None, CONFIG, r"name unknown: the repository|repositorynotfound(?:exception)?|name_unknown"
        r"|the repository with name '?(?P<repository>[^\s']+)'? does not exist",
        "the repository {repository} does not exist in {host}",
        "create it: aws ecr create-repository --repository-name {repository} (see account and region too)",
        "pushing does not create it",
    ),
    Rule(
        None, CONFIG,
        r"image tag '?(?P<tag>[^\s']+)'? already\s+exists|imagetagalreadyexists|tag is immutable"
        r"|repository\s+is\s+immutable"
        r"|cannot be overwritten because|imagealreadyexists",
        "the tag {tag} exists already, and the repository does not let it be overwritten",
        "use a new tag, or tag mutability IMMUTABLE_WITH_EXCLUSION for moving tags (after a retry: it may be ours "
            "already)",
        "the tag stays taken",
    ),
    Rule(
        None, THROTTLED,
        r"\b(?:throttling(?:exception)?|throttled(?:exception)?|toomanyrequests(?:exception)?|requestlimitexceeded"
        r"|request_limit_exceeded|bandwidthlimitexceeded|provisionedthroughputexceeded(?:exception)?|slowdown"
        r"|prioririyrequestnotcomplete|requestthrottled(?:exception)?|ec2throttledexception)\b|rate exceeded"
        r"|too many requests|\b429\b.{0,20}too many|status(?: code)?:? 429|pull rate limit"
        r"|rate limit (?:is )?(?:exceeded|reached)"
        r"|exceeded (?:a |the )?(?:secondary )?rate limit|api rate limit|retry-after: ?\d",
        "{host} limits how often it may be asked", _SLOWER, "the limit lifts with time",
    ),
    Rule(
        None, CONFIG,
        r"limitexceeded(?:exception)?|quota.{0,30}exceeded|exceed.{0,40}quota|cannot have more than \d+ builds"
        r"|has the maximum allowed number of",
        "a quota of the account is used up",
            "raise the quota (Service Quotas), or delete old images (lifecycle policy)",
        "a quota does not grow by waiting",
    ),
    Rule(
        Phase.ECR_API, CONFIG, r"kmsexception|kms\.\w*exception|kmsinvalidstate",
        "ECR may not use the repository's KMS key", "allow kms:CreateGrant and kms:Decrypt on the key", "a key policy",
    ),
    Rule(
        None, CONFIG,
        r"\((?:invalidparameter\w*|validation(?:error|exception)|invalidtagparameter\w*|invalidparametervalue"
        r"|invalidaction"
        r"|unknownoperation\w*|nosuch\w+|malformed\w*|regiondisabled\w*|subscriptionrequired\w*)\) when calling"
        r"|parameter validation failed|paramvalidation|invalid choice: '|the following arguments are required:"
        r"|unknown options: |expected one argument",
        "AWS did not understand the {operation} call", "correct the parameter named in the line", "it stays wrong",
    ),
    Rule(
        None, PERMANENT,
        r"\((?:imagenotfound|layersnotfound|referencedimagesnotfound|imagedigestdoesnotmatch|repositoryalreadyexists"
        r"|layerinaccessible)(?:exception)?\)|referencedimagesnotfoundexception|images with digests .{0,200} not found",
        "ECR refused the {operation} call: what it names is not there, or not as said",
        "check digests, tags and the order of pushes", "it stays so",
    ),
    Rule(
        None, T, r"an error occurred \((?:serverexception|internalfailure|internalerror|internalservererror"
        r"|internalservice\w*"
        r"|serviceunavailable(?:exception)?|requesttimeout(?:exception)?|uploadnotfound(?:exception)?|unavailable"
        r"|modelnotready\w*|transactioninprogress\w*|idpcommunicationerror|unknown|50\d)\)",
        "AWS could not answer the {operation} call", _AGAIN, "the service's own trouble",
    ),
    Rule(
        None, T, r"could not connect to the endpoint url: \\?[\"'`]?https://[\w.-]*?" + _REGION +
        r"\.(?:amazonaws|api\.aws)"
        r"|could not connect to the endpoint url: \\?[\"'`]?https://(?:sts|iam|s3)\.amazonaws\.com",
        "{host} could not be reached", _AGAIN + "; without NAT a VPC endpoint is needed", "network or DNS",
    ),
    Rule(
        None, CONFIG, r"could not connect to the endpoint url",
        "{host} could not be reached, and it is no AWS endpoint we know",
            "check AWS_DEFAULT_REGION and AWS_ENDPOINT_URL",
        "a region that does not exist has no host",
    ),
    Rule(
        Phase.STS, T,
        r"(?:retrieving metadata|container metadata|credentials|imds|instance metadata).{0,200}(?:time(?:d )?-?out"
        r"|connection reset"
        r"|unable to reach|could not connect|50[0234])|169\.254\.17[0-9.]+.{0,120}(?:time(?:d )?-?out"
        r"|connection (?:reset|refused))",
        "the credentials endpoint {host} did not answer", "try again", "it answers in its time",
    ),
    Rule(
        None, T,
        r"(?:connect|read) timeout on endpoint url|(?:read|connect)timeouterror|endpointconnectionerror"
        r"|connectionclosederror"
        r"|connection was closed before we received a valid response|proxyconnectionerror|responsestreamingerror"
        r"|requesterror: send request failed|request send failed|httpclienterror|an http client raised"
        r"|the answer of aws is not whole",
        "{host} did not answer in time", _AGAIN, "network",
    ),
)  # fmt: skip

ENGINE_RULES: tuple[Rule, ...] = (
    Rule(
        None, CONFIG,
        r"no space left on device|disk quota exceeded|enospc|not enough (?:free )?(?:disk )?space|disk is full",
        "the disk of the build host is full",
        "take a larger CodeBuild compute type, or free the cache: docker system prune -af; docker buildx prune -af",
        "space does not come back by itself",
    ),
    Rule(
        Phase.DAEMON, CONFIG,
        r"docker: (?:command )?not found",
        "docker is not installed",
        "install docker with its buildx plugin; CodeBuild's standard images have both",
        "nothing to run",
    ),
    Rule(
        Phase.DAEMON, CONFIG,
        r"cannot connect to the docker daemon|is the docker daemon running|dial unix \S*docker\.sock"
        r"|error during connect: "
        r"|permission denied while trying to connect to the docker|failed to start daemon"
        r"|couldn't connect to docker daemon"
        r"|timed out waiting for (?:docker|daemon)|daemon is not running"
        r"|docker daemon is not running|cannot connect to docker endpoint|no docker endpoint",
        "the docker daemon cannot be reached", _PRIVILEGED, "no daemon, no build",
    ),
    Rule(
        Phase.BUILDER_CREATE, CONFIG,
        r"client version \S+ is too (?:new|old)|'buildx' is not a docker command|unknown command: docker buildx"
        r"|unknown (?:shorthand )?flag|docker api version|requires api version"
        r"|buildx(?: component)? is missing or broken",
        "docker or its buildx plugin is too old or missing",
            "install a newer docker and buildx; or set DOCKER_API_VERSION",
        "a version does not change by itself",
    ),
    Rule(
        None, CONFIG,
        r"error getting credentials - err|error saving credentials|docker-credential-[\w.-]+\W.{0,60}(?:not found"
        r"|no such file)"
        r"|credentials store.{0,60}(?:not|fail|error)|error storing credentials|cannot autolaunch d-bus"
        r"|not implemented.{0,20}credential",
        "the docker credential helper failed",
            "remove credsStore and credHelpers from ~/.docker/config.json, or install it",
        "the helper stays missing",
    ),
    # TLS and proxies: before every network row, since their chains end in the same words
    Rule(
        None, CONFIG,
        r"x509:|failed to verify certificate|certificate signed by unknown authority|certificate has expired"
        r"|tls: unknown certificate"
        r"|certificate is valid for|unable to get local issuer|self[- ]signed certificate"
        r"|remote error: tls: (?!internal)",
        "the certificate of {host} is not trusted", _CA, "a proxy or a private CA; it stays so",
    ),
    Rule(
        None, CONFIG, r"server gave http response to https client|first record does not look like a tls handshake"
        r"|wrong_version_number|wrong version number|record layer failure",
        "{host} does not speak TLS",
            "name it as an insecure registry (daemon.json, buildkitd.toml), or check the proxy",
        "the protocol stays the same",
    ),
    Rule(
        None, CONFIG, r"proxyconnect tcp|proxy authentication required|\b407\b|proxy error|cannot connect to proxy"
        r"|unsupported proxy",
        "the proxy refuses or is not there",
            "check HTTP_PROXY, HTTPS_PROXY and NO_PROXY (--driver-opt env.HTTPS_PROXY=…)",
        "a proxy setting",
    ),
    Rule(
        Phase.DAEMON, CONFIG, r"(?:unshare|mount|clone|failed to register layer|rootlesskit"
        r"|newuidmap).{0,120}(?:operation not permitted|permission denied)",
        "the docker daemon may not do what a build needs", _PRIVILEGED, "a permission",
    ),
    # Exec format and emulation
    Rule(
        Phase.QEMU, CONFIG,
        r"exec format error|no such file or directory.{0,40}qemu-|binfmt_misc.{0,60}(?:fail|denied|not)"
        r"|does not match the detected host platform.{0,80}exec",
        "the step's program is for another platform, and no emulation is set up",
        "run docker run --privileged --rm tonistiigi/binfmt --install all, or build {platform} natively; check "
            "--platform",
        "emulation does not appear by itself",
    ),
    Rule(
        Phase.QEMU, PERMANENT,
        r"qemu: uncaught target signal|qemu-\w+: (?!warning).{0,80}(?:fault|unhandled|unsupported|unknown)"
        r"|ecdsa\s+verification failure|buildkit_qemu_emulator",
        "the emulator (QEMU) computed wrongly or crashed",
            "update it (tonistiigi/binfmt), or build the platform natively",
        "an emulator's bug comes again",
    ),
    # Builder state
    Rule(
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
        "the builder's own state is broken", _REPAIR, "the same builder fails again, a new one does not",
        unless="failed to calculate checksum|permission denied|dockerfile: no such file|buildkit-mount|docker/tmp",
    ),
    Rule(
        Phase.BUILDER_BOOT, CONFIG,
        r"buildkitd?\.sock: connect: permission denied|(?:operation not permitted|permission denied).{0,80}buildkit"
        r"|rootless.{0,80}(?:fail|error|permi)"
        r"|failed to (?:list workers|dial).{0,200}permission denied",
        "the builder's socket may not be opened", "give the user the rights (docker group), or run privileged",
        "a permission",
    ),
    Rule(
        Phase.BUILDER_BOOT, BUILDER_LOST,
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
        _REPAIR + " (out of memory is a common reason: larger compute type)",
        "the connection to it is lost, a new builder has one",
    ),
    Rule(
        Phase.BUILDER_CREATE, BUILDER_LOST,
        r"no builder \"?(?P<builder>[\w.-]+)\"? found|failed to find (?:builder )?instance"
        r"|buildx/instances/.{0,80}no such file"
        r"|no valid drivers found|failed to initialize builder|builder \S+ (?:not found|does not exist)",
        "the builder {builder} is not there", "create it, then try again", "a new builder does it",
        unless=r"permission denied|tls data|not supported",
    ),
    Rule(
        Phase.BUILDER_CREATE, CONFIG,
        r"existing instance for \"?(?P<builder>[\w.-]+)|instance name .{0,80}already exists|name already (?:exists"
        r"|in use)",
        "a builder named {builder} exists already",
            "use it with --builder, choose another name, or docker buildx rm it",
        "the name stays taken",
    ),
    Rule(
        Phase.BUILDER_CREATE, CONFIG,
        r"additional instances of driver|failed to find driver|could not create a builder instance|is a reserved name"
        r"|invalid (?:driver option|builder name|endpoint|env option)|does not support the \S+ driver"
        r"|requires docker api access"
        r"|multiple platforms feature is currently not supported|multi-platform build is not supported"
        r"|attestations? (?:is|are) not supported|feature is currently not supported for"
        r"|not (?:yet )?implemented for docker driver"
        r"|is not supported for the (?P<driver>\S+) driver(?<!cache export)"
        r"|for multi-node builds currently not supported"
        r"|switch to a different driver|requires? (?:the )?containerd image store|mismatched driver",
        "this driver or this builder option cannot do it", _DRIVER +
            " (or --provenance false, or the containerd image store)",
        "a driver's limits stay", unless="cache export",
    ),
    Rule(
        Phase.MANIFEST, CONFIG,
        r"does not (?:currently )?support exporting manifest lists|is a manifest list|cannot export multiple platforms"
        r"|multiple platforms (?:are|is) not supported|no such manifest|cannot use --load with"
        r"|index annotations not supported",
        "several platforms cannot be loaded, or joined, this way",
            "push instead of --load; join with docker buildx imagetools create",
        "an exporter's limits stay",
    ),
    # Caches
    Rule(
        Phase.CACHE_EXPORT, CONFIG,
        r"cache export (?:feature )?is (?:currently )?not supported|error writing manifest blob.{0,200}\b40\d\b"
        r"|unknown cache exporter|(?:invalid|unsupported) (?:cache|compression) (?:type|mode)",
        "the cache could not be written to {host}",
        "ECR wants image-manifest=true,oci-mediatypes=true and a tag that may be overwritten; the driver "
            "docker-container; or --cache none",
        "the registry refuses this form of cache each time",
    ),
    Rule(
        Phase.CACHE_IMPORT, CONFIG, r"could not fetch content descriptor .{0,200}not found|cache (?:manifest|layer"
        r"|key).{0,60}(?:missing|invalid|corrupt)"
        r"|unknown cache importer",
        "the cache names a layer that the registry no longer has",
            "build once with --cache none, then export the cache anew",
        "the layer stays gone",
    ),
    # Platforms
    Rule(
        Phase.BASE_PULL, PERMANENT,
        r"no match for platform in manifest|no matching manifest for (?P<platform>\S+)|does not (?:match"
        r"|provide) the specified platform"
        r"|no supported platform found|image .{0,80}platform .{0,60}does not match",
        "{image} is not made for {platform}",
            "build for fewer platforms (--platform), or take a base image made for all of them",
        "the base image stays as it is",
    ),
    Rule(
        None, CONFIG, r"unknown operating system or architecture|failed to parse platform|invalid platform"
        r"|is an invalid (?:os|component)",
        "a platform is misspelt", "correct --platform: linux/amd64,linux/arm64", "the spelling stays wrong",
    ),
    # Dockerfile and context
    Rule(
        Phase.DOCKERFILE, CONFIG,
        r"failed to read dockerfile|failed to resolve dockerfile|dockerfile: no such file"
        r"|the dockerfile .{0,80}(?:cannot be empty|must be within)"
        r"|file with no instructions|dockerfile cannot be empty|cannot locate (?:specified )?dockerfile",
        "the Dockerfile {path} is not there, or empty", "check --file and the context folder", "it stays missing",
    ),
    Rule(
        Phase.DOCKERFILE, CONFIG,
        r"unable to prepare context|resolve : lstat|path .{1,200} not found$|context must be a directory",
        "the context folder is not there", "check the context folder and the working directory", "it stays missing",
    ),
    Rule(
        Phase.DOCKERFILE, CONFIG,
        r"invalid reference format|base name \(.{0,200}\) should not be blank"
        r"|repository name .{0,40}must be lowercase|invalid tag \""
        r"|failed to parse stage name|invalid image name|couldn't parse image reference|empty (?:image|ref)\b",
        "an image name is not valid, or empty",
            "give the build argument it is made of (--build-arg), or correct the name",
        "the name stays wrong",
    ),
    Rule(
        Phase.DOCKERFILE, CONFIG,
        r"target stage \"?(?P<stage>[\w.-]+)\"? could not be found|failed to reach build target|failed to find target"
        r"|could not find any target|could not match targets|couldn't find a bake definition|target \S+ not found",
        "there is no stage or target {stage}", "correct --target", "it stays missing",
    ),
    Rule(
        Phase.DOCKERFILE, CONFIG,
        r"secret \S+: not found|(?:secret|ssh) (?:agent )?.{0,60}not found|could not parse ssh|ssh_auth_sock"
        r"|no ssh (?:handler|key)"
        r"|failed to stat .{0,200}secret|unset ssh|invalid empty ssh agent socket",
        "a secret or an SSH agent was not handed to the build", "hand it over with --secret or --ssh",
            "it stays missing",
    ),
    Rule(
        Phase.OTHER, CONFIG,
        r"additional privileges requested|entitlement .{0,60}(?:is )?not allowed|requesting privileges for"
        r"|is not allowed by (?:the )?policy"
        r"|requested by the build but not allowed",
        "the build asks for privileges that it was not given", "grant them: --allow in docker buildx bake",
            "a permission",
    ),
    Rule(
        Phase.DOCKERFILE, PERMANENT,
        r"failed to calculate checksum of ref|failed to compute cache key: .{0,300}not found|not found: not found"
        r"|copy failed:|add failed:"
        r"|forbidden path outside the build context|failed to walk|excluded by \.dockerignore"
        r"|no such file or directory: not found",
        "COPY or ADD names {path}, which is not in the context", "check the path, the context folder and .dockerignore",
        "the file stays missing", unless=r"input/output error|i/o error",
    ),
    Rule(
        Phase.DOCKERFILE, PERMANENT,
        r"dockerfile parse error|unknown (?:instruction|flag)|failed to process|circular dependency"
        r"|requires (?:at least|exactly) (?:one|two)"
        r"|failed to create llb definition: .{0,80}line \d+|dockerfile contains no stages|from requires"
        r"|no build stage in current context"
        r"|unexpected end of statement|syntax error|isn't allowed as an onbuild|invalid (?:field|value|argument"
        r"|expression|user|containerport)"
        r"|cannot copy from stage|unsupported (?:modifier|option)|lint violation|must be specified"
        r"|when using (?:copy|add) with"
        r"|cannot copy to non-directory|cannot replace to directory|cannot mount from stage|names can not be blank"
        r"|missing env|parsing (?:yaml|hcl)"
        r"|failed to parse .{0,200}(?:yaml|hcl|json)|heredoc|checksum (?:mismatch|must|can't)|digest mismatch"
        r"|build-arg .{0,80}not consumed"
        r"|unable to find user|no users found|unable to find group",
        "the Dockerfile or the bake file has a mistake", "correct it in the line that is named", "it stays wrong",
    ),
    Rule(
        None, PERMANENT, r"schema ?1|media type .{0,120}(?:no longer supported|unsupported|not supported)"
        r"|unsupported media type|unsupported manifest"
        r"|unexpected media type|invalid content digest|unknown media type|encountered unknown type",
        "{image} has a format that is not supported", "rebuild the image with a current docker, or take another",
            "the image stays as it is",
    ),
    # The registry's answers
    Rule(
        None, CONFIG, r"error parsing http 40[0-9] response body|invalid character '<' looking for beginning of value",
        "something else than a registry answers at {host}",
            "check host, port and path of the image name, and the proxy", "a web page is no registry",
    ),
    Rule(
        Phase.BASE_PULL, PERMANENT, r"failed to fetch anonymous token.{0,300}\b40[0134]\b",
        "{image} does not exist in {host}, or is private",
            "correct the name, or log in to {host}: docker login {host}", "the registry said no",
    ),
    Rule(
        None, AUTH_EXPIRED, r"no basic auth credentials",
        "{host} was asked without a login", "log in again: aws ecr get-login-password | docker login",
            "ECR's login lasts 12 hours",
    ),
    Rule(
        Phase.LOGIN, CONFIG, r"login attempt to .{0,200}failed\s+with\s+status:\s+400|400 bad request.{0,80}login",
        "{host} did not understand the login",
            "log in as AWS with --password-stdin; check account and region of the host",
        "the same password is refused again",
    ),
    Rule(
        Phase.LOGIN, PERMANENT, r"login attempt to .{0,200}failed\s+with\s+status:\s+40[13]"
        r"|incorrect username or password|bad username or password"
        r"|wrong (?:username|password)|unauthorized: (?:incorrect|invalid|your account)",
        "{host} refused user or password", "correct the credentials of {host}", "the same secret is refused again",
    ),
    Rule(
        None, AUTH_EXPIRED, r"401 unauthorized|unauthorized: authentication required|authentication required",
        "{host} refused the login", "log in again: aws ecr get-login-password | docker login",
            "ECR's login lasts 12 hours",
        given=r"\.dkr[.-]ecr[.-]",
    ),
    Rule(
        None, CONFIG, r"\b401\b|unauthorized|no basic auth credentials|authentication required"
        r"|failed to find supported auth scheme"
        r"|must be logged in|unauthenticated|failed to handle basic auth|no credentials|login required"
        r"|non[- ]tty device",
        "{host} wants a login", "log in to {host} before the build: docker login {host}", "nobody else logs in there",
        unless="^.{0,60}non[- ]tty",
    ),
    Rule(
        None, CONFIG, r"(?:pull|push) access denied|insufficient_scope|requested access to the resource is denied"
        r"|authorization failed",
        "{host} has no {image}, or does not show it without a login",
        "check the name; log in to {host} with an account that may use it",
            "permission or name; neither changes by itself",
    ),
    Rule(
        None, CONFIG, r"\b403\b|forbidden|\bdenied\b(?! path)|permission_denied",
        "{host} refused access",
        "check the IAM actions for ECR, the quota of images per repository, an egress filter, and an old login to "
            "public.ecr.aws",
        "a refusal stays one", unless="permission denied",
    ),
    Rule(
        None, CONFIG, r"\b(?:put|post|patch|head) request to .{0,300}\b404\b|unexpected status(?: code)?:? 404.{0,20}",
        "the repository does not exist in {host}", "create it: aws ecr create-repository; check account and region",
            "pushing does not create it",
        given=r"fail\w* to push|push(?:ing)? (?:image|layer|manifest)|exporting|/blobs/uploads",
    ),
    Rule(
        None, PERMANENT,
        r"manifest unknown|manifest for .{0,200}not found|failed to resolve (?:source metadata"
        r"|reference).{0,400}: not found|: not found$"
        r"|\b404 not found|\b404\b|no such image|name unknown|not_found|tag .{0,120}not found"
        r"|image .{0,120}not found|could not find the requested",
        "{image} does not exist in {host}", "correct the name, the tag or the digest", "it stays missing",
    ),
    Rule(
        None, CONFIG, r"\b(?:400 bad request|405 method not allowed|413 request entity too large|415 unsupported)\b"
        r"|manifest[ _]invalid|tag[ _]invalid"
        r"|request entity too large|name[ _]invalid|unsupported: |status(?: code)?:? 40[05]\b",
        "{host} refused what was pushed", "for a cache: image-manifest=true,oci-mediatypes=true; else a new tag "
            "(immutable?) or --provenance false",
        "the same push is refused again",
    ),
    Rule(
        Phase.PUSH, CONFIG, r"^eof$",
        "ECR cut the push off, which it does when a permission is missing",
        "allow ecr:InitiateLayerUpload, ecr:UploadLayerPart and ecr:CompleteLayerUpload to the role (CloudTrail "
            "names the refused call)",
        "docker tried each layer several times already", given=r"retrying in \d+ second",
    ),
    Rule(
        Phase.DOCKERFILE, PERMANENT, r"stream terminated by rst_stream|invalid utf-8|cross-device link",
        "BuildKit could not read what the build sent it",
            "look for files that are not UTF-8, and for odd file systems", "the same files again",
    ),
    Rule(
        None, PERMANENT, r"blob unknown|missing in your target registry|manifest_blob_unknown",
        "the registry does not have what the manifest names", "push every platform to the same repository first",
            "it stays missing",
    ),
    Rule(
        Phase.OTHER, CONFIG,
        r"requires (?:at least|at most|exactly) \d+ argument|tag is needed when pushing|can't push with no tags"
        r"|see 'docker.{1,40}--help'",
        "docker was not called as it wants to be", "correct the arguments", "the same call is refused again",
    ),
    # What passes
    Rule(
        None, T, _SERVER_ERROR, "{host} had trouble of its own: {status}", "try again", "a server's error passes",
    ),
    Rule(
        None, T, r"\blocked for \d|ref \S+ locked|: unavailable$|push is on-going",
        "another pull of the same layer held the lock", "try again", "the lock is released",
    ),
    Rule(
        None, T, r"blob[ _]upload[ _](?:unknown|invalid)|failed size validation|unexpected commit digest"
        r"|filesystem layer verification failed|came back (?:as sha256|with another content)"
        r"|\b416\b|short read: expected|failed to verify digest|size[ _]invalid|download failed after attempts"
        r"|408 request time-?out",
        "a layer was damaged or lost on its way from or to {host}", "try again", "the next transfer is another one",
    ),
    Rule(
        None, CONFIG, rf"(?:dial tcp |connect to ){_LOCAL_HOST}\S*:? .{{0,40}}(?:connection refused|no route)"
        rf"|{_LOCAL_HOST}:\d+.{{0,80}}connection refused",
        "nothing listens on {host}", "start the registry there, or correct the name", "a local port stays closed",
    ),
    Rule(
        None, CONFIG,
        r"\[[0-9a-f:]{6,}\].{0,60}(?:network is unreachable|cannot assign requested address|no route to host)",
        "{host} was asked over IPv6, which does not work here", "switch IPv6 off for the docker daemon, or route it",
            "a route stays missing",
    ),
    Rule(
        None, T, rf"(?:lookup|resolve host:?|failed to resolve"
        rf"|resolve hostname) ['\"]?(?=\w){KNOWN_HOST}['\"]?\b.{{0,80}}(?:no such host|server misbehaving"
        rf"|i/o timeout|name or service not known)"
        rf"|lookup \S+.{{0,80}}(?:server misbehaving|i/o timeout|try again|temporary failure|connection refused"
        rf"|read: )",
        "the name {host} could not be resolved", _AGAIN, "the name exists; the resolver failed",
    ),
    Rule(
        Phase.LOGIN, CONFIG, r"lookup \.|https?://\.|(?:^|\s)\.dkr\.ecr",
        "the registry host starts with a dot: the account id is empty",
            "set AWS_ACCOUNT_ID (or what the host is made of)", "the variable stays empty",
    ),
    Rule(
        None, CONFIG, r"no such host|failed to resolve '\S+' \(.{0,40}(?:name or service|nodename nor servname)",
        "there is no host {host}", "correct the name (registry, account, region), or the DNS of the build",
            "a name that does not exist",
    ),
    Rule(
        None, T, rf"{_REQUEST}.{{0,600}}?(?:{_NETWORK}|connection refused)|(?:stream error: stream id"
        rf"|internal_error; received from peer)"
        rf"|(?:error response from daemon|failed to (?:copy|authorize|fetch|solve|resolve|push|build|pull)|registry"
        rf"|pull(?:ing)?|push(?:ing)?|image|token|session|layer|blob"
        rf"|httpreadseeker|error parsing|download).{{0,400}}{_NETWORK}",
        "the connection to {host} broke or timed out", _AGAIN, "network",
    ),
    Rule(
        None, T, rf"^(?:error: |err: |fatal: |net/http: )?{_NETWORK}", "the connection to {host} broke or timed out",
        _AGAIN, "network",
    ),
)  # fmt: skip

GIT_RULES: tuple[Rule, ...] = (
    Rule(
        Phase.GIT, CONFIG,
        r"dubious ownership|unsafe repository|not a git repository|cannot change to '|needed a single revision",
        "git does not accept this checkout",
            "git config --global --add safe.directory PATH; or build from a full clone",
        "the checkout stays as it is",
    ),
    Rule(
        Phase.GIT, CONFIG,
        r"could not read (?:username|password)|permission denied \(publickey|authentication failed for"
        r"|host key verification failed"
        r"|terminal prompts disabled|invalid username or (?:password|token)"
        r"|support for password authentication was removed"
        r"|requested url returned error: 40[13]|could not read from remote repository"
        r"|write access to repository not granted",
        "git may not read the repository {repository}",
            "hand over a token or an SSH key (--secret, --ssh); or the CodeBuild source credential",
        "the same credential is refused again",
        unless=r"could not resolve host|connection (?:timed out|closed|reset)|remote end hung up",
    ),
    Rule(
        Phase.GIT, PERMANENT,
        r"repository .{1,200}not found|couldn't find remote ref|remote branch .{1,100} not found"
        r"|reference is not a tree|unknown revision"
        r"|pathspec .{1,100} did not match|not our ref|requested url returned error: 404"
        r"|does not appear to be a git repository"
        r"|repository does not contain ref|bad object|no url found for submodule|clone of .{1,200} failed",
        "git does not find the repository, the branch or the commit", "correct the address or the revision",
            "it stays missing",
        unless=r"rpc failed|hung up|early eof",
    ),
    Rule(
        Phase.GIT, T,
        r"unable to access .{0,300}(?:could not resolve host|timed? ?out|failed to connect|couldn't connect"
        r"|connection (?:reset|refused|was reset)|recv failure"
        r"|requested url returned error: (?:429|5\d\d)|gnutls|ssl_(?:read|connect|error_syscall)|empty reply|http2"
        r"|http/2|operation too slow|early eof)"
        r"|rpc failed; (?:curl|http|result)|early eof|remote end hung up|unexpected disconnect while reading"
        r"|ssh: connect to host .{1,120}(?:timed out|refused|unreachable)"
        r"|ssh: could not resolve hostname|connection closed by remote host|kex_exchange_identification"
        r"|fetch-pack: invalid index-pack|body are still expected",
        "git could not fetch from {host}", "try again", "network",
    ),
)  # fmt: skip

CODEBUILD_RULES: tuple[Rule, ...] = (
    Rule(
        Phase.OTHER, CONFIG, r"yaml_file_error|invalid_buildspec|buildspec.{0,80}(?:not found|no such file|invalid)",
        "CodeBuild did not find or not understand the buildspec", "correct its path or its YAML", "it stays wrong",
    ),
    Rule(
        Phase.OTHER, CONFIG,
        r"unable to pull customer's container image|build_container_unable_to_pull_image|cannotpullcontainer"
        r"|vpc_client_error|access_denied:"
        r"|authorization failed for primary source|unable to determine source|access token not found|oauthprovider"
        r"|secrets_manager_error"
        r"|parameter_store_error|decrypted_variables_error|secretsmanager.{0,80}(?:denied|not found)|build_timed_out"
        r"|invalid_input_error",
        "CodeBuild could not prepare the build",
            "correct the project: image, source credential, VPC, parameters, role", "the project stays as it is",
    ),
    Rule(
        Phase.OTHER, T, r"internal_service_error|internal service error|build_container_(?:start|terminated)"
        r"|provisioning.{0,60}(?:internal|fault)",
        "CodeBuild had trouble of its own", "start the build again", "the service's own trouble",
    ),
)  # fmt: skip

# Lines that are consequences, for a text that holds nothing else.
LAST_RULES: tuple[Rule, ...] = (
    Rule(
        Phase.LOGIN, CONFIG, r"non[- ]tty device",
        "docker login got no password: the command before it printed none", "look at its own error; " + _CREDENTIALS,
        "an empty password stays empty",
    ),
)  # fmt: skip

# A cache that is not there yet: harmless, so only the reason where there is no other.
HARMLESS_IMPORT = r"importing cache manifest|cache importer|failed to load cache manifest"
CACHE_RULE = Rule(
    Phase.CACHE_IMPORT, CONFIG, HARMLESS_IMPORT,
    "there is no cache at {image} yet", "nothing to do: the first build writes it (--cache none spares the line)",
    "a missing cache fails no build",
)  # fmt: skip

RULES: tuple[Rule, ...] = (*AWS_RULES, *GIT_RULES, *CODEBUILD_RULES, *ENGINE_RULES)
