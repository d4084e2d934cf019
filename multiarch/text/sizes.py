"""Sizes in bytes for people. Pure."""


def human_size(size: float) -> str:
    """Return bytes in docker's own way of counting: powers of 1000."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.2f} GB"
