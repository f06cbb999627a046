"""``[redaction]``: what of secrets is replaced before anything is shown, kept or written."""

from collections.abc import Mapping

from collectors._own_patterns import compiled
from collectors.redaction import Redaction
from console.settings.problems import AmbiguousError, Problems
from console.settings.source import Source
from console.settings.strict import Strict
from console.settings.tree import Tree


def read_redaction(problems: Problems, values: object) -> Redaction:
    """``[redaction]``; a name or pattern that cannot work is told with its place."""
    table = Strict(problems, ("redaction",), values)
    on = table.flag("on")
    names = [name for name in table.names("names") if _has_letter(table, name)]
    patterns = [pattern for pattern in table.names("patterns") if _works(table, pattern)]
    table.done()
    return Redaction(on=on is not False, names=tuple(names), patterns=tuple(patterns))


def _has_letter(table: Strict, name: str) -> bool:
    if any(char.isalnum() for char in name):
        return True
    table.wrong("names", f"{name!r} names no field", 'write it like ["iban", "cardNumber"]')
    return False


def _works(table: Strict, pattern: str) -> bool:
    try:
        compiled(pattern)
    except ValueError as problem:
        table.wrong("patterns", problem, 'write it like ["shop_[A-Za-z0-9]{16,64}"]')
        return False
    return True


def redaction_of(source: Source, environ: Mapping[str, str]) -> Redaction:
    """The ``[redaction]`` of the file that ``source`` finds, whatever else is in it; no command runs.

    The standard where there is no file, or several and none is chosen. Raises SettingsError for its
    own mistakes, UsageError for a file that was named and is not there.
    """
    try:
        file = source.find(environ)
    except AmbiguousError:
        return Redaction()
    if file is None:
        return Redaction()
    tree = Tree(environ)
    tree.read(file.absolute())
    problems = Problems(tree.place)
    policy = read_redaction(problems, tree.values.get("redaction", {}))
    problems.raise_any()
    return policy
