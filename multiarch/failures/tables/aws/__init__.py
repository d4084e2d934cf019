"""What AWS and its command line and SDKs print."""

from multiarch.failures.tables.aws.api import API_RULES
from multiarch.failures.tables.aws.credentials import CREDENTIAL_RULES

AWS_RULES = (*CREDENTIAL_RULES, *API_RULES)
