"""Secrets from files and commands, and secrets that stand where they should not."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collectors.secret import SecretUrl
from collectors.text import one_line
from console.settings.adapters import Shape
from console.settings.files import Refused, read_secret
from console.settings.problems import KeyPath
from console.settings.tree import Tree

COMMAND_LIMIT = 5.0
"""Seconds that a ``*_command`` may take."""

_URL_PASSWORD = re.compile(r"://[^/@\s]*?:([^@/\s]+)@")


class Vault:
    """Answers of files and commands, each asked once while a configuration is loaded.

    Commands run when the configuration is loaded and at each reload, not while connections are
    made: a login must not wait for a program on the event loop. They run without a terminal, so
    that nothing prompts over the screen, and without a shell.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
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
                self._tree.problems.add(paths[given[-1]], words, "keep one of them")
            for key in given:
                if key != name:
                    answer = self._answer(key, found.pop(key), paths[key])
                    if answer is None:
                        self._tree.problems.hush((*at, name))
                    else:
                        found[name] = answer
        return found

    def _answer(self, key: str, value: object, at: KeyPath) -> str | None:
        problems = self._tree.problems
        if problems.is_spoiled(at):
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


def _run(argv: tuple[str, ...], environ: Mapping[str, str]) -> str | Refused:
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, as a list of words
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_LIMIT,
            env=dict(environ),
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Refused(
            f"{argv[0]} gave no secret within {COMMAND_LIMIT:g} s", "run it by hand and see what it waits for"
        )
    except (OSError, ValueError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        return Refused(f"{one_line(argv[0])} cannot be run: {words}", "check the path of the program")
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        last = f": {one_line(said[-1])}" if said else ""
        return Refused(f"{one_line(argv[0])} ended with status {done.returncode}{last}", "run it by hand")
    return _checked(done.stdout.decode("utf-8", "replace"))


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
    path = Path(value).expanduser()
    return path if file is None else file.absolute().parent / path


def absolute(tree: Tree, at: KeyPath, value: str) -> str:
    """A path option made absolute by the folder of its file; empty stays empty."""
    return str(_beside(tree, at, value)) if value else value


def check_inline(tree: Tree, shape: Shape, values: Mapping[str, Any], paths: Mapping[str, KeyPath]) -> None:
    """Tell of secrets written out in a file: a warning, and a mistake where others may read the file."""
    for name in shape.secrets | shape.secret_tables:
        value = values.get(name)
        inner = value.items() if isinstance(value, dict) else ()
        pairs = (
            [((*paths[name], key), text) for key, text in inner] if inner else [(paths.get(name, ()), value)]
        )
        for at, text in pairs:
            if isinstance(text, str) and _is_inline(tree.templates.get(at, text), name in shape.urls):
                _tell(tree, at, has_file=name in shape.secrets)


def _is_inline(template: str, is_url: bool) -> bool:  # noqa: FBT001 - a plain fact
    if is_url:
        found = _URL_PASSWORD.search(template)
        hidden = "•" in SecretUrl(template).shown if "${" not in template else False
        return hidden or (found is not None and "${" not in found[1])
    return bool(template) and "${" not in template


def _tell(tree: Tree, at: KeyPath, *, has_file: bool) -> None:
    file = tree.file(at)
    name = str(at[-1])
    better = f"use ${{…}}, {name}_file or {name}_command" if has_file else "use ${…}"
    if file in tree.readable:
        tree.problems.add(
            at, "a secret stands in a file that others may read", f"chmod 600 {file}, or {better}"
        )
    else:
        tree.problems.warn(at, f"a secret stands in the file; {better}")
