"""The tables: what tools print, and what it means. Each module has a subject; `rules.py` puts them in their order."""
