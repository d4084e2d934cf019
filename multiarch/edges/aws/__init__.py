"""AWS: STS and ECR, asked with boto3."""

from multiarch.edges.aws.client import Aws
from multiarch.edges.aws.harmless import HARMLESS_ACTIONS
from multiarch.edges.aws.partitions import load_partitions
from multiarch.edges.aws.token import Token

__all__ = ["HARMLESS_ACTIONS", "Aws", "Token", "load_partitions"]
