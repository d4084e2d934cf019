"""The one importer of boto3.

Each call is made once: what to retry is decided elsewhere, for all edges alike.
"""

import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from multiarch.deadline import Deadline
from multiarch.edges.answers import BoundedResponse, bounds_until, exchange, one_line, seconds_to_wait
from multiarch.errors import OperationFailedError

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1, "mode": "standard"})

_Value = TypeVar("_Value")

# botocore has no option that bounds an answer, neither one of AWS nor one of a credentials endpoint.
for _each in (AWSHTTPConnection, AWSHTTPSConnection):
    _each.response_class = BoundedResponse  # type: ignore[assignment]  # the stubs know botocore's own alone


class Calls:
    """boto3's clients, and calls with them."""

    def __init__(self, deadline: Deadline | None) -> None:
        """Prepare; nothing is asked yet.

        Args:
            deadline: the end of the run's retries, which shortens exchanges down to `answers.LEAST`.
        """
        self._deadline = deadline
        self._clients: dict[str, ECRClient] = {}
        self._lock = threading.Lock()

    def ecr(self, region: str) -> "ECRClient":
        """Return the client of a region.

        Raises:
            OperationFailedError: the profile, the region or an endpoint is not one.
        """
        with self._lock:
            if region not in self._clients:
                self._clients[region] = _made(lambda: _session().client("ecr", region_name=region, config=_CONFIG))
            return self._clients[region]

    def sts(self, region: str) -> "STSClient":
        """Make a client; raises as `ecr`."""
        return _made(lambda: _session().client("sts", region_name=region, config=_CONFIG))

    def profile_region(self) -> str:
        """Return the region of the user's AWS profile, empty where it has none.

        Raises:
            OperationFailedError: there is no such profile.
        """
        return _made(lambda: _session().region_name) or ""

    def ask(self, ask: Callable[[], _Value]) -> _Value:
        """Ask AWS, within the bounds of one exchange.

        Args:
            ask: makes calls with a client and checks their answers, all within one time limit. May raise ValueError
                for an answer that is not of its declared type.

        Raises:
            OperationFailedError: AWS refused, did not answer, or answered in another form.
        """
        bounds = bounds_until(self._deadline)

        def run() -> _Value:
            try:
                return ask()
            except ClientError as error:
                raise _refusal(error) from None
            except (BotoCoreError, HTTPClientError) as error:
                text = bounds.exceeded or one_line(str(error))
                host = urlsplit(str(error.kwargs.get("endpoint_url", ""))).netloc
                line = f"botocore.exceptions.{type(error).__name__}: {text}"
                raise OperationFailedError("ecr-api", [line], host=host, code=type(error).__name__) from None
            except Exception as error:  # noqa: BLE001 - botocore's parsers raise anything on an answer of another form
                text = bounds.exceeded or one_line(f"{type(error).__name__}: {error}")
                line = f"AWS returned a malformed answer: {text}"
                raise OperationFailedError("ecr-api", [line], code="MalformedAnswer") from None

        text = f"botocore.exceptions.ReadTimeoutError: no answer within {bounds.deadline.seconds:.0f} s"
        return exchange(run, bounds, late=OperationFailedError("ecr-api", [text], code="ReadTimeoutError"))


def _session() -> boto3.session.Session:
    return boto3.session.Session()


def _made(make: Callable[[], _Value]) -> _Value:
    """Make what asks AWS; the network is not asked yet."""
    try:
        return make()
    except (BotoCoreError, ValueError) as error:  # a ValueError is an endpoint that is no URL
        line = f"botocore.exceptions.{type(error).__name__}: {error}"
        raise OperationFailedError("ecr-api", [line], code=type(error).__name__) from None


def _refusal(error: ClientError) -> OperationFailedError:
    """Return botocore's words; of an answer that is not in AWS's form it knows the status, and not what that means."""
    found, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code, status = str(found.get("Code", "")), meta.get("HTTPStatusCode")
    text = one_line(str(error))
    phrase = {str(each.value): each.phrase for each in HTTPStatus}.get(code)
    if phrase and not found.get("Message"):
        text = f"{text} {code} {phrase}"
    return OperationFailedError(
        "ecr-api",
        [text],
        retry_after=seconds_to_wait(meta.get("HTTPHeaders", {}).get("retry-after")),
        status=status if isinstance(status, int) else None,
        code=one_line(code),
    )
