"""How a setting is declared: its check and its words. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from multiarch.errors import ConfigurationError
from multiarch.text.shown import shown


@dataclass(frozen=True, kw_only=True)
class ValueCheck:
    """What a type cannot say of a text: returns it as it is used, or raises ConfigurationError.

    Attributes:
        check: the rule; of a list it gets each entry, of a map each name.
        before: it reads the value as it was written, before its type is looked at.
        pattern: what the whole text matches, for editors; empty where a pattern cannot say it.
    """

    check: Callable[[Any], object]
    before: bool = False
    pattern: str = ""

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - a text, a tuple of texts or a map
        match value:
            case tuple():
                return tuple(dict.fromkeys(str(self.check(each)) for each in value))
            case Mapping():
                return {str(self.check(name)): each for name, each in value.items()}
            case _:
                return self.check(value)


def form(pattern: str, noun: str, hint: str, *, optional: bool = True) -> ValueCheck:
    """Return the check that a text matches a pattern as a whole.

    Args:
        pattern: in the words that Python and JSON Schema share.
        noun: what a good text is, for the message.
        hint: what to write instead.
        optional: the text may also be empty.
    """

    def check(text: str) -> str:
        # Compiled here, since few of the many patterns are needed in one run.
        if (optional and not text) or re.fullmatch(pattern, text, re.ASCII):
            return text
        msg = f"{shown(text)} is not {noun}"
        raise ConfigurationError(msg, hint=hint)

    return ValueCheck(check=check, pattern=f"^({pattern})?$" if optional else f"^({pattern})$")


class FromFile(StrEnum):
    """What a settings file in the checkout may set: in CI, the author of a pull request writes that file.

    What spends the trust of the host or of the build's role is for flags and variables alone.
    """

    ANY = "yes"
    INSIDE = "paths in the checkout"
    REGISTRY = "the image's registry"
    NEVER = "no"


def setting(
    default: object,
    text: str,
    *,
    group: str,
    flags: Sequence[str] = (),
    environment: Sequence[str] = (),
    metavar: str = "",
    separator: Literal[",", "\n"] = ",",
    derived: str = "",
    from_file: FromFile = FromFile.ANY,
    common: bool = False,
) -> Any:  # noqa: ANN401 - dataclasses' own field has this type
    """Declare a setting.

    Args:
        default: the value where nothing says otherwise; its type decides how text is read.
        text: one sentence for people.
        group: the heading it stands under in the help and in the reference.
        flags: docker's own words for it, beside the flag that its name gives.
        environment: variables beside `MULTIARCH_NAME`, first one wins.
        metavar: what stands for the value in the help.
        separator: what parts the entries of a list in a variable; lines always do.
        derived: what an empty default comes to, for people.
        from_file: what a settings file in the checkout may say.
        common: most people need it, so the short help shows it.
    """
    told = {
        "text": text,
        "group": group,
        "flags": flags,
        "environment": environment,
        "metavar": metavar,
        "separator": separator,
        "derived": derived,
        "from_file": from_file,
        "common": common,
    }
    return field(default_factory=dict, metadata=told) if default == {} else field(default=default, metadata=told)
