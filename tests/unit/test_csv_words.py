"""Docker's lines of CSV: parsed as buildx parses them, printed so that they parse again."""

from __future__ import annotations

import csv

import pytest
from hypothesis import strategies as st

from multiarch.errors import ConfigurationError
from multiarch.text.csv_words import CacheEntry, CsvWords, DriverOption, Secret, parse_line, print_line
from tests.unit.properties import LINES, VALUES, WORDS, property_of

LINES_OF_CSV = {
    "one field": ("a", ("a",)),
    "two": ("a,b", ("a", "b")),
    "empty fields": (",", ("", "")),
    "a quoted comma": ('"a,b",c', ("a,b", "c")),
    "a doubled quote": ('"a""b"', ('a"b',)),
    "an empty quoted field": ('""', ("",)),
    "spaces belong to the field": (" a , b", (" a ", " b")),
    "an equals sign": ("a=b=c", ("a=b=c",)),
    "text in any language": ("größe,日本", ("größe", "日本")),
}


@pytest.mark.parametrize(("text", "fields"), LINES_OF_CSV.values(), ids=LINES_OF_CSV)
def test_parse_line_good_csv_returns_fields(text: str, fields: tuple[str, ...]) -> None:
    assert parse_line(text) == fields


# Each is refused by go-csvvalue too: io.EOF, ErrBareQuote or ErrQuote.
BAD_LINES = {
    "nothing": "",
    "a bare quote": 'a"b',
    "a quote after a space": ' "a"',
    "an open quote": '"a',
    "text after a closed quote": '"a"b',
    "a quote that is not doubled": '"a"b"',
    "a lone quote": '"',
}


@pytest.mark.parametrize("text", BAD_LINES.values(), ids=BAD_LINES)
def test_parse_line_bad_csv_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_line(text)


def test_parse_line_bare_quotes_are_kept_on_request() -> None:
    assert parse_line('type=match,pattern=a"b', bare_quotes=True) == ("type=match", 'pattern=a"b')


@property_of(st.lists(VALUES, min_size=1))
def test_print_line_any_fields_parse_again(fields: list[str]) -> None:
    line = print_line(fields)
    if line:  # a single empty field is an empty line, which is no field at all
        assert parse_line(line) == tuple(fields)
        assert next(csv.reader([line], strict=True)) == fields


@property_of(LINES)
def test_parse_line_any_text_ends_in_fields_or_an_error(text: str) -> None:
    try:
        fields = parse_line(text)
    except ConfigurationError:
        return
    assert parse_line(print_line(fields) or '""') == fields


OPTIONS = st.dictionaries(WORDS.map(str.lower), VALUES, min_size=1)


@property_of(OPTIONS)
def test_csv_words_any_options_parse_again(options: dict[str, str]) -> None:
    assert CsvWords.parse(str(CsvWords.of(options))) == CsvWords.of(options)


@property_of(OPTIONS, WORDS)
def test_cache_entry_any_options_parse_again(options: dict[str, str], kind: str) -> None:
    entry = CacheEntry.of({**options, "type": kind})
    assert CacheEntry.parse(str(entry)) == entry


@property_of(WORDS, VALUES)
def test_driver_option_any_value_parses_again(name: str, value: str) -> None:
    option = DriverOption(name, value)
    assert DriverOption.parse_all(option.word) == (option,)


@property_of(WORDS, VALUES)
def test_secret_any_file_parses_again(name: str, file: str) -> None:
    secret = Secret.of({"id": name, "src": file})
    assert (Secret.parse(str(secret)).id, Secret.parse(str(secret)).file) == (name, file)


CACHES = {
    "a reference": ("a/b:c", "type=registry,ref=a/b:c", "registry", "a/b:c"),
    "in words": ("type=registry,ref=a/b:c", "type=registry,ref=a/b:c", "registry", "a/b:c"),
    "the type last": ("ref=a/b:c,type=registry", "ref=a/b:c,type=registry", "registry", "a/b:c"),
    "upper-case names": ("TYPE=registry,Ref=a", "type=registry,ref=a", "registry", "a"),
    "a folder has no reference": ("type=local,ref=a,src=b", "type=local,ref=a,src=b", "local", ""),
    "a quoted comma": ('type=local,"src=a,b"', 'type=local,"src=a,b"', "local", ""),
    "the last one counts": ("type=s3,name=a,name=b", "type=s3,name=b", "s3", ""),
}


