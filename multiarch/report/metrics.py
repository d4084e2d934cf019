"""A run as one line of CloudWatch's embedded metric format, which CloudWatch Logs makes metrics of. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Mapping
from datetime import datetime

from multiarch.record import Record
from multiarch.report.text import cut, printable

# CloudWatch's limit for a dimension's value.
_LONGEST = 1024


def metrics_as_json(record: Record, namespace: str, now: datetime) -> str:
    """Return the line; what is not known is left out, and no metric is made of it."""
    found = _metrics(record)
    directive = {
        "Namespace": namespace,
        "Dimensions": [["Image"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in found.items()],
    }
    begin = record.run.begin or now
    fields = {
        "_aws": {"Timestamp": round(begin.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "Image": cut(printable(record.run.repository or record.run.name), _LONGEST) or "unknown",
        "Status": record.outcome.status,
        "Commit": record.run.commit,
        **{name: value for name, (value, _) in found.items()},
    }
    return json.dumps(fields)


def _metrics(record: Record) -> Mapping[str, tuple[float, str]]:
    outcome, use = record.outcome, record.cache_use
    found = {
        "Seconds": (outcome.seconds, "Seconds"),
        "Failures": (int(outcome.status in ("failed", "interrupted")), "Count"),
        "Retries": (len(outcome.retries), "Count"),
    }
    build = [phase.interval for phase in record.phases if phase.name == "build"]
    if use:
        found["BuildSeconds"] = (round(sum(each.seconds for each in build), 3), "Seconds")
    if use and use.steps:
        found["CachedShare"] = (round(100 * use.cached / use.steps, 1), "Percent")
    if outcome.platforms:
        sizes = {layer.digest: layer.size for image in outcome.platforms for layer in image.layers}
        found["ImageBytes"] = (sum(sizes.values()), "Bytes")
    return found
