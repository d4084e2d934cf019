"""What a registry has, asked by other means than the ones that are tested."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import urllib3

from dev import stack

# All four: a registry answers with another manifest than the one that is tagged rather than with a type not named here.
_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True, kw_only=True)
class RegistryView:
    """One repository, read over HTTP with the stack's own password."""

    host: str
    repository: str

    def tags(self) -> set[str]:
        response = self._get("tags/list")
        return set(json.loads(response.data).get("tags") or ()) if response.status == 200 else set()

    def digest(self, reference: str) -> str:
        response = self._get(f"manifests/{reference}")
        assert response.status == 200, (reference, response.status, response.data)
        return str(response.headers["Docker-Content-Digest"])

    def manifest(self, reference: str) -> dict[str, Any]:
        response = self._get(f"manifests/{reference}")
        assert response.status == 200, (reference, response.status)
        return json.loads(response.data)  # type: ignore[no-any-return]  # a manifest is an object

    def platforms(self, reference: str) -> dict[str, dict[str, Any]]:
        """Return the image configuration of each platform."""
        found = {}
        for entry in self.manifest(reference)["manifests"]:
            config = self.manifest(entry["digest"])["config"]["digest"]
            platform = f"{entry['platform']['os']}/{entry['platform']['architecture']}"
            found[platform] = self.config(config)
        return found

    def config(self, digest: str) -> dict[str, Any]:
        return json.loads(self._get(f"blobs/{digest}").data)  # type: ignore[no-any-return]  # a configuration is an object

    def _get(self, path: str) -> urllib3.BaseHTTPResponse:
        running = stack.load()
        known = next(each for each in (running.ecr, running.other_ecr, running.plain) if each.host == self.host)
        headers = {"Accept": ", ".join(_TYPES)}
        if known.is_ecr:
            headers |= urllib3.make_headers(basic_auth=f"AWS:{self.host.partition('.')[0]}-auth-token")
        pool = urllib3.PoolManager(ca_certs=str(running.ca_bundle))
        scheme = "https" if known.is_ecr else "http"
        return pool.request("GET", f"{scheme}://{self.host}/v2/{self.repository}/{path}", headers=headers)
