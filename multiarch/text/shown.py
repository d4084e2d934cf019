"""A value as an error message shows it: quoted, on one line, never long. Pure."""

_LONGEST = 80
_LARGEST = 2**63


def cut(text: str, characters: int = _LONGEST) -> str:
    """Return a text of so many characters at most, and a mark where more was."""
    return text if len(text) <= characters else f"{text[:characters]}…"


def shown(value: object) -> str:
    """Return a value in quotes; a text is cut after 80 characters, a list or a table is only named."""
    match value:
        case str():
            return repr(cut(value))
        case bool() | None | float():
            return repr(value)
        case int():
            return str(value) if -_LARGEST <= value < _LARGEST else "a number of more than 64 bits"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table"
        case _:
            return str(value)
