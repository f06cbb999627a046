"""``${NAME}``, ``${NAME:-default}``, ``${NAME:?why}`` and ``$$`` in string values."""

import re
from collections.abc import Mapping

_FORM = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?\}|(\{[^}]*\}?))")


class InterpolationError(ValueError):
    """A string that cannot be filled in; ``remedy`` says what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """``text`` with its variables filled in; what was filled in is not looked at again.

    An empty variable counts as unset for ``:-`` and ``:?``. Raises InterpolationError for what is
    missing, for a form that is none of ours and for control characters in a variable.
    """
    if "$" not in text:
        return text
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, form, rest, wrong = match.groups()
        if wrong is not None:
            raise InterpolationError(
                f"{match.group()!r} is not ${{NAME}}, ${{NAME:-default}} or ${{NAME:?why}}",
                "write $${ for a literal ${",
            )
        if name is None:
            return "$"
        value = environ.get(name)
        if form and not value:
            value = rest if form == ":-" else None
        if value is None:
            missing.append(f"${name} is not set" + (f": {rest}" if form == ":?" and rest else ""))
            return ""
        return _printable(name, value)

    filled = _FORM.sub(fill, text)
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise InterpolationError(names, "set it in the environment, or give a default: ${NAME:-default}")
    return filled


def _printable(name: str, value: str) -> str:
    """Refuse what could break out of the place it is put in; the value itself is never told."""
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in value):
        raise InterpolationError(
            f"${name} holds control characters or is not UTF-8", "take out line ends and escape sequences"
        )
    return value
