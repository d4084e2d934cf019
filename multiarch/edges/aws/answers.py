"""What AWS answers, as declared types: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html."""

from datetime import datetime
from typing import Annotated, TypeVar

import msgspec

_Value = TypeVar("_Value")

# What is printed, or compared with names: the patterns of the API, or wider.
Word = Annotated[str, msgspec.Meta(pattern=r"^[!-~]{1,2048}$")]
Wildcard = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._*-]{1,128}$")]


class AuthorizationData(msgspec.Struct, frozen=True, rename="camel"):
    authorization_token: str
    proxy_endpoint: str
    expires_at: datetime | None = None


class AuthorizationToken(msgspec.Struct, frozen=True, rename="camel"):
    """Of GetAuthorizationToken."""

    authorization_data: Annotated[tuple[AuthorizationData, ...], msgspec.Meta(min_length=1)]


class Filter(msgspec.Struct, frozen=True):
    filter: Wildcard


class EcrRepository(msgspec.Struct, frozen=True, rename="camel"):
    image_tag_mutability: Word = "MUTABLE"
    image_tag_mutability_exclusion_filters: tuple[Filter, ...] = ()


class Repositories(msgspec.Struct, frozen=True):
    """Of DescribeRepositories."""

    repositories: Annotated[tuple[EcrRepository, ...], msgspec.Meta(min_length=1)]


class Template(msgspec.Struct, frozen=True, rename="camel"):
    prefix: Word
    applied_for: tuple[str, ...] = ()


class Templates(msgspec.Struct, frozen=True, rename="camel"):
    """A page of DescribeRepositoryCreationTemplates."""

    repository_creation_templates: tuple[Template, ...]
    next_token: str | None = None


class ImageId(msgspec.Struct, frozen=True, rename="camel"):
    image_digest: str = ""


class Images(msgspec.Struct, frozen=True, rename="camel"):
    """A page of ListImages."""

    image_ids: tuple[ImageId, ...]
    next_token: str | None = None


class CallerIdentity(msgspec.Struct, frozen=True, rename="pascal"):
    """Of GetCallerIdentity."""

    arn: Word


def convert(value: object, kind: type[_Value]) -> _Value:
    """Check what a library has parsed against a declared type.

    Raises:
        ValueError: it is not of that type.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from None
