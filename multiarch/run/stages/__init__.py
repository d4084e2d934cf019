"""The stages of a run: each returns what the next one needs."""
