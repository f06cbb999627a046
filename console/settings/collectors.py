"""``[collectors.*]`` over ``[defaults.*]``, expanded for each instance."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from collectors import registry
from collectors.base import Collector
from collectors.model.practice import Practice
from collectors.registry import PluginError
from collectors.transport.servers.spec import Server
from console.settings.adapters import EMPTY, Shape, make_options, shape_of
from console.settings.instances import PLACE, instead, mentions
from console.settings.problems import KeyPath, did_you_mean
from console.settings.secrets import Vault, absolute, check_inline, renewal
from console.settings.sections import read_instances
from console.settings.strict import Strict, entries, is_name, kind
from console.settings.thresholds import read_thresholds
from console.settings.tree import Tree
from console.settings.values import CollectorSettings, Service, Threshold

COMMON = frozenset(
    {
        "type",
        "service",
        "instance",
        "instances",
        "every",
        "timeout",
        "server",
        "thresholds",
        "attribute",
        "enabled",
    }
)
"""Keys of every collector; the rest are the adapter's options."""

ANY = "*"
"""The table of defaults that holds for every type."""

FLOOR = 1.0
"""Seconds of the shortest interval."""

BEHIND_SERVER = 2.0
"""Seconds by which the standard time-out is longer behind a server."""

_ELSEWHERE = {
    "depends_on": "services depend on each other: set it in [services.NAME]",
    "quorum": "set it in [services.NAME]",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A type's class, or why there is none."""

    name: str
    practice: Practice
    adapter: type[Collector[Any]] | None
    shape: Shape
    error: PluginError | None = None

    @property
    def every(self) -> float:
        """The standard interval in seconds."""
        return max(FLOOR, self.adapter.default_every if self.adapter else Collector.default_every)

    @property
    def timeout(self) -> float:
        """The standard time-out in seconds."""
        return self.adapter.default_timeout if self.adapter else Collector.default_timeout


@dataclass(slots=True)
class Layers:
    """A collector's values over its defaults, and where each stands."""

    loaded: Loaded
    at: KeyPath
    values: dict[str, Any]
    paths: dict[str, KeyPath]
    thresholds: dict[str, Any]
    threshold_paths: dict[str, KeyPath]


class CollectorReader:
    """Reads all collectors of a tree; mistakes go to the tree's problems."""

    def __init__(self, tree: Tree, services: Mapping[str, Service], servers: Mapping[str, Server]) -> None:
        self._tree = tree
        self._problems = tree.problems
        self._services = services
        self._servers = servers
        self._vault = Vault(tree)
        self._types: dict[str, Loaded] = {}
        self._defaults: dict[str, dict[str, Any]] = {}
        self.layers: dict[str, Layers] = {}

    def read(self) -> tuple[CollectorSettings, ...]:
        """One CollectorSettings for each collector and instance, in the file's order."""
        for name, at, value in entries(self._problems, "defaults", self._tree.values.get("defaults", {})):
            self._defaults[name] = Strict(self._problems, at, value).values
        found: list[CollectorSettings] = []
        for _, at, value in entries(self._problems, "collectors", self._tree.values.get("collectors", {})):
            table = Strict(self._problems, at, value)
            loaded = None if self._problems.is_spoiled(at) else self._type(table)
            if loaded is not None:
                layers = self.layers[str(at[-1])] = self._layered(at, table.values, loaded)
                found += self._read_one(layers, loaded)
        self._check_defaults()
        return tuple(found)

    @property
    def offered(self) -> frozenset[str]:
        """Ids of the actions that the configured types offer."""
        adapters = (loaded.adapter for loaded in self._types.values())
        return frozenset(action.spec.id for adapter in adapters if adapter for action in adapter.actions)

    def _type(self, table: Strict) -> Loaded | None:
        """The class that a collector names; what cannot be loaded is kept with its error."""
        name = table.text("type", example='"health.http"')
        if "type" not in table.values:
            self._problems.add(table.at, "has no type", 'set type = "…"; `quarterdeck collectors` lists them')
        if not name:
            return None
        if name not in registry.types():
            remedy = did_you_mean(name, registry.types())
            self._problems.spoil(table.path("type"), f"no collector type {name!r}", remedy)
            return None
        if name not in self._types:
            self._types[name] = _load(name)
        return self._types[name]

    def _layered(self, at: KeyPath, own: dict[str, Any], loaded: Loaded) -> Layers:
        layers = Layers(loaded, at, {}, {}, {}, {})
        everywhere = self._defaults.get(ANY, {})
        fitting = {key: value for key, value in everywhere.items() if key in COMMON | loaded.shape.keys}
        for place, values in (
            (("defaults", ANY), fitting),
            (("defaults", loaded.name), self._defaults.get(loaded.name, {})),
            (at, own),
        ):
            for key, value in values.items():
                for rival in loaded.shape.rivals(key) - values.keys():
                    layers.values.pop(rival, None)
                layers.values[key] = value
                layers.paths[key] = (*place, key)
            self._layer_thresholds(layers, (*place, "thresholds"), values.get("thresholds"))
        return layers

    def _layer_thresholds(self, layers: Layers, place: KeyPath, values: object) -> None:
        if values is None or self._problems.is_spoiled(place):
            return
        for name, value in Strict(self._problems, place, values).values.items():
            layers.thresholds[name] = value
            layers.threshold_paths[name] = (*place, name)

    def _read_one(self, layers: Layers, loaded: Loaded) -> Iterator[CollectorSettings]:
        table = Strict(
            self._problems, layers.at, layers.values, paths=layers.paths, allowed=COMMON | loaded.shape.keys
        )
        common = self._common(table, layers, loaded)
        server = table.name("server")
        names = self._instances(table, common["service"])
        if loaded.error is None:
            table.done(elsewhere=_ELSEWHERE)
            check_inline(self._tree, loaded.shape, layers.values, layers.paths)
        for name in names:
            there = server.replace(PLACE, name)
            self._check_server(table, there)
            if "timeout" not in layers.values and there:
                common["timeout"] = loaded.timeout + BEHIND_SERVER
            options, error, renew = self._options(layers, loaded, name, there)
            if options is None and error is None:
                return
            yield CollectorSettings(
                **common, instance=name, server=there, options=options, load_error=error, renew=renew
            )

    def _common(self, table: Strict, layers: Layers, loaded: Loaded) -> dict[str, Any]:
        enabled = table.flag("enabled")
        file, line = self._tree.file(layers.at), self._tree.place(layers.at)[1]
        every = table.duration("every", FLOOR, 'write it like "5s"')
        return {
            "name": str(layers.at[-1]),
            "type": loaded.name,
            "practice": loaded.practice,
            "service": table.name("service"),
            "attribute": self._attribute(table),
            "every": every or loaded.every,
            "timeout": table.duration("timeout", 0.1, 'write it like "5s"') or loaded.timeout,
            "thresholds": self._thresholds(layers, loaded),
            "enabled": enabled is not False,
            "file": file,
            "line": line,
        }

    def _thresholds(self, layers: Layers, loaded: Loaded) -> dict[str, Threshold]:
        return read_thresholds(
            self._problems, layers.threshold_paths, layers.thresholds, loaded.name, loaded.practice
        )

    def _attribute(self, table: Strict) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for pattern, service in table.table("attribute").items():
            at = (*table.path("attribute"), pattern)
            if self._problems.is_spoiled(at):
                continue
            if isinstance(service, str) and is_name(service):
                found.append((pattern, service))
            else:
                words = (
                    f"{service!r} cannot be a name" if isinstance(service, str) else f"not {kind(service)}"
                )
                self._problems.add(at, f"must be a service: {words}", f'write "{pattern}" = "orders"')
        return tuple(found)

    def _instances(self, table: Strict, service: str) -> tuple[str, ...]:
        """The instances to expand for: ("",) for none, nothing after telling of a mistake."""
        single, own = table.name("instance"), read_instances(table)
        if "instance" in table.values and "instances" in table.values:
            table.wrong("instance", "instance and instances exclude each other", "keep one of them")
            return ()
        if single:
            return (single,)
        place = next((key for key, value in table.values.items() if _is_placed(key) and mentions(value)), "")
        if not place:
            if len(own) > 1:
                words = f"no option says {PLACE}, so all {len(own)} would read the same source"
                table.wrong("instances", words, f"put {PLACE} into the url")
            return own or ("",)
        declared = self._services.get(service)
        names = own or (declared.instances if declared is not None else ())
        if not names and not self._is_excused(table, service):
            words = f"service {service!r} has none" if service else "the collector has no service"
            remedy = f"set instances in [services.{service or 'NAME'}], or here"
            table.wrong(place, f"{PLACE} stands for an instance, and {words}", remedy)
        return names

    def _is_excused(self, table: Strict, service: str) -> bool:
        """Whether instances are missing because of a mistake that is told already."""
        at: KeyPath = ("services", service)
        spoiled = self._problems.is_spoiled(at) or self._problems.is_spoiled((*at, "instances"))
        return (
            spoiled
            or self._problems.is_spoiled(table.path("instances"))
            or self._problems.is_spoiled(table.path("service"))
            or (self._tree.broken and service not in self._services)
        )

    def _check_server(self, table: Strict, name: str) -> None:
        if not name or name in self._servers or self._tree.broken:
            return
        tables = self._tree.values.get("servers", {})
        tables = tables if isinstance(tables, dict) else {}
        if any(self._problems.is_tainted(("servers", one, "instances")) for one in tables):
            return
        if name in tables:
            if not self._problems.is_tainted(("servers", name)):
                words = f"[servers.{name}] declares many servers, and none of that name"
                table.wrong("server", words, f'write server = "{PLACE}", or one of them')
            return
        near = did_you_mean(name, self._servers) if self._servers else f"declare [servers.{name}]"
        table.wrong("server", f"there is no server {name!r}", near)

    def _options(
        self, layers: Layers, loaded: Loaded, instance: str, server: str
    ) -> tuple[Any, PluginError | None, Callable[[], Any] | None]:
        """The options for one instance, and how to renew them; neither after telling of a mistake."""
        if loaded.error is not None:
            return None, loaded.error, None
        values = {
            key: instead(value, instance) if instance else value
            for key, value in layers.values.items()
            if key in loaded.shape.keys and not self._is_unset(layers.paths[key], value)
        }
        for key in loaded.shape.files & values.keys():
            at, value = layers.paths[key], values[key]
            is_there = key == "path" and server
            if isinstance(value, str) and not is_there and not self._problems.is_spoiled(at):
                values[key] = absolute(self._tree, at, value)
        renew = renewal(self._tree, loaded.shape, values, layers.at, layers.paths)
        values = self._vault.resolve(loaded.shape, values, layers.at, layers.paths)
        try:
            made = make_options(loaded.shape, values, self._problems, layers.at, layers.paths)
        except PluginError as error:
            return None, error, None
        return made, None, renew

    def _is_unset(self, at: KeyPath, value: object) -> bool:
        """Whether a variable made the value empty: ``"${X:-}"`` leaves an option out."""
        return value == "" and at in self._tree.templates

    def _check_defaults(self) -> None:
        for name, values in self._defaults.items():
            at: KeyPath = ("defaults", name)
            if "type" in values:
                self._problems.add((*at, "type"), "a default cannot set the type", "take it out")
            if name == ANY:
                known = COMMON.union(*(loaded.shape.keys for loaded in self._types.values()))
                self._check_keys(
                    at, values, known, is_sure=all(one.error is None for one in self._types.values())
                )
            elif name not in registry.types():
                self._problems.spoil(at, f"no collector type {name!r}", did_you_mean(name, registry.types()))
            elif name not in self._types:
                loaded = _load(name)
                self._check_keys(at, values, COMMON | loaded.shape.keys, is_sure=loaded.error is None)

    def _check_keys(
        self, at: KeyPath, values: Mapping[str, Any], known: frozenset[str], *, is_sure: bool
    ) -> None:
        for key in values:
            if is_sure and key not in known:
                self._problems.add((*at, key), f"unknown key {key!r}", did_you_mean(key, known))


def _load(name: str) -> Loaded:
    try:
        adapter = registry.load(name)
        options: type = adapter.Options
        return Loaded(name, adapter.practice, adapter, shape_of(options))
    except PluginError as error:
        word = name.partition(".")[0]
        practice = Practice(word) if word in list(Practice) else Practice.HEALTH
        return Loaded(name, practice, None, EMPTY, error)


def _is_placed(key: str) -> bool:
    return key not in COMMON or key == "server"
