"""The English of the project, checked: `python -m dev.prose` reads what users read.

The rules of the project's own stand in rules.py; proselint adds its own. Spelling is codespell's, in `make lint`.
"""
