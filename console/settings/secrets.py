"""Secrets from files and commands, and secrets that stand where they should not."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from collectors.secret import SecretUrl
from collectors.text import one_line
from console.settings.adapters import Shape, make_options
from console.settings.files import Refused, read_secret
from console.settings.problems import KeyPath, Problems
from console.settings.tree import Tree

MISPLACED = "a secret on a command line is seen by everybody on this machine"

COMMAND_LIMIT = 5.0
"""Seconds that a ``*_command`` may take."""

_SECRET_NAME = re.compile(r"(?i)auth|token|key|secret|pass|cookie|credential")
_URL_PASSWORD = re.compile(r"://[^/@\s]*?:([^@/\s]+)@")


class Vault:
    """Answers of files and commands, each asked once while a configuration is loaded.

    Commands run without a terminal, so that nothing prompts over the screen, and without a shell.
    Mistakes go to ``problems``, the tree's own where none are given.
    """

    def __init__(self, tree: Tree, problems: Problems | None = None) -> None:
        self._tree = tree
        self._problems = problems or tree.problems
        self._files: dict[Path, str | Refused] = {}
        self._commands: dict[tuple[str, ...], str | Refused] = {}

    def resolve(
        self, shape: Shape, values: Mapping[str, Any], at: KeyPath, paths: Mapping[str, KeyPath]
    ) -> dict[str, Any]:
        """``values`` with ``x_file`` and ``x_command`` of each secret option x replaced by x."""
        found = dict(values)
        for name in shape.secrets:
            given = [key for key in sorted(shape.ways(name)) if key in found]
            if len(given) > 1:
                words = f"{' and '.join(given)} set the same secret"
                self._problems.add(paths[given[-1]], words, "keep one of them")
            for key in given:
                if key != name:
                    answer = self._answer(key, found.pop(key), paths[key])
                    if answer is None:
                        self._problems.hush((*at, name))
                    else:
                        found[name] = answer
        return found

    def _answer(self, key: str, value: object, at: KeyPath) -> str | None:
        problems = self._problems
        if problems.is_tainted(at):
            return None
        if key.endswith("_file"):
            if not isinstance(value, str) or not value:
                problems.spoil(at, "must be a path", f'write {key} = "/run/secrets/…"')
                return None
            answer = self._read(_beside(self._tree, at, value))
        else:
            if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
                problems.spoil(at, "must be a list of words", f'write {key} = ["pass", "show", "…"]')
                return None
            answer = self._run(tuple(value))
        if isinstance(answer, Refused):
            problems.spoil(at, *answer)
            return None
        return answer

    def _read(self, path: Path) -> str | Refused:
        if path not in self._files:
            content = read_secret(path)
            if not isinstance(content, Refused):
                self._tree.stamps.append(content.stamp)
            answer = content if isinstance(content, Refused) else _checked(content.text)
            self._files[path] = answer
        return self._files[path]

    def _run(self, argv: tuple[str, ...]) -> str | Refused:
        if argv not in self._commands:
            self._commands[argv] = _run(argv, self._tree.environ)
        return self._commands[argv]


def renewal(
    tree: Tree, shape: Shape, values: Mapping[str, Any], at: KeyPath, paths: Mapping[str, KeyPath]
) -> Callable[[], Any] | None:
    """How to make the options again with what files and commands give then; None where none is asked.

    A login that is refused asks again, since such secrets are made for a time; a login that succeeds
    does not, so that none waits for a program.
    """
    ways = {way for name in shape.secrets for way in shape.ways(name) - {name}}
    if not ways & values.keys():
        return None

    def renew() -> Any:  # noqa: ANN401 - an instance of the adapter's Options
        problems = Problems(tree.place)
        fresh = Vault(tree, problems).resolve(shape, values, at, paths)
        made = make_options(shape, fresh, problems, at, paths)
        return None if problems else made

    return renew


def _run(argv: tuple[str, ...], environ: Mapping[str, str]) -> str | Refused:
    name = one_line(argv[0], 80)
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's own command, as a list of words
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else error
        return Refused(f"{name} cannot be run: {words}", "check the path of the program")
    with process:
        try:
            out, err = process.communicate(timeout=COMMAND_LIMIT)
        except subprocess.TimeoutExpired:
            # Its children too: they may hold the pipes open.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            words = f"{name} gave no secret within {COMMAND_LIMIT:g} s"
            return Refused(words, "run it by hand and see what it waits for")
    if process.returncode != 0:
        said = err.decode("utf-8", "replace").strip().splitlines()
        last = f": {one_line(said[-1])}" if said else ""
        return Refused(f"{name} ended with status {process.returncode}{last}", "run it by hand")
    return _checked(out.decode("utf-8", "replace"))


def _checked(text: str) -> str | Refused:
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        return Refused("gives an empty secret", "write the secret on one line")
    if any(
        ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char == "\N{REPLACEMENT CHARACTER}" for char in secret
    ):
        return Refused("gives more than one line, or bytes that are no text", "write the secret on one line")
    return secret


def _beside(tree: Tree, at: KeyPath, value: str) -> Path:
    """A path made absolute by the folder of the file in which it is written."""
    file = tree.file(at)
    try:
        path = Path(value).expanduser()
    except RuntimeError:
        words = f"{value.partition('/')[0]} is nobody's home"
        tree.problems.spoil(at, words, "write the whole path")
        return Path(value)
    return path if file is None else file.absolute().parent / path


def absolute(tree: Tree, at: KeyPath, value: str) -> str:
    """A path option made absolute by the folder of its file; empty stays empty."""
    return str(_beside(tree, at, value)) if value else value


def check_inline(tree: Tree, shape: Shape, values: Mapping[str, Any], paths: Mapping[str, KeyPath]) -> None:
    """Tell of secrets written out in a file: a warning, and a mistake where others may read the file.

    A lab's and a developer's own passwords are worth no warning.
    """
    if tree.file(()) is None:
        return
    for name in shape.secrets & values.keys():
        _check_text(tree, paths[name], values[name], is_url=name in shape.urls)
    for name in shape.secret_tables & values.keys():
        inner = values[name]
        for key, text in inner.items() if isinstance(inner, dict) else ():
            if _SECRET_NAME.search(key):
                _check_text(tree, (*paths[name], key), text, is_url=name in shape.urls)


def _check_text(tree: Tree, at: KeyPath, text: object, *, is_url: bool) -> None:
    template = tree.templates.get(at, text)
    if isinstance(template, str) and _is_inline(template, is_url=is_url):
        _tell(tree, at)


def tell_inline(tree: Tree, at: KeyPath, value: object) -> None:
    """Tell of a secret value that no variable fills in, as ``check_inline`` does."""
    if tree.file(()) is not None and "${" not in str(tree.templates.get(at, value)):
        _tell(tree, at)


def has_password(url: str) -> bool:
    """Whether a URL, or a template of one, says a password or token that no variable stands for."""
    found = _URL_PASSWORD.search(url)
    if found is not None and "${" not in found[1]:
        return True
    try:
        query = "" if "${" in url else SecretUrl(url).shown.partition("?")[2]
    except ValueError:
        return False
    return "•" in query


def _is_inline(template: str, *, is_url: bool) -> bool:
    return has_password(template) if is_url else bool(template) and "${" not in template


def _tell(tree: Tree, at: KeyPath) -> None:
    file = tree.file(at)
    better = "use ${…}, or the same key with _file or _command"
    if file in tree.readable:
        words = "a secret stands in a file that others may read"
        tree.problems.add(at, words, f"chmod 600 {file}, or {better}")
    elif tree.is_protected:
        tree.problems.warn(at, f"a secret stands in the file; {better}")
