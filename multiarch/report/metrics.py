"""A run as one line in CloudWatch's embedded metric format (EMF). Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Mapping
from datetime import datetime

from multiarch.record import Record
from multiarch.report.text import cut
from multiarch.text.printable import printable

# CloudWatch's limit for a dimension's value.
_LONGEST = 1024
_GOOD = ("built", "reused", "local", "ended")


def metrics_as_json(record: Record, namespace: str, now: datetime) -> str:
    """Return the line, without unknown values.

    Args:
        record: the run, without secrets.
        namespace: of the metrics.
        now: the time of the metrics: the end of the run, because an alarm looks at the last few minutes.
    """
    found = _metrics(record)
    directive = {
        "Namespace": namespace,
        # One dimension only: CloudWatch bills each combination of values as a metric.
        "Dimensions": [["Repository"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in found.items()],
    }
    fields = {
        "_aws": {"Timestamp": round(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        "Repository": cut(printable(record.run.name), _LONGEST) or "unknown",
        "Status": record.outcome.status,
        "Image": ", ".join(image.image for image in record.outcome.images if image.image),
        "Commit": record.run.commit,
        **{name: value for name, (value, _) in found.items()},
    }
    return json.dumps(fields)


def _metrics(record: Record) -> Mapping[str, tuple[float, str]]:
    outcome, use = record.outcome, record.cache_use
    found = {
        "Seconds": (outcome.seconds, "Seconds"),
        "Failures": (int(outcome.status not in _GOOD), "Count"),
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
