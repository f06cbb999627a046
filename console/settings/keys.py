"""``[keys]``: actions bound anew, checked against the console's own table and for clashes."""

import unicodedata
from collections.abc import Iterator, Mapping

from console.settings.problems import KeyPath, Problems, did_you_mean
from console.settings.strict import Strict

KeyTable = Mapping[str, tuple[str, ...]]
"""Keys by action id, as the console binds them by itself."""


def read_keys(problems: Problems, values: object, known: KeyTable | None) -> dict[str, tuple[str, ...]]:
    """``[keys]``: checked against the actions in ``known`` and for clashes where it is given."""
    found: dict[str, tuple[str, ...]] = {}
    places: dict[str, KeyPath] = {}
    for action, table, key in _actions(Strict(problems, ("keys",), values)):
        at = table.path(key)
        if known is not None and action not in known:
            problems.spoil(at, f"there is no action {action!r}", did_you_mean(action, known))
            continue
        value = table.raw(key)
        keys = (value,) if isinstance(value, str) else table.names(key)
        wrong = [one for one in keys if canonical_key(one) is None]
        for one in wrong:
            problems.add(at, f"{one!r} is not a key", 'write it like "x", "X", "ctrl+x", "f5" or "/"')
        if not wrong:
            found[action], places[action] = keys, at
    _check_clashes(problems, found, places, known or {})
    return found


def _actions(table: Strict, prefix: str = "") -> Iterator[tuple[str, Strict, str]]:
    """Actions with the table and key that bind them: ``app.quit`` is one action, quoted or not."""
    for key, value in table.values.items():
        if isinstance(value, dict):
            yield from _actions(Strict(table.problems, table.path(key), value), f"{prefix}{key}.")
        else:
            yield prefix + key, table, key


def _check_clashes(
    problems: Problems,
    found: Mapping[str, tuple[str, ...]],
    places: Mapping[str, KeyPath],
    known: KeyTable,
) -> None:
    """Tell of each key that a bound action shares; what the console's own keys share is its own affair."""
    owners: dict[str, list[str]] = {}
    for action, keys in {**known, **found}.items():
        for name in {canonical_key(key) or key: key for key in keys}:
            owners.setdefault(name, []).append(action)
    for name, actions in owners.items():
        last = next((action for action in reversed(actions) if action in found), "")
        others = ", ".join(action for action in actions if action != last)
        if last and others:
            words = f"{name!r} is bound to {others} as well"
            problems.add(places[last], words, "choose another key, or move the other action")


_WORDS = frozenset(
    ["enter", "escape", "space", "tab", "backspace", "delete", "insert", "home", "end", "pageup", "pagedown"]
    + ["up", "down", "left", "right"]
    + [f"f{number}" for number in range(1, 25)]
)
_MODIFIERS = ("ctrl", "alt", "shift", "super", "meta")
_NAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}


def canonical_key(key: str) -> str | None:
    """One spelling for each key ("/" and "slash" are one), None for what is no key."""
    *modifiers, last = key.split("+") if len(key) > 1 and not key.endswith("+") else (key,)
    modifiers = [word.lower() for word in modifiers]
    if any(word not in _MODIFIERS for word in modifiers):
        return None
    name = _key_name(last)
    if name is None:
        return None
    return "+".join([*sorted(modifiers), name.lower() if "ctrl" in modifiers else name])


def _key_name(key: str) -> str | None:
    if len(key) == 1:
        if not key.isprintable() or key.isspace():
            return None
        if key.isalnum():
            return key
        name = unicodedata.name(key, "").lower().replace("-", "_").replace(" ", "_")
        return _NAMED.get(name, name) or None
    if key.lower() in _WORDS:
        return key.lower()
    return key if key in _NAMED.values() or _is_character(key) else None


def _is_character(name: str) -> bool:
    try:
        unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return False
    return True
