"""What the registry behind the proxy holds, asked without the proxy: no rule and no fault stands between."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import Any, Final
from urllib.parse import urljoin

import urllib3

from dev.stack import layout

_TYPES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_PLATFORMS: Final = {"linux/amd64", "linux/arm64"}
_REVISION: Final = "org.opencontainers.image.revision"


class Behind:
    """One repository."""

    def __init__(self, repository: str) -> None:
        self._root = f"{layout.BEHIND.url}/v2/{repository}/"
        self._pool = urllib3.PoolManager(retries=False, timeout=10)

    def tags(self) -> dict[str, str]:
        """The digest of each tag."""
        answer = self._ask("GET", "tags/list")
        names = json.loads(answer.data).get("tags") or () if answer.status == 200 else ()
        return {name: self._ask("HEAD", f"manifests/{name}").headers["Docker-Content-Digest"] for name in names}

    def problem(self, reference: str) -> str:
        """Why what a tag points at is not a complete image of both platforms; empty where it is."""
        index = self.manifest(reference)
        found = {}
        for entry in index.get("manifests", ()):
            platform = f"{entry['platform']['os']}/{entry['platform']['architecture']}"
            if platform not in _PLATFORMS:
                continue
            image = self.manifest(entry["digest"])
            config = json.loads(self._ask("GET", f"blobs/{image['config']['digest']}").data)
            found[platform] = f"{config['os']}/{config['architecture']}"
            if problem := self._missing(image):
                return f"{platform}: {problem}"
        wanted = {platform: platform for platform in _PLATFORMS}
        return "" if found == wanted else f"the platforms are {found}"

    def cache_problem(self, reference: str) -> str:
        return self._missing(self.manifest(reference))

    def revision(self, reference: str) -> str:
        return str(self.manifest(reference).get("annotations", {}).get(_REVISION, ""))

    def manifest(self, reference: str) -> dict[str, Any]:
        answer = self._ask("GET", f"manifests/{reference}")
        assert answer.status == 200, (reference, answer.status)
        return json.loads(answer.data)  # type: ignore[no-any-return]  # a manifest is an object

    def _missing(self, image: dict[str, Any]) -> str:
        for blob in (image["config"], *image["layers"]):
            size = self._ask("HEAD", f"blobs/{blob['digest']}").headers.get("Content-Length", "0")
            if int(size) != blob["size"]:
                return f"{blob['digest']} has {size} bytes, not {blob['size']}"
        return ""

    def push_variant(self, origin: str, tag: str) -> None:
        """Push the image of `source` once more with one more layer, which nobody has seen: its pull is a real one."""
        layer = _layer(tag)
        packed = gzip.compress(layer, mtime=0)
        self._upload(packed)
        entries = []
        index = self.manifest(origin)
        for entry in index["manifests"]:
            image = self.manifest(entry["digest"])
            config = json.loads(self._ask("GET", f"blobs/{image['config']['digest']}").data)
            config["rootfs"]["diff_ids"].append(_digest(layer))
            body = json.dumps(config).encode()
            self._upload(body)
            image["config"] |= {"digest": _digest(body), "size": len(body)}
            image["layers"].append({**image["layers"][0], "digest": _digest(packed), "size": len(packed)})
            content = json.dumps(image).encode()
            self._put(content, image["mediaType"], _digest(content))
            entries.append({**entry, "digest": _digest(content), "size": len(content)})
        self._put(json.dumps({**index, "manifests": entries}).encode(), index["mediaType"], tag)

    def _upload(self, content: bytes) -> None:
        started = self._ask("POST", "blobs/uploads/")
        location = urljoin(self._root, started.headers["Location"])
        self._pool.request("PUT", f"{location}&digest={_digest(content)}", body=content)

    def _put(self, content: bytes, media_type: str, reference: str) -> None:
        headers = {"Content-Type": media_type}
        answer = self._pool.request("PUT", f"{self._root}manifests/{reference}", body=content, headers=headers)
        assert answer.status == 201, answer.data

    def _ask(self, method: str, path: str) -> urllib3.BaseHTTPResponse:
        return self._pool.request(method, urljoin(self._root, path), headers={"Accept": ", ".join(_TYPES)})


def _layer(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        file = tarfile.TarInfo("etc/variant")
        file.size = len(name)
        archive.addfile(file, io.BytesIO(name.encode()))
    return buffer.getvalue()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
