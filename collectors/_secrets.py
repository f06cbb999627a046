"""What secrets look like: names, words, and patterns.

Every pattern is linear: its loops are possessive, short, or its end. Only single characters repeat
possessively: Python before 3.11.5 matches possessive groups wrongly.
"""

import re

TRACE = re.compile(
    r"[0-9a-fA-F]{16}(?:[0-9a-fA-F]{16})?|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
)
"""Ids of traces and UUIDs, which are never secrets."""

MASKED = r"‹[a-z]{1,12}:[0-9a-f]{4}›"

WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]")
SECRET_WORDS = frozenset({
    "pass", "dbpass", "userpass", "pwd", "pw", "auth", "secret", "secrets", "token", "tokens", "cookie",
    "cookies", "passcode",
})  # fmt: skip
SECRET_ENDS = (
    "password", "passwd", "passphrase", "secret", "token", "credential", "authorization", "apikey",
    "secretkey", "accesskey", "privatekey",
)  # fmt: skip
KEYS_OF = frozenset({
    "api", "access", "secret", "private", "signing", "encryption", "master", "account", "auth", "storage",
})  # fmt: skip
TAILS = frozenset({"hash", "value", "base", "digest", "plain", "encrypted", "raw", "text"})
"""Words behind a secret's name that leave it one: ``secret_key_base``, ``password_hash``."""

SAYS = frozenset({
    "must", "is", "has", "was", "not", "cannot", "too", "should", "does", "invalid", "missing", "required",
    "incorrect", "expired", "failed",
})  # fmt: skip
"""Words with which a sentence about a secret begins."""

PLAIN = SAYS | frozenset({
    "true", "false", "null", "none", "nil", "all", "yes", "no", "on", "off", "ok", "undefined", "empty",
    "wrong", "rejected", "denied", "failure", "success", "succeeded", "unknown", "unauthorized",
    "forbidden", "revoked", "malformed", "disabled", "enabled", "bearer", "basic", "digest", "negotiate",
    "token", "apikey", "redacted", "filtered", "masked", "hidden", "xxx", "***", "•••",
})  # fmt: skip
"""Values under a secret's name that are none."""

NO_DOMAINS = frozenset({
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
    r"\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}\b|gh[opsur]_[A-Za-z0-9]{20,255}+|github_pat_\w{20,255}+|glpat-[\w-]{20,64}+"
    r"|xox[abeprs]-[\w-]{10,255}+|[srp]k_live_\w{10,255}+|AIza[\w-]{30,64}+|sk-(?:ant|proj)-[\w-]{20,255}+"
    r"|npm_\w{30,64}+|hf_\w{30,64}+|dop_v1_\w{40,80}+|shp(?:at|ca|pa|ss)_\w{20,64}+|whsec_[\w+/=]{20,128}+"
    r"|ya29\.[\w-]{20,255}+|SG\.[\w-]{16,64}+\.[\w-]{16,64}+)"
)
_EMAIL = r"(?<![\w.+-])[\w.+-]{1,64}+@(?:[A-Za-z0-9-]{1,63}+\.){1,8}[A-Za-z]{2,24}\b"
_VENDOR_GATES = (
    "AKIA", "ASIA", "AIza", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "xox", "k_live_",
    "sk-ant-", "sk-proj-", "npm_", "hf_", "dop_v1_", "shpat_", "shpca_", "shppa_", "shpss_", "whsec_",
    "ya29.", "SG.",
)  # fmt: skip

RULES: tuple[tuple[str, tuple[str, ...], re.Pattern[str]], ...] = (
    ("key", ("PRIVATE KEY",), re.compile(_PEM)),
    ("password", ("://",), re.compile(_URL_LOGIN)),
    ("jwt", ("eyJ",), re.compile(_JWT)),
    (
        "credential",
        ("earer ", "EARER ", "asic ", "ASIC ", "oken ", "TOKEN ", "pikey ", "piKey ", "PIKEY "),
        re.compile(_CREDENTIAL),
    ),
    ("token", _VENDOR_GATES, re.compile(_VENDOR)),
    ("email", ("@",), re.compile(_EMAIL)),
)
"""Kind, texts of which one must be there, pattern."""

COOKIES = re.compile(
    r"(?i)(?<![\w-])((?:set-)?cookie[\"']?: {0,3}[\"']?)"
    r"([^\s=;,\"'‹›]++=[^\s;,\"'‹›]*+(?:; {0,3}[^\s=;,\"'‹›]++(?:=[^\s;\"'‹›]*+)?)*)"
)

NAME = re.compile(
    r"(?<![\w.-])(?!(?<=‹)[a-z]{1,12}:[0-9a-f]{4}›)([\w.-]++)"
    r"(?:\\{0,4}[\"'])?\s{0,3}(?::=|=>|={1,2}|:(?!//))\s{0,3}(?:\\{0,4}[\"'])?"
)
"""A name, its quotes, a sign between, and the quote that opens the value."""

_BARE = r"(?:[^\s\"',;&}\])<>\\]|,(?![\s\"'\\]|[\w.-]{1,64}+[=:]|$)){3,}"
VALUE = re.compile(
    rf"(?!{MASKED}(?:[\s\"',;&}}\])<>\\]|$))"
    r"(?:(?<=\\[\"'])[^\"'\\\n]++"
    r"|(?<=(?<!\\)\")(?:[^\"\\\n]|\\[^\n])+"
    r"|(?<=(?<!\\)')(?:[^'\\\n]|\\[^\n])+"
    rf"|(?<![\"']){_BARE})"
)
"""What is between quotes, escaped ones too, or goes on to the next blank or sign; no token of ours."""

PAIR_GATES = ("pass", "pwd", "secret", "token", "key", "auth", "cookie", "credential")
"""Texts in lower case of which one must be there where a name tells a secret."""

GATES = tuple(dict.fromkeys(gate for _, gates, _ in RULES for gate in gates))
"""Texts of which one must be there where a value tells a secret by its look."""
