"""An ECR authorization token."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from multiarch.errors import ConfigurationError
from multiarch.image.registry import Registry

# What a login consists of; anything else would end up in a header, a file or the log.
_USERNAME = re.compile(r"[\x21-\x39\x3b-\x7e]+")
_PASSWORD = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, kw_only=True)
class Token:
    """An ECR authorization token: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_AuthorizationData.html.

    Attributes:
        host: the registry that AWS names with it.
        password: the secret.
        expires: when it ends, None where AWS does not say.
    """

    host: str
    username: str
    password: str
    expires: datetime | None

    def __repr__(self) -> str:
        return f"Token(host={self.host!r}, username={self.username!r}, password=<redacted>)"


def make_token(*, encoded: str, endpoint: str, expires: datetime | None) -> Token:
    """Decode a token.

    Args:
        encoded: `user:password` in base64.
        endpoint: the URL of the registry.
        expires: when it ends.

    Raises:
        ValueError: it is not in that form; the error shows nothing of it.
    """
    try:
        username, _, password = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
    except ValueError:
        username = password = ""
    if not _USERNAME.fullmatch(username) or not _PASSWORD.fullmatch(password):
        msg = "authorizationToken is not a user name and a password in base64"
        raise ValueError(msg) from None
    try:
        host = Registry.parse(endpoint).host
    except ConfigurationError:
        msg = "proxyEndpoint is not a registry"
        raise ValueError(msg) from None
    return Token(host=host, username=username, password=password, expires=expires)
