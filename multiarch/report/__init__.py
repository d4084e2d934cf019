"""The views of a run's record, each a pure function from the record to text.

`result.py` makes the end of the log, `folder/` the files of `--report`, `metrics.py` the line of metrics. `compare.py`
compares two runs. `breakdown/` and `timeline.py` find where the time of a run went.
"""
