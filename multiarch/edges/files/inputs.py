"""The files that a build reads: settings, context, Dockerfile, secrets; a missing file is an error before the build."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from multiarch.edges.files.read import read_file
from multiarch.edges.files.settings import checkout_root, leaves_checkout
from multiarch.errors import ConfigurationError
from multiarch.plan.build.bake import dockerfile_of, is_remote
from multiarch.plan.build.secrets import secret_arguments
from multiarch.settings.image import ImageSettings
from multiarch.text.csv_words import Secret

_LARGEST_EVENT = 32 << 20  # a webhook's payload has 25 MB at most
_LARGEST_TEXT = 1 << 20


def read_event(environment: Mapping[str, str]) -> Mapping[str, object]:
    """Return what GitHub tells a job of the event that started it; nothing elsewhere, or where it cannot be read."""
    path = environment.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        event = json.loads(read_file(Path(path), _LARGEST_EVENT))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def check_inputs(settings: ImageSettings, folder: Path, environment: Mapping[str, str]) -> None:
    """Check that the files of the build exist.

    Raises:
        ConfigurationError: the context, the Dockerfile, a secret or the SSH agent is missing.
    """
    if not is_remote(settings.context):
        _check_context(settings, folder)
    for secret in settings.secrets:
        _check_secret(secret, folder, environment)
    for each in settings.ssh:
        name, _, path = each.partition("=")
        if not path and not environment.get("SSH_AUTH_SOCK"):
            msg = f"--ssh {name}: no SSH agent"
            raise ConfigurationError(msg, hint=f"start an agent and add a key, or use a key file: --ssh {name}=FILE")


def check_layout(layout: Path) -> None:
    """Check that a local build can replace what is at the path of its OCI layout.

    Raises:
        ConfigurationError: the path has something that no local build made.
    """
    there = layout.exists() or layout.is_symlink()
    is_ours = (
        layout.is_dir() and not layout.is_symlink() and ((layout / "oci-layout").is_file() or not any(layout.iterdir()))
    )
    if there and not is_ours:
        msg = f"{layout} exists and is not an OCI layout: a local build would replace it"
        raise ConfigurationError(msg, hint="use another folder: --dist DIR")


def _check_context(settings: ImageSettings, folder: Path) -> None:
    context = folder / settings.context
    if not context.is_dir():
        msg = f"the context {settings.context} is not a folder"
        raise ConfigurationError(msg, hint="use the folder of the build: --context PATH")
    dockerfile = dockerfile_of(settings)
    if not (context / dockerfile).is_file():
        msg = f"no Dockerfile at {dockerfile_path(settings)}"
        raise ConfigurationError(msg, hint="use another Dockerfile: --file PATH, or another context: --context PATH")


def dockerfile_path(settings: ImageSettings) -> str:
    """Return the Dockerfile's path as people know it."""
    return settings.dockerfile or str(Path("" if is_remote(settings.context) else settings.context, "Dockerfile"))


def read_dockerfile(settings: ImageSettings, folder: Path) -> str:
    """Return what the Dockerfile says; nothing where it is not on this machine, or a link out of the checkout."""
    if is_remote(settings.context):
        return ""
    return _text_of(folder.resolve() / settings.context / dockerfile_of(settings), checkout_root(folder, {}))


def _text_of(path: Path, root: Path) -> str:
    """Return a text of the checkout; nothing where it is none, is too large, or leads out of the checkout."""
    if leaves_checkout(path, root):
        return ""
    try:
        return read_file(path, _LARGEST_TEXT).decode(errors="replace")
    except OSError:
        return ""


def _check_secret(secret: str, folder: Path, environment: Mapping[str, str]) -> None:
    found = Secret.parse(secret)
    name, variable, origin = found.id, found.variable, found.file
    if variable and variable not in environment:
        msg = f"secret {name}: the variable {variable} is not set"
        raise ConfigurationError(msg, hint=f"set {variable}, or use a file: --secret id={name},src=FILE")
    if origin and leaves_checkout(folder.resolve() / origin, checkout_root(folder, environment)):
        msg = f"secret {name}: {origin} is a link out of the checkout"
        raise ConfigurationError(msg, hint="name the file itself: --secret id=NAME,src=FILE")
    if (origin and not (folder / origin).is_file()) or (
        not origin and not variable and name not in environment and not (folder / name).is_file()
    ):
        msg = f"secret {name}: no file {origin or name}"
        raise ConfigurationError(msg, hint=f"use --secret id={name},src=FILE or --secret id={name},env=VARIABLE")


def secret_values(settings: ImageSettings, folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what must never be printed: the secrets that the build is given, and arguments that look like some."""
    arguments = settings.build_args
    for name in secret_arguments(arguments, environment):
        yield environment.get(name, "") if arguments[name] is None else str(arguments[name])
    for secret in settings.secrets:
        found = Secret.parse(secret)
        variable, file = found.variable or found.id, folder / (found.file or found.id)
        if not found.file and variable in environment:
            yield environment[variable]
        elif file.is_file():
            yield file.read_text(encoding="utf-8", errors="replace")


def own_output_is_in_context(settings: ImageSettings, folder: Path, dist: str) -> bool:
    """Whether a local build's result would be part of the next build's context, and so spoil its cache."""
    if is_remote(settings.context):
        return False
    context = (folder / settings.context).resolve()
    output = (folder / dist).resolve()
    patterns = _text_of(context / ".dockerignore", checkout_root(folder, {})).split()
    if not output.is_relative_to(context):
        return False
    ignored_names = {"", *output.relative_to(context).parts[:1]}
    return not any(pattern.strip("/*") in ignored_names for pattern in patterns)
