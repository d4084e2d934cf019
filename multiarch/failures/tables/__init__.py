"""The tables of failure rules, one module a subject; `rules.py` puts them in order."""
