"""Multi-architecture container images in AWS CodeBuild: one command from a commit to a verified image in ECR."""

__version__ = "0.1.0"
