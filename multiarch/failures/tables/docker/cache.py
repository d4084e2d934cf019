"""What BuildKit prints about exporting and importing caches."""

from multiarch.errors import FailurePhase
from multiarch.failures.model import FailureRule
from multiarch.failures.tables.common import CONFIG, THROTTLED, T

CACHE_RULES: tuple[FailureRule, ...] = (
    FailureRule("cache-export-unsupported", FailurePhase.CACHE_EXPORT, CONFIG, {
        "cache export (?:feature )?is (?:currently )?not supported":
            "ERROR: Cache export is not supported for the docker driver.",
    }, cause="the docker driver does not support this cache export",
        advice="use a builder with --driver docker-container, enable the containerd image store, or use --cache none",
        why="the driver stays the same",
    ),
    FailureRule("cache-export-refused", FailurePhase.CACHE_EXPORT, CONFIG, {
        r"error writing manifest blob.{0,200}\b40\d\b":
            "error writing manifest blob: failed commit on ref: unexpected status: 400 Bad Request",
        "unknown cache exporter": 'ERROR: unknown cache exporter: "registri"',
        "(?:invalid|unsupported) (?:cache|compression) (?:type|mode)": "ERROR: unsupported compression type: lz4",
    }, cause="{host} rejected the cache export",
        advice="for ECR use image-manifest=true,oci-mediatypes=true and a mutable tag; or use --cache none",
        why="the registry rejects this cache format each time",
    ),
    FailureRule("github-cache-rate-limited", FailurePhase.CACHE_EXPORT, THROTTLED, {
        "maximum timeout reached": "ERROR: maximum timeout reached",
    }, cause="GitHub is rate-limiting cache writes", advice="retry later, or export with ignore-error=true",
        why="BuildKit gives up after it waited for the limit to lift",
    ),
    FailureRule("cache-service-error", FailurePhase.CACHE_EXPORT, T, {
        "error writing (?:layer|manifest|config) blob: not_found":
            "error writing layer blob: not_found: upload 1 is gone",
        "services aren't available right now":
            ("ERROR: failed to parse error response 400: <h2>Our services aren't available right now</h2>: "
             "invalid character '<' looking for beginning of value"),
    }, cause="the cache service returned an error", advice="retry, or export with ignore-error=true",
        why="the service loses uploads under load",
    ),
    FailureRule("cache-layer-missing", FailurePhase.CACHE_IMPORT, CONFIG, {
        "could not fetch content descriptor .{0,200}not found":
            ("failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:00 "
             "(application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found"),
        "cache (?:manifest|layer|key).{0,60}(?:missing|invalid|corrupt)": "cache layer sha256:00 is missing",
        "unknown cache importer": 'unknown cache importer: "registri"',
    }, cause="the cache refers to a layer that is missing in the registry",
        advice="build once with --cache none, then export the cache again", why="the layer stays missing",
    ),
)  # fmt: skip
