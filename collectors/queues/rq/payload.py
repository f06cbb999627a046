"""The call that an RQ job would make, read from its data without unpickling."""

import json
import zlib

from collectors.inert import MOST_BYTES, PayloadError, loads
from collectors.inert_values import Pairs, call_words, words

LONGEST = 2 * MOST_BYTES
"""Packed bytes that are looked at."""


def call(data: bytes, limit: int = 200) -> str:
    """``shop.mail.send(7, to='…')`` from the field ``data`` of a job's hash; raises PayloadError.

    RQ packs ``(function, instance, arguments, named arguments)`` by pickle, or by JSON where the
    application chose that serializer.
    """
    plain = _unpacked(data)
    value = _of_json(plain) if plain[:1] in (b"[", b"{") else loads(plain)
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise PayloadError("no call of RQ")
    function, instance, arguments, named = value
    pairs = named.pairs if isinstance(named, Pairs) else named.items() if isinstance(named, dict) else None
    if not isinstance(function, str) or not isinstance(arguments, (list, tuple)) or pairs is None:
        raise PayloadError("no call of RQ")
    owner = "" if instance is None else f"{words(instance, limit // 2)}."
    return call_words(f"{owner}{function}", arguments, pairs, limit)


def _unpacked(data: bytes) -> bytes:
    if len(data) > LONGEST:
        raise PayloadError(f"data of more than {LONGEST // 1024} KiB")
    try:
        plain = zlib.decompressobj().decompress(data, MOST_BYTES + 1)
    except zlib.error:
        # RQ itself then takes it as it is
        plain = data
    if len(plain) > MOST_BYTES:
        raise PayloadError(f"a call of more than {MOST_BYTES // 1024} KiB")
    return plain


def _of_json(plain: bytes) -> object:
    try:
        value: object = json.loads(plain)
    except (ValueError, RecursionError):
        raise PayloadError("no whole JSON") from None
    return value
