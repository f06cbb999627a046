"""JSON Schema of a configuration file, for editors: made from the types that are installed."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from collectors import registry
from collectors.action import Risk
from collectors.base import Collector
from collectors.model.practice import Practice
from collectors.model.quantity import Unit
from collectors.options import parse_duration, parse_size
from collectors.registry import PluginError
from console.settings import questions
from console.settings.adapters import shape_of
from console.settings.collectors import ANY, COMMON
from console.settings.limits import CUSTOM
from console.settings.requests import METHODS
from console.settings.sections import THEMES
from console.settings.thresholds import specs_of

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_WORDS: Schema = {"type": "array", "items": _TEXT}
_PROGRAM: Schema = {**_WORDS, "minItems": 1}
_DURATION: Schema = {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d"}]}
_LIMIT: Schema = {"type": ["number", "string"]}
_FOLLOWING: dict[Callable[..., Any], Schema] = {parse_duration: _DURATION, parse_size: _LIMIT}


class _Generator(GenerateJsonSchema):
    """Schemas of what TOML may hold, not of what our validators make of it."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """What a parser of ours takes; for other validators what they lead to."""
        known = _FOLLOWING.get(schema["function"]["function"])
        return dict(known) if known is not None else {}

    def function_plain_schema(self, schema: core_schema.PlainValidatorFunctionSchema) -> JsonSchemaValue:
        """Secrets, URLs and small languages are written as text or as more than text."""
        owner = getattr(schema["function"]["function"], "__self__", None)
        return dict(_TEXT) if inspect.isclass(owner) else {}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Defaults that JSON cannot hold are left out."""
        return self.generate_inner(schema["schema"])


def json_schema() -> Schema:
    """The schema of the whole file; types that cannot be loaded are left open."""
    loaded = {name: _load(name) for name in sorted(registry.types())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "quarterdeck",
        "type": "object",
        "additionalProperties": False,
        "$defs": {"threshold": _threshold(), **_definitions(loaded)},
        "properties": {
            "include": _WORDS,
            "console": _table(
                name=_TEXT,
                environment=_TEXT,
                theme={"enum": list(THEMES)},
                mouse={"type": "boolean"},
                low_bandwidth={"type": "boolean"},
                retention=_DURATION,
                read_only={"type": "boolean"},
            ),
            "services": _named(
                _table(
                    depends_on=_WORDS,
                    instances=_WORDS,
                    quorum={"type": "integer", "minimum": 1},
                    min_ready={"type": "integer", "minimum": 0},
                )
            ),
            "servers": _named(_server()),
            "keys": {"type": "object", "additionalProperties": {"anyOf": [_TEXT, _WORDS]}},
            "actions": _named(_action()),
            "limits": _limits(),
            "questions": _named(questions.json_schema({"$ref": "#/$defs/threshold"})),
            "journal": {
                **_table(path=_TEXT, mirror={"enum": ["syslog"]}, mirror_command=_PROGRAM),
                "not": {"required": ["mirror", "mirror_command"]},
            },
            "redaction": _table(on={"type": "boolean"}, names=_WORDS, patterns=_WORDS),
            "defaults": {
                "type": "object",
                "properties": {
                    ANY: {"type": "object"},
                    **{name: _defaults(name, adapter) for name, adapter in loaded.items()},
                },
                "additionalProperties": False,
            },
            "collectors": _named(
                {
                    "type": "object",
                    "required": ["type"],
                    "properties": {"type": {"enum": list(loaded)}},
                    "allOf": [_branch(name, adapter) for name, adapter in loaded.items()],
                }
            ),
        },
    }


def _load(name: str) -> type[Collector[Any]] | None:
    try:
        adapter = registry.load(name)
        shape_of(adapter.Options)
    except PluginError:
        return None
    return adapter


def _definitions(loaded: Mapping[str, type[Collector[Any]] | None]) -> Schema:
    """Option dataclasses within option dataclasses, under the type's name."""
    found = {name: _of_options(name, one.Options).get("$defs") for name, one in loaded.items() if one}
    return {name: definitions for name, definitions in found.items() if definitions}


