"""What a line tells → what may be shown of it."""

from itertools import islice
from typing import Any

from collectors.logs._formats.parsed import MOST_FIELDS, Fields, Told
from collectors.logs._formats.showing import Showing
from collectors.text import Shown

_SETS = 512
_Names = tuple[tuple[tuple[str, Shown, bool], ...], int]


class Display:
    """Makes the fields of one stream's lines Shown."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing
        self._names: dict[tuple[str, ...], _Names] = {}

    def message(self, told: Told, text: bytes | str, *, clean: bool) -> Shown:
        """The message, or the line itself where it has none."""
        said = told.message or (text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        # journald writes messages as arrays of bytes: the line itself looks harmless
        return self._showing.text(said, clean=clean and said.isprintable())

    def fields(self, told: Told, *, clean: bool) -> Fields:
        """The fields that are no facts, objects flattened by one level.

        ``clean``: no part of the line needs marks.
        """
        found = told.fields
        keys = tuple(found)
        known = self._names.get(keys)
        if known is None:
            known = self._named(keys, told.used)
        names, beyond = known
        fields: Fields = []
        showing = self._showing
        remembered = showing.texts.get
        for key, name, secret in names:
            value = found[key]
            kind = type(value)
            if kind is str and not secret:
                # most texts come again and again
                fields.append((name, remembered(value) or showing.text(value, clean=clean)))
            elif kind is dict and value and not secret:
                beyond += self._flatten(key, value, fields, clean=clean)
            else:
                fields.append((name, showing.value(value, clean=clean, secret=secret)))
        if beyond:
            fields.append((Shown("…"), Shown(f"+{beyond} fields")))
        return fields

    def _named(self, keys: tuple[str, ...], used: frozenset[str]) -> _Names:
        others = [key for key in keys if key not in used]
        names = tuple((key, *self._showing.name(key)) for key in others[:MOST_FIELDS])
        made = names, len(others) - len(names)
        if len(self._names) >= _SETS:
            self._names.clear()
        if not self._showing.hostile and len(keys) <= 2 * MOST_FIELDS:
            self._names[keys] = made
        return made

    def _flatten(self, key: str, value: dict[str, Any], fields: Fields, *, clean: bool) -> int:
        """One level with dots, what lies deeper as compact JSON; how many did not fit."""
        showing = self._showing
        room = max(0, MOST_FIELDS - len(fields))
        for inner, deep in islice(value.items(), room):
            name, secret = showing.name(f"{key}.{inner}")
            fields.append((name, showing.value(deep, clean=clean, secret=secret)))
        return max(0, len(value) - room)
