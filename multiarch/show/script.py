"""Prints a plan as a shell script. Pure.

The script does the same job on a machine with git, docker and the AWS CLI. It runs the docker commands of the plan, and
`docker buildx imagetools` instead of HTTP requests to the registry.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import assert_never

from multiarch.image.manifest import REVISION, VERSION
from multiarch.plan.deploy_files import DEPLOY_FILES, render_deploy_files
from multiarch.plan.destination import ACCOUNT_PLACEHOLDER, REGION_PLACEHOLDER
from multiarch.plan.model import Plan, Target
from multiarch.plan.steps import (
    METADATA_FILE,
    UNVERIFIED_TAG,
    Assemble,
    Build,
    EnsureBuilder,
    FindRepository,
    Login,
    RemoveBuilder,
    Replace,
    Reuse,
    ShowVersions,
    Step,
    Tag,
    Unpack,
    Verify,
    WriteDeployFiles,
)

# The placeholder of the digest in the deploy files.
_DIGEST = "<digest>"

# Placeholders of an unknown registry, and all placeholders.
_UNKNOWN_REGISTRY = (ACCOUNT_PLACEHOLDER, REGION_PLACEHOLDER)
_PLACEHOLDERS = (*_UNKNOWN_REGISTRY, METADATA_FILE, _DIGEST)


def plan_as_script(plan: Plan) -> str:
    """Return the plan of one image as a POSIX shell script."""
    [target] = plan.targets
    lines = [*_head(plan, target)]
    for step in plan.steps:
        body = list(_step(step, target))
        if step is plan.build and target.reuse and target.reuse.if_exists != "rebuild":
            body = ['if [ -z "$digest" ]; then', *body, "fi"]
        lines += ["", *body]
    return "\n".join([*lines, "", _foot(target)]) + "\n"


def _head(plan: Plan, target: Target) -> Iterator[str]:
    commit = f"commit {plan.commit.sha}" if plan.commit else f"tag {target.commit_tag}"
    registries = [each.repository.registry.host for each in plan.targets if each.repository]
    yield "#!/bin/sh"
    yield _comment(f"{plan.name}, {commit}, for {', '.join(map(str, plan.platforms))}")
    yield from (_comment(f"Warning: {warning}") for warning in plan.warnings)
    yield "set -eu"
    if any(REGION_PLACEHOLDER in host for host in registries):
        yield ': "${AWS_DEFAULT_REGION:=$(aws configure get region)}"'
    if any(ACCOUNT_PLACEHOLDER in host for host in registries):
        yield ': "${AWS_ACCOUNT_ID:=$(aws sts get-caller-identity --query Account --output text)}"'
    yield "run=$(mktemp -d)"
    # `docker logout`, because a credential store keeps the login after its folder is removed.
    logouts = [
        f'docker --config "$run/docker" logout {_quote(login.registry.host)} >/dev/null 2>&1; '
        for login in plan.prepare.logins
    ]
    yield f"trap '{''.join(logouts)}rm -rf \"$run\"' EXIT"
    yield "trap 'exit 130' INT"
    yield "trap 'exit 143' TERM"
    yield "METADATA_FILE=$run/metadata.json"
    yield "digest="
    if plan.finish.deploy_files:
        old = " ".join(_path(f"{plan.finish.deploy_files.folder}/{name}") for name in DEPLOY_FILES)
        yield f"rm -f {old}  # files of an earlier run"


def _foot(target: Target) -> str:
    return f'echo "{_double(str(target.repository))}@$digest"' if target.repository else 'echo "$digest"'


def _step(step: Step, target: Target) -> Iterator[str]:
    match step:
        case ShowVersions():
            yield f"{_command(step.command)} >&2"
        case Login():
            yield from _login(step)
        case FindRepository():
            registry = step.repository.registry
            where = ("--region", registry.region, "--registry-id", registry.account)
            describe = ("aws", "ecr", "describe-repositories", *where, "--repository-names", step.repository.name)
            message = f"warning: cannot find repository {step.repository}; the push fails if it does not exist"
            yield f"{_command(describe)} >/dev/null || echo {_quote(message)} >&2"
        case EnsureBuilder():
            inspect = _command(step.inspect)
            yield "# Use the existing builder, or create it"
            yield (
                f"{inspect} >/dev/null 2>&1 || {_command(step.create)} >&2" if step.create else f"{inspect} >/dev/null"
            )
        case Reuse():
            yield from _reuse(step)
        case Build():
            yield from _build(step, target)
        case Assemble():
            yield from _assemble(step)
        case Unpack():
            yield from _unless_other_folder(step.layout)
            yield f"rm -rf {_path(step.layout)} && mkdir -p {_path(step.layout)}"
            yield f"tar -xf {_path(step.archive)} -C {_path(step.layout)} && rm {_path(step.archive)}"
        case Replace():
            yield from _unless_other_folder(step.layout)
            yield f"rm -rf {_path(step.layout)} && mv {_path(step.fresh)} {_path(step.layout)}"
        case Verify():
            yield from _verify(step)
        case Tag():
            # Without prefer-index=false, a single manifest is wrapped into a new index with a new digest.
            image = f'"{_double(str(step.repository))}@$digest"'
            tagged = _quote(step.repository.tagged(step.tag))
            create = f"docker buildx imagetools create --prefer-index=false --tag {tagged} {image} >&2"
            yield from _unless_newer(step, tagged, create)
        case RemoveBuilder():
            yield f"{_command(step.command)} >&2"
        case WriteDeployFiles():
            yield from _write_deploy_files(step)
        case _:
            assert_never(step)


def _login(step: Login) -> Iterator[str]:
    host = _quote(step.registry.host)
    yield "# Sign in with a temporary docker configuration, so that no login is left behind"
    yield 'export BUILDX_CONFIG="${BUILDX_CONFIG:-${DOCKER_CONFIG:-$HOME/.docker}/buildx}"'
    yield 'mkdir "$run/docker" && cp -R "${DOCKER_CONFIG:-$HOME/.docker}/." "$run/docker" 2>/dev/null || :'
    yield 'export DOCKER_CONFIG="$run/docker"'
    region = _quote(step.registry.region)
    yield f"aws ecr get-login-password --region {region} |"
    yield f"  docker login --username AWS --password-stdin {host} >&2"


def _reuse(step: Reuse) -> Iterator[str]:
    if step.if_exists == "rebuild":
        return
    yield "# Reuse an existing image of this commit"
    for tag in step.tags:
        image = _quote(step.repository.tagged(tag))
        checks = [f'grep -q {step.revision} "$run/existing"'] if step.revision else []
        checks = [f'! grep -q {REVISION} "$run/existing"', *checks] if tag in step.digits else checks
        rejected = f'{{ echo error: {image} "already belongs to another build" >&2; exit 2; }}'
        yield f'if docker buildx imagetools inspect --raw {image} >"$run/existing" 2>/dev/null; then'
        yield f"  {' || '.join([*checks, rejected])}"
        # println, because buildx handles a template that starts with .Manifest differently:
        # util/imagetools/printers.go
        yield f"  found=$(docker buildx imagetools inspect {image} --format '{{{{println .Manifest.Digest}}}}')"
        if step.if_exists == "fail":
            yield f'  echo error: {image} "already exists: $found" >&2; exit 2'
        if tag != step.tags[0]:
            rejected = f'{{ echo error: {image} "is $found; expected $digest" >&2; exit 2; }}'
            yield f'  [ "${{digest:-$found}}" = "$found" ] || {rejected}'
        yield "  digest=$found"
        yield "fi"


def _build(step: Build, target: Target) -> Iterator[str]:
    text = json.dumps(step.definition, indent=2)
    words = list(step.command)
    words[words.index("--progress") + 1] = "auto"
    opening, body = "<<'DEFINITION'", text
    if any(placeholder in text for placeholder in _UNKNOWN_REGISTRY):
        # Only these placeholders: a value of the user can look like one of the others.
        opening, body = "<<DEFINITION", _double(text, quotes=False, placeholders=_UNKNOWN_REGISTRY)
    for variable in step.variables:
        yield f': "${{{variable}?export this variable: a build argument uses it}}"'
    if target.build and target.build.archive:
        yield f'mkdir -p "$(dirname {_path(target.build.archive)})"'
    yield f"{_command(words)} {opening}"
    yield body
    yield "DEFINITION"
    found = 'sed -n \'s/.*"containerimage.digest": *"\\(sha256:[0-9a-f]*\\)".*/\\1/p\' "$METADATA_FILE"'
    yield f"digest=$({found})" if len(target.parts) == 1 else f"digest=$({found} | tr '\\n' ' ' | sed 's/ $//')"


def _verify(step: Verify) -> Iterator[str]:
    if not step.repository:
        yield f"test -f {_quote(f'{step.layout}/index.json')}"
        return
    image = f'"{_double(str(step.repository))}@$digest"'
    yield "# Verify: read the image back, and check every platform"
    index = "{{range .Manifest.Manifests}}{{.Platform.OS}}/{{.Platform.Architecture}} {{end}}"
    single = "{{.Image.OS}}/{{.Image.Architecture}}"
    inspect = f"docker buildx imagetools inspect {image} --format"
    if len(step.platforms) > 1:
        yield f"platforms=$({inspect} {shlex.quote(index)})"
    else:
        # A single manifest has no field Manifests, so the first template fails.
        yield f"platforms=$({inspect} {shlex.quote(index)} 2>/dev/null ||"
        yield f"  {inspect} {shlex.quote(single)})"
    for platform in step.platforms:
        name = f"{platform.os}/{platform.architecture}"
        yield f'case " $platforms " in *" {name} "*) ;; *) echo "error: the image lacks {name}" >&2; exit 6 ;; esac'


def _write_deploy_files(step: WriteDeployFiles) -> Iterator[str]:
    yield "# Deploy files for the next stage"
    yield f"mkdir -p {_path(step.folder)}"
    for name, text in render_deploy_files(step, {image.target: _DIGEST for image in step.images}).items():
        yield f"cat >{_path(f'{step.folder}/{name}')} <<FILE"
        yield f"{_double(text, quotes=False)}FILE"


def _assemble(step: Assemble) -> Iterator[str]:
    # imagetools can create an index only under a tag, so this tag is not a published one.
    tagged = _quote(step.repository.tagged(UNVERIFIED_TAG))
    notes = [word for name, value in step.annotations.items() for word in ("--annotation", f"index:{name}={value}")]
    image = f'"{_double(str(step.repository))}@$each"'
    yield "# Create one index of the images of all platforms"
    yield 'if [ "$digest" != "${digest#* }" ]; then'
    yield f'  for each in $digest; do set -- "$@" {image}; done'
    yield f'  {_command(("docker", "buildx", "imagetools", "create", *notes, "--tag"))} {tagged} "$@" >&2'
    yield f"  digest=$(docker buildx imagetools inspect {tagged} --format '{{{{println .Manifest.Digest}}}}')"
    yield "fi"


def _unless_other_folder(layout: str) -> Iterator[str]:
    name = _path(layout)
    yield f"if [ -e {name} ] && [ ! -f {name}/oci-layout ]; then"
    yield f'  echo error: {name} "is not an OCI layout" >&2; exit 2'
    yield "fi"


def _unless_newer(step: Tag, tagged: str, create: str) -> Iterator[str]:
    if not (step.floating and (step.commit or step.version)):
        yield create
        return
    yield f'docker buildx imagetools inspect --raw {tagged} >"$run/existing" 2>/dev/null || : >"$run/existing"'
    yield f"newest={_annotation(REVISION, '[0-9a-f]*')}"
    tests = []
    if step.version:
        yield f"version={_annotation(VERSION, '[0-9][0-9A-Za-z.+!_-]*[.][0-9A-Za-z.+!_-]*')}"
        last = f"$(printf '%s\\n' \"$version\" {shlex.quote(step.version)} | sort -V | tail -n 1)"
        tests.append(f'[ -n "$version" ] && [ {last} != {shlex.quote(step.version)} ]')
    if step.commit:
        sha = step.commit.sha
        unless = '[ -z "$version" ] && ' if step.version else ""
        tests.append(
            f'{unless}[ -n "$newest" ] && [ "$newest" != {sha} ] &&'
            f' git merge-base --is-ancestor {sha} "$newest" 2>/dev/null'
        )
    for word, test in zip(("if", "elif"), tests, strict=False):
        yield f"{word} {test}; then"
        yield f'  echo {tagged} "not moved: it already points to a newer image, of commit $newest" >&2'
    yield f"else\n  {create}\nfi"


def _annotation(name: str, value: str) -> str:
    return f'$(sed -n \'s/.*"{name}": *"\\({value}\\)".*/\\1/p\' "$run/existing" | tail -n 1)'


def _comment(text: str) -> str:
    """Return a comment of one line: a line break in a name must not begin a command."""
    return "# " + "".join(each if each.isprintable() else " " for each in text)


def _path(path: str) -> str:
    """Quote a path, with ./ before a dash, which begins an option, and before a colon, which tar reads as a host."""
    is_plain = not path.startswith("-") and ":" not in path.partition("/")[0]
    return _quote(path if is_plain else f"./{path}")


def _command(words: Sequence[str]) -> str:
    return " ".join(_quote(word) for word in words)


def _quote(word: str) -> str:
    return f'"{_double(word)}"' if any(each in word for each in _PLACEHOLDERS) else shlex.quote(word)


def _double(text: str, *, quotes: bool = True, placeholders: Sequence[str] = _PLACEHOLDERS) -> str:
    """Escape for double quotes, or for a here-document; placeholders become variables."""
    text = re.sub(r'([\\$`"])' if quotes else r"([\\$`])", r"\\\1", text)
    return re.sub(f"<({'|'.join(each.strip('<>') for each in placeholders)})>", r"${\1}", text)
