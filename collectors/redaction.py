"""Secrets → stable tokens, in text, in values of JSON, and in whole lines."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from collectors import _secrets as known
from collectors._own_patterns import compiled

PIECE = 16 * 1024
"""Characters over which a pattern runs at a time."""

_DEEPEST = 200
_TRIES = 100
_REACH = 300
"""Characters before a cut in which no name of a secret may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is replaced. ``on``: False shows all secrets, in recordings and crash reports too.

    ``names``: further names of fields whose values are secrets, ``iban`` or ``cardNumber``, in any case.
    ``patterns``: further looks of secrets, ``shop_[A-Za-z0-9]{16,64}`` (``_own_patterns`` tells the
    syntax). Raises ValueError for what is no name and no pattern.
    """

    on: bool = True
    names: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        for name in self.names:
            if not _plain(name):
                raise ValueError(f"names: {name!r} has no letter")
        for pattern in self.patterns:
            try:
                compiled(pattern)
            except ValueError as problem:
                raise ValueError(f"patterns: {problem}") from None


class _Rules:
    """A policy, made ready."""

    def __init__(self, policy: Redaction) -> None:
        self.policy = policy
        own = [compiled(pattern) for pattern in policy.patterns]
        words = [word.lower() for name in policy.names for word in known.WORD.findall(name)[:1]]
        self.names = frozenset(map(_plain, policy.names))
        self.gates = (*known.GATES, *(gate for gate, _ in own))
        self.word_gates = tuple(gate for gate in self.gates if gate.isalnum())
        self.marked_gates: dict[str, tuple[str, ...]] = {}
        for gate in self.gates:
            mark = next((char for char in gate if not char.isalnum()), "")
            if mark:
                self.marked_gates[mark] = (*self.marked_gates.get(mark, ()), gate)
        self.pair_gates = (*known.PAIR_GATES, *words)
        self.rules = (*known.RULES, *(("own", (gate,), pattern) for gate, pattern in own))


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


_rules = _Rules(Redaction())


def use(policy: Redaction) -> None:
    """Replace secrets by this policy from now on; to be called before anything is shown."""
    global _rules  # noqa: PLW0603 - one screen, one policy
    _rules = _Rules(policy)
    _names_secret.cache_clear()


def policy() -> Redaction:
    """The policy in force."""
    return _rules.policy


def token(kind: str, value: str) -> str:
    """The stable token of a redacted value: the same value always gives the same token.

    It tells 16 bits of the value: enough to tell values apart, too few to guess one by.
    """
    digest = hashlib.blake2s(value.encode("utf-8", "surrogatepass"), digest_size=2, person=b"quarterd")
    return f"‹{kind}:{digest.hexdigest()}›"


def may_hold_secret(text: str) -> bool:
    """Whether ``redact`` could change ``text``: quick, and yes too often rather than too seldom."""
    rules = _rules
    if not rules.policy.on:
        return False
    if not text.isalnum():
        # a gate is asked for only where its mark is
        for mark, gates in rules.marked_gates.items():
            if mark in text and _any_of(gates, text):
                return True
        # no pair without a sign between its halves
        if ("=" in text or ":" in text) and _any_of(rules.pair_gates, text.lower()):
            return True
    return _any_of(rules.word_gates, text)


def _any_of(gates: tuple[str, ...], text: str) -> bool:
    for gate in gates:  # noqa: SIM110 - a generator doubles the cost, on every log line
        if gate in text:
            return True
    return False


def names_secret(name: str) -> bool:
    """Whether a value under this name is a secret: ``DB_PASSWORD``, ``apiKey``, not ``monkey`` or ``key``."""
    return _rules.policy.on and _names_secret(name[-64:])


def redact(text: str) -> str:
    """Replace secrets by stable tokens such as ``‹email:3f9a›``, so that counting still works.

    What counts as one: private keys, passwords in URLs, JWTs, credentials after their scheme, keys with a
    vendor's mark, e-mail addresses, cookies, values under a name such as ``password`` or ``api_key``, and
    what the policy adds. Ids of any form stay, and a text redacted twice is the same.
    """
    if not may_hold_secret(text):
        return text
    if len(text) <= PIECE:
        return _redact(text)
    pieces: list[str] = []
    at = 0
    while at < len(text):
        end = _cut(text, at)
        pieces.append(_redact(text[at:end]))
        at = end
    return "".join(pieces)


def redact_value(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any value of JSON
    """A value of JSON with its secrets replaced at every depth; ``name``: of the field that holds it."""
    return _redact_value(value, name, 0) if _rules.policy.on else value


def redact_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with their types, secrets replaced: by their names, by their looks, within lists and objects."""
    return {name: redact_value(value, name) for name, value in fields.items()}


