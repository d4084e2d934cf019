"""What an image is called: tag rules in the words of docker/metadata-action, and what they come to."""

from multiarch.image.tags.decide import Name, Names, decide_names
from multiarch.image.tags.flavor import Flavor, check_flavor, parse_flavor
from multiarch.image.tags.rule import TagRule, check_tag_rule, parse_rule
from multiarch.image.tags.template import Moment
from multiarch.image.tags.version import is_later_version

__all__ = [
    "Flavor",
    "Moment",
    "Name",
    "Names",
    "TagRule",
    "check_flavor",
    "check_tag_rule",
    "decide_names",
    "is_later_version",
    "parse_flavor",
    "parse_rule",
]
