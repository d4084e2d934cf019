"""Build caches: which there are, and what becomes of one that may not be written. Pure."""
