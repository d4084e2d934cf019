"""The hand-written buildspec that multiarch replaces: what every comparison is made with."""

from __future__ import annotations

from typing import Final

# As people copy it, but for `--build-arg`, which gives the example its base image, and the cleaning up that CodeBuild
# does by throwing the machine away.
BASELINE: Final = r"""
set -e
docker buildx version
GIT_TAG=$(git rev-parse --short HEAD)
AWS_ACCOUNT_ID=$(aws sts get-caller-identity --query Account --output text)
AWS_REGISTRY_NAME=$AWS_ACCOUNT_ID.dkr.ecr.$AWS_DEFAULT_REGION.amazonaws.com
aws ecr get-login-password | docker login --username AWS --password-stdin $AWS_REGISTRY_NAME
docker buildx create --use --name $AWS_ECR_REPOSITORY_NAME --driver-opt image=$BUILDER_IMAGE
IMAGE=$AWS_REGISTRY_NAME/$AWS_ECR_REPOSITORY_NAME
docker buildx build --push --provenance=false --platform linux/amd64,linux/arm64 \
  --tag $IMAGE:$GIT_TAG --tag $IMAGE:latest \
  --cache-to mode=max,image-manifest=true,oci-mediatypes=true,type=registry,ref=$IMAGE:cache \
  --cache-from type=registry,ref=$IMAGE:cache --build-arg BASE_IMAGE=$BASE_IMAGE .
"""
