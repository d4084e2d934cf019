"""What docker takes as one line of CSV: caches, secrets, outputs, attestations and driver options. Pure.

Each type parses a line and prints it, quotes included. buildx reads every one of them with go-csvvalue, which is Go's
`encoding/csv` for one line: https://github.com/tonistiigi/go-csvvalue
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from multiarch.errors import ConfigurationError

_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?=,|\Z)')
_STRICT = re.compile(r'([^",]*)(?=,|\Z)')
_LAZY = re.compile(r"([^,]*)(?=,|\Z)")
_NEEDS_QUOTES = frozenset(',"\r\n')


def parse_line(text: str, *, bare_quotes: bool = False) -> tuple[str, ...]:
    """Return the fields of a line of CSV.

    Args:
        text: the line.
        bare_quotes: a field that does not begin with a quote may contain some.

    Raises:
        ConfigurationError: the line is empty, or a quote is not closed or not doubled.
    """
    fields: list[str] = []
    position = 0
    while text:
        quoted = text.startswith('"', position)
        match = (_QUOTED if quoted else _LAZY if bare_quotes else _STRICT).match(text, position)
        if not match:
            break
        fields.append(match[1].replace('""', '"') if quoted else match[1])
        if match.end() == len(text):
            return tuple(fields)
        position = match.end() + 1
    msg = f"{text!r} has an unbalanced quote" if text else "the value is empty"
    raise ConfigurationError(msg, hint='quote a whole field, and double the quotes in it: type=local,"dest=a,b"')


def print_line(fields: Iterable[str]) -> str:
    """Return the line of CSV that has these fields: `parse_line` returns them again."""
    return ",".join(f'"{field.replace(chr(34), chr(34) * 2)}"' if _is_quoted(field) else field for field in fields)


def _is_quoted(field: str) -> bool:
    return bool(_NEEDS_QUOTES & set(field))


@dataclass(frozen=True)
class CsvWords:
    """Options in docker's form, `NAME=VALUE,NAME=VALUE`; names are lower-case, and the last of a name counts."""

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        return cls(tuple(options.items()))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a line.

        Raises:
            ConfigurationError: the line is no CSV, or a field has no value.
        """
        pairs = (_pair(field) for field in parse_line(text))
        return cls.of({name.lower(): value for name, value in pairs})

    def get(self, name: str, default: str = "") -> str:
        return dict(self.pairs).get(name, default)

    def having(self, name: str, value: str) -> Self:
        """Return the same options, one of them with another value."""
        return self.of({**dict(self.pairs), name: value})

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.pairs)

    def __str__(self) -> str:
        return print_line(f"{name}={value}" for name, value in self.pairs)


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals or not name:
        msg = f"{field!r} is not NAME=VALUE"
        raise ConfigurationError(
            msg, hint='write NAME=VALUE; quote the whole if the value contains a comma: "NAME=a,b"'
        )
    return name, value


@dataclass(frozen=True)
class CacheEntry(CsvWords):
    """A cache that a build reads or writes: https://docs.docker.com/build/cache/backends/."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `type=registry,ref=…`, or a reference alone, which is a registry cache.

        Raises:
            ConfigurationError: the line is no CSV, a field has no value, or the type is missing.
        """
        fields = parse_line(text)
        if len(fields) == 1 and "=" not in text:
            return cls.of({"type": "registry", "ref": fields[0]})
        found = super().parse(text)
        if not found.type:
            msg = f"the cache {text!r} has no type"
            raise ConfigurationError(msg, hint="write type=registry,ref=REFERENCE, or another type")
        return found

    @property
    def type(self) -> str:
        return self.get("type")

    @property
    def reference(self) -> str:
        """The reference of a registry cache, empty for another one."""
        return self.get("ref") if self.type == "registry" else ""


@dataclass(frozen=True)
class Secret(CsvWords):
    """A secret of a build: https://docs.docker.com/reference/cli/docker/buildx/build/#secret."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `id=ID`, `id=ID,src=FILE` or `id=ID,env=NAME`.

        Raises:
            ConfigurationError: the line is no CSV, a field has no value or is unknown, or the id is missing.
        """
        found = super().parse(text)
        unknown = sorted(found.names - {"id", "src", "source", "env", "type"})
        hint = "use --secret id=NAME,src=FILE or --secret id=NAME,env=VARIABLE"
        if unknown or found.get("type", "file") not in ("file", "env"):
            msg = f"the secret {text!r} has the unknown field {unknown[0] if unknown else 'type'}"
            raise ConfigurationError(msg, hint=hint)
        if not found.id:
            msg = "a secret has no id"
            raise ConfigurationError(msg, hint=hint)
        return found

    @property
    def id(self) -> str:
        return self.get("id")

    @property
    def variable(self) -> str:
        """The variable that is named as the source, empty for a file."""
        return self.get("env") or (self._source if self.get("type") == "env" else "")

    @property
    def file(self) -> str:
        """The file that is named as the source, empty for a variable."""
        return "" if self.get("type") == "env" and not self.get("env") else self._source

    @property
    def _source(self) -> str:
        return self.get("src") or self.get("source")


@dataclass(frozen=True)
class DriverOption:
    """An option of a builder's driver: https://docs.docker.com/reference/cli/docker/buildx/create/#driver-opt."""

    name: str
    value: str

    @classmethod
    def parse_all(cls, text: str) -> tuple[Self, ...]:
        """Parse a line of options: `memory=2g`, or `memory=2g,"env.no_proxy=a,b"`.

        Raises:
            ConfigurationError: the line is no CSV, or an option has no value.
        """
        return tuple(cls(*_pair(field)) for field in parse_line(text))

    @property
    def word(self) -> str:
        """The option as buildx takes it: one line of CSV."""
        return print_line([str(self)])

    def __str__(self) -> str:
        return f"{self.name}={self.value}"
