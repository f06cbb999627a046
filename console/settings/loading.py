"""From files and variables to Settings, or to every mistake at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from console.settings.actions import read_actions
from console.settings.collectors import CollectorReader, Layers
from console.settings.keys import KeyTable, read_keys
from console.settings.limits import read_journal, read_limits
from console.settings.problems import did_you_mean, nearest
from console.settings.questions import read_questions
from console.settings.redacting import read_redaction
from console.settings.sections import read_console, read_services
from console.settings.servers import read_servers
from console.settings.source import Source
from console.settings.tree import Tree
from console.settings.values import CollectorSettings, ConsoleSettings, Service, Settings, is_protected

SECTIONS = (
    *("include", "console", "defaults", "services", "collectors", "servers", "keys"),
    *("actions", "limits", "journal", "questions", "redaction"),
)
"""What a file may hold."""

OPERATOR = "QUARTERDECK_OPERATOR"


@dataclass(frozen=True, slots=True)
class Loading:
    """Settings, the tree that knows where each value stands, and each collector over its defaults."""

    settings: Settings
    tree: Tree
    layers: Mapping[str, Layers]


def load_tree(
    source: Source,
    environ: Mapping[str, str],
    *,
    overrides: Mapping[str, object] | None = None,
    keys: KeyTable | None = None,
) -> Loading:
    """As ``load``, with the tree beside the settings."""
    file = source.find(environ)
    tree = Tree(environ)
    if file is not None:
        tree.read(file.absolute())
    loading = _read(tree, source, overrides or {}, keys, file)
    tree.problems.raise_any()
    return loading


def _read(
    tree: Tree, source: Source, overrides: Mapping[str, object], keys: KeyTable | None, file: Path | None
) -> Loading:
    problems = tree.problems
    for section in tree.values:
        if section not in SECTIONS:
            problems.spoil((section,), f"unknown section {section!r}", did_you_mean(section, SECTIONS))

    def section_of(name: str) -> object:
        return tree.values.get(name, {})

    console = read_console(problems, section_of("console"), overrides)
    console = replace(console, operator=console.operator or tree.environ.get(OPERATOR, ""))
    tree.is_protected = is_protected(console.environment)
    services = read_services(problems, section_of("services"))
    servers = read_servers(problems, section_of("servers"))
    reader = CollectorReader(tree, services, servers)
    collectors = reader.read()
    bound = read_keys(problems, section_of("keys"), keys)
    everyone = _all_services(tree, services, collectors)
    actions = read_actions(tree, section_of("actions"), everyone)
    offered = {*reader.offered, *(action.id for action in actions.values())}
    limits = read_limits(problems, section_of("limits"), offered, everyone)
    journal = read_journal(tree, section_of("journal"))
    _warn_environment(tree, source, console)
    settings = Settings(
        name=console.name or (file.stem if file is not None else ""),
        environment=console.environment,
        protected=is_protected(console.environment),
        services=everyone,
        collectors=collectors,
        servers=servers,
        keys=bound,
        console=console,
        limits=limits,
        journal=journal,
        actions=actions,
        questions=read_questions(tree, section_of("questions")),
        redaction=read_redaction(problems, section_of("redaction")),
        file=file.absolute() if file is not None else None,
        stamps=tuple(tree.stamps),
        includes=tuple(tree.includes),
    )
    return Loading(replace(settings, warnings=problems.warnings), tree, reader.layers)


def _warn_environment(tree: Tree, source: Source, console: ConsoleSettings) -> None:
    chosen = source.environment
    if chosen and chosen != console.environment and not is_protected(console.environment):
        words = (
            f"-e {chosen} picked a file whose environment is {console.environment!r}, so it is not protected"
        )
        tree.problems.warn(("console", "environment"), words)


def _all_services(
    tree: Tree, declared: Mapping[str, Service], collectors: Iterable[CollectorSettings]
) -> dict[str, Service]:
    """Declared services, then those that collectors name; names that look mistyped are told."""
    services = dict(declared)
    for collector in collectors:
        for name in (collector.service, *(service for _, service in collector.attribute)):
            if name and name not in services:
                near = nearest(name, declared)
                if near:
                    at = ("collectors", collector.name)
                    tree.problems.warn(at, f"service {name!r} is not declared; did you mean {near!r}?")
                services[name] = Service(name)
    for service in declared.values():
        for other in service.depends_on:
            if other not in services:
                tree.problems.warn(("services", service.name, "depends_on"), f"nothing watches {other!r}")
    return services
