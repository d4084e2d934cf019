"""The image that test images start from: busybox for two platforms, made and pushed without docker."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import urllib3

from dev.stack import layout, tls, tools
from dev.stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Sequence

_OCI: Final = "application/vnd.oci.image"
_INDEX: Final = f"{_OCI}.index.v1+json"
_MANIFEST: Final = f"{_OCI}.manifest.v1+json"
_CONFIG: Final = f"{_OCI}.config.v1+json"
_LAYER: Final = f"{_OCI}.layer.v1.tar+gzip"


def ready() -> bool:
    return all(_Repository(registry).has_tag() for registry in layout.REGISTRIES)


def push() -> None:
    applets = subprocess.run(
        [tools.busybox(tools.NATIVE).file, "--list"], check=True, capture_output=True, text=True
    ).stdout.split()
    layers = {arch: _layer(tools.busybox(arch).file.read_bytes(), applets) for arch in (tools.NATIVE, tools.FOREIGN)}
    for registry in layout.REGISTRIES:
        repository = _Repository(registry)
        manifests = [repository.push_platform(architecture, layer) for architecture, layer in sorted(layers.items())]
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}
        repository.push_manifest(_json(index), _INDEX, layout.BASE_TAG)


def _layer(busybox: bytes, applets: Sequence[str]) -> bytes:
    """A tar of the smallest root file system; the same bytes at each run, so that caches stay warm."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            archive.addfile(folder)
        for name, mode, content in (
            ("bin/busybox", 0o755, busybox),
            ("etc/passwd", 0o644, b"root:x:0:0:root:/:/bin/sh\n"),
        ):
            file = tarfile.TarInfo(name)
            file.size, file.mode = len(content), mode
            archive.addfile(file, io.BytesIO(content))
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                archive.addfile(link)
    return buffer.getvalue()


class _Repository:
    """`base` in one registry."""

    def __init__(self, registry: layout.Registry) -> None:
        self._pool = urllib3.PoolManager(ca_certs=str(tls.AUTHORITY), retries=False, timeout=10)
        self._root = f"{registry.url}/v2/{layout.BASE}/"
        self._login = urllib3.make_headers(basic_auth=f"{registry.user}:{registry.password}") if registry.is_ecr else {}

    def has_tag(self) -> bool:
        try:
            url = urljoin(self._root, f"manifests/{layout.BASE_TAG}")
            return self._pool.request("HEAD", url, headers={**self._login, "Accept": _INDEX}).status == 200
        except (urllib3.exceptions.HTTPError, OSError):
            return False

    def push_platform(self, architecture: str, layer: bytes) -> dict[str, Any]:
        packed = gzip.compress(layer, mtime=0)
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["sh"]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
            # Any real base image has one; without it, BuildKit ascribes the layers of what is built on it wrongly.
            "history": [{"created_by": f"ADD busybox-{architecture} /"}],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._push_blob(_json(config), _CONFIG),
            "layers": [self._push_blob(packed, _LAYER)],
        }
        body = _json(manifest)
        self.push_manifest(body, _MANIFEST, _digest(body))
        return {**_descriptor(body, _MANIFEST), "platform": {"os": "linux", "architecture": architecture}}

    def push_manifest(self, body: bytes, media_type: str, reference: str) -> None:
        self._send("PUT", urljoin(self._root, f"manifests/{reference}"), body, media_type)

    def _push_blob(self, body: bytes, media_type: str) -> dict[str, Any]:
        started = self._send("POST", urljoin(self._root, "blobs/uploads/"), b"", media_type)
        location = urljoin(self._root, started.headers["Location"])
        separator = "&" if "?" in location else "?"
        self._send("PUT", f"{location}{separator}digest={_digest(body)}", body, "application/octet-stream")
        return _descriptor(body, media_type)

    def _send(self, method: str, url: str, body: bytes, media_type: str) -> urllib3.BaseHTTPResponse:
        response = self._pool.request(method, url, body=body, headers={**self._login, "Content-Type": media_type})
        if response.status >= 300:
            msg = f"{method} {url}: {response.status} {response.data.decode(errors='replace').strip()}"
            raise StackError(msg)
        return response


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}
