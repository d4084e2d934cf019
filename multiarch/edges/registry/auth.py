"""Tokens of a registry that asks for them: the challenge and its answer."""

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import urllib3


def token_in(response: "urllib3.BaseHTTPResponse") -> str:
    """Return the token of a token server's answer, empty where it has none."""
    try:
        answer = json.loads(response.data)
        return str(answer.get("token") or answer.get("access_token") or "")
    except (ValueError, AttributeError):
        return ""


def challenge_fields(text: str) -> list[tuple[str, str]]:
    return re.findall(r'(\w+)="([^"]*)"', text)
