"""What is written of a run when it has ended: views of one record, each a pure function from it to text.

`files.py` puts them together, `handover.py` is for the stage after the build, `compare.py` for two runs.
"""