@pytest.mark.parametrize(("text", "printed", "kind", "reference"), CACHES.values(), ids=CACHES)
def test_cache_entry_is_read_as_buildx_reads_it(text: str, printed: str, kind: str, reference: str) -> None:
    entry = CacheEntry.parse(text)
    assert (str(entry), entry.type, entry.reference) == (printed, kind, reference)


BAD_CACHES = {
    "no type": ("ref=a", "the cache 'ref=a' has no type"),
    "an empty type": ("type=,ref=a", "the cache 'type=,ref=a' has no type"),
    "two references": ("a,b", "'a' is not NAME=VALUE"),
    "a field without a value": ("type=registry,a", "'a' is not NAME=VALUE"),
    "a field without a name": ("type=registry,=a", "'=a' is not NAME=VALUE"),
    "an open quote": ('type=registry,"ref=a', "'type=registry,\"ref=a' has an unbalanced quote"),
}


@pytest.mark.parametrize(("text", "message"), BAD_CACHES.values(), ids=BAD_CACHES)
def test_cache_entry_bad_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CacheEntry.parse(text)
    assert caught.value.message == message


SECRETS = {
    "an id alone": ("id=a", "a", "", ""),
    "a file": ("id=a,src=b", "a", "b", ""),
    "docker's other word": ("id=a,source=b", "a", "b", ""),
    "a file with a comma": ('id=a,"src=b,c"', "a", "b,c", ""),
    "a variable": ("id=a,env=B", "a", "", "B"),
    "a variable by its type": ("id=a,type=env,src=B", "a", "", "B"),
    "both": ("id=a,type=file,src=b,env=B", "a", "b", "B"),
}


@pytest.mark.parametrize(("text", "name", "file", "variable"), SECRETS.values(), ids=SECRETS)
def test_secret_is_read_as_buildx_reads_it(text: str, name: str, file: str, variable: str) -> None:
    secret = Secret.parse(text)
    assert (secret.id, secret.file, secret.variable) == (name, file, variable)


BAD_SECRETS = {
    "no id": ("src=a", "a secret has no id"),
    "an unknown field": ("id=a,dest=b", "the secret 'id=a,dest=b' has the unknown field dest"),
    "an unknown type": ("id=a,type=ssh", "the secret 'id=a,type=ssh' has the unknown field type"),
    "a field without a value": ("id", "'id' is not NAME=VALUE"),
}


@pytest.mark.parametrize(("text", "message"), BAD_SECRETS.values(), ids=BAD_SECRETS)
def test_secret_bad_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Secret.parse(text)
    assert caught.value.message == message


DRIVER_OPTIONS = {
    "one": ("memory=2g", ["memory=2g"]),
    "two": ("memory=2g,network=host", ["memory=2g", "network=host"]),
    "a quoted comma": ('"env.no_proxy=a,b"', ['"env.no_proxy=a,b"']),
    "upper case stays": ("env.HTTP_PROXY=http://p", ["env.HTTP_PROXY=http://p"]),
    "quotes nobody needs": ('"memory=2g"', ["memory=2g"]),
}


@pytest.mark.parametrize(("text", "words"), DRIVER_OPTIONS.values(), ids=DRIVER_OPTIONS)
def test_driver_options_are_one_word_each(text: str, words: list[str]) -> None:
    assert [option.word for option in DriverOption.parse_all(text)] == words


def test_driver_option_value_with_a_bare_comma_is_refused() -> None:
    with pytest.raises(ConfigurationError) as caught:
        DriverOption.parse_all("env.NO_PROXY=a,b")
    assert (caught.value.message, caught.value.hint) == (
        "'b' is not NAME=VALUE",
        'write NAME=VALUE; quote the whole if the value contains a comma: "NAME=a,b"',
    )
