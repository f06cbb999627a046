"""``[keys]``: actions bound anew, checked against the console's own table and for clashes."""

import unicodedata
from collections.abc import Mapping

from console.settings.problems import Problems, did_you_mean
from console.settings.strict import Strict

KeyTable = Mapping[str, tuple[str, ...]]
"""Keys by action id, as the console binds them by itself."""


def read_keys(problems: Problems, values: object, known: KeyTable | None) -> dict[str, tuple[str, ...]]:
    """``[keys]``: checked against the actions in ``known`` and for clashes where it is given."""
    table = Strict(problems, ("keys",), values)
    found: dict[str, tuple[str, ...]] = {}
    for action in table.values:
        at = ("keys", action)
        if known is not None and action not in known:
            problems.spoil(at, f"there is no action {action!r}", did_you_mean(action, known))
            continue
        value = table.raw(action)
        keys = (value,) if isinstance(value, str) else table.names(action)
        wrong = [key for key in keys if canonical_key(key) is None]
        for key in wrong:
            problems.add(at, f"{key!r} is not a key", 'write it like "x", "X", "ctrl+x", "f5" or "/"')
        if not wrong:
            found[action] = keys
    _check_clashes(problems, found, known or {})
    return found


def _check_clashes(problems: Problems, found: Mapping[str, tuple[str, ...]], known: KeyTable) -> None:
    owners: dict[str, list[str]] = {}
    for action, keys in {**known, **found}.items():
        for name in {canonical_key(key) or key: key for key in keys}:
            owners.setdefault(name, []).append(action)
    for name, actions in owners.items():
        bound = [action for action in actions if action in found]
        if len(actions) > 1 and bound:
            others = ", ".join(action for action in actions if action != bound[-1])
            at = ("keys", bound[-1])
            problems.add(
                at, f"{name!r} is bound to {others} as well", "choose another key, or move the other action"
            )


_WORDS = frozenset(
    [
        "enter",
        "escape",
        "space",
        "tab",
        "backspace",
        "delete",
        "insert",
        "home",
        "end",
        "pageup",
        "pagedown",
        "up",
        "down",
        "left",
        "right",
    ]
) | {f"f{number}" for number in range(1, 25)}
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
