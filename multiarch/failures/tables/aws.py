"""What AWS and its command line and SDKs say, and what it means."""

from multiarch.failures.model import FailurePhase, FailureRule
from multiarch.failures.tables.common import (
    AGAIN,
    AUTH_EXPIRED,
    CA,
    CONFIG,
    CREDENTIALS,
    GRANT,
    PERMANENT,
    REGION,
    SLOWER,
    THROTTLED,
    T,
)

AWS_RULES: tuple[FailureRule, ...] = (
    FailureRule(
        "aws-token-expired",
        None, AUTH_EXPIRED,
        r"\b(?:expiredtoken(?:exception)?|requestexpired|tokenexpired)\b"
        r"|security token included in the request is expired"
        r"|authorization token (?:has )?expired|provided token has expired|token is expired",
        "the credentials for {host} have expired", "log in again, with fresh credentials", "a new login cures it",
    ),
    FailureRule(
        "aws-sso-expired",
        FailurePhase.STS, CONFIG,
        r"sso session (?:associated with this profile )?(?:has )?(?:expired|is otherwise invalid)|token has expired and"
        r" refresh failed|error loading sso token|refreshing temporary credentials failed"
        r"|pending authorization expired",
        "the AWS SSO session has ended", "run aws sso login", "only a person can sign in there",
    ),
    FailureRule(
        "aws-action-denied",
        None, CONFIG,
        r"not\s+authorized\s+to\s+perform:?\s*(?P<action>[\w-]+:\w+)(?:\s+on\s+(?:the\s+)?resources?:\s*"
        r"(?P<resource>[^\s\"\\,]+))?",
        "the role may not do {action}", GRANT, "a missing permission does not appear by itself",
    ),
    FailureRule(
        "aws-operation-denied",
        None, CONFIG,
        r"not authorized to perform|\b(?:accessdenied(?:exception)?|unauthorizedoperation|notauthorized"
        r"|optinrequired|explicit deny)\b|not authorized to assume|with an explicit deny",
        "AWS refused the {operation} operation", GRANT, "a missing permission does not appear by itself",
    ),
    FailureRule(
        "aws-credentials-invalid",
        None, CONFIG,
        r"\b(?:unrecognizedclient(?:exception)?|invalidclienttokenid|invalidaccesskeyid|authfailure"
        r"|incompletesignature(?:exception)?|missingauthenticationtoken(?:exception)?|invalididentitytoken"
        r"|idprejectedclaim|invalididentitytokenexception|packedpolicytoolarge)\b"
        r"|security token included in the request is invalid",
        "AWS does not know the credentials of the {operation} call", CREDENTIALS, "the same key stays unknown",
    ),
    FailureRule(
        "aws-oidc-provider-missing",
        FailurePhase.STS, CONFIG, r"no openidconnect provider found|federated principal",
        "AWS does not know the identity provider of this run",
        "create the OIDC provider in IAM, and name it in the role's trust policy", "a provider does not appear by "
        "itself",
    ),
    FailureRule(
        "aws-signing-region-wrong",
        None, CONFIG,
        r"credential should be scoped to a valid region|(?:the )?authorization header is malformed.*region",
        "the request was signed for another region",
        "set AWS_DEFAULT_REGION and AWS_STS_REGIONAL_ENDPOINTS=regional", "the region stays wrong",
    ),
    FailureRule(
        "aws-clock-skewed",
        None, CONFIG, r"signature (?:not yet current|expired)|requesttimetooskewed|is (?:earlier|later) than",
        "this machine's clock is wrong: AWS refused the signature", "synchronise the clock (chronyd, ntpd)",
        "the clock stays wrong",
    ),
    FailureRule(
        "aws-signature-mismatch",
        None, CONFIG, r"signaturedoesnotmatch|invalidsignature(?:exception)?|request signature we calculated",
        "the secret key does not fit the access key", CREDENTIALS, "the same key stays wrong",
    ),
    FailureRule(
        "aws-response-unexpected",
        None, CONFIG, r"an error occurred \((?P<status>30\d|40[0-7]|41\d)\) when calling|<!doctype html.*not found",
        "something else than AWS answered the {operation} call with {status}",
        "check AWS_ENDPOINT_URL and the proxy (HTTPS_PROXY, NO_PROXY)", "a page of HTML is no answer of AWS",
        given=r"an error occurred \(\d+\) when calling",
    ),
    FailureRule(
        "aws-credentials-missing",
        FailurePhase.STS, CONFIG,
        r"unable to locate credentials|nocredential(?:s|providers|serror)|no valid credential sources"
        r"|partial credentials found"
        r"|config profile \(.{1,80}\) could not be found|failed to refresh cached credentials, no ec2 imds role"
        r"|could not load credentials from any providers|no ec2 imds role found|credentials could not be loaded"
        r"|failed to retrieve credentials|noauthhandlerfound|unable to parse config file|credential_process|"
        r"credentialretrievalerror|infinite loop in credential configuration",
        "there are no AWS credentials", CREDENTIALS + ", and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI inside containers",
        "none will appear by themselves", unless="time(?:d )?out",
    ),
    FailureRule(
        "aws-region-missing",
        None, CONFIG,
        r"(?:you )?must (?:also )?specify a region|noregionerror|could not find region|missing region|invalid region"
        r"|invalid endpoint: https?:|not a valid region|could not resolve (?:the )?region|provided region",
        "no AWS region is known, or it is no region", "set AWS_DEFAULT_REGION, or --region",
            "the setting stays missing",
    ),
    FailureRule(
        "sts-unreachable",
        FailurePhase.STS, T, r"assume role.{0,80}\b(?:etimedout|econnreset|eai_again|enetunreach|socket hang up)",
        "STS did not answer", AGAIN, "node's words for the network",
    ),
    FailureRule(
        "aws-cli-missing",
        FailurePhase.LOGIN, CONFIG, r"\baws: (?:command )?not found|aws: no such file",
        "the AWS command line is not installed", "install it (CodeBuild's standard images have it)", "nothing to run",
    ),
    FailureRule(
        "aws-certificate-untrusted",
        None, CONFIG, r"certificate_verify_failed|ssl validation failed|certificate verify failed",
        "the certificate of {host} is not trusted", CA, "the proxy's CA stays unknown",
    ),
    FailureRule(
        "ecr-repository-missing",
        FailurePhase.ECR_API, CONFIG,
        r"repositorynotfound(?:exception)?|the repository with name '?(?P<repository>[^\s']+)'? does not exist",
        "the ECR repository {repository} does not exist",
        "create it: aws ecr create-repository --repository-name {repository} (see account and region too)",
        "pushing does not create it", given=r"when calling|\(repositorynotfound",
    ),
    FailureRule(
        "repository-missing",
        None, CONFIG, r"name unknown: the repository|repositorynotfound(?:exception)?|name_unknown"
        r"|the repository with name '?(?P<repository>[^\s']+)'? does not exist",
        "the repository {repository} does not exist in {host}",
        "create it: aws ecr create-repository --repository-name {repository} (see account and region too)",
        "pushing does not create it",
    ),
    FailureRule(
        "tag-immutable",
        None, CONFIG,
        r"image tag '?(?P<tag>[^\s']+)'? already\s+exists|imagetagalreadyexists|tag is immutable"
        r"|repository\s+is\s+immutable"
        r"|cannot be overwritten because|imagealreadyexists",
        "the tag {tag} exists already, and the repository does not let it be overwritten",
        "use a new tag, or tag mutability IMMUTABLE_WITH_EXCLUSION for moving tags (after a retry: it may be ours "
            "already)",
        "the tag stays taken",
    ),
    FailureRule(
        "rate-limited",
        None, THROTTLED,
        r"\b(?:throttling(?:exception)?|throttled(?:exception)?|toomanyrequests(?:exception)?|requestlimitexceeded"
        r"|request_limit_exceeded|bandwidthlimitexceeded|provisionedthroughputexceeded(?:exception)?|slowdown"
        r"|priorrequestnotcomplete|requestthrottled(?:exception)?|ec2throttledexception)\b|rate exceeded"
        r"|too many requests|\b429\b.{0,20}too many|(?:status|statuscode|code|response|http)[ :=]+429\b|pull rate limit"
        r"|request was blocked due to exceeding usage"
        r"|rate limit (?:is )?(?:exceeded|reached)"
        r"|exceeded (?:a |the )?(?:secondary )?rate limit|api rate limit|retry-after: ?\d",
        "{host} limits how often it may be asked", SLOWER, "the limit lifts with time",
    ),
    FailureRule(
        "quota-exceeded",
        None, CONFIG,
        r"limitexceeded(?:exception)?|quota.{0,30}exceeded|exceed.{0,40}quota|cannot have more than \d+ builds"
        r"|has the maximum allowed number of",
        "a quota of the account is used up",
            "raise the quota (Service Quotas), or delete old images (lifecycle policy)",
        "a quota does not grow by waiting",
    ),
    FailureRule(
        "kms-key-denied",
        FailurePhase.ECR_API, CONFIG, r"kmsexception|kms\.\w*exception|kmsinvalidstate",
        "ECR may not use the repository's KMS key", "allow kms:CreateGrant and kms:Decrypt on the key", "a key policy",
    ),
    FailureRule(
        "aws-request-invalid",
        None, CONFIG,
        r"\((?:invalidparameter\w*|validation(?:error|exception)|invalidtagparameter\w*|invalidparametervalue"
        r"|invalidaction"
        r"|unknownoperation\w*|nosuch\w+|malformed\w*|regiondisabled\w*|subscriptionrequired\w*)\) when calling"
        r"|parameter validation failed|paramvalidation|invalid choice[:,]|the following arguments are required:"
        r"|unknown options: |expected one argument",
        "AWS did not understand the {operation} call", "correct the parameter named in the line", "it stays wrong",
    ),
    FailureRule(
        "ecr-content-missing",
        None, PERMANENT,
        r"\((?:imagenotfound|layersnotfound|referencedimagesnotfound|imagedigestdoesnotmatch|repositoryalreadyexists"
        r"|layerinaccessible)(?:exception)?\)|referencedimagesnotfoundexception"
        r"|images with digests .{0,400}(?:not found|do not exist)",
        "ECR refused the {operation} call: what it names is not there, or not as said",
        "check digests, tags and the order of pushes", "it stays so",
    ),
    FailureRule(
        "aws-sdk-refused",
        None, CONFIG, r"operation error (?P<operation>[\w-]+: \w+).{0,300}statuscode: 4(?!08|29)\d\d",
        "AWS refused {operation}", "check region, credentials, and the name of the bucket or repository",
        "the SDK's words for a refusal",
    ),
    FailureRule(
        "aws-sdk-server-error",
        None, T, r"operation error (?P<operation>[\w-]+: \w+).{0,300}(?:statuscode: 5\d\d"
        r"|exceeded maximum number of attempts"
        r"|retry quota exceeded)",
        "AWS could not answer {operation}", AGAIN, "the service's own trouble",
    ),
    FailureRule(
        "aws-server-error",
        None, T, r"an error occurred \((?:serverexception|internalfailure|internalerror|internalservererror"
        r"|internalservice\w*"
        r"|serviceunavailable(?:exception)?|requesttimeout(?:exception)?|uploadnotfound(?:exception)?|unavailable"
        r"|modelnotready\w*|transactioninprogress\w*|idpcommunicationerror|unknown|50\d)\)",
        "AWS could not answer the {operation} call", AGAIN, "the service's own trouble",
    ),
    FailureRule(
        "aws-endpoint-unreachable",
        None, T, r"could not connect to the endpoint url: \\?[\"'`]?https://[\w.-]*?" + REGION +
        r"\.(?:amazonaws|api\.aws)"
        r"|could not connect to the endpoint url: \\?[\"'`]?https://(?:sts|iam|s3)\.amazonaws\.com",
        "{host} could not be reached", AGAIN + "; without NAT a VPC endpoint is needed", "network or DNS",
    ),
    FailureRule(
        "aws-endpoint-unknown",
        None, CONFIG, r"could not connect to the endpoint url",
        "{host} could not be reached, and it is no AWS endpoint we know",
            "check AWS_DEFAULT_REGION and AWS_ENDPOINT_URL",
        "a region that does not exist has no host",
    ),
    FailureRule(
        "credentials-endpoint-unreachable",
        FailurePhase.STS, T,
        r"(?:retrieving metadata|container metadata|credentials|imds|instance metadata).{0,200}(?:time(?:d )?-?out"
        r"|connection reset"
        r"|unable to reach|could not connect|50[0234])|169\.254\.17[0-9.]+.{0,120}(?:time(?:d )?-?out"
        r"|connection (?:reset|refused))",
        "the credentials endpoint {host} did not answer", "try again", "it answers in its time",
    ),
    FailureRule(
        "aws-timeout",
        None, T,
        r"(?:connect|read) timeout on endpoint url|(?:read|connect)timeouterror|endpointconnectionerror"
        r"|connectionclosederror"
        r"|connection was closed before we received a valid response|proxyconnectionerror|responsestreamingerror"
        r"|requesterror: send request failed|request send failed|httpclienterror|an http client raised"
        r"|aws returned a malformed answer",
        "{host} did not answer in time", AGAIN, "network",
    ),
)  # fmt: skip
