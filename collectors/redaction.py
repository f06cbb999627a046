"""Secrets in text → stable tokens. Every pattern is linear: its loops are possessive, short, or its end.

Only single characters repeat possessively: Python before 3.11.5 matches possessive groups wrongly.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache

_MASKED = r"‹[a-z]{1,12}:[0-9a-f]{4}›"
_Rule = tuple[tuple[str, ...], re.Pattern[str], Callable[[re.Match[str]], str]]


def token(kind: str, value: str) -> str:
    """The stable token of a redacted value: the same value always gives the same token.

    It tells 16 bits of the value: enough to tell values apart, too few to guess one by.
    """
    digest = hashlib.blake2s(value.encode("utf-8", "surrogatepass"), digest_size=2, person=b"quarterd")
    return f"‹{kind}:{digest.hexdigest()}›"


def may_hold_secret(text: str) -> bool:
    """Whether ``redact`` could change ``text``: quick, and yes too often rather than too seldom."""
    for gate in _GATES:
        if gate in text:
            return True
    lowered = text.lower()
    for gate in _PAIR_GATES:  # noqa: SIM110 - a generator doubles the cost, on every log line
        if gate in lowered:
            return True
    return False


def redact(text: str) -> str:
    """Replace secrets by stable tokens such as ``‹email:3f9a›``, so that counting still works.

    What counts as one: private keys, passwords in URLs, JWTs, credentials after their scheme, keys with a
    vendor's mark, e-mail addresses, cookies, and values under a name such as ``password`` or ``api_key``.
    Ids of any form stay, and a text redacted twice is the same.
    """
    if not may_hold_secret(text):
        return text
    for gates, pattern, replace in _RULES:
        if any(gate in text for gate in gates):
            text = pattern.sub(replace, text)
    lowered = text.lower()
    if "ookie" in lowered:
        text = _COOKIES.sub(lambda match: match[1] + token("cookie", match[2]), text)
    return _without_pairs(text) if any(gate in lowered for gate in _PAIR_GATES) else text


def _without_pairs(text: str) -> str:
    """Replace what stands under a secret's name; a value under another name may hold pairs itself."""
    kept: list[str] = []
    done = at = 0
    while (pair := _NAME.search(text, at)) is not None:
        at = pair.end()
        if not _names_secret(pair[1][-64:]):
            continue
        value = _VALUE.match(text, at)
        if value is not None and not _is_no_secret(pair[1], value.group()):
            kept += text[done:at], token("secret", value.group())
            done = at = value.end()
    return "".join(kept) + text[done:] if kept else text


def _as(kind: str) -> Callable[[re.Match[str]], str]:
    return lambda match: token(kind, match.group())


def _email(match: re.Match[str]) -> str:
    """Hosts, units and archives have the form of addresses too."""
    last = match.group().rpartition(".")[2].lower()
    return match.group() if last in _NO_DOMAINS else token("email", match.group())


def _credential(match: re.Match[str]) -> str:
    """``Bearer eyJ…`` but not ``bearer authentication``; ``Basic`` is known by its colon."""
    value = match[3]
    plain = value.isalpha() and (value.islower() or value.istitle()) and len(value) <= 24
    if plain or (match[1].lower() == "basic" and not _is_basic(value)):
        return match.group()
    return match[1] + match[2] + token("token", value)


