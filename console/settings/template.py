"""Texts of actions: places that a subject fills in, and variables of the environment that are not shown."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from collectors.secret import Secret
from console.settings.interpolate import interpolate
from console.settings.problems import nearest

PLACES = ("subject", "service", "instance", "collector")
"""What stands in braces for a part of the subject that is acted on."""

MASK = str(Secret(""))

_PLACE = re.compile(r"(?<!\$)\{(" + "|".join(PLACES) + r")\}")
_BRACED = re.compile(r"(?<!\$)\{([a-z_]{3,12})\}")
_VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)")
_SECRET = re.compile(
    r"(?i)auth|token|key|secret|pass|pwd|cookie|cred|jwt|session|hook|dsn|private|sig(?:n|$|_)"
)


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places: ``literals`` stand before, between and behind them, variables filled in.

    ``masked`` are the literals for people. Where ``hidden``, nothing of it is shown at all.
    """

    literals: tuple[Secret, ...]
    masked: tuple[str, ...]
    places: tuple[str, ...] = ()
    hidden: bool = False
    secrets: tuple[Secret, ...] = ()

    def fill(self, values: Mapping[str, str], encode: Callable[[str], str] = str) -> str:
        """The text itself, with each value encoded for where it stands; values are not looked at again."""
        return _joined([one.reveal() for one in self.literals], self.places, values, encode)

    def show(self, values: Mapping[str, str], encode: Callable[[str], str] = str) -> str:
        """The same for people, without its secrets."""
        return MASK if self.hidden else _joined(self.masked, self.places, values, encode)

    def __str__(self) -> str:
        return self.show({place: f"{{{place}}}" for place in PLACES})

    def __repr__(self) -> str:
        return f"Template({str(self)!r})"


def plain(text: str) -> Template:
    """A template without places and secrets."""
    return Template((Secret(text),), (text,))


def template(text: str, environ: Mapping[str, str], *, hidden: bool = False) -> Template:
    """A text as the file has it; raises InterpolationError for variables that cannot be filled in.

    A variable whose name says that it is secret is masked; a ``hidden`` text is, as a whole. Places are
    found before variables are filled in: a variable cannot bring in a place.
    """
    pieces = _PLACE.split(text)
    literals = [interpolate(piece, environ) for piece in pieces[::2]]
    masked = [interpolate(piece, _Masking(environ)) for piece in pieces[::2]]
    names = [name for name in variables(text) if hidden or is_secret(name)]
    secrets = [Secret(environ[name]) for name in names if environ.get(name)]
    if hidden:
        secrets += [Secret(literal) for literal in literals if literal]
    return Template(
        tuple(map(Secret, literals)),
        tuple(masked),
        tuple(pieces[1::2]),
        hidden,
        tuple(dict.fromkeys(secrets)),
    )


def variables(text: str) -> Iterator[str]:
    """Names of the variables in a text, in order."""
    return (found[1] for found in _VARIABLE.finditer(text) if found[1])


def is_secret(name: str) -> bool:
    """Whether a name of a variable or header says that its value is secret."""
    return _SECRET.search(name) is not None


def mistyped(text: str) -> tuple[str, str] | None:
    """A word in braces that is no place but looks like one, and that place."""
    for found in _BRACED.finditer(text):
        near = nearest(found[1], PLACES)
        if near and found[1] not in PLACES:
            return found[1], near
    return None


def _joined(
    literals: list[str] | tuple[str, ...],
    places: tuple[str, ...],
    values: Mapping[str, str],
    encode: Callable[[str], str],
) -> str:
    filled = [encode(values[place]) for place in places]
    return literals[0] + "".join(value + literal for value, literal in zip(filled, literals[1:], strict=True))


class _Masking(Mapping[str, str]):
    """The environment, with a mask for each variable whose name says that it is secret."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        return MASK if is_secret(name) else self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)
