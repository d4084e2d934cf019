"""Decides the tags of an image from tag rules in the syntax of docker/metadata-action."""

from multiarch.image.tags.decide import TagName, TagNames, decide_tags
from multiarch.image.tags.flavor import Flavor, check_flavor, parse_flavor
from multiarch.image.tags.rule import TagRule, check_tag_rule, parse_rule
from multiarch.image.tags.template import TagContext
from multiarch.image.tags.version import is_later_version

__all__ = [
    "Flavor",
    "TagContext",
    "TagName",
    "TagNames",
    "TagRule",
    "check_flavor",
    "check_tag_rule",
    "decide_tags",
    "is_later_version",
    "parse_flavor",
    "parse_rule",
]
