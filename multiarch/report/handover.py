"""What the next stage reads of an image that is verified and tagged: CodePipeline's ECS deploys, and a shell. Pure.

https://docs.aws.amazon.com/codepipeline/latest/userguide/file-reference.html
"""

import json
import shlex
from collections.abc import Mapping, Sequence

from multiarch.image import Repository
from multiarch.result import Result

IMAGE_DEFINITIONS = "imagedefinitions.json"
IMAGE_DETAIL = "imageDetail.json"
ENVIRONMENT = "image.env"
HANDOVER_FILES = (IMAGE_DEFINITIONS, IMAGE_DETAIL, ENVIRONMENT)

# What the ECR source action writes into a file of its own of the same name.
_DETAIL_VERSION = "1.0"


def handover_files(result: Result, repository: Repository, containers: Sequence[str]) -> Mapping[str, str]:
    """Return the files by name; everything names the image by digest, which no later build moves.

    Args:
        result: a run that ended well.
        repository: where it pushed to.
        containers: the names, in the ECS task definition, of those that run the image; by default one, which is called
            as the last part of the repository's name.
    """
    names = containers or (repository.name.rpartition("/")[2],)
    return {
        IMAGE_DEFINITIONS: _json([{"name": name, "imageUri": result.image} for name in names]),
        IMAGE_DETAIL: _json(_detail(result, repository)),
        ENVIRONMENT: "".join(
            f"export {name}={shlex.quote(value)}\n" for name, value in _variables(result, repository).items()
        ),
    }


def _detail(result: Result, repository: Repository) -> Mapping[str, object]:
    owner = {"RegistryId": repository.registry.account} if repository.registry.is_ecr else {}
    return {
        "ImageDigest": result.digest,
        "Version": _DETAIL_VERSION,
        **owner,
        "RepositoryName": repository.name,
        "ImageURI": result.image,
        "ImageTags": [tag.tag for tag in result.tags if tag.action != "kept"],
    }


def _variables(result: Result, repository: Repository) -> Mapping[str, str]:
    return {
        "IMAGE_URI": result.image,
        "IMAGE_DIGEST": result.digest,
        "IMAGE_REPOSITORY": str(repository),
        "IMAGE_TAG": result.tags[0].tag,
        "IMAGE_COMMIT": result.commit,
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
