"""Which caches are read and written: by backend, branch, pull request and platform; and where an immutable one goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multiarch.errors import ConfigurationError
from multiarch.image.ecr import RepositoryFacts
from multiarch.image.reference import Repository
from multiarch.image.registry import Registry
from multiarch.plan.build.cache.choose import Caches, Place, cache_repository, find_caches
from multiarch.plan.build.cache.move import Move, cache_tags, move_all, move_cache, move_warnings
from multiarch.source import Source
from tests.unit.fakes import ARM64, ECR, ECR_HOST, SHOP, load, plan_of

PLACE = Place(repository=SHOP, region="eu-west-1", folder="/cache/shop", name="shop")
LOCAL = Place(repository=None, region="", folder="/cache/shop", name="shop")
REST = "mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"

MAIN = Source(branch="main", default_branch="main")
FEATURE = Source(branch="feature/login", default_branch="main")
PULL = Source(branch="feature/login", default_branch="main", base_branch="main", pull_request=7)
STACKED = Source(branch="feature/b", default_branch="main", base_branch="feature/a", pull_request=8)
RELEASE = Source(tag="v1.2.3", default_branch="main")
UNKNOWN = Source()
NO_DEFAULT = Source(branch="feature/login")

BRANCH: dict[str, object] = {"cache_scope": "branch"}
# What is built and how caches are named -> the tags that are read, and the one that is written.
POLICIES: dict[str, tuple[Source, dict[str, object], list[str], str | None]] = {
    "one for all": (FEATURE, {}, ["cache"], "cache"),
    "one for all, also for pull requests": (PULL, {}, ["cache"], "cache"),
    "the default branch has the base": (MAIN, BRANCH, ["cache"], "cache"),
    "a branch falls back to it": (FEATURE, BRANCH, ["cache-feature-login", "cache"], "cache-feature-login"),
    "a pull request is its branch's": (PULL, BRANCH, ["cache-feature-login", "cache"], "cache-feature-login"),
    "a pull request for another branch": (STACKED, BRANCH, ["cache-feature-b", "cache-feature-a", "cache"],
                                          "cache-feature-b"),
    "a release reads": (RELEASE, BRANCH, ["cache"], None),
    "a release shares where all do": (RELEASE, {}, ["cache"], "cache"),
    "no branch is known": (UNKNOWN, BRANCH, ["cache"], "cache"),
    "no default branch is known": (NO_DEFAULT, BRANCH, ["cache-feature-login", "cache"], "cache-feature-login"),
    "pull requests read": (PULL, {"cache_pull_request": "read"}, ["cache"], None),
    "pull requests read their branch's": (PULL, {**BRANCH, "cache_pull_request": "read"},
                                          ["cache-feature-login", "cache"], None),
    "pull requests have their own": (PULL, {"cache_pull_request": "own"}, ["cache-pr-7", "cache"], "cache-pr-7"),
    "their own, and a branch's": (STACKED, {**BRANCH, "cache_pull_request": "own"},
                                  ["cache-pr-8", "cache-feature-a", "cache"], "cache-pr-8"),
    "what is no pull request writes": (FEATURE, {"cache_pull_request": "read"}, ["cache"], "cache"),
    "another base": (FEATURE, {**BRANCH, "cache_ref": "bc"}, ["bc-feature-login", "bc"], "bc-feature-login"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "flags", "read", "written"), POLICIES.values(), ids=POLICIES)
def test_find_caches_of_source_returns_its_names(
    source: Source, flags: dict[str, object], read: list[str], written: str | None
) -> None:
    found = find_caches(load(flags).settings.image, source, PLACE)
    assert found.read == tuple(f"type=registry,ref={ECR_HOST}/shop:{tag}" for tag in read)
    assert found.written == (() if written is None else (f"type=registry,ref={ECR_HOST}/shop:{written},{REST}",))


def test_find_caches_of_platform_adds_its_name() -> None:
    found = find_caches(load(BRANCH).settings.image, FEATURE, PLACE, ARM64)
    tags = ("cache-feature-login-linux-arm64", "cache-linux-arm64")
    assert found.read == tuple(f"type=registry,ref={ECR_HOST}/shop:{tag}" for tag in tags)
    assert cache_tags(found.written, SHOP) == tags[:1]


ZSTD = "compression=zstd,compression-level=3,force-compression=true"
S3: dict[str, object] = {"cache": "s3", "s3_bucket": "b"}
S3_ALL = "type=s3,region=us-east-1,bucket=b,name=shop/cache,prefix=ci/"
S3_OPTIONS = "endpoint_url=http://s3,use_path_style=true"
BACKENDS: dict[str, tuple[Place, dict[str, object], Caches]] = {
    "S3": (PLACE, S3, Caches(
        read=("type=s3,region=eu-west-1,bucket=b,name=shop/cache",),
        written=("type=s3,region=eu-west-1,bucket=b,name=shop/cache,mode=max,ignore-error=true",))),
    "S3, all of it": (
        PLACE,
        {**S3, "s3_region": "us-east-1", "s3_prefix": "ci/", "cache_mode": "min", "compression": "zstd",
         "cache_options": ("endpoint_url=http://s3", "use_path_style=true", "touch_refresh=1h")},
        Caches(
            read=(f"{S3_ALL},{S3_OPTIONS}",),
            written=(f"{S3_ALL},mode=min,ignore-error=true,{S3_OPTIONS},touch_refresh=1h",))),
    "S3 without a registry": (LOCAL, {**S3, "s3_region": "us-east-1"}, Caches(
        read=("type=s3,region=us-east-1,bucket=b,name=shop/cache",),
        written=("type=s3,region=us-east-1,bucket=b,name=shop/cache,mode=max,ignore-error=true",))),
    "a folder": (PLACE, {"cache": "local", "cache_options": ("reset=true",)}, Caches(
        read=("type=local,src=/cache/shop",),
        written=("type=local,dest=/cache/shop,mode=max,reset=true",), folders=("/cache/shop",))),
    "a local build": (LOCAL, {}, Caches(
        read=("type=local,src=/cache/shop",), written=("type=local,dest=/cache/shop,mode=max",),
        folders=("/cache/shop",))),
    "the image itself": (PLACE, {"cache": "inline"}, Caches(
        read=(f"type=registry,ref={ECR_HOST}/shop:latest",), written=("type=inline",))),
    "an image without a tag that moves": (PLACE, {"cache": "inline", "tags": ("",)}, Caches(written=("type=inline",))),
    "none": (PLACE, {"cache": "none"}, Caches()),
    "none, and a further one": (PLACE, {"cache": "none", "cache_from": ("a/b:c",)}, Caches(
        read=("type=registry,ref=a/b:c",))),
    "the image's compression": (
        PLACE, {"compression": "zstd", "compression_level": "3", "force_compression": True}, Caches(
            read=(f"type=registry,ref={ECR_HOST}/shop:cache",),
            written=(f"type=registry,ref={ECR_HOST}/shop:cache,{REST},{ZSTD}",))),
    "an export that must not fail": (PLACE, {"cache_options": ("ignore-error=false",)}, Caches(
        read=(f"type=registry,ref={ECR_HOST}/shop:cache",),
        written=(f"type=registry,ref={ECR_HOST}/shop:cache,{REST.replace('ignore-error=true', 'ignore-error=false')}",
                 ))),
    "a repository of its own": (PLACE, {"cache_repository": "team/caches"}, Caches(
        read=(f"type=registry,ref={ECR_HOST}/team/caches:cache",),
        written=(f"type=registry,ref={ECR_HOST}/team/caches:cache,{REST}",))),
    "a whole reference": (PLACE, {"cache_ref": "localhost:5000/c"}, Caches(
        read=("type=registry,ref=localhost:5000/c",), written=(f"type=registry,ref=localhost:5000/c,{REST}",))),
}  # fmt: skip


@pytest.mark.parametrize(("place", "flags", "expected"), BACKENDS.values(), ids=BACKENDS)
def test_find_caches_of_backend_returns_its_syntax(place: Place, flags: dict[str, object], expected: Caches) -> None:
    assert find_caches(load(flags).settings.image, MAIN, place) == expected


def test_find_caches_local_by_branch_uses_another_folder() -> None:
    found = find_caches(load({**BRANCH, "cache": "local"}).settings.image, FEATURE, PLACE)
    assert found.folders == ("/cache/shop-feature-login",)
    assert found.read == ("type=local,src=/cache/shop-feature-login", "type=local,src=/cache/shop")


def test_find_caches_path_with_comma_is_quoted() -> None:
    found = find_caches(load({"cache": "local"}).settings.image, MAIN, replace(PLACE, folder="a,b"))
    assert found.read == ('type=local,"src=a,b"',)


REFERENCES = {
    "a tag is added to": ("localhost:5000/c:bc", "localhost:5000/c:bc-feature-login"),
    "latest is": ("localhost:5000/c", "localhost:5000/c:latest-feature-login"),
}


@pytest.mark.parametrize(("base", "own"), REFERENCES.values(), ids=REFERENCES)
def test_find_caches_full_reference_has_branch_suffixes(base: str, own: str) -> None:
    found = find_caches(load({**BRANCH, "cache_ref": base}).settings.image, FEATURE, PLACE)
    assert found.read == (f"type=registry,ref={own}", f"type=registry,ref={base}")


def test_find_caches_long_branch_ends_in_a_hash() -> None:
    names = [f"{'long-' * 40}{end}" for end in "ab"]
    branches = [Source(branch=name, default_branch="main") for name in names]
    tags = [cache_tags(find_caches(load(BRANCH).settings.image, each, PLACE).written, SHOP) for each in branches]
    assert [len(tag) for (tag,) in tags] == [128, 128]
    assert tags[0] != tags[1]


REPOSITORIES = {
    "": SHOP,
    "team/caches": Repository(registry=ECR, name="team/caches"),
    "localhost:5000/caches": Repository(registry=Registry.parse("localhost:5000"), name="caches"),
    "ghcr.io/team/caches": Repository(registry=Registry.parse("ghcr.io"), name="team/caches"),
}


@pytest.mark.parametrize(("name", "expected"), REPOSITORIES.items(), ids=REPOSITORIES)
def test_cache_repository_of_settings_returns_it(name: str, expected: Repository) -> None:
    assert cache_repository(load({"cache_repository": name}).settings.image, SHOP) == expected


def test_find_caches_bucket_without_region_raises_error() -> None:
    with pytest.raises(ConfigurationError, match="bucket b has no region"):
        find_caches(load(S3).settings.image, MAIN, LOCAL)


def test_find_caches_inline_with_local_raises_error() -> None:
    with pytest.raises(ConfigurationError, match="--cache inline conflicts with --local"):
        find_caches(load({"cache": "inline"}).settings.image, MAIN, LOCAL)


# Tags that may not be overwritten


def facts(mutability: str, *exclusions: str) -> RepositoryFacts:
    return RepositoryFacts(mutability=mutability, exclusions=exclusions)


EXCEPT = "IMMUTABLE_WITH_EXCLUSION"
MOVES: dict[str, tuple[str, RepositoryFacts, str | None]] = {
    "all may": ("cache", facts("MUTABLE"), None),
    "it is excluded": ("cache", facts(EXCEPT, "cache"), None),
    "a wildcard excludes it": ("cache-main", facts(EXCEPT, "cache*"), None),
    "none may": ("cache", facts("IMMUTABLE"), ""),
    "a tag for another purpose is not taken": ("cache", facts(EXCEPT, "latest"), ""),
    "a wildcard with room": ("cache", facts(EXCEPT, "latest", "buildcache*"), "buildcache"),
    "its own word is not said twice": ("cache-main", facts(EXCEPT, "cache/*", "cache.*"), "cache.main"),
    "a wildcard for caches before others": ("bc", facts(EXCEPT, "dev-*", "cache-*"), "cache-bc"),
    "and more words": ("cache-main", facts(EXCEPT, "buildcache*"), "buildcache-main"),
    "one word more": ("cache", facts("MUTABLE_WITH_EXCLUSION", "cache"), "buildcache"),
    "any wildcard": ("cache", facts(EXCEPT, "dev-*"), "dev-cache"),
    "at the end": ("cache", facts(EXCEPT, "*-tmp"), "cache-tmp"),
    "in the middle": ("cache", facts(EXCEPT, "ci-*-tmp"), "ci-cache-tmp"),
    "several": ("cache", facts(EXCEPT, "a*b*c"), "acachebc"),
    "a literal that is a cache's": ("cache", facts(EXCEPT, "buildcache"), "buildcache"),
    "only it may not": ("cache", facts("MUTABLE_WITH_EXCLUSION", "cache*"), "buildcache"),
    "almost nothing may": ("cache", facts("MUTABLE_WITH_EXCLUSION", "b*"), None),
    "nothing may": ("cache", facts("MUTABLE_WITH_EXCLUSION", "*"), ""),
}  # fmt: skip


@pytest.mark.parametrize(("tag", "found", "to"), MOVES.values(), ids=MOVES)
def test_move_cache_immutable_tag_returns_another_tag(tag: str, found: RepositoryFacts, to: str | None) -> None:
    move = move_cache(SHOP, tag, found, ["latest", "0123456"])
    assert move == (None if to is None else Move(repository=SHOP, tag=tag, to=to))
    assert not to or not found.is_immutable(to)


def test_move_cache_never_uses_an_image_tag() -> None:
    move = move_cache(SHOP, "cache", facts(EXCEPT, "dev-*"), ["dev-cache"])
    assert move == Move(repository=SHOP, tag="cache", to="")


def test_move_all_replaces_every_reference() -> None:
    build = next(step for step in plan_of().steps if hasattr(step, "definition"))
    moved = move_all(build.definition, [Move(repository=SHOP, tag="cache", to="dev-cache")])
    (target,) = moved["target"].values()  # type: ignore[attr-defined]  # a definition's own shape
    assert target["cache-from"] == [f"type=registry,ref={ECR_HOST}/shop:dev-cache"]
    assert target["cache-to"] == [f"type=registry,ref={ECR_HOST}/shop:dev-cache,{REST}"]


def test_move_all_disabled_cache_is_still_read() -> None:
    build = next(step for step in plan_of().steps if hasattr(step, "definition"))
    moved = move_all(build.definition, [Move(repository=SHOP, tag="cache", to="")])
    (target,) = moved["target"].values()  # type: ignore[attr-defined]  # a definition's own shape
    assert target["cache-from"] == [f"type=registry,ref={ECR_HOST}/shop:cache"]
    assert "cache-to" not in target


def test_move_warnings_name_tag_and_fix() -> None:
    moves = [Move(repository=SHOP, tag="a", to="dev-a"), Move(repository=SHOP, tag="b", to="")]
    assert move_warnings(moves, "aws ecr …") == [
        "writing the cache to tag dev-a, because a is immutable in shop",
        "cache export disabled: tag b is immutable in shop. To allow it: aws ecr …",
    ]
