"""What AWS, its command line and its SDKs print about credentials and permissions."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import AGAIN, AUTH_EXPIRED, CA, CONFIG, CREDENTIALS, GRANT, T

CREDENTIAL_RULES: tuple[FailureRule, ...] = (
    FailureRule("aws-token-expired", None, AUTH_EXPIRED, {
        r"\bexpiredtoken(?:exception)?\b":
            ("An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: The security token "
             "included in the request is expired"),
        r"\brequestexpired\b":
            "An error occurred (RequestExpired) when calling the DescribeImages operation: Request has expired.",
        "security token included in the request is expired":
            ("An error occurred (ExpiredTokenException) when calling the GetParametersByPath operation: The "
             "security token included in the request is expired"),
        "authorization token (?:has )?expired": "Your authorization token has expired. Reauthenticate.",
        "provided token has expired":
            ("operation error S3: HeadObject, https response error StatusCode: 400, RequestID: 1, HostID: 2, api "
             "error ExpiredToken: The provided token has expired."),
        "token is expired":
            ("failed to authorize: failed to fetch oauth token: unexpected status from GET request to "
             "https://gitlab.example.com/jwt/auth: 401 Unauthorized: token is expired by 3m12s"),
    }, cause="the credentials for {host} have expired", advice="log in again with fresh credentials",
        why="a new login fixes it",
        codes=("ExpiredToken", "ExpiredTokenException", "RequestExpired", "DENIED", "UNAUTHORIZED"),
        statuses=(401, 403),
    ),
    FailureRule("aws-sso-expired", FailurePhase.STS, CONFIG, {
        "sso session (?:associated with this profile )?(?:has )?(?:expired|is otherwise invalid)":
            "The SSO session associated with this profile has expired or is otherwise invalid.",
        "token has expired and refresh failed":
            "Error when retrieving token from sso: Token has expired and refresh failed",
        "error loading sso token": "Error loading SSO Token: Token for https://shop.awsapps.com/start does not exist",
        "refreshing temporary credentials failed":
            "Refreshing temporary credentials failed during mandatory refresh period.",
        "pending authorization to retrieve an sso token has expired":
            ("botocore.exceptions.PendingAuthorizationExpiredError: The pending authorization to retrieve an SSO "
             "token has expired. The device authorization flow to retrieve an SSO token must be restarted."),
    }, cause="the AWS SSO session has expired", advice="run `aws sso login`", why="only a person can sign in to SSO",
        codes=("SSOTokenLoadError", "UnauthorizedSSOTokenError", "PendingAuthorizationExpiredError"),
    ),
    FailureRule("aws-action-denied", None, CONFIG, {
        (r"not\s+authorized\s+to\s+perform:?\s*(?P<action>[\w-]+:\w+)(?:\s+on\s+(?:the\s+)?resources?:\s"
         r"*(?P<resource>[^\s\"\\,]+))?"):
            ("denied: User: arn:aws:sts::111122223333:assumed-role/build/x is not authorized to perform: "
             "ecr:InitiateLayerUpload on resource: arn:aws:ecr:eu-west-1:111122223333:repository/shop"),
    }, cause="the role is not allowed to perform {action}", advice=GRANT, why="a missing permission stays missing",
        codes=("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "DENIED"),
        statuses=(403,),
    ),
    FailureRule("aws-operation-denied", None, CONFIG, {
        "not authorized to perform": "AccessDeniedException: User is not authorized to perform this action",
        r"\baccessdenied(?:exception)?\b":
            ("An error occurred (AccessDeniedException) when calling the DescribeRepositories operation: access "
             "is denied"),
        r"\bunauthorizedoperation\b":
            ("An error occurred (UnauthorizedOperation) when calling the DescribeRegions operation: You are not "
             "authorized to perform this operation."),
        r"\boptinrequired\b":
            ("An error occurred (OptInRequired) when calling the DescribeRegions operation: You are not "
             "subscribed to this service. Please go to http://aws.amazon.com to subscribe."),
        "not authorized to assume":
            "User: arn:aws:sts::111122223333:assumed-role/build/x is not authorized to assume the role",
    }, cause="AWS denied the {operation} call", advice=GRANT, why="a missing permission stays missing",
        codes=("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "OptInRequired"),
    ),
    FailureRule("aws-credentials-invalid", None, CONFIG, {
        r"\bunrecognizedclient(?:exception)?\b":
            ("An error occurred (UnrecognizedClientException) when calling the GetAuthorizationToken operation: "
             "The security token included in the request is invalid."),
        r"\binvalidclienttokenid\b":
            ("An error occurred (InvalidClientTokenId) when calling the GetCallerIdentity operation: The security "
             "token included in the request is invalid."),
        r"\binvalidaccesskeyid\b":
            ("operation error S3: GetObject, https response error StatusCode: 403, RequestID: 1, HostID: 2, api "
             "error InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records."),
        r"\bauthfailure\b":
            ("An error occurred (AuthFailure) when calling the DescribeRegions operation: AWS was not able to "
             "validate the provided access credentials"),
        r"\bincompletesignature(?:exception)?\b":
            ("An error occurred (IncompleteSignatureException) when calling the GetAuthorizationToken operation: "
             "Authorization header requires 'Credential' parameter."),
        r"\bmissingauthenticationtoken(?:exception)?\b":
            ("An error occurred (MissingAuthenticationTokenException) when calling the GetAuthorizationToken "
             "operation: Missing Authentication Token"),
        r"\binvalididentitytoken\b":
            ("An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: "
             "Couldn't retrieve verification key from your identity provider, please reference "
             "AssumeRoleWithWebIdentity documentation for requirements"),
        r"\bidprejectedclaim\b":
            ("An error occurred (IDPRejectedClaim) when calling the AssumeRoleWithWebIdentity operation: The web "
             "identity token was rejected"),
        r"\bpackedpolicytoolarge\b":
            ("An error occurred (PackedPolicyTooLarge) when calling the AssumeRoleWithWebIdentity operation: "
             "Packed size of session tags consumes 104% of allotted space."),
        "security token included in the request is invalid": "The security token included in the request is invalid.",
    }, cause="AWS rejected the credentials of the {operation} call", advice=CREDENTIALS,
        why="AWS does not know the key, and does not learn it by waiting",
        codes=("UnrecognizedClient", "UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId",
               "AuthFailure", "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
               "MissingAuthenticationTokenException", "InvalidIdentityToken", "IDPRejectedClaim",
               "PackedPolicyTooLarge"),
    ),
    FailureRule("aws-oidc-provider-missing", FailurePhase.STS, CONFIG, {
        "no openidconnect provider found":
            "Error: Could not assume role with OIDC: No OpenIDConnect provider found in your account",
        "federated principal":
            ("An error occurred (MalformedPolicyDocument) when calling the AssumeRoleWithWebIdentity operation: "
             "Invalid Federated principal syntax in role trust policy"),
    }, cause="AWS does not know the OIDC provider of this run",
        advice="create the OIDC provider in IAM, and name it in the role's trust policy",
        why="the provider stays missing",
    ),
    FailureRule("aws-signing-region-wrong", None, CONFIG, {
        "credential should be scoped to a valid region":
            ("An error occurred (SignatureDoesNotMatch) when calling the GetCallerIdentity operation: Credential "
             "should be scoped to a valid region"),
        "(?:the )?authorization header is malformed.*region":
            ("api error AuthorizationHeaderMalformed: The authorization header is malformed; the region "
             "'us-east-1' is wrong; expecting 'eu-west-1'"),
    }, cause="the request is signed for another region",
        advice="set AWS_DEFAULT_REGION and AWS_STS_REGIONAL_ENDPOINTS=regional", why="the region stays wrong",
        codes=("AuthorizationHeaderMalformed", "SignatureDoesNotMatch", "InvalidSignatureException"),
    ),
    FailureRule("aws-clock-skewed", None, CONFIG, {
        "signature (?:not yet current|expired)":
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z",
        "requesttimetooskewed":
            ("An error occurred (RequestTimeTooSkewed) when calling the ListObjectsV2 operation: The difference "
             "between the request time and the current time is too large."),
        "is (?:earlier|later) than":
            ("Signature not valid here: 20260101T001000Z is later than 20260101T000500Z (20260101T000000Z + 5 "
             "min.)"),
    }, cause="the clock of this machine is wrong: AWS rejected the signature",
        advice="synchronize the clock (chronyd, ntpd)", why="the clock stays wrong",
        codes=("RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"),
    ),
    FailureRule("aws-signature-mismatch", None, CONFIG, {
        "signaturedoesnotmatch":
            ("An error occurred (SignatureDoesNotMatch) when calling the GetCallerIdentity operation: The request "
             "signature we calculated does not match the signature you provided."),
        "invalidsignature(?:exception)?":
            ("An error occurred (InvalidSignatureException) when calling the GetAuthorizationToken operation: The "
             "signature does not match the one that AWS computed"),
        "request signature we calculated":
            ("The request signature we calculated does not match the signature you provided. Check your AWS "
             "Secret Access Key and signing method."),
    }, cause="the AWS secret access key does not match the access key ID", advice=CREDENTIALS,
        why="the key pair stays wrong",
        codes=("SignatureDoesNotMatch", "InvalidSignatureException"),
    ),
    FailureRule("aws-response-unexpected", None, CONFIG, {
        r"an error occurred \((?P<status>30\d|40[0-7]|41\d)\) when calling":
            ("An error occurred (404) when calling the GetAuthorizationToken operation: <!DOCTYPE html PUBLIC "
             '"-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'),
    }, cause="the {operation} call got HTTP {status} from a host other than AWS",
        advice="check AWS_ENDPOINT_URL and the proxy (HTTPS_PROXY, NO_PROXY)",
        why="AWS never answers with an HTML page", given=r"an error occurred \(\d+\) when calling",
        codes=("301", "302", "303", "307", "308", "400", "401", "403", "404", "405", "407", "410", "412", "413", "418"),
    ),
    FailureRule("aws-credentials-missing", FailurePhase.STS, CONFIG, {
        "unable to locate credentials":
            "Unable to locate credentials. You can configure credentials by running aws configure",
        "nocredential(?:s|providers|serror)": "botocore.exceptions.NoCredentialsError: Unable to locate credentials",
        "no valid credential sources": "Error: No valid credential sources found",
        "partial credentials found": "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
        r"config profile \(.{1,80}\) could not be found": "The config profile (shop) could not be found",
        "failed to refresh cached credentials, no ec2 imds role":
            "get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found",
        "could not load credentials from any providers": "Error: Could not load credentials from any providers",
        "no ec2 imds role found": "no EC2 IMDS role found, operation error ec2imds: GetMetadata, canceled",
        "credentials could not be loaded": "Error: Credentials could not be loaded, please check your action inputs",
        "failed to retrieve credentials": "Error: failed to retrieve credentials: static credentials are empty",
        "noauthhandlerfound":
            ("boto.exception.NoAuthHandlerFound: No handler was ready to authenticate. 1 handlers were checked. "
             "['HmacAuthV4Handler'] Check your credentials"),
        "unable to parse config file": "Unable to parse config file: /root/.aws/config",
        "credential_process":
            "Error when retrieving credentials from custom-process: credential_process returned non-zero",
        "credentialretrievalerror":
            ("botocore.exceptions.CredentialRetrievalError: Error when retrieving credentials from "
             "custom-process: exit status 1"),
        "infinite loop in credential configuration":
            ("Infinite loop in credential configuration detected. Attempting to load from profile shop which has "
             "already been visited."),
    }, cause="no AWS credentials found",
        advice=CREDENTIALS + "; containers also need AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        why="credentials do not appear by waiting", unless="time(?:d )?out",
        codes=("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound",
               "ConfigParseError", "InfiniteLoopConfigError"),
    ),
    FailureRule("aws-region-missing", None, CONFIG, {
        "(?:you )?must (?:also )?specify a region":
            'You must specify a region. You can also configure your region by running "aws configure".',
        "noregionerror": "botocore.exceptions.NoRegionError",
        "could not find region": "MissingRegion: could not find region configuration",
        "missing region": "ConfigError: Missing region in config",
        "invalid endpoint: https?:": "Invalid endpoint: https://api.ecr..amazonaws.com",
        "provided region": "Provided region_name 'eu west 1' doesn't match a supported format.",
    }, cause="the AWS region is missing or invalid", advice="set AWS_DEFAULT_REGION or --region",
        why="the setting stays missing",
        codes=("NoRegionError", "InvalidRegionError"),
    ),
    FailureRule("sts-unreachable", FailurePhase.STS, T, {
        r"assume role.{0,80}\b(?:etimedout|econnreset|eai_again|enetunreach|socket hang up)":
            ("Retry AssumeRole: attempt 2 of 9 failed: Could not assume role with OIDC: connect ETIMEDOUT "
             "203.0.113.7:443"),
    }, cause="STS did not respond", advice=AGAIN, why="Node.js error codes for a broken connection",
    ),
    FailureRule("aws-cli-missing", FailurePhase.LOGIN, CONFIG, {
        r"\baws: (?:command )?not found": "/codebuild/output/tmp/script.sh: line 4: aws: command not found",
        "aws: no such file": "bash: /usr/local/bin/aws: No such file or directory",
    }, cause="the AWS CLI is not installed", advice="install the AWS CLI; CodeBuild's standard images include it",
        why="the command stays missing",
    ),
    FailureRule("aws-certificate-untrusted", None, CONFIG, {
        "certificate_verify_failed":
            "[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate (_ssl.c:1006)",
        "ssl validation failed":
            "SSL validation failed for https://sts.eu-west-1.amazonaws.com/ [SSL: UNKNOWN] (_ssl.c:1006)",
        "certificate verify failed":
            "[SSL] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)",
    }, cause="the certificate of {host} is not trusted", advice=CA, why="the CA of the proxy stays unknown",
        codes=("SSLError",),
    ),
)  # fmt: skip
