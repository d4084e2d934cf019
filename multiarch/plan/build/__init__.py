"""The build part of a plan: the builder, the bake definition, caches, labels and the fingerprint. Pure."""
