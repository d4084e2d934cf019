"""What is written of a run when it has ended: views of one record, each a pure function from it to text.

`files.py` puts them together, `metrics.py` is one line for the log, `compare.py` for two runs.
"""
