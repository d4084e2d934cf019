"""Calls that tell what the role may do, since they name what cannot exist."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

# Digests and uploads that nobody has.
_NO_DIGEST = f"sha256:{'0' * 64}"
_NO_UPLOAD = "00000000-0000-0000-0000-000000000000"
# InitiateLayerUpload and PutImage are missing here on purpose: both begin or make something.
HARMLESS_CALLS: Mapping[str, Callable[["ECRClient", Any], object]] = {
    "ecr:BatchCheckLayerAvailability": lambda ecr, where: ecr.batch_check_layer_availability(
        **where, layerDigests=[_NO_DIGEST]
    ),
    "ecr:UploadLayerPart": lambda ecr, where: ecr.upload_layer_part(
        **where, uploadId=_NO_UPLOAD, partFirstByte=0, partLastByte=0, layerPartBlob=b"0"
    ),
    "ecr:CompleteLayerUpload": lambda ecr, where: ecr.complete_layer_upload(
        **where, uploadId=_NO_UPLOAD, layerDigests=[_NO_DIGEST]
    ),
    "ecr:BatchGetImage": lambda ecr, where: ecr.batch_get_image(**where, imageIds=[{"imageDigest": _NO_DIGEST}]),
    "ecr:GetDownloadUrlForLayer": lambda ecr, where: ecr.get_download_url_for_layer(**where, layerDigest=_NO_DIGEST),
}
HARMLESS_ACTIONS = tuple(HARMLESS_CALLS)
