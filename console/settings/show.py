"""The effective configuration: every value, where it comes from, and no secret."""

import dataclasses
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors.secret import Secret, SecretUrl
from collectors.text import shown
from console.settings.adapters import Shape
from console.settings.collectors import Layers
from console.settings.instances import expand
from console.settings.loading import Loading
from console.settings.problems import KeyPath, dotted
from console.settings.values import CollectorSettings, CustomAction, Limit, Settings, Threshold

MASK = "•••"

_VARIABLE = re.compile(r"\$\{(\w+)")

STANDARD = "default"
"""Origin of a value that nobody set."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value: its table and key, the value as JSON has it (masked), and where it comes from.

    ``origin`` is ``file:line``, or "default", or "flag"; ``variables`` are those that were filled in.
    """

    table: KeyPath
    key: str
    value: Any
    origin: str
    variables: tuple[str, ...] = ()


def effective(loading: Loading, overrides: Mapping[str, object] | None = None) -> tuple[Value, ...]:
    """All values in force, in the order of the file's sections."""
    return tuple(_values(loading, overrides or {}))


def as_text(loading: Loading, values: tuple[Value, ...]) -> str:
    """The values as TOML would write them, each with its origin as a comment."""
    lines = [f"# {_head(loading.settings)}"]
    table: KeyPath | None = None
    for value in values:
        if value.table != table:
            table = value.table
            lines += ["", f"[{dotted(table)}]"]
        said = f"{dotted((value.key,))} = {_toml(value.value)}"
        written = "".join(f" ${{{name}}}" for name in value.variables)
        lines.append(f"{said:<50}  # {value.origin}{written}")
    return "\n".join(lines) + "\n"


def as_json(loading: Loading, values: tuple[Value, ...]) -> dict[str, Any]:
    """The values as a document of format 1."""
    settings = loading.settings
    return {
        "format": 1,
        "file": str(settings.file) if settings.file else None,
        "files": [str(stamp.path) for stamp in settings.stamps],
        "environment": settings.environment or None,
        "protected": settings.protected,
        "warnings": list(settings.warnings),
        "values": [
            {
                "key": dotted((*value.table, value.key)),
                "value": value.value,
                "origin": value.origin,
                "variables": list(value.variables),
            }
            for value in values
        ],
    }


def _head(settings: Settings) -> str:
    where = str(settings.file) if settings.file else "no configuration file"
    environment = settings.environment or "no environment"
    return f"{where}; {environment}, {'protected' if settings.protected else 'open'}"


def _values(loading: Loading, overrides: Mapping[str, object]) -> Iterator[Value]:
    yield from _console(loading, overrides)
    settings = loading.settings
    for service in settings.services.values():
        if service.name in loading.tree.values.get("services", {}):
            yield from _plain(loading, ("services", service.name), _public(service))
    by_name: dict[str, list[CollectorSettings]] = {}
    for collector in settings.collectors:
        by_name.setdefault(collector.name, []).append(collector)
    for name, collectors in by_name.items():
        yield from _collector(loading, loading.layers[name], collectors)
    for name, table in loading.tree.values.get("servers", {}).items():
        yield from _plain(loading, ("servers", name), _server(table))
    for action in settings.actions.values():
        yield from _plain(loading, ("actions", action.name), _action(action))
    yield from _plain(loading, ("limits",), _without_unset(settings.limits, leave=("actions",)))
    for name, limit in settings.limits.actions.items():
        yield from _limit(loading, name, limit)
    yield from _plain(loading, ("journal",), _without_unset(settings.journal))
    if "redaction" in loading.tree.values:
        yield from _plain(loading, ("redaction",), _without_unset(settings.redaction))
    yield from _plain(loading, ("keys",), {action: list(keys) for action, keys in settings.keys.items()})


def _console(loading: Loading, overrides: Mapping[str, object]) -> Iterator[Value]:
    for value in _plain(loading, ("console",), _public(loading.settings.console, name=True)):
        typed = value.key in overrides
        operator = value.key == "operator" and value.value
        origin = "flag" if typed else "$QUARTERDECK_OPERATOR" if operator else value.origin
        yield dataclasses.replace(value, origin=origin)


def _public(instance: Any, *, name: bool = False) -> dict[str, Any]:  # noqa: ANN401 - any of our values
    fields = dataclasses.asdict(instance)
    if not name:
        fields.pop("name")
    return {key: value for key, value in fields.items() if value not in (None, "", (), [])}


def _without_unset(instance: Any, *, leave: Collection[str] = ()) -> dict[str, Any]:  # noqa: ANN401 - any of our values
    fields = {one.name: getattr(instance, one.name) for one in dataclasses.fields(instance)}
    return {
        key: value
        for key, value in fields.items()
        if key not in leave and value not in (None, "", ()) and value != {}
    }


def _server(table: Mapping[str, Any]) -> dict[str, Any]:
    """A server as the file has it, ``{instance}`` too; its instances one by one."""
    many = table.get("instances")
    return {**table, "instances": expand(many)} if many else dict(table)