def redact_line(line: bytes) -> bytes:
    """A line for a file or a pipe: its own bytes where it holds no secret, else as JSON or text without."""
    if not _rules.policy.on:
        return line
    text = line.decode("utf-8", "surrogateescape")
    if line[:1] == b"{":
        if b"\\u" not in line and not may_hold_secret(text):
            return line
        try:
            found = msgspec.json.decode(line)
            safe = redact_value(found)
            return line if safe == found else msgspec.json.encode(safe)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError):
            # no strict JSON: as text
            text = line.decode("utf-8", "surrogateescape")
    return redact(text).encode("utf-8", "surrogateescape")


def _redact_value(value: Any, name: str, depth: int) -> Any:  # noqa: ANN401 - any value of JSON
    kind = type(value)
    if value is None or kind is bool or depth > _DEEPEST:
        return value
    if name and value not in ("", [], {}) and _names_secret(name[-64:]):
        if kind is dict:
            return {key: _redact_value(deep, name, depth + 1) for key, deep in value.items()}
        text = value if kind is str else str(value)
        return value if _is_no_secret(name, text) else token("secret", text[:PIECE])
    if kind is str:
        return redact(value)
    if kind is dict:
        return {redact(key): _redact_value(deep, key, depth + 1) for key, deep in value.items()}
    if kind is list:
        return [_redact_value(deep, "", depth + 1) for deep in value]
    return value


def _cut(text: str, at: int) -> int:
    """Where a piece that begins at ``at`` ends: behind a mark that no secret stands across, if possible."""
    end = at + PIECE
    if end >= len(text):
        return len(text)
    for mark in ("\n", ",", ";", " "):
        found = end
        for _ in range(_TRIES):
            found = text.rfind(mark, at + PIECE // 2, found)
            if found < 0:
                break
            lead = text[max(at, found - _REACH) : found].lower()
            if not any(gate in lead for gate in _rules.pair_gates):
                return found + 1
    return end


def _redact(text: str) -> str:
    for kind, gates, pattern in _rules.rules:
        if any(gate in text for gate in gates):
            text = pattern.sub(_REPLACE.get(kind) or _as(kind), text)
    lowered = text.lower()
    if "ookie" in lowered:
        text = known.COOKIES.sub(lambda match: match[1] + token("cookie", match[2]), text)
    return _without_pairs(text) if any(gate in lowered for gate in _rules.pair_gates) else text


def _without_pairs(text: str) -> str:
    """Replace what stands under a secret's name; a value under another name may hold pairs itself."""
    kept: list[str] = []
    done = at = 0
    while (pair := known.NAME.search(text, at)) is not None:
        at = pair.end()
        if not _names_secret(pair[1][-64:]):
            continue
        value = known.VALUE.match(text, at)
        if value is not None and not _is_no_secret(pair[1], value.group()):
            kept += text[done:at], token("secret", value.group())
            done = at = value.end()
    return "".join(kept) + text[done:] if kept else text


def _as(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda match: token(kind, match.group())


def _email(match: re.Match[str]) -> str:
    """Hosts, units and archives have the form of addresses too."""
    last = match.group().rpartition(".")[2].lower()
    return match.group() if last in known.NO_DOMAINS else token("email", match.group())


def _credential(match: re.Match[str]) -> str:
    """``Bearer eyJ…`` but not ``bearer authentication``; ``Basic`` is known by its colon."""
    value = match[3]
    plain = value.isalpha() and (value.islower() or value.istitle()) and len(value) <= 24
    if plain or (match[1].lower() == "basic" and not _is_basic(value)):
        return match.group()
    return match[1] + match[2] + token("token", value)


def _own(match: re.Match[str]) -> str:
    """What a user's pattern found, unless it is the id of a trace."""
    return match.group() if known.TRACE.fullmatch(match.group()) else token("own", match.group())


_REPLACE = {"email": _email, "credential": _credential, "own": _own}


def _is_basic(value: str) -> bool:
    try:
        decoded = base64.b64decode(value[: len(value) // 4 * 4] or "====")
    except (binascii.Error, ValueError):
        return False
    return b":" in decoded


def _is_no_secret(name: str, value: str) -> bool:
    """A count, a flag, or words that say what is wrong."""
    words = value.lower().split(None, 1)
    if not words or value.strip(".!,:;\"')(").lower() in known.PLAIN:
        return True
    if len(words) > 1 and words[0] in known.SAYS:
        return True
    return value.isdecimal() and name.lower().endswith("s") and not name.lower().endswith("pass")


@lru_cache(maxsize=4096)
def _names_secret(name: str) -> bool:
    words = [word.lower() for word in known.WORD.findall(name)]
    if _rules.names and _plain(name) in _rules.names:
        return True
    while len(words) > 1 and words[-1] in known.TAILS:
        words.pop()
    if not words:
        return False
    if words[-1] in ("key", "keys"):
        return len(words) > 1 and words[-2] in known.KEYS_OF
    return words[-1] in known.SECRET_WORDS or words[-1].removesuffix("s").endswith(known.SECRET_ENDS)