def _is_basic(value: str) -> bool:
    try:
        decoded = base64.b64decode(value[: len(value) // 4 * 4] or "====")
    except (binascii.Error, ValueError):
        return False
    return b":" in decoded


def _is_no_secret(name: str, value: str) -> bool:
    """A count, a flag, or words that say what is wrong."""
    words = value.lower().split(None, 1)
    if not words or value.strip(".!,:;\"')(").lower() in _PLAIN or (len(words) > 1 and words[0] in _SAYS):
        return True
    return value.isdecimal() and name.lower().endswith("s") and not name.lower().endswith("pass")


@lru_cache(maxsize=4096)
def _names_secret(name: str) -> bool:
    """Whether a value under this name is a secret: ``DB_PASSWORD``, ``apiKey``, not ``monkey`` or ``key``."""
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and words[-1] in _TAILS:
        words.pop()
    if not words:
        return False
    if words[-1] in ("key", "keys"):
        return len(words) > 1 and words[-2] in _KEYS_OF
    return words[-1] in _SECRET_WORDS or words[-1].removesuffix("s").endswith(_SECRET_ENDS)


_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]")
_SECRET_WORDS = frozenset({
    "pass", "dbpass", "userpass", "pwd", "pw", "auth", "secret", "secrets", "token", "tokens", "cookie",
    "cookies", "passcode",
})  # fmt: skip
_SECRET_ENDS = (
    "password", "passwd", "passphrase", "secret", "token", "credential", "authorization", "apikey",
    "secretkey", "accesskey", "privatekey",
)  # fmt: skip
_KEYS_OF = frozenset({
    "api", "access", "secret", "private", "signing", "encryption", "master", "account", "auth", "storage",
})  # fmt: skip
_TAILS = frozenset({"hash", "value", "base", "digest", "plain", "encrypted", "raw", "text"})
"""Words behind a secret's name that leave it one: ``secret_key_base``, ``password_hash``."""

_SAYS = frozenset({
    "must", "is", "has", "was", "not", "cannot", "too", "should", "does", "invalid", "missing", "required",
    "incorrect", "expired", "failed",
})  # fmt: skip
"""Words with which a sentence about a secret begins."""

_PLAIN = _SAYS | frozenset({
    "true", "false", "null", "none", "nil", "all", "yes", "no", "on", "off", "ok", "undefined", "empty",
    "wrong", "rejected", "denied", "failure", "success", "succeeded", "unknown", "unauthorized",
    "forbidden", "revoked", "malformed", "disabled", "enabled", "bearer", "basic", "digest", "negotiate",
    "token", "apikey", "redacted", "filtered", "masked", "hidden", "xxx", "***", "•••",
})  # fmt: skip
"""Values under a secret's name that are none."""

_NO_DOMAINS = frozenset({
    "service", "socket", "timer", "target", "mount", "slice", "scope", "device", "path", "internal", "local",
    "localdomain", "lan", "tgz", "zip", "jar", "whl",
})  # fmt: skip

_PEM = (
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?:(?!-----END)[\s\S]){0,16000}"
    r"(?:-----END [A-Z ]{0,20}PRIVATE KEY-----)?"
)
_URL_LOGIN = r"(?<=://)[^\s/@:\"'‹›]{0,256}+:[^\s/\"'‹›]{1,256}(?=@)"
_JWT = r"\beyJ[\w-]{8,}+\.[\w-]{4,}+(?:\.[\w-]*+){0,3}"
_CREDENTIAL = r"(?i)\b(bearer|basic|token|apikey)([ ]{1,3})([\w.~+/=-]{8,}+)"
_VENDOR = (
    r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}\b|gh[ops]_[A-Za-z0-9]{20,255}+|github_pat_\w{20,255}+|glpat-[\w-]{20,64}+"
    r"|xox[abeprs]-[\w-]{10,255}+|[srp]k_live_\w{10,255}+|AIza[\w-]{30,64}+|sk-(?:ant|proj)-[\w-]{20,255}+)"
)
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}+@(?:[A-Za-z0-9-]{1,63}+\.){1,8}[A-Za-z]{2,24}\b"

_RULES: tuple[_Rule, ...] = (
    (("PRIVATE KEY",), re.compile(_PEM), _as("key")),
    (("://",), re.compile(_URL_LOGIN), _as("password")),
    (("eyJ",), re.compile(_JWT), _as("jwt")),
    (
        ("earer ", "EARER ", "asic ", "ASIC ", "oken ", "TOKEN ", "pikey ", "piKey ", "PIKEY "),
        re.compile(_CREDENTIAL),
        _credential,
    ),
    (
        (
            "AKIA",
            "ASIA",
            "AIza",
            "ghp_",
            "gho_",
            "ghs_",
            "github_pat_",
            "glpat-",
            "xox",
            "k_live_",
            "sk-ant-",
            "sk-proj-",
        ),
        re.compile(_VENDOR),
        _as("token"),
    ),
    (("@",), re.compile(_EMAIL), _email),
)

_COOKIES = re.compile(
    r"(?i)(?<![\w-])((?:set-)?cookie[\"']?: {0,3}[\"']?)"
    r"([^\s=;,\"'‹›]++=[^\s;,\"'‹›]*+(?:; {0,3}[^\s=;,\"'‹›]++(?:=[^\s;\"'‹›]*+)?)*)"
)

_NAME = re.compile(
    r"(?<![\w.-])(?!(?<=‹)[a-z]{1,12}:[0-9a-f]{4}›)([\w.-]++)"
    r"(?:\\{0,4}[\"'])?\s{0,3}(?::=|=>|={1,2}|:(?!//))\s{0,3}(?:\\{0,4}[\"'])?"
)
"""A name, its quotes, a sign between, and the quote that opens the value."""

_BARE = r"(?:[^\s\"',;&}\])<>\\]|,(?![\s\"'\\]|[\w.-]{1,64}+[=:]|$)){3,}"
_VALUE = re.compile(
    rf"(?!{_MASKED}(?:[\s\"',;&}}\])<>\\]|$))"
    r"(?:(?<=\\[\"'])[^\"'\\\n]++"
    r"|(?<=(?<!\\)\")(?:[^\"\\\n]|\\[^\n])+"
    r"|(?<=(?<!\\)')(?:[^'\\\n]|\\[^\n])+"
    rf"|(?<![\"']){_BARE})"
)
"""What is between quotes, escaped ones too, or goes on to the next blank or sign; no token of ours."""

_PAIR_GATES = ("pass", "pwd", "secret", "token", "key", "auth", "cookie", "credential")
_GATES = (
    "://", "eyJ", "earer ", "EARER ", "asic ", "ASIC ", "AKIA", "ASIA", "AIza", "ghp_", "gho_", "ghs_",
    "github_pat_", "glpat-", "xox", "k_live_", "sk-ant-", "sk-proj-", "@",
)  # fmt: skip
"""Gates of the rules, less those that a gate of pairs covers."""
