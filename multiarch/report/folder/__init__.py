"""The files of `--report DIR`: the page, JSON, JUnit, Markdown and a trace. Pure."""
