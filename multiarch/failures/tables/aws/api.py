"""What the APIs of ECR and AWS answer."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import AGAIN, CONFIG, PERMANENT, REGION, SLOWER, THROTTLED, T

API_RULES: tuple[FailureRule, ...] = (
    FailureRule("ecr-repository-missing", FailurePhase.ECR_API, CONFIG, {
        "repositorynotfound(?:exception)?":
            ("An error occurred (RepositoryNotFoundException) when calling the DescribeImages operation: The "
             "repository with name 'shop' does not exist in the registry with id '111122223333'"),
        r"the repository with name '?(?P<repository>[^\s']+)'? does not exist":
            ("An error occurred (RepositoryNotFoundException) when calling the DescribeImages operation: The "
             "repository with name 'shop' does not exist in the registry with id '111122223333'"),
    }, cause="ECR repository {repository} does not exist",
        advice="create it: aws ecr create-repository --repository-name {repository} (check account and region first)",
        why="ECR does not create a repository on push by default", given=r"when calling|\(repositorynotfound",
        codes=("RepositoryNotFoundException",),
    ),
    FailureRule("repository-missing", None, CONFIG, {
        "name unknown: the repository":
            ("name unknown: The repository with name 'myapp/web' does not exist in the registry with id "
             "'123456789012'"),
        "repositorynotfound(?:exception)?":
            "Error: RepositoryNotFoundException: repository shop was not found in registry 111122223333",
        "name_unknown": "registry answered NAME_UNKNOWN: repository name not known to registry",
        r"the repository with name '?(?P<repository>[^\s']+)'? does not exist":
            "The repository with name 'shop' does not exist in the registry with id '111122223333'",
    }, cause="repository {repository} does not exist in {host}",
        advice="create it: aws ecr create-repository --repository-name {repository} (check account and region first)",
        why="ECR does not create a repository on push by default",
        codes=("NAME_UNKNOWN",),
        statuses=(404,),
    ),
    FailureRule("tag-immutable", None, CONFIG, {
        r"image tag '?(?P<tag>[^\s']+)'? already\s+exists":
            "The image tag 'latest' already exists in the 'shop' repository and cannot be overwritten",
        "imagetagalreadyexists":
            ("An error occurred (ImageTagAlreadyExistsException) when calling the PutImage operation: the tag is "
             "taken"),
        "tag is immutable": "denied: the tag is immutable",
        r"repository\s+is\s+immutable":
            ("tag invalid: The image tag 'latest' already exists in the 'node-terraform' repository and cannot be "
             "overwritten because the repository is immutable."),
        "cannot be overwritten because": "and cannot be overwritten because the tag is immutable.",
        "imagealreadyexists":
            ("An error occurred (ImageAlreadyExistsException) when calling the PutImage operation: Image with "
             "digest 'sha256:00' and tag '1.4' is in the repository"),
    }, cause="tag {tag} already exists and is immutable",
        advice="use a new tag, or set tag mutability to IMMUTABLE_WITH_EXCLUSION for floating tags",
        why="an immutable tag stays immutable",
        codes=("ImageTagAlreadyExistsException", "ImageAlreadyExistsException", "TAG_INVALID"),
        statuses=(400, 409, 412),
    ),
    FailureRule("rate-limited", None, THROTTLED, {
        r"\bthrottling(?:exception)?\b":
            ("An error occurred (ThrottlingException) when calling the GetAuthorizationToken operation: Rate "
             "exceeded"),
        r"\bthrottled(?:exception)?\b":
            ("An error occurred (ThrottledException) when calling the GetAuthorizationToken operation: The "
             "request was throttled."),
        r"\btoomanyrequests(?:exception)?\b": "toomanyrequests: You have reached your pull rate limit.",
        r"\brequestlimitexceeded\b":
            ("An error occurred (RequestLimitExceeded) when calling the DescribeSubnets operation: Request limit "
             "exceeded."),
        r"\bbandwidthlimitexceeded\b":
            ("An error occurred (BandwidthLimitExceeded) when calling the GetObject operation: the bandwidth of "
             "the bucket is used"),
        r"\bprovisionedthroughputexceeded(?:exception)?\b":
            ("An error occurred (ProvisionedThroughputExceededException) when calling the GetItem operation: The "
             "level of configured provisioned throughput was passed"),
        r"\bslowdown\b": "api error SlowDown: Please reduce your request rate.",
        r"\bpriorrequestnotcomplete\b":
            ("An error occurred (PriorRequestNotComplete) when calling the ChangeResourceRecordSets operation: "
             "The request was rejected because Route 53 was still processing a prior request."),
        r"\brequestthrottled(?:exception)?\b":
            ("An error occurred (RequestThrottledException) when calling the StartBuild operation: The request "
             "was throttled"),
        r"\bec2throttledexception\b":
            ("An error occurred (EC2ThrottledException) when calling the CreateFunction operation: Lambda was "
             "throttled by Amazon EC2 during initialization"),
        "rate exceeded": "toomanyrequests: Rate exceeded",
        "too many requests":
            ("unexpected status from HEAD request to https://registry-1.docker.io/v2/library/alpine/manifests/3: "
             "429 Too Many Requests"),
        r"\b429\b.{0,20}too many": "received unexpected HTTP status: 429 Too Many Requests",
        r"(?:status|statuscode|code|response|http)[ :=]+429\b":
            ('error writing layer blob: failed to parse error response 429: {"message":"Request was blocked due '
             'to exceeding usage of resource"}: invalid character'),
        "pull rate limit": "ERROR: toomanyrequests: You have reached your unauthenticated pull rate limit.",
        "request was blocked due to exceeding usage":
            ('error writing layer blob: failed to parse error response 429: {"message":"Request was blocked due '
             'to exceeding usage of resource"}: invalid character'),
        "rate limit (?:is )?(?:exceeded|reached)": "Error: API rate limit exceeded for installation ID 12345",
        "exceeded (?:a |the )?(?:secondary )?rate limit":
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        "api rate limit": "GraphQL: API rate limit already exceeded for user ID 12345",
        r"retry-after: ?\d": "toomanyrequests: retry-after: 250ms, allowed: 44000/minute",
    }, cause="{host} is rate-limiting requests", advice=SLOWER, why="the limit lifts with time",
        codes=("Throttling", "ThrottlingException", "Throttled", "ThrottledException", "TooManyRequests",
               "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded",
               "ProvisionedThroughputExceededException", "SlowDown", "PriorRequestNotComplete", "RequestThrottled",
               "RequestThrottledException", "EC2ThrottledException", "429"),
        statuses=(429,),
    ),
    FailureRule("quota-exceeded", None, CONFIG, {
        "limitexceeded(?:exception)?":
            ("An error occurred (LimitExceededException) when calling the CreateRepository operation: The "
             "operation did not succeed because it would have exceeded a service limit for your account."),
        "(?<!disk )(?<!retry )quota.{0,30}exceeded": "The operation failed, quota exceeded",
        r"cannot have more than \d+ builds": "Cannot have more than 1 builds in queue for the account",
        "has the maximum allowed number of":
            ("The repository with name 'shop' in registry with id '111122223333' already has the maximum allowed "
             "number of images which is '100000'"),
    }, cause="a quota of the account is exceeded",
        advice="raise the quota (Service Quotas), or delete old images (lifecycle policy)",
        why="waiting does not raise a quota",
        codes=("LimitExceeded", "LimitExceededException", "DENIED"),
        statuses=(403,),
    ),
    FailureRule("kms-key-denied", FailurePhase.ECR_API, CONFIG, {
        "kmsexception":
            "An error occurred (KmsException) when calling the CreateRepository operation: the key cannot be used",
        r"kms\.\w*exception":
            ("operation error S3: GetObject, https response error StatusCode: 400, RequestID: 1, HostID: 2, api "
             "error KMS.DisabledException: arn:aws:kms:eu-west-1:111122223333:key/1 is disabled."),
        "kmsinvalidstate": "KMSInvalidStateException: arn:aws:kms:eu-west-1:111122223333:key/1 is pending deletion.",
    }, cause="ECR is not allowed to use the KMS key of the repository",
        advice="allow kms:CreateGrant and kms:Decrypt in the key policy", why="the key policy stays as it is",
        codes=("KmsException",),
    ),
    FailureRule("aws-request-invalid", None, CONFIG, {
        r"\(invalidparameter\w*\) when calling":
            ("An error occurred (InvalidParameterException) when calling the DescribeRepositories operation: "
             "Invalid parameter at 'registryId' failed to satisfy constraint: 'must satisfy regular expression "
             "'[0-9]{12}''"),
        r"\(validation(?:error|exception)\) when calling":
            ("An error occurred (ValidationError) when calling the AssumeRole operation: 1 validation error "
             "detected: Value 'x' at 'roleArn' is too short"),
        r"\(invalidtagparameter\w*\) when calling":
            ("An error occurred (InvalidTagParameterException) when calling the TagResource operation: a tag's "
             "key is empty"),
        r"\(invalidaction\) when calling":
            ("An error occurred (InvalidAction) when calling the GetCallerIdentity operation: Could not find "
             "operation GetCallerIdentities for version 2011-06-15"),
        r"\(unknownoperation\w*\) when calling":
            "An error occurred (UnknownOperationException) when calling the DescribeRepositories operation: ",
        r"\(nosuch\w+\) when calling":
            ("An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket "
             "does not exist"),
        r"\(malformed\w*\) when calling":
            ("An error occurred (MalformedPolicyDocument) when calling the PutRolePolicy operation: Syntax errors "
             "in policy."),
        r"\(regiondisabled\w*\) when calling":
            ("An error occurred (RegionDisabledException) when calling the AssumeRole operation: STS is not "
             "activated in this region for account:111122223333."),
        r"\(subscriptionrequired\w*\) when calling":
            ("An error occurred (SubscriptionRequiredException) when calling the DescribeSeverityLevels "
             "operation: AWS Premium Support Subscription is required"),
        "parameter validation failed":
            ("Parameter validation failed:\nInvalid length for parameter repositoryName, value: 1, valid min "
             "length: 2"),
        "paramvalidation": "botocore.exceptions.ParamValidationError: repositoryName has to be text",
        "invalid choice[:,]": "aws: error: argument operation: Invalid choice, valid choices are:",
        "the following arguments are required:": "aws: error: the following arguments are required: --repository-name",
        "unknown options: ": "Unknown options: --repositoryname, shop",
        "expected one argument": "aws: error: argument --region: expected one argument",
    }, cause="AWS rejected the {operation} call as invalid", advice="correct the parameter that the line names",
        why="the same request is rejected again",
        codes=("InvalidParameterException", "ValidationError", "ValidationException",
               "InvalidTagParameterException", "InvalidAction", "UnknownOperationException", "NoSuchBucket",
               "MalformedPolicyDocument", "RegionDisabledException", "SubscriptionRequiredException"),
    ),
    FailureRule("ecr-content-missing", None, PERMANENT, {
        r"\(imagenotfound(?:exception)?\)":
            ("An error occurred (ImageNotFoundException) when calling the PutImage operation: The image requested "
             "does not exist within the repository with name 'shop'"),
        r"\(layersnotfound(?:exception)?\)":
            ("An error occurred (LayersNotFoundException) when calling the PutImage operation: Layers with "
             "digests '[sha256:00]' required for pushing image into repository with name 'shop' do not exist"),
        r"\(referencedimagesnotfound(?:exception)?\)":
            ("An error occurred (ReferencedImagesNotFoundException) when calling the PutImage operation: an image "
             "of the list is missing"),
        r"\(imagedigestdoesnotmatch(?:exception)?\)":
            ("An error occurred (ImageDigestDoesNotMatchException) when calling the PutImage operation: The "
             "specified image digest does not match the image manifest"),
        r"\(repositoryalreadyexists(?:exception)?\)":
            ("An error occurred (RepositoryAlreadyExistsException) when calling the CreateRepository operation: "
             "The repository with name 'shop' already exists in the registry with id '111122223333'"),
        r"\(layerinaccessible(?:exception)?\)":
            ("An error occurred (LayerInaccessibleException) when calling the GetDownloadUrlForLayer operation: "
             "The layer is not available because it is not associated with an image."),
        "referencedimagesnotfoundexception":
            "ReferencedImagesNotFoundException: the images that the list names are not in the repository",
        "images with digests .{0,400}(?:not found|do not exist)":
            ("/shop:1: manifest blob unknown: Images with digests '[sha256:00]' required for pushing image into "
             "repository with name 'shop' do not exist"),
    }, cause="ECR rejected the {operation} call: an image, layer or digest is missing or does not match",
        advice="check digests, tags and the order of pushes", why="the content stays missing",
        codes=("ImageNotFoundException", "LayersNotFoundException", "ReferencedImagesNotFoundException",
               "ImageDigestDoesNotMatchException", "RepositoryAlreadyExistsException", "LayerInaccessibleException"),
    ),
    FailureRule("aws-sdk-refused", None, CONFIG, {
        r"operation error (?P<operation>[\w-]+: \w+).{0,300}statuscode: 4(?!08|29)\d\d":
            ("failed to check file presence in cache: operation error S3: HeadObject, https response error "
             "StatusCode: 400, RequestID: 1, HostID: 2, api error BadRequest: Bad Request"),
    }, cause="AWS rejected {operation}", advice="check region, credentials, and the name of the bucket or repository",
        why="a 4xx answer in the format of the AWS SDK",
    ),
    FailureRule("aws-sdk-server-error", None, T, {
        (r"operation error (?P<operation>[\w-]+: \w+).{0,300}(?:statuscode: 5\d\d"
         "|exceeded maximum number of attempts|retry quota exceeded)"):
            ("failed to check file presence in cache: operation error S3: HeadObject, exceeded maximum number of "
             "attempts, 3, https response error StatusCode: 503, RequestID: 1"),
    }, cause="{operation} failed with a server error", advice=AGAIN, why="a 5xx answer in the format of the AWS SDK",
    ),
    FailureRule("aws-server-error", None, T, {
        r"an error occurred \(serverexception\)":
            "An error occurred (ServerException) when calling the GetAuthorizationToken operation: internal",
        r"an error occurred \(internalfailure\)":
            "An error occurred (InternalFailure) when calling the GetCallerIdentity operation: ",
        r"an error occurred \(internalerror\)":
            ("An error occurred (InternalError) when calling the ListObjectsV2 operation: We encountered an "
             "internal error. Please try again."),
        r"an error occurred \(internalservererror\)":
            "An error occurred (InternalServerError) when calling the DescribeImages operation: ",
        r"an error occurred \(internalservice\w*\)":
            ("An error occurred (InternalServiceError) when calling the GetSecretValue operation: An error "
             "occurred on the server side."),
        r"an error occurred \(serviceunavailable(?:exception)?\)":
            "An error occurred (ServiceUnavailable) when calling the GetAuthorizationToken operation: ",
        r"an error occurred \(requesttimeout(?:exception)?\)":
            ("An error occurred (RequestTimeout) when calling the PutObject operation: Your socket connection to "
             "the server was not read from or written to within the timeout period."),
        r"an error occurred \(uploadnotfound(?:exception)?\)":
            ("An error occurred (UploadNotFoundException) when calling the CompleteLayerUpload operation: The "
             "upload could not be found, or the specified upload id is not valid for this repository."),
        r"an error occurred \(unavailable\)":
            ("An error occurred (Unavailable) when calling the DescribeRegions operation: the service is "
             "overloaded"),
        r"an error occurred \(modelnotready\w*\)":
            ("An error occurred (ModelNotReadyException) when calling the InvokeModel operation: the model is not "
             "ready"),
        r"an error occurred \(transactioninprogress\w*\)":
            "An error occurred (TransactionInProgressException) when calling the ExecuteStatement operation: ",
        r"an error occurred \(idpcommunicationerror\)":
            ("An error occurred (IDPCommunicationError) when calling the AssumeRoleWithWebIdentity operation: "
             "Error communicating with IDP server"),
        r"an error occurred \(unknown\)":
            "An error occurred (Unknown) when calling the GetAuthorizationToken operation: Unknown",
        r"an error occurred \(50\d\)": "An error occurred (502) when calling the GetAuthorizationToken operation: ",
    }, cause="the {operation} call failed with a server error of AWS", advice=AGAIN,
        why="a temporary error of the service",
        codes=("ServerException", "InternalFailure", "InternalError", "InternalServerError", "InternalServiceError",
               "InternalServiceException", "ServiceUnavailable", "ServiceUnavailableException", "RequestTimeout",
               "RequestTimeoutException", "UploadNotFoundException", "Unavailable", "ModelNotReadyException",
               "TransactionInProgressException", "IDPCommunicationError", "Unknown", "500", "502", "503", "504"),
    ),
    FailureRule("aws-endpoint-unreachable", None, T, {
        rf"could not connect to the endpoint url: \\?[\"'`]?https://[\w.-]*?{REGION}\.(?:amazonaws|api\.aws)":
            'Could not connect to the endpoint URL: "https://sts.us-west-2.amazonaws.com/"',
        r"could not connect to the endpoint url: \\?[\"'`]?https://(?:sts|iam|s3)\.amazonaws\.com":
            'Could not connect to the endpoint URL: "https://sts.amazonaws.com/"',
    }, cause="cannot connect to {host}", advice=AGAIN + "; without NAT, add a VPC endpoint",
        why="a network or DNS error: the endpoint exists",
        codes=("EndpointConnectionError",),
    ),
    FailureRule("aws-endpoint-unknown", None, CONFIG, {
        "could not connect to the endpoint url":
            'Could not connect to the endpoint URL: "https://api.ecr.eu-wst-1.amazonaws.com/"',
    }, cause="cannot connect to {host}: it is not a known AWS endpoint",
        advice="check AWS_DEFAULT_REGION and AWS_ENDPOINT_URL", why="an unknown region has no endpoint",
        codes=("EndpointConnectionError",),
    ),
    FailureRule("credentials-endpoint-unreachable", FailurePhase.STS, T, {
        ("(?:retrieving metadata|container metadata|credentials|imds|instance metadata).{0,200}(?:time(?:d )?-?out"
         "|connection reset|unable to reach|could not connect|50[0234])"):
            ("Error when retrieving credentials from container-role: Error retrieving metadata: Received error "
             "when attempting to retrieve ECS metadata: Connect timeout on endpoint URL: "
             '"http://169.254.170.2/v2/x"'),
        r"169\.254\.17[0-9.]+.{0,120}(?:time(?:d )?-?out|connection (?:reset|refused))":
            'Get "http://169.254.170.2/v2/credentials/1": dial tcp 169.254.170.2:80: connect: connection refused',
    }, cause="the credentials endpoint {host} did not respond", advice="retry",
        why="the endpoint is local and responds again soon",
        codes=("MetadataRetrievalError",),
    ),
    FailureRule("aws-timeout", None, T, {
        "(?:connect|read) timeout on endpoint url":
            ("botocore.exceptions.ReadTimeoutError: Read timeout on endpoint URL: "
             '"https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/example-metrics/invocations"'),
        "(?:read|connect)timeouterror":
            ("botocore.exceptions.ConnectTimeoutError: Connect timeout on endpoint URL: "
             '"https://api.ecr.eu-west-1.amazonaws.com/"'),
        "endpointconnectionerror": "botocore.exceptions.EndpointConnectionError: the host did not answer",
        "connectionclosederror": "botocore.exceptions.ConnectionClosedError: https://api.ecr.eu-west-1.amazonaws.com/",
        "connection was closed before we received a valid response":
            ("Connection was closed before we received a valid response from endpoint URL: "
             '"https://api.ecr.eu-west-1.amazonaws.com/".'),
        "proxyconnectionerror": "botocore.exceptions.ProxyConnectionError: http://10.0.0.9:3128",
        "responsestreamingerror":
            "botocore.exceptions.ResponseStreamingError: An error occurred while reading from response stream",
        "requesterror: send request failed":
            'RequestError: send request failed\ncaused by: Post "https://api.ecr.eu-west-1.amazonaws.com/"',
        "request send failed":
            ("operation error ECR: GetAuthorizationToken, https response error StatusCode: 0, RequestID: , "
             'request send failed, Post "https://api.ecr.eu-west-1.amazonaws.com/"'),
        "an http client raised": "An HTTP Client raised an unhandled exception: [Errno 32]",
    }, cause="{host} did not respond in time", advice=AGAIN, why="a network error",
        codes=("ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "HTTPClientError",
               "ResponseStreamingError", "ProxyConnectionError"),
    ),
    FailureRule("aws-response-malformed", None, T, {
        "aws returned a malformed answer":
            "AWS returned a malformed answer: ValidationError: Object missing required field `authorizationData`",
    }, cause="AWS returned a malformed answer",
        advice="retry; if it fails again, check AWS_ENDPOINT_URL and the proxy (HTTPS_PROXY, NO_PROXY)",
        why="an answer that was cut, or the page of a proxy: the next answer can be complete",
        codes=("MalformedAnswer",),
    ),
)  # fmt: skip
