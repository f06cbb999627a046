"""Taking a table apart: each key once, by its type; what is left over is unknown."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from collectors.options import parse_duration
from console.settings.problems import KeyPath, Problems, did_you_mean

T = TypeVar("T")

LONGEST = 10 * 365 * 86400.0
"""Seconds of any duration."""

_KINDS: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    list: "a list",
    dict: "a table",
}


def kind(value: object) -> str:
    """A raw value's type in TOML's words."""
    return _KINDS.get(type(value), "a date or time")


def is_name(text: str) -> bool:
    """Whether a text can name a service, instance, server or collector."""
    return bool(text) and text.isprintable() and not any(char.isspace() for char in text) and text[0] != "-"


class Strict:
    """A table whose keys are asked for by name and type; a wrong one is told and its default given.

    ``paths`` say where keys stand that come from another table.
    """

    def __init__(
        self,
        problems: Problems,
        at: KeyPath,
        values: object,
        *,
        paths: dict[str, KeyPath] | None = None,
        allowed: Iterable[str] = (),
    ) -> None:
        self.problems = problems
        self.at = at
        self._paths = paths or {}
        self._allowed = set(allowed)
        self.values: dict[str, Any] = {}
        if isinstance(values, dict):
            self.values = values
        else:
            problems.spoil(
                at, f"must be a table, not {kind(values)}", "write it as [table] or { key = value }"
            )

    def path(self, key: str) -> KeyPath:
        """Where a key stands."""
        return self._paths.get(key, (*self.at, key))

    def raw(self, key: str) -> Any:  # noqa: ANN401 - a raw value of TOML
        """A key's value as it is, None where it is not set or known to be wrong."""
        self._allowed.add(key)
        if self.problems.is_spoiled(self.path(key)):
            return None
        return self.values.get(key)

    def _typed(self, key: str, wanted: type[T], example: str) -> T | None:
        value = self.raw(key)
        if value is None or type(value) is wanted:
            return value
        self.wrong(key, f"must be {_KINDS[wanted]}, not {kind(value)}", f"write {key} = {example}")
        return None

    def text(self, key: str, default: str = "", *, example: str = '"…"') -> str:
        """A string."""
        value = self._typed(key, str, example)
        return default if value is None else value

    def name(self, key: str) -> str:
        """A string that can name something, empty where it is not set."""
        value = self.text(key)
        if value and not is_name(value):
            self.wrong(key, f"{value!r} cannot be a name", "use no blanks and no leading hyphen")
            return ""
        return value

    def flag(self, key: str) -> bool | None:
        """True, false, or None where it is not set."""
        return self._typed(key, bool, "true")

    def integer(self, key: str, lowest: int, highest: int) -> int | None:
        """A whole number within limits."""
        value = self._typed(key, int, str(lowest))
        if value is not None and not lowest <= value <= highest:
            self.wrong(key, f"must be from {lowest} to {highest}", f"write {key} = {lowest} or more")
            return None
        return value

    def duration(self, key: str, lowest: float, remedy: str) -> float | None:
        """Seconds, at least ``lowest``."""
        seconds = self.parsed(key, parse_duration, remedy)
        if seconds is not None and not lowest <= seconds <= LONGEST:
            words = f"must be at least {lowest:g}s" if seconds < lowest else "is too long"
            self.wrong(key, words, remedy)
            return None
        return seconds

    def parsed(self, key: str, parse: Callable[[object], T], remedy: str) -> T | None:
        """A value read by a function that raises ValueError with a sentence."""
        value = self.raw(key)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            self.wrong(key, error, remedy)
        except OverflowError:
            self.wrong(key, "is too large", remedy)
        return None

    def names(self, key: str) -> tuple[str, ...]:
        """A list of strings; a single string is not one."""
        value = self._typed(key, list, '["…"]')
        if value is None:
            return ()
        found: list[str] = []
        for position, item in enumerate(value):
            path = (*self.path(key), position)
            if self.problems.is_spoiled(path):
                continue
            if isinstance(item, str) and item:
                found.append(item)
            else:
                self.problems.add(path, f"must be a string, not {kind(item)}", f'write {key} = ["…"]')
        return tuple(found)

    def table(self, key: str) -> dict[str, Any]:
        """A table, empty where it is not set."""
        return self._typed(key, dict, "{ … }") or {}

    def choice(self, key: str, choices: Iterable[str], default: str) -> str:
        """One of several words."""
        value = self.text(key, default)
        known = tuple(choices)
        if value not in known:
            self.wrong(key, f"{value!r} is none of {', '.join(known)}", did_you_mean(value, known))
            return default
        return value

    def wrong(self, key: str, message: object, remedy: str = "") -> None:
        """Tell that a key's value is wrong, once."""
        self.problems.spoil(self.path(key), message, remedy)

    def done(self, *, elsewhere: dict[str, str] | None = None) -> None:
        """Tell of every key that nobody asked for; ``elsewhere`` says where some of them belong."""
        for key in self.values:
            if key not in self._allowed:
                remedy = (elsewhere or {}).get(key) or did_you_mean(key, self._allowed)
                self.problems.add(self.path(key), f"unknown key {key!r}", remedy)


def entries(problems: Problems, section: str, values: object) -> Iterable[tuple[str, KeyPath, object]]:
    """Name, place and value of each named table of a section."""
    table = Strict(problems, (section,), values)
    for name, value in table.values.items():
        if is_name(name):
            yield name, (section, name), value
        else:
            problems.spoil(
                (section, name), f"{name!r} cannot be a name", "use no blanks and no leading hyphen"
            )


def check_circle(
    problems: Problems,
    links: Mapping[str, tuple[str, ...]],
    section: str,
    key: str,
    tables: Mapping[str, str] | None = None,
) -> None:
    """Tell of each circle once, at its first name; ``tables`` are those that declare a name not their own."""
    done: set[str] = set()

    def walk(name: str, chain: tuple[str, ...]) -> None:
        if name in chain:
            circle = [*chain[chain.index(name) :], name]
            at = (section, (tables or {}).get(chain[-1], chain[-1]), key)
            problems.add(at, f"goes in a circle: {' → '.join(circle)}", "take one of them out")
        elif name not in done:
            for other in links.get(name, ()):
                walk(other, (*chain, name))
            done.add(name)

    for name in links:
        walk(name, ())