def _action(action: CustomAction) -> dict[str, Any]:
    """What the file may set, texts as it has them: places stay, and what is secret is masked."""
    values = _without_unset(action, leave=("name", "file", "line"))
    if action.command:
        values["command"] = [str(word) for word in action.command]
    if action.env:
        values["env"] = {name: str(value) for name, value in action.env}
    request = action.request
    if request is not None:
        values["request"] = {
            **_without_unset(request, leave=("encoding",)),
            "url": str(SecretUrl(str(request.url)).shown),
            **({"headers": {name: str(value) for name, value in request.headers}} if request.headers else {}),
            **({"body": str(request.body)} if request.body else {}),
        }
    return values


def _limit(loading: Loading, name: str, limit: Limit) -> Iterator[Value]:
    """An action's limits, where its name is written as one key or as two."""
    tables = loading.tree.values.get("limits", {})
    at: KeyPath = ("limits", name) if name in tables else ("limits", *name.split(".", 1))
    for key, value in _without_unset(limit).items():
        yield Value(("limits", name), key, value, *_origin(loading, (*at, key)))


def _plain(loading: Loading, table: KeyPath, values: Mapping[str, Any]) -> Iterator[Value]:
    for key, value in values.items():
        yield Value(table, key, _json(value), *_origin(loading, (*table, key)))


def _collector(loading: Loading, layers: Layers, collectors: list[CollectorSettings]) -> Iterator[Value]:
    first = collectors[0]
    table: KeyPath = ("collectors", first.name)
    common: dict[str, Any] = {
        "type": first.type,
        "service": first.service,
        "enabled": first.enabled,
        "every": first.every,
        "timeout": first.timeout,
        "server": layers.values.get("server", ""),
        "instances": [one.instance for one in collectors if one.instance],
        "attribute": dict(first.attribute),
    }
    for key, value in common.items():
        if value not in ("", [], {}):
            yield Value(table, key, _json(value), *_origin(loading, layers.paths.get(key, (*table, key))))
    for key, value in _options(layers, first):
        yield Value(table, key, value, *_origin(loading, layers.paths.get(key, (*table, key))))
    for field, threshold in first.thresholds.items():
        at = layers.threshold_paths[field]
        yield Value((*table, "thresholds"), field, _threshold(threshold), *_origin(loading, at))
    if first.load_error is not None:
        yield Value(table, "error", str(first.load_error.why), "not loaded")


def _options(layers: Layers, collector: CollectorSettings) -> Iterator[tuple[str, Any]]:
    """Options as set (``{instance}`` stays), then the adapter's own for what is not set."""
    shape = layers.loaded.shape
    for key, value in layers.values.items():
        if key in shape.keys:
            yield key, masked(shape, key, value)
    for key in sorted(shape.fields - layers.values.keys()):
        value = getattr(collector.options, key, None)
        if value is not None and not shape.rivals(key) & layers.values.keys():
            yield key, _json(value)


def masked(shape: Shape, key: str, value: Any) -> Any:  # noqa: ANN401 - a raw value of TOML
    """An option's value as set, without what is secret in it."""
    if key in shape.urls and isinstance(value, str):
        return str(SecretUrl(value).shown) if value else ""
    if key in shape.secrets:
        return MASK
    if key in shape.secret_tables and isinstance(value, dict):
        return dict.fromkeys(value, MASK)
    return _json(value)


def _threshold(threshold: Threshold) -> dict[str, Any]:
    limits = dataclasses.asdict(threshold)
    limits["for"] = limits.pop("for_") or None
    return {key: value for key, value in limits.items() if value is not None}


def _origin(loading: Loading, path: KeyPath) -> tuple[str, tuple[str, ...]]:
    """Where a value stands, and the variables that were filled in, there or further in."""
    tree = loading.tree
    file = tree.file(path)
    if file is None or not tree.index(file).knows(path):
        return STANDARD, ()
    place, line = tree.place(path)
    written = (text for at, text in tree.templates.items() if at[: len(path)] == path)
    names = dict.fromkeys(name for text in written for name in _VARIABLE.findall(text))
    return f"{place}:{line}", tuple(names)


def _json(value: Any) -> Any:  # noqa: ANN401 - whatever an option may be
    """A value as JSON has it; secrets masked, text cleaned."""
    if isinstance(value, Secret):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(shown(key)): _json(inner) for key, inner in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(_json(inner) for inner in value)
    if isinstance(value, (list, tuple)):
        return [_json(inner) for inner in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(shown(value))


def _toml(value: Any) -> str:  # noqa: ANN401 - what _json gives
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{dotted((key,))} = {_toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        numbers = all(isinstance(inner, int) for inner in value)
        return _spans(value) if numbers and len(value) > 8 else f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _spans(numbers: list[int]) -> str:
    """Many numbers in short: their ends and how many."""
    return f'"{numbers[0]} … {numbers[-1]}, {len(numbers)} in all"'