def _table(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _named(entry: Schema) -> Schema:
    return {"type": "object", "additionalProperties": entry}


def _server() -> Schema:
    value = {"type": ["string", "integer", "boolean"]}
    return {
        **_table(
            host=_TEXT,
            instances=_WORDS,
            user=_TEXT,
            port={"type": "integer", "minimum": 1, "maximum": 65535},
            jump=_TEXT,
            config=_TEXT,
            options={"type": "object", "additionalProperties": value},
            kube={
                **_table(target=_TEXT, selector=_TEXT, container=_TEXT, namespace=_TEXT, context=_TEXT),
                "oneOf": [{"required": ["target"]}, {"required": ["selector"]}],
            },
            docker=_table(container=_TEXT, context=_TEXT) | {"required": ["container"]},
        ),
        "oneOf": [{"required": [way]} for way in ("host", "kube", "docker")],
    }


def _limits() -> Schema:
    """Limits for all actions, and those of single ones: ``queues.retry``, or ``retry`` in ``queues``."""
    own = {"max_items": {"type": "integer", "minimum": 1}, "max_rate": _LIMIT}
    one = _table(**own)
    return {
        **_table(**own, deny=_WORDS),
        "patternProperties": {
            r"^[a-z]+\.": one,
            f"^({'|'.join([*Practice, CUSTOM])})$": {"type": "object", "additionalProperties": one},
        },
    }


def _action() -> Schema:
    values: Schema = {"type": "object", "additionalProperties": _TEXT}
    request = _table(
        method={"enum": list(METHODS)},
        url=_TEXT,
        headers=values,
        body=_TEXT,
        ca_file=_TEXT,
        client_cert=_TEXT,
        client_key=_TEXT,
    )
    return {
        **_table(
            words=_TEXT,
            risk={"enum": list(Risk)},
            target=_TEXT,
            practice={"enum": list(Practice)},
            service=_TEXT,
            command=_PROGRAM,
            env=values,
            request=request | {"required": ["url"]},
            timeout=_DURATION,
        ),
        "required": ["risk"],
        "oneOf": [{"required": ["command"]}, {"required": ["request"]}],
        "anyOf": [{"required": [key]} for key in ("target", "practice", "service")],
    }


def _branch(name: str, adapter: type[Collector[Any]] | None) -> Schema:
    """What holds for one type; nothing is required, because a default may set it."""
    then: Schema = {"properties": _properties(name, adapter), "additionalProperties": adapter is None}
    return {"if": {"properties": {"type": {"const": name}}}, "then": then}


def _defaults(name: str, adapter: type[Collector[Any]] | None) -> Schema:
    properties = {key: value for key, value in _properties(name, adapter).items() if key != "type"}
    return {"type": "object", "properties": properties, "additionalProperties": adapter is None}


def _properties(name: str, adapter: type[Collector[Any]] | None) -> dict[str, Schema]:
    common: dict[str, Schema] = {
        **dict.fromkeys(sorted(COMMON), _TEXT),
        "type": {"const": name},
        "instances": _WORDS,
        "every": _DURATION,
        "timeout": _DURATION,
        "enabled": {"type": "boolean"},
        "attribute": {"type": "object", "additionalProperties": _TEXT},
        "thresholds": {"type": "object"},
    }
    if adapter is None:
        return common
    common["thresholds"] = _thresholds(name, adapter.practice)
    shape = shape_of(adapter.Options)
    options = dict(_of_options(name, adapter.Options).get("properties", {}))
    for secret in sorted(shape.secrets):
        for key in sorted(shape.ways(secret) - {secret}):
            options[key] = _WORDS if key.endswith("_command") else _TEXT
    return {**common, **options}


def _of_options(name: str, options: type) -> Schema:
    validator: TypeAdapter[Any] = TypeAdapter(options)
    return validator.json_schema(ref_template=f"#/$defs/{name}/{{model}}", schema_generator=_Generator)


def _thresholds(name: str, practice: Practice) -> Schema:
    fields = {
        spec.name: {"$ref": "#/$defs/threshold", "description": f"{spec.meaning} ({_UNITS[spec.unit]})"}
        for spec in specs_of(practice).values()
    }
    own = f"^{name.rpartition('.')[2]}\\."
    return {**_table(**fields), "patternProperties": {own: {"$ref": "#/$defs/threshold"}}}


_UNITS = {
    Unit.SECONDS: 'seconds, or "10m"',
    Unit.BYTES: 'bytes, or "1GiB"',
    Unit.PER_SECOND: 'per second, or "300/min"',
    Unit.RATIO: '0.9 or "90%"',
    Unit.COUNT: "a number",
}


def _threshold() -> Schema:
    limits = dict.fromkeys(("warning", "critical", "clear", "min_volume"), _LIMIT)
    return _table(**limits, **{"for": _DURATION})
