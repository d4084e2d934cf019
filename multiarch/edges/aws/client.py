"""What the program asks of AWS."""

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal, TypeVar

from multiarch.deadline import Deadline
from multiarch.edges.aws.answers import (
    AuthorizationToken,
    CallerIdentity,
    Images,
    Repositories,
    Template,
    Templates,
    convert,
)
from multiarch.edges.aws.harmless import HARMLESS_CALLS
from multiarch.edges.aws.token import Token, make_token
from multiarch.errors import OperationFailedError
from multiarch.image.ecr import Permission, RepositoryFacts
from multiarch.image.registry import Registry

if TYPE_CHECKING:
    from multiarch.edges.aws.call import Calls

_Page = TypeVar("_Page", Images, Templates)
_Value = TypeVar("_Value")

_PAGE = 1000
# More than the quota of images in a repository, and than that of templates in a region.
_MOST_PAGES = 500
_NO_SUCH_THING = {"LayersNotFoundException", "UploadNotFoundException", "ImageNotFoundException"}


class Aws:
    """Asks STS and ECR. Each call is made once: what to retry is decided elsewhere, for all edges alike."""

    def __init__(self, deadline: Deadline | None = None) -> None:
        """Prepare; nothing is asked yet.

        Args:
            deadline: the end of the run's retries: no call outlasts it by more than `answers.LEAST` seconds.
        """
        self._deadline = deadline
        self._tokens: dict[tuple[str, str], Token] = {}
        self._made: Calls | None = None
        self._lock = threading.Lock()

    @property
    def _calls(self) -> "Calls":
        from multiarch.edges.aws.call import Calls

        with self._lock:
            self._made = self._made or Calls(self._deadline)
            return self._made

    def default_region(self) -> str:
        """Return the region of the user's AWS profile, empty where there is none.

        Raises:
            OperationFailedError: there is no such profile.
        """
        return self._calls.profile_region()

    def token(self, *, region: str, account: str = "", fresh: bool = False) -> Token:
        """Get a token for a registry; without an account for the caller's own, whose host comes with it.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """
        if not fresh and (known := self._tokens.get((region, account))):
            return known
        ids = {"registryIds": [account]} if account else {}

        def ask() -> Token:
            answer = convert(self._calls.ecr(region).get_authorization_token(**ids), AuthorizationToken)
            data = answer.authorization_data[0]
            return make_token(encoded=data.authorization_token, endpoint=data.proxy_endpoint, expires=data.expires_at)

        token = self._ask(ask)
        self._tokens[region, account] = token
        self._tokens[region, Registry.parse(token.host).account] = token
        return token

    def find_repository(self, registry: Registry, name: str) -> RepositoryFacts | Literal["missing", "unknown"]:
        """Return what ECR keeps of a repository, or say that there is none and no push will make one.

        `unknown`: the role may not ask, or AWS did not answer, or the push makes it; the push will tell.
        """
        try:
            if found := self.repository(registry, name):
                return found
        except OperationFailedError:
            return "unknown"
        return "missing" if self.is_made_on_push(registry, name) is False else "unknown"

    def repository(self, registry: Registry, name: str) -> RepositoryFacts | None:
        """Return what ECR keeps of a repository, None where there is none.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """

        def ask() -> RepositoryFacts:
            client = self._calls.ecr(registry.region)
            answer = client.describe_repositories(registryId=registry.account, repositoryNames=[name])
            found = convert(answer, Repositories).repositories[0]
            filters = found.image_tag_mutability_exclusion_filters
            return RepositoryFacts(
                mutability=found.image_tag_mutability, exclusions=tuple(each.filter for each in filters)
            )

        try:
            return self._ask(ask)
        except OperationFailedError as error:
            if error.code == "RepositoryNotFoundException":
                return None
            raise

    def is_made_on_push(self, registry: Registry, name: str) -> bool | None:
        """Whether a creation template makes a repository at its first push; None where AWS does not say.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html
        """

        def ask() -> list[Template]:
            client = self._calls.ecr(registry.region)
            pages = _pages(
                lambda token: convert(client.describe_repository_creation_templates(**token), Templates)  # type: ignore[arg-type]  # mypy takes all for the first parameter's type
            )
            return [each for page in pages for each in page.repository_creation_templates]

        try:
            templates = self._ask(ask)
        except OperationFailedError:
            return None
        made = [each.prefix for each in templates if "CREATE_ON_PUSH" in each.applied_for]
        return any(prefix == "ROOT" or name.startswith(f"{prefix.rstrip('/')}/") for prefix in made)

    def permission(self, registry: Registry, name: str, action: str) -> Permission:
        """Find out whether the role may do something, by asking it of what cannot exist.

        ECR looks at the role before it looks for the layer or the upload, so the answer is either AccessDenied or that
        there is no such thing; nothing is made, and nothing of the repository is read.

        Args:
            registry: whose repository it is.
            name: the repository, which has to exist.
            action: one of `HARMLESS_ACTIONS`.
        """
        where = {"registryId": registry.account, "repositoryName": name}
        try:
            self._ask(lambda: HARMLESS_CALLS[action](self._calls.ecr(registry.region), where))
        except OperationFailedError as error:
            if error.code.startswith("AccessDenied"):
                return Permission.DENIED
            return Permission.ALLOWED if error.code in _NO_SUCH_THING else Permission.UNKNOWN
        return Permission.ALLOWED

    def image_count(self, registry: Registry, name: str) -> int:
        """Count a repository's images, a page of 1000 a call.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """

        def ask() -> int:
            client = self._calls.ecr(registry.region)
            where = {"registryId": registry.account, "repositoryName": name, "maxResults": _PAGE}
            pages = _pages(lambda token: convert(client.list_images(**where, **token), Images))  # type: ignore[arg-type]  # as above
            # A tag is an entry too; the quota counts images.
            return len({each.image_digest for page in pages for each in page.image_ids})

        return self._ask(ask)

    def caller(self, region: str) -> str:
        """Return the ARN of the user or role whose credentials AWS sees; everybody may ask.

        Raises:
            OperationFailedError: AWS refused, or did not answer.
        """
        return self._ask(lambda: convert(self._calls.sts(region).get_caller_identity(), CallerIdentity).arn)

    def _ask(self, ask: Callable[[], _Value]) -> _Value:
        return self._calls.ask(ask)


def _pages(ask: Callable[[dict[str, str]], _Page]) -> Iterator[_Page]:
    """Ask for page after page.

    Raises:
        ValueError: there are too many.
    """
    token: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page = ask(token)
        yield page
        if not page.next_token:
            return
        token = {"nextToken": page.next_token}
    msg = f"more than {_MOST_PAGES} pages"
    raise ValueError(msg)
