"""The command `source`: prints commit, branch and tags of a build, and the origin of each value."""

from collections.abc import Sequence

from multiarch.commands import World
from multiarch.commands.request import read_request
from multiarch.image.tags import decide_tags, parse_flavor
from multiarch.settings.load import LoadedSettings
from multiarch.show.source import source_as_json, source_as_text


def source(world: World, loaded: LoadedSettings, *, as_json: bool) -> Sequence[str]:
    """Return the lines to print.

    Raises:
        ConfigurationError: the settings conflict with the checkout, or a tag rule is invalid.
    """
    request = read_request(loaded, world, local=True)
    settings = loaded.settings.image
    tags: dict[str, Sequence[str]] = {"pinned": (), "floating": ()}
    if request.is_named:
        names = decide_tags(settings.commit_tag, settings.tags, parse_flavor(settings.flavor), request.tag_context)
        tags["pinned"] = (names.commit_tag, *names.pinned)
        tags["floating"] = tuple(name.tag for name in names.floating)
    if as_json:
        return [source_as_json(request.source, tags)]
    return list(source_as_text(request.source, tags))
