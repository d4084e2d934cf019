"""AWS's partitions, as botocore ships them."""

import importlib.util
import json
from pathlib import Path

from multiarch.image.registry import Partitions


def load_partitions() -> Partitions:
    """Read the partitions that the installed botocore ships, without importing it."""
    found = importlib.util.find_spec("botocore")
    assert found
    assert found.origin
    data = json.loads((Path(found.origin).parent / "data" / "partitions.json").read_bytes())["partitions"]
    return Partitions(
        suffix_of_partition={each["id"]: each["outputs"]["dnsSuffix"] for each in data},
        partition_of_region={region: each["id"] for each in data for region in each["regions"]},
        # ECR's dual-stack hosts: https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html
        dual_stack_suffix_of_partition={
            each["id"]: each["outputs"]["dualStackDnsSuffix"].replace("api.", "on.", 1) for each in data
        },
    )
