"""Programs of actions: argument lists in which a subject's value is one argument and never a language."""

import re

from console.settings.interpolate import InterpolationError
from console.settings.problems import KeyPath
from console.settings.secrets import MISPLACED, absolute, tell_inline
from console.settings.strict import Strict, kind
from console.settings.template import Template, is_secret, mistyped, plain, template, variables
from console.settings.tree import Tree

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_SHELL = re.compile(r"(ba|da|z|k|a|fi|c|tc|pw)?sh|busybox")
_LOGINS = ("su", "runuser")
_INTERPRETER = re.compile(rf"{_SHELL.pattern}|python[\d.]*|perl|ruby|node|php|lua|{'|'.join(_LOGINS)}")
_CODE = re.compile(r"(?s)-[A-Za-z]*[cer]|--?(command|eval|execute|run|session-command)(=.*)?", re.IGNORECASE)
_VALUED = frozenset({"-o", "+o", "-O", "-W", "-X", "-I", "-m"})
"""Options of interpreters behind which a value stands."""

_RELAYS = frozenset({"ssh", "rsh", "watch", "eval", "xargs", "parallel"})
"""Programs that hand their arguments to a shell, or to another program as more than one."""

_SSH_VALUED = re.compile(r"-[A-Za-z0-9]*[bcDEeFIiJLlmOopQRSWw]")


def read_text(tree: Tree, at: KeyPath, value: object, *, hidden: bool = False) -> Template | None:
    """A text with places; None after telling of a mistake."""
    problems = tree.problems
    if problems.is_spoiled(at):
        return None
    if not isinstance(value, str):
        problems.spoil(at, f"must be a string, not {kind(value)}", 'write "…"')
        return None
    text = tree.templates.get(at, value)
    wrong = mistyped(text)
    if wrong is not None:
        problems.spoil(at, f"{{{wrong[0]}}} is no place", f"did you mean {{{wrong[1]}}}?")
        return None
    try:
        return template(text, tree.environ, hidden=hidden)
    except InterpolationError:
        problems.spoil(at, "a place cannot stand in a variable's form", "put it outside of ${…}")
        return None


def read_command(tree: Tree, table: Strict) -> tuple[Template, ...]:
    """The key ``command``: one template for each argument."""
    value, at = table.raw("command"), table.path("command")
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        table.wrong("command", "must be a list of words", 'write command = ["systemctl", "restart", "…"]')
        return ()
    words = [read_text(tree, (*at, position), word) for position, word in enumerate(value)]
    found = [word for word in words if word is not None]
    if len(found) < len(words):
        return ()
    _check_program(tree, (*at, 0), found)
    _check_code(tree, at, found)
    for position in range(len(value)):
        if any(map(is_secret, variables(tree.templates.get((*at, position), "")))):
            tree.problems.warn((*at, position), f"{MISPLACED}; hand it over in env")
    return tuple(found)


def read_env(tree: Tree, table: Strict) -> tuple[tuple[str, Template], ...]:
    """The key ``env``: variables of the program, whose values are not shown."""
    found: list[tuple[str, Template]] = []
    for name, value in table.table("env").items():
        at = (*table.path("env"), name)
        if not _VARIABLE.fullmatch(name):
            tree.problems.add(at, f"{name!r} cannot be a variable", "use letters, digits and _")
            continue
        read = read_text(tree, at, value, hidden=True)
        if read is not None:
            found.append((name, read))
            if is_secret(name):
                tell_inline(tree, at, value)
    return tuple(found)


def _check_program(tree: Tree, at: KeyPath, words: list[Template]) -> None:
    """The program is named by the file alone; a path of it is made absolute."""
    program = words[0]
    if program.places:
        tree.problems.add(at, "a subject cannot name the program", "write its name, or its whole path")
        return
    name = program.fill({})
    if not name.isprintable() or name[:1] in ("", "-"):
        tree.problems.add(at, f"{name!r} cannot be a program", "write its name, or its whole path")
    elif "/" in name:
        words[0] = plain(absolute(tree, at, name))


def _check_code(tree: Tree, at: KeyPath, words: list[Template]) -> None:
    """A place in what an interpreter reads as code would let a subject's name be code."""
    for position, word in enumerate(words):
        if not word.places:
            continue
        for first in range(position):
            name = str(words[first]).rpartition("/")[2]
            behind = [str(one) for one in words[first + 1 : position + 1]]
            why = (
                _is_relayed(name, behind, word)
                or _is_code(name, behind)
                or (_is_script(name, behind) if first == 0 or _SHELL.fullmatch(name) else "")
            )
            if why:
                remedy = (
                    'call a script with the place as its argument; sh -c takes "$1", and the place behind it'
                )
                tree.problems.add((*at, position), f"{name} {why}", remedy)
                break


def _is_relayed(name: str, behind: list[str], last: Template) -> str:
    """Why the last of the words behind a program would be read by a shell; empty where it is not."""
    if name not in _RELAYS:
        return ""
    if name == "ssh" and "subject" not in last.places and _is_destination(behind):
        return ""
    return "hands this to a shell or as more than one argument: a subject's name could be a command there"


def _is_destination(behind: list[str]) -> bool:
    """Whether the last of the words behind ``ssh`` is the first that is neither an option nor its value."""
    valued = False
    for word in behind[:-1]:
        if not valued and not word.startswith("-"):
            return False
        valued = not valued and _SSH_VALUED.fullmatch(word) is not None
    return not valued


def _is_code(name: str, behind: list[str]) -> str:
    """Why the last of the words behind a program would be code to it; empty where it would not."""
    if not _INTERPRETER.fullmatch(name):
        return ""
    *before, last = behind
    if not (before and _CODE.fullmatch(before[-1])) and not _CODE.fullmatch(last):
        return ""
    own = all(
        word[:1] in ("-", "+") or (place > 0 and before[place - 1] in _VALUED)
        for place, word in enumerate(before)
    )
    return "reads this as code: a subject's name could be code there" if own or name in _LOGINS else ""


def _is_script(name: str, behind: list[str]) -> str:
    """Why the last of the words behind a program would be a file that it runs; empty where it would not."""
    if not _INTERPRETER.fullmatch(name) or name in _LOGINS or any(one[:1] not in "-+" for one in behind[:-1]):
        return ""
    return "runs what this names: a subject cannot choose that"
