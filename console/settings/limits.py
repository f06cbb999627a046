"""``[limits]`` and ``[journal]``: what actions may do, and where it is written down."""

from collections.abc import Collection, Iterable, Iterator

from collectors import registry
from collectors.model.quantity import Unit
from collectors.registry import PluginError
from console.settings.problems import KeyPath, Problems, did_you_mean
from console.settings.secrets import MISPLACED, absolute
from console.settings.strict import Strict
from console.settings.template import is_secret, variables
from console.settings.thresholds import parse_limit
from console.settings.tree import Tree
from console.settings.values import JournalSettings, Limit, Limits

MOST_ITEMS = 10**9
"""A limit beyond it is a slip."""

CUSTOM = "custom"
"""What stands for the practice in the ids of actions of the file itself."""


def read_limits(
    problems: Problems, values: object, offered: Collection[str], services: Iterable[str]
) -> Limits:
    """``[limits]``; ``offered`` are the ids of what the configured collectors and the file itself offer."""
    table = Strict(problems, ("limits",), values)
    common = _limit(table)
    deny = table.names("deny")
    actions: dict[str, Limit] = {}
    for action, at, value in _actions(table):
        inner = Strict(problems, at, value)
        limit = _limit(inner)
        inner.done()
        if not problems.is_spoiled(at) and _is_known(problems, at, action, offered):
            actions[action] = limit
    table.done()
    _warn_idle(table, deny, offered, services)
    return Limits(common.max_items, common.max_rate, deny, actions)


def _limit(table: Strict) -> Limit:
    return Limit(
        table.integer("max_items", 1, MOST_ITEMS),
        table.parsed("max_rate", _rate, 'write max_rate = "5/s", or a number a second'),
    )


def _rate(value: object) -> float:
    rate = parse_limit(value, Unit.PER_SECOND)
    if rate <= 0:
        raise ValueError("must be more than 0")
    return rate


def _actions(table: Strict) -> Iterator[tuple[str, KeyPath, object]]:
    """Id, place and value of each table of an action: ``queues.retry`` is one action, quoted or not."""
    for key, value in table.values.items():
        if not isinstance(value, dict) or key in ("max_items", "max_rate", "deny"):
            continue
        at = table.path(key)
        table.raw(key)
        if "." in key:
            yield key, at, value
            continue
        for verb, inner in value.items():
            if isinstance(inner, dict):
                yield f"{key}.{verb}", (*at, verb), inner
            else:
                words = f"{key!r} is no action: an action is PRACTICE.VERB"
                table.problems.spoil(at, words, f'write [limits."{key}.VERB"]')
                break


def _is_known(problems: Problems, at: KeyPath, action: str, offered: Collection[str]) -> bool:
    """Whether there is such an action, of a configured type or of another; tells where there is none."""
    if action in offered:
        return True
    others, sure = _of_practice(action.partition(".")[0])
    if action in others or not sure:
        return True
    known = {*offered, *others}
    remedy = did_you_mean(action, known) if known else "no collector here offers any action"
    problems.spoil(at, f"there is no action {action!r}", remedy)
    return False


def _of_practice(practice: str) -> tuple[set[str], bool]:
    """Ids of what all types of a practice offer, and whether all of them could be asked."""
    found: set[str] = set()
    sure = True
    for name in registry.types():
        if name.partition(".")[0] != practice:
            continue
        try:
            found |= {action.spec.id for action in registry.load(name).actions}
        except PluginError:
            sure = False
    return found, sure


def _warn_idle(table: Strict, deny: Iterable[str], offered: Collection[str], services: Iterable[str]) -> None:
    """Tell of patterns that forbid nothing of what there is: a slip there is found out too late."""
    names = list(services)
    for position, glob in enumerate(deny if offered else ()):
        one = Limits(deny=(glob,))
        if not any(one.denied(action, service) for action in offered for service in ("", *names)):
            words = f"{glob!r} forbids nothing: it fits no action of any service here"
            table.problems.warn((*table.path("deny"), position), words)


def read_journal(tree: Tree, values: object) -> JournalSettings:
    """``[journal]``; paths are those beside the file."""
    table = Strict(tree.problems, ("journal",), values)
    path, mirror = table.text("path"), table.text("mirror")
    command = table.names("mirror_command")
    table.done()
    if mirror not in ("", "syslog"):
        remedy = 'write mirror = "syslog", or mirror_command = ["logger", "-t", "quarterdeck"]'
        table.wrong("mirror", f"{mirror!r} is no mirror", remedy)
    if mirror and "mirror_command" in table.values:
        table.wrong("mirror_command", "there can be one mirror, and mirror names one", "keep one of them")
    _check_mirror(tree, table, command)
    return JournalSettings(
        absolute(tree, table.path("path"), path), mirror, program_first(tree, table, command)
    )


def _check_mirror(tree: Tree, table: Strict, command: tuple[str, ...]) -> None:
    at = table.path("mirror_command")
    if not command and table.raw("mirror_command") == []:
        table.wrong("mirror_command", "names no program", 'write mirror_command = ["logger"]')
    for position in range(len(command)):
        names = variables(tree.templates.get((*at, position), ""))
        if any(map(is_secret, names)):
            tree.problems.add((*at, position), MISPLACED, "let the program read it from a file of its own")


def program_first(tree: Tree, table: Strict, command: tuple[str, ...]) -> tuple[str, ...]:
    """The command with its program's path made absolute, where it is a path and not a name."""
    if not command or "/" not in command[0]:
        return command
    return (absolute(tree, table.path("mirror_command"), command[0]), *command[1:])
