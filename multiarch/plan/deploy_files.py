"""What the stage after the build reads: CodePipeline's ECS deploys, and a shell. Pure.

Everything names the image by its digest, so that what was verified is what is deployed.
https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html
"""

import json
import shlex
from collections.abc import Mapping

from multiarch.plan.steps import WriteDeployFiles

IMAGE_DEFINITIONS = "imagedefinitions.json"
IMAGE_DETAIL = "imageDetail.json"
ENVIRONMENT = "image.env"
DEPLOY_FILES = (IMAGE_DEFINITIONS, IMAGE_DETAIL, ENVIRONMENT)


def render_deploy_files(step: WriteDeployFiles, digest: str) -> Mapping[str, str]:
    """Return the files by name, for an image that is verified and tagged."""
    image = step.repository.at(digest)
    variables = {
        "IMAGE_URI": image,
        "IMAGE_REPOSITORY": str(step.repository),
        "IMAGE_DIGEST": digest,
        "IMAGE_TAG": step.tag,
        "IMAGE_COMMIT": step.commit,
    }
    return {
        IMAGE_DEFINITIONS: _json([{"name": name, "imageUri": image} for name in step.containers]),
        IMAGE_DETAIL: _json({"ImageURI": image}),
        ENVIRONMENT: "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()),
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
