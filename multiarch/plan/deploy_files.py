"""Renders the deploy files for the next stage: CodePipeline's ECS deploy actions, and a shell. Pure.

They name the image by digest, so the verified image is the deployed one.
https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html
"""

import json
import re
import shlex
from collections.abc import Mapping

from multiarch.plan.steps import DeployedImage, WriteDeployFiles

IMAGE_DEFINITIONS = "imagedefinitions.json"
IMAGE_DETAIL = "imageDetail.json"
ENVIRONMENT = "image.env"
DEPLOY_FILES = (IMAGE_DEFINITIONS, IMAGE_DETAIL, ENVIRONMENT)


def render_deploy_files(step: WriteDeployFiles, digests: Mapping[str, str]) -> Mapping[str, str]:
    """Return the text of each file by name.

    Args:
        step: the images.
        digests: by target.
    """
    first, *others = step.images
    definitions = [
        {"name": name, "imageUri": image.repository.at(digests[image.target])}
        for image in step.images
        for name in image.containers
    ]
    variables = _variables(step, first, digests)
    for image in (first, *others) if others else ():
        suffix = re.sub(r"[^A-Z0-9]", "_", image.target.upper())
        variables |= {f"{name}_{suffix}": value for name, value in _variables(step, image, digests).items()}
    return {
        IMAGE_DEFINITIONS: _json(definitions),
        # The format has room for one image: https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html
        IMAGE_DETAIL: _json({"ImageURI": first.repository.at(digests[first.target])}),
        ENVIRONMENT: "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()),
    }


def _variables(step: WriteDeployFiles, image: DeployedImage, digests: Mapping[str, str]) -> dict[str, str]:
    digest = digests[image.target]
    return {
        "IMAGE_URI": image.repository.at(digest),
        "IMAGE_REPOSITORY": str(image.repository),
        "IMAGE_DIGEST": digest,
        "IMAGE_TAG": image.tag,
        "IMAGE_COMMIT": step.commit,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
