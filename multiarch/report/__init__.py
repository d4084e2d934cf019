"""The views of a run's record, each a pure function from the record to text.

`files.py` makes the files of `--report`, `result.py` the end of the log, `metrics.py` the line of metrics; `compare.py`
compares two runs.
"""
