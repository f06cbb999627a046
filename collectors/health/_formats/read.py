"""Picks the format of a health answer; pure, and safe against any body."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NoReturn

from collectors.health._formats import (
    aspnet,
    django,
    generic,
    healthgo,
    identity,
    ietf,
    kubernetes,
    microprofile,
    plain,
    spring,
    terminus,
)
from collectors.health._parsed import Outcome, ParsedHealth
from collectors.text import Shown

JSON_LIMIT = 256 * 1024
"""Bytes of JSON that are worth reading: a health answer is small, and parsing costs the event loop."""

TEXT_LIMIT = 64 * 1024

_PARSERS: tuple[Callable[[Mapping[str, object]], ParsedHealth | None], ...] = (
    aspnet.parse,
    microprofile.parse,
    spring.parse,
    terminus.parse,
    healthgo.parse,
    django.parse,
)


def parse(body: bytes, headers: Mapping[str, str]) -> ParsedHealth:
    """What an answer says; ``headers`` by lower-case name. Never raises, whatever came."""
    content_type = headers.get("content-type", "")[:200].lower()
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if "html" in content_type or start[:14].lower().startswith((b"<!doctype html", b"<html")):
        return ParsedHealth(format="html")
    declared = "json" in content_type
    if declared or start[:1] in (b"{", b"["):
        parsed = _json(body, content_type, headers)
        if parsed is None and declared:
            parsed = _unreadable("broken JSON")
        if parsed is not None:
            return parsed
    text = body[:TEXT_LIMIT].decode("utf-8", "replace").lstrip("\ufeff").strip()
    parsed = ParsedHealth(format="empty")
    if text:
        parsed = kubernetes.parse(text) or django.parse_text(text) or plain.parse(text)
    return replace(parsed, told=identity.told(None, headers))


def _json(body: bytes, content_type: str, headers: Mapping[str, str]) -> ParsedHealth | None:
    """None where it is no JSON, whatever the reason."""
    if not body.strip():
        return ParsedHealth(format="empty", told=identity.told(None, headers))
    if len(body) > JSON_LIMIT:
        return _unreadable(f"a JSON answer of {len(body) // 1024} KiB is not read")
    try:
        document = json.loads(body.removeprefix(b"\xef\xbb\xbf"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    parsed: ParsedHealth | None = None
    if isinstance(document, dict):
        parsed = ietf.parse(document, content_type)
        for parser in _PARSERS:
            parsed = parsed or parser(document)
    return replace(parsed or generic.parse(document), told=identity.told(document, headers))


def _unreadable(why: str) -> ParsedHealth:
    return ParsedHealth(format="json", outcome=Outcome.UNKNOWN, note=Shown(why))


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
