"""What BuildKit's cache backends take beyond the options that have a setting. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a backend, where it is read and where it is written."""

    read: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()


_S3_BOTH = frozenset({"blobs_prefix", "manifests_prefix", "endpoint_url", "use_path_style", "disable_accept_encoding"})
_S3_WRITTEN = frozenset({"ignore-error", "touch_refresh", "upload_parallelism", "retry_mode", "retry_max_attempts"})
# https://github.com/moby/buildkit#export-cache
OPTIONS: Mapping[str, Options] = {
    "registry": Options(written=frozenset({"ignore-error", "image-manifest", "oci-mediatypes"})),
    "s3": Options(read=_S3_BOTH, written=_S3_BOTH | _S3_WRITTEN),
    "local": Options(
        read=frozenset({"tag", "digest"}),
        written=frozenset({"tag", "reset", "ignore-error", "image-manifest", "oci-mediatypes"}),
    ),
    "inline": Options(),
    "none": Options(),
}
