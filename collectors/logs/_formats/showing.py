"""A stream's values → Shown, quickly: short ones are remembered, clean lines skip the redaction."""

import json

from collectors.redaction import names_secret, redact_value, token
from collectors.text import FIELD_LIMIT, Shown, is_hostile, may_hold_secret, shown

REMEMBERED = 1024
"""Short texts remembered of one stream."""

_SHORT = 48
_LONG_NUMBER = 40
_LONG_WORD = 16 * 1024
_MANY = 4096
"""Parts of a value above which secrets are looked for in its text alone."""

_PRINTABLE = bytes(range(0x20, 0x7F))
# the constructor looks at each character once more
_as_it_is = str.__new__
_TRUE, _FALSE, _NULL = Shown("true"), Shown("false"), Shown("null")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def is_clean(data: bytes | str) -> bool:
    """Whether no part of a line needs unescaping or marks; secrets are looked for in each value."""
    if isinstance(data, bytes):
        return b"\\" not in data and not data.translate(None, _PRINTABLE)
    return data.isascii() and data.isprintable() and "\\" not in data


class Showing:
    """Makes values and names Shown.

    ``hostile`` is set by what had to be made visible; ``texts`` are the short texts made before.
    """

    def __init__(self) -> None:
        self.texts: dict[str, Shown] = {}
        self._names: dict[str, tuple[Shown, bool]] = {}
        self.hostile = False

    def text(self, value: str, *, clean: bool = False) -> Shown:
        """A text from a line; ``clean``: the whole line is."""
        known = self.texts.get(value)
        if known is not None:
            return known
        if not clean and is_hostile(value):
            self.hostile = True
            return shown(value)
        size = len(value)
        if clean and size <= FIELD_LIMIT and not may_hold_secret(value):
            made = _as_it_is(Shown, value)
        else:
            made = shown(value)
        if size <= _SHORT:
            if len(self.texts) >= REMEMBERED:
                self.texts.clear()
            self.texts[value] = made
        elif size > _LONG_WORD and len(value.split(None, 1)[0]) > _LONG_WORD:
            self.hostile = True
        return made

    def name(self, name: str) -> tuple[Shown, bool]:
        """A field's name, and whether its value is a secret by that name."""
        known = self._names.get(name)
        if known is None:
            if is_hostile(name):
                self.hostile = True
            known = (shown(name, 200), names_secret(name))
            if len(self._names) >= REMEMBERED:
                self._names.clear()
            if not self.hostile:
                self._names[name] = known
        return known

    def value(self, value: object, *, clean: bool = False, secret: bool = False) -> Shown:
        """A JSON value: numbers and texts as they are, lists and objects as compact JSON."""
        kind = type(value)
        if secret and value is not None and value != "":
            safe = (
                token("secret", str(value)[:FIELD_LIMIT]) if kind is dict else redact_value(value, "secret")
            )
            return Shown(str(safe))
        if kind is int or kind is float:
            text = repr(value)
            if len(text) > _LONG_NUMBER:
                self.hostile = True
                return Shown(text)
            return _as_it_is(Shown, text)
        if kind is str:
            return self.text(value, clean=clean)  # type: ignore[arg-type] # its type was just asked
        if value is True or value is False or value is None:
            return _NULL if value is None else _TRUE if value else _FALSE
        try:
            text = _compact(value)
            if may_hold_secret(text) and text.count(",") < _MANY:
                text = _compact(redact_value(value))
        except (ValueError, RecursionError):
            self.hostile = True
            return Shown("…")
        return self.text(text)
