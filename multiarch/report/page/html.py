"""A run as one page of HTML: no script, nothing from the network, everything escaped. Pure.

`view.py` says what stands on the page; this module alone knows the template, and Jinja.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from multiarch.record import Record
from multiarch.report.page.view import view


def page(record: Record) -> str:
    """Return the page."""
    return _template().render(page=view(record))


@cache
def _template() -> Template:
    loader = PackageLoader("multiarch.report.page")
    # Everything is escaped, whatever a template's name ends with.
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html")
