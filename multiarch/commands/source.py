"""The command `identity`, wired: what is built, from where that is known, and what the image would be called."""

from collections.abc import Sequence

from multiarch.commands import World
from multiarch.commands.request import read_request
from multiarch.image.tags import decide_names, parse_flavor
from multiarch.settings.load import LoadedSettings
from multiarch.show.source import identity_as_json, identity_as_text


def identity(world: World, loaded: LoadedSettings, *, as_json: bool) -> Sequence[str]:
    """Return the lines to print.

    Raises:
        ConfigurationError: what was passed contradicts the checkout, or a rule cannot be followed.
    """
    request = read_request(loaded, world, local=True)
    settings = loaded.settings
    tags: dict[str, Sequence[str]] = {"fixed": (), "moving": ()}
    if request.is_named:
        names = decide_names(settings.commit_tag, settings.tags, parse_flavor(settings.flavor), request.moment)
        tags["fixed"] = (names.commit_tag, *names.fixed)
        tags["moving"] = tuple(name.tag for name in names.moving)
    if as_json:
        return [identity_as_json(request.identity, tags)]
    return list(identity_as_text(request.identity, tags))
