"""A run as one page of HTML, without scripts, that loads nothing from the network. Pure.

`view.py` makes the content; only this module knows the template and Jinja.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from multiarch.record import Record
from multiarch.report.folder.page.view import view


def page(record: Record) -> str:
    """Return the page."""
    return _template().render(page=view(record))


@cache
def _template() -> Template:
    loader = PackageLoader("multiarch.report.folder.page")
    # Escape everything: by default, Jinja decides by the ending of the template's name.
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html")
