"""Adapters' option dataclasses: their shape, and their validation with all mistakes at once."""

import dataclasses
import json
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from collectors.errors import QuarterdeckError
from collectors.registry import PluginError
from collectors.secret import Secret, SecretUrl
from collectors.text import one_line
from console.settings.problems import KeyPath, Problems, did_you_mean
from console.settings.strict import kind

_FILES = frozenset({"client_cert", "client_key", "path"})
"""Options that are files by their name; so is whatever ends in _file."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the options of a type are: which of them are secrets, URLs, tables of secrets or files.

    ``validator`` makes the options; there is none where the type could not be loaded.
    """

    fields: frozenset[str]
    secrets: frozenset[str]
    urls: frozenset[str]
    secret_tables: frozenset[str]
    files: frozenset[str]
    validator: TypeAdapter[Any] | None = None

    @property
    def keys(self) -> frozenset[str]:
        """Every key that TOML may set."""
        return self.fields.union(*(self.ways(name) for name in self.secrets))

    def ways(self, secret: str) -> frozenset[str]:
        """The keys that set one secret: its own, and x_file and x_command where no option is so named."""
        return frozenset({secret, *({secret + "_file", secret + "_command"} - self.fields)})

    def rivals(self, key: str) -> frozenset[str]:
        """Other keys that set the same secret."""
        return next((self.ways(name) - {key} for name in self.secrets if key in self.ways(name)), frozenset())


EMPTY = Shape(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())


def shape_of(options: type) -> Shape:
    """The shape of an option dataclass; raises PluginError for what is none."""
    try:
        names = frozenset(field.name for field in dataclasses.fields(options) if field.init)
        hints = typing.get_type_hints(options)
        validator: TypeAdapter[Any] = TypeAdapter(options)
    except Exception as error:
        raise PluginError(
            f"the options of {options.__module__} cannot be used: {type(error).__name__}: {error}",
            "report it to its author",
        ) from error
    classes = {name: _classes(hints[name]) for name in names}
    secret = frozenset(name for name in names if any(issubclass(one, Secret) for one in classes[name]))
    tables = frozenset(name for name in secret if dict in classes[name])
    return Shape(
        fields=names,
        secrets=secret - tables,
        urls=frozenset(name for name in secret if any(issubclass(one, SecretUrl) for one in classes[name])),
        secret_tables=tables,
        files=frozenset(
            name
            for name in names
            if name in _FILES or name.endswith("_file") or any(issubclass(one, Path) for one in classes[name])
        ),
        validator=validator,
    )


def _classes(hint: object) -> set[type]:
    """The classes that a hint is made of; any mapping counts as dict."""
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return set()
    found: set[type] = set()
    for argument in typing.get_args(hint):
        found |= _classes(argument)
    base = origin if origin is not None else hint
    if isinstance(base, type):
        found.add(
            dict
            if issubclass(base, typing.cast("type", typing.get_origin(typing.Mapping[str, str])))
            else base
        )
    return found


def make_options(
    shape: Shape,
    values: dict[str, Any],
    problems: Problems,
    at: KeyPath,
    paths: Mapping[str, KeyPath],
) -> Any:  # noqa: ANN401 - an instance of the adapter's Options
    """An instance of the adapter's Options, None after telling of every mistake.

    Strict: no text becomes a number, no unknown key is passed over. Raises PluginError where the
    class itself fails.
    """
    if shape.validator is None:
        return None
    try:
        # As JSON, because only there does pydantic's strict mode take lists for tuples and words for enums.
        raw = json.dumps(values, default=str)
        return shape.validator.validate_json(raw, strict=True, extra="forbid")
    except ValidationError as error:
        for (path, remedy), words in _sorted(
            error.errors(include_url=False), values, at, paths, shape
        ).items():
            problems.add(path, ", or ".join(dict.fromkeys(words)), remedy)
    except QuarterdeckError as error:
        problems.add(at, error.why, error.hint or "correct one of the options")
    except Exception as error:
        raise PluginError(
            f"its options failed: {type(error).__name__}: {error}",
            "report it to its author",
        ) from error
    return None


def _sorted(
    errors: list[ErrorDetails],
    values: Mapping[str, Any],
    at: KeyPath,
    paths: Mapping[str, KeyPath],
    shape: Shape,
) -> dict[tuple[KeyPath, str], list[str]]:
    """Messages by place and remedy; the arms of a union become one message."""
    told: dict[KeyPath, tuple[str, list[str]]] = {}
    for error in errors:
        loc = error["loc"]
        name = str(loc[0]) if loc else ""
        path = (*paths.get(name, (*at, name)), *_inside(values.get(name), loc[1:])) if name else at
        if error["type"] == "missing" and len(loc) == 1:
            empty = name in paths
            words = "is left empty by its variable" if empty else f"{name!r} is missing"
            remedy = "set the variable" if empty else f"set {name}"
        else:
            words = _words(error, secret=name in shape.secrets | shape.secret_tables)
            remedy = _remedy(error, name)
        told.setdefault(path, (remedy, []))[1].append(words)
    return {(path, remedy): words for path, (remedy, words) in told.items()}


def _inside(value: object, loc: tuple[int | str, ...]) -> KeyPath:
    """The part of pydantic's place that lies within the value: it also names the arms of a union."""
    path: KeyPath = ()
    for part in loc:
        if isinstance(value, dict) and part in value:
            value = value[part]
            path = (*path, part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = cast("list[object]", value)[part]
            path = (*path, part)
    return path


def _words(error: ErrorDetails, *, secret: bool) -> str:
    kind_of_error, given = error["type"], error.get("input")
    if kind_of_error == "missing":
        return f"{str(error['loc'][-1])!r} is missing"
    if kind_of_error in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown key {str(error['loc'][-1])!r}"
    words = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    words = (
        words.replace("a valid ", "a ")
        .replace("a integer", "an integer")
        .replace("a boolean", "true or false")
    )
    if kind_of_error.endswith("_type") or not isinstance(given, str):
        return f"{words}, not {kind(given)}"
    return words if secret else f"{words}, not {str(one_line(given, 60))!r}"


_EXAMPLES = {
    "int_type": "10",
    "float_type": "0.5",
    "bool_type": "true",
    "string_type": '"…"',
    "tuple_type": '["…"]',
    "list_type": '["…"]',
    "dict_type": "{ name = … }",
    "dataclass_type": "{ name = … }",
}


def _remedy(error: ErrorDetails, name: str) -> str:
    kind_of_error = error["type"]
    if kind_of_error in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", str((error.get("ctx") or {}).get("expected", "")))
        return did_you_mean(str(error.get("input")), choices)
    if kind_of_error in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"take it out; `quarterdeck collectors` tells what {name} holds"
    example = _EXAMPLES.get(kind_of_error)
    if example is not None and len(error["loc"]) == 1:
        return f"write {name} = {example}"
    return f"correct {name}; `quarterdeck collectors` tells what it may be" if name else "correct the options"
