"""The stack at work once: login, builder, a two-platform build pushed by digest with its cache in the registry."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dev.stack import builder, engine, layout, tls
from dev.stack.errors import StackError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dev.stack.state import State

_NAME: Final = "multiarch-stack-proof"
_PROVED: Final = "proved"
_DOCKERFILE: Final = f"""FROM {layout.PLAIN.host}/{layout.BASE}:{layout.BASE_TAG}
RUN uname -m > /machine
"""


def ready(state: State) -> bool:
    return state.fact(_PROVED) == _source(state)


def run(state: State) -> None:
    with tempfile.TemporaryDirectory(dir=layout.STATE) as folder:
        Path(folder, "Dockerfile").write_text(_DOCKERFILE)
        password = layout.ECR.password.encode()
        login = ("login", "--username", layout.ECR.user, "--password-stdin", layout.ECR.host)
        _docker(folder, login, password)
        image = f"image={state.fact(builder.IMAGE)}"
        create = ("buildx", "create", "--name", _NAME, "--driver", "docker-container", "--driver-opt", image)
        try:
            _docker(folder, (*create, "--bootstrap"))
            _build(folder)
        finally:
            _docker(folder, ("buildx", "rm", "--force", _NAME))
    state.learn(**{_PROVED: _source(state)})


def _build(folder: str) -> None:
    repository = f"{layout.ECR.host}/stack-proof"
    metadata = Path(folder, "metadata.json")
    cache = f"type=registry,ref={repository}:cache"
    platforms = "linux/amd64,linux/arm64"
    build = ("buildx", "build", "--builder", _NAME, "--platform", platforms, "--metadata-file", str(metadata))
    _docker(folder, (
        *build,
        "--output", f"type=image,name={repository},push-by-digest=true,name-canonical=true,push=true",
        "--cache-to", f"{cache},mode=max,image-manifest=true,oci-mediatypes=true",
        "--cache-from", cache,
        folder,
    ))  # fmt: skip
    digest = json.loads(metadata.read_text())["containerimage.digest"]
    index = json.loads(_docker(folder, ("buildx", "imagetools", "inspect", "--raw", f"{repository}@{digest}")))
    found = {f"{m['platform']['os']}/{m['platform']['architecture']}" for m in index["manifests"]}
    if not found.issuperset(platforms.split(",")):
        msg = f"the stack built {sorted(found)} where {platforms} was asked for"
        raise StackError(msg)


def _docker(folder: str, arguments: Sequence[str], stdin: bytes = b"") -> str:
    # A throw-away configuration: the login and the builder are gone with it. The certificates are for `imagetools`,
    # which asks registries by itself and does not read /etc/docker/certs.d as dockerd does.
    variables = {"DOCKER_CONFIG": f"{folder}/docker", "SSL_CERT_FILE": str(tls.BUNDLE)}
    return engine.run_docker(arguments, stdin, variables, seconds=300)


def _source(state: State) -> str:
    """What was proved: the engine's version with this builder."""
    return f"{engine.version()} {state.fact(builder.IMAGE)} {state.fact(builder.KIND)}"
